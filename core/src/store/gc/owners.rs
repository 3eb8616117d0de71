//! Who refers to a thing: the collector's references, walked from their ends. Nothing here reads a book.

use super::holder::Holder;
use super::labels::{self, Meaning};
use super::{CollectRules, How, Resource, ResourceKind};
use crate::Result;
use crate::model::Labels;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A thing in a namespace, and all that refers to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Owned {
    /// The namespace. References never cross namespaces.
    pub namespace: String,
    /// What it is.
    #[serde(flatten)]
    pub resource: Resource,
    /// Whether there is a record of it. What is referred to need not be there.
    pub exists: bool,
    /// What refers to it, then what refers to those, and so on: the nearest first, each reference once.
    pub owners: Vec<Owner>,
}

/// Something that refers to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Owner {
    /// What it is.
    #[serde(flatten)]
    pub resource: Resource,
    /// Whether there is a record of it. The label of a back reference may name an owner that is not there.
    pub exists: bool,
    /// How it refers to `of`.
    pub how: How,
    /// What it refers to: the thing that was asked for, or an owner before this one.
    pub of: Resource,
}

/// The references of a namespace, from the thing that is referred to.
#[derive(Default)]
pub(crate) struct References {
    exist: BTreeSet<Resource>,
    owners: BTreeMap<Resource, Vec<(Resource, How)>>,
    /// What is called so by a name that is not its key.
    also_called: Vec<Resource>,
}

impl References {
    /// Notes what a record refers to, by the rules of containerd 2.3; whether a lease has expired or a condition is met does
    /// not count. `wanted` is the name whose owners are to be found.
    pub(crate) fn add(&mut self, holder: Holder, wanted: &str) {
        match holder {
            Holder::Lease { id, resources, .. } => {
                let lease = self.exists(ResourceKind::Lease, id);
                for (kind, id) in resources.iter().filter_map(|one| labels::held(one, CollectRules::Containerd23)) {
                    self.refer(&lease, How::Lease, kind, id);
                }
            }
            Holder::Snapshot { snapshotter, key, parent, backend_name, labels } => {
                let snapshot = self.exists(ResourceKind::Snapshot, format!("{snapshotter}/{key}"));
                if backend_name == wanted {
                    self.also_called.push(snapshot.clone());
                }
                if !parent.is_empty() {
                    self.refer(&snapshot, How::Parent, ResourceKind::Snapshot, format!("{snapshotter}/{parent}"));
                }
                self.labels(&snapshot, &labels);
            }
            Holder::Ingest { reference, expected, .. } => {
                let ingest = self.exists(ResourceKind::Ingest, reference);
                if !expected.is_empty() {
                    self.refer(&ingest, How::Expected, ResourceKind::Content, expected);
                }
            }
            Holder::Content { digest, labels } => {
                let content = self.exists(ResourceKind::Content, digest);
                self.labels(&content, &labels);
            }
            Holder::Image { name, target, labels } => {
                let image = self.exists(ResourceKind::Image, name);
                self.refer(&image, How::Target, ResourceKind::Content, target);
                self.labels(&image, &labels);
            }
            Holder::Container { id, image, snapshotter, snapshot_key, sandbox_id, labels } => {
                let container = self.exists(ResourceKind::Container, id);
                if !image.is_empty() {
                    self.refer(&container, How::Image, ResourceKind::Image, image);
                }
                if !snapshotter.is_empty() {
                    let snapshot = format!("{snapshotter}/{snapshot_key}");
                    self.refer(&container, How::Snapshot, ResourceKind::Snapshot, snapshot);
                }
                if !sandbox_id.is_empty() {
                    self.refer(&container, How::Sandbox, ResourceKind::Sandbox, sandbox_id);
                }
                self.labels(&container, &labels);
            }
            Holder::Sandbox { id, labels } => {
                let sandbox = self.exists(ResourceKind::Sandbox, id);
                self.labels(&sandbox, &labels);
            }
        }
    }

    fn exists(&mut self, kind: ResourceKind, id: String) -> Resource {
        let resource = Resource { kind, id };
        self.exist.insert(resource.clone());
        resource
    }

    fn refer(&mut self, from: &Resource, how: How, kind: ResourceKind, id: String) {
        self.owners.entry(Resource { kind, id }).or_default().push((from.clone(), how));
    }

    fn labels(&mut self, of: &Resource, labels: &Labels) {
        // Which kinds the collector asks for these labels: containerd-metadata §10.5.
        let can_be_owned = !matches!(of.kind, ResourceKind::Container | ResourceKind::Sandbox);
        let has_conditions = matches!(of.kind, ResourceKind::Content | ResourceKind::Image);
        for (key, value) in labels {
            match labels::meaning(key, value, CollectRules::Containerd23) {
                Some(Meaning::Reference(kind, id)) => self.refer(of, How::Label(key.clone()), kind, id),
                Some(Meaning::BackReference(kind, id)) if can_be_owned => {
                    let owner = (Resource { kind, id }, How::BackReference(key.clone()));
                    self.owners.entry(of.clone()).or_default().push(owner);
                }
                Some(Meaning::Condition(snapshot, _)) if has_conditions => {
                    self.refer(of, How::Condition(key.clone()), ResourceKind::Snapshot, snapshot);
                }
                _ => {}
            }
        }
    }

    /// All that is called `wanted`, each with its owners, in the order of kinds.
    pub(crate) fn owned(self, namespace: &str, wanted: &str) -> Vec<Owned> {
        let all: BTreeSet<&Resource> = self.exist.iter().chain(self.owners.keys()).collect();
        let called =
            all.into_iter().filter(|resource| is_called(resource, wanted) || self.also_called.contains(resource));
        called
            .map(|resource| Owned {
                namespace: namespace.to_owned(),
                resource: resource.clone(),
                exists: self.exist.contains(resource),
                owners: self.owners_of(resource),
            })
            .collect()
    }

    fn owners_of(&self, resource: &Resource) -> Vec<Owner> {
        let mut out = Vec::new();
        let mut seen = BTreeSet::from([resource]);
        let mut queue = VecDeque::from([resource]);
        while let Some(of) = queue.pop_front() {
            for (owner, how) in self.owners.get(of).into_iter().flatten() {
                let (exists, how) = (self.exist.contains(owner), how.clone());
                out.push(Owner { resource: owner.clone(), exists, how, of: of.clone() });
                if seen.insert(owner) {
                    queue.push_back(owner);
                }
            }
        }
        out
    }
}

/// A snapshot may be named without its snapshotter.
fn is_called(resource: &Resource, wanted: &str) -> bool {
    let key = || resource.id.split_once('/').is_some_and(|(_, key)| key == wanted);
    resource.id == wanted || (resource.kind == ResourceKind::Snapshot && key())
}

/// The owners of all that is called `wanted` in one namespace, whose records `each` shows.
pub(crate) fn in_namespace(
    namespace: &str,
    wanted: &str,
    each: impl FnOnce(&mut dyn FnMut(Holder)) -> Result<()>,
) -> Result<Vec<Owned>> {
    let mut references = References::default();
    each(&mut |holder| references.add(holder, wanted))?;
    Ok(references.owned(namespace, wanted))
}
