//! The graph of a namespace: who holds whom, and what can be reached from the roots. Nothing here reads a book.
//! Source: containerd-metadata §10.2.

use super::{Because, How, Reached, Resource, ResourceKind};
use std::collections::{BTreeMap, VecDeque};

/// Resources and the references between them. A resource may be referred to and have references without being there:
/// labels name what they like, and a name that nothing bears still passes on what refers back to it.
#[derive(Default)]
pub(super) struct Graph {
    ids: BTreeMap<Resource, usize>,
    vertices: Vec<Vertex>,
    roots: Vec<(usize, Because)>,
}

#[derive(Default)]
struct Vertex {
    exists: bool,
    edges: Vec<Edge>,
}

struct Edge {
    to: usize,
    /// Whether what is held is held without what its labels refer to.
    flat: bool,
    how: How,
}

impl Graph {
    /// The number of a resource in this graph.
    pub(super) fn id(&mut self, kind: ResourceKind, id: impl Into<String>) -> usize {
        let next = self.vertices.len();
        let number = *self.ids.entry(Resource { kind, id: id.into() }).or_insert(next);
        if number == next {
            self.vertices.push(Vertex::default());
        }
        number
    }

    /// Notes that there is a record of the resource, and gives its number.
    pub(super) fn add(&mut self, kind: ResourceKind, id: impl Into<String>) -> usize {
        let number = self.id(kind, id);
        if let Some(vertex) = self.vertices.get_mut(number) {
            vertex.exists = true;
        }
        number
    }

    pub(super) fn root(&mut self, number: usize, because: Because) {
        self.roots.push((number, because));
    }

    pub(super) fn edge(&mut self, from: usize, to: usize, how: How) {
        self.push(from, Edge { to, flat: false, how });
    }

    /// As [`edge`](Graph::edge), but the labels of what is held are not followed.
    pub(super) fn flat_edge(&mut self, from: usize, to: usize, how: How) {
        self.push(from, Edge { to, flat: true, how });
    }

    fn push(&mut self, from: usize, edge: Edge) {
        if let Some(vertex) = self.vertices.get_mut(from) {
            vertex.edges.push(edge);
        }
    }

    /// Walks from the roots, the nearest first, so that what is told of each resource is the shortest way to it.
    pub(super) fn mark(self) -> Marked {
        let mut marked = Marked { reached: Vec::new(), kept: vec![false; self.vertices.len()] };
        let mut resources: Vec<Option<Resource>> = vec![None; self.vertices.len()];
        for (resource, number) in self.ids {
            if let Some(place) = resources.get_mut(number) {
                *place = Some(resource);
            }
        }
        // A resource is visited twice at most: once flat, and once with its labels.
        let mut seen = vec![[false; 2]; self.vertices.len()];
        let mut queue: VecDeque<(usize, bool, Because)> =
            self.roots.into_iter().map(|(number, because)| (number, false, because)).collect();
        while let Some((number, flat, because)) = queue.pop_front() {
            let (Some(vertex), Some(Some(resource)), Some(seen), Some(kept)) = (
                self.vertices.get(number),
                resources.get(number),
                seen.get_mut(number).and_then(|seen| seen.get_mut(usize::from(flat))),
                marked.kept.get_mut(number),
            ) else {
                continue;
            };
            if std::mem::replace(seen, true) {
                continue;
            }
            *kept = true;
            let by = marked.reached.len();
            marked.reached.push(Reached { resource: resource.clone(), exists: vertex.exists, flat, because });
            for edge in &vertex.edges {
                if flat && !edge.how.is_structure() {
                    continue;
                }
                queue.push_back((edge.to, flat || edge.flat, Because::Reference { by, how: edge.how.clone() }));
            }
        }
        marked
    }
}

/// What a walk has found.
pub(super) struct Marked {
    pub(super) reached: Vec<Reached>,
    /// By the numbers of the graph.
    kept: Vec<bool>,
}

impl Marked {
    pub(super) fn keeps(&self, number: usize) -> bool {
        self.kept.get(number).copied().unwrap_or_default()
    }
}
