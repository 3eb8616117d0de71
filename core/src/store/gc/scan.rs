//! Draws the graph of a namespace from its records. Source: containerd-metadata §10.4, §10.5.

use super::graph::Graph;
use super::holder::Holder;
use super::labels::{self, Age, Meaning};
use super::{Because, CollectRules, How, Resource, ResourceKind};
use crate::Result;
use crate::model::{Labels, LeaseResource, Timestamp};
use std::collections::BTreeMap;

pub(super) struct Scanned {
    pub(super) graph: Graph,
    /// What can be removed, in the order in which containerd does it.
    pub(super) records: Vec<Record>,
}

/// A record that can be removed.
pub(super) struct Record {
    pub(super) key: Vec<u8>,
    pub(super) resource: Resource,
    /// Its number in the graph.
    pub(super) number: usize,
}

/// What is called with each record and its key.
pub(crate) type Visit<'a> = dyn FnMut(&[u8], Holder) -> Result<()> + 'a;

/// Draws the graph of the records that `each` shows.
pub(super) fn scan(
    rules: CollectRules,
    now: Timestamp,
    each: impl FnOnce(&mut Visit<'_>) -> Result<()>,
) -> Result<Scanned> {
    let mut scan = Scan {
        rules,
        now,
        graph: Graph::default(),
        records: Vec::new(),
        conditions: Vec::new(),
        used_at: BTreeMap::new(),
    };
    each(&mut |key, holder| {
        scan.record(key, holder);
        Ok(())
    })?;
    scan.apply_conditions();
    Ok(Scanned { graph: scan.graph, records: scan.records })
}

struct Scan {
    rules: CollectRules,
    now: Timestamp,
    graph: Graph,
    records: Vec<Record>,
    conditions: Vec<Condition>,
    /// The ages of snapshots that tell when they were used, by their numbers.
    used_at: BTreeMap<usize, Vec<i64>>,
}

/// An edge that is there if one of the ages of the snapshot meets one of the conditions.
struct Condition {
    from: usize,
    snapshot: usize,
    label: String,
    ages: Vec<Age>,
}

/// Which labels an object listens to. All listen to references.
#[derive(Clone, Copy, Default)]
struct Listens {
    root: bool,
    back_references: bool,
    conditions: bool,
    used_at: bool,
}

impl Scan {
    fn record(&mut self, key: &[u8], holder: Holder) {
        match holder {
            Holder::Lease { id, labels, resources } => {
                let number = self.add(key, ResourceKind::Lease, id);
                if labels::is_expired(&labels, self.now) {
                    return;
                }
                self.graph.root(number, Because::Root);
                let flat = labels::is_flat(&labels);
                for resource in resources {
                    self.held(number, &resource, flat);
                }
            }
            Holder::Snapshot { snapshotter, key: name, parent, labels, .. } => {
                let number = self.add(key, ResourceKind::Snapshot, format!("{snapshotter}/{name}"));
                if !parent.is_empty() {
                    let parent = self.graph.id(ResourceKind::Snapshot, format!("{snapshotter}/{parent}"));
                    self.graph.edge(number, parent, How::Parent);
                }
                let listens = Listens { root: true, back_references: true, used_at: true, ..Listens::default() };
                self.labels(number, &labels, listens);
            }
            Holder::Ingest { reference, expires_at, expected } => {
                let number = self.add(key, ResourceKind::Ingest, reference);
                // Without a time it is a lease that keeps it.
                if expires_at.is_some_and(|expires_at| self.now <= expires_at) {
                    self.graph.root(number, Because::Root);
                }
                if !expected.is_empty() {
                    let expected = self.graph.id(ResourceKind::Content, expected);
                    self.graph.edge(number, expected, How::Expected);
                }
            }
            Holder::Content { digest, labels } => {
                let number = self.add(key, ResourceKind::Content, digest);
                let listens = Listens { root: true, back_references: true, conditions: true, ..Listens::default() };
                self.labels(number, &labels, listens);
            }
            Holder::Image { name, target, labels } => {
                let expires = self.rules == CollectRules::Containerd23;
                let number = if expires {
                    self.add(key, ResourceKind::Image, name)
                } else {
                    self.graph.add(ResourceKind::Image, name)
                };
                if !expires || !labels::is_expired(&labels, self.now) {
                    self.graph.root(number, Because::Root);
                }
                let target = self.graph.id(ResourceKind::Content, target);
                self.graph.edge(number, target, How::Target);
                let listens = Listens { back_references: true, conditions: true, ..Listens::default() };
                self.labels(number, &labels, listens);
            }
            Holder::Container { id, snapshotter, snapshot_key, labels, .. } => {
                let number = self.graph.add(ResourceKind::Container, id);
                self.graph.root(number, Because::Root);
                if !snapshotter.is_empty() {
                    let snapshot = self.graph.id(ResourceKind::Snapshot, format!("{snapshotter}/{snapshot_key}"));
                    self.graph.edge(number, snapshot, How::Snapshot);
                }
                self.labels(number, &labels, Listens::default());
            }
            Holder::Sandbox { id, labels } if self.rules == CollectRules::Containerd23 => {
                let number = self.graph.add(ResourceKind::Sandbox, id);
                self.graph.root(number, Because::Root);
                self.labels(number, &labels, Listens::default());
            }
            Holder::Sandbox { .. } => {}
        }
    }

    fn held(&mut self, lease: usize, resource: &LeaseResource, flat: bool) {
        let Some((kind, id)) = labels::held(resource, self.rules) else { return };
        let number = self.graph.id(kind, id);
        // An ingest has no labels, and holds its content with labels in any case.
        if flat && kind != ResourceKind::Ingest {
            self.graph.flat_edge(lease, number, How::Lease);
        } else {
            self.graph.edge(lease, number, How::Lease);
        }
    }

    /// Notes a record that can be removed.
    fn add(&mut self, key: &[u8], kind: ResourceKind, id: String) -> usize {
        let number = self.graph.add(kind, id.clone());
        self.records.push(Record { key: key.to_vec(), resource: Resource { kind, id }, number });
        number
    }

    fn labels(&mut self, of: usize, labels: &Labels, listens: Listens) {
        for (key, value) in labels {
            match labels::meaning(key, value, self.rules) {
                Some(Meaning::Reference(kind, id)) => {
                    let to = self.graph.id(kind, id);
                    self.graph.edge(of, to, How::Label(key.clone()));
                }
                Some(Meaning::Root) if listens.root => self.graph.root(of, Because::RootLabel(key.clone())),
                Some(Meaning::BackReference(kind, id)) if listens.back_references => {
                    let from = self.graph.id(kind, id);
                    self.graph.edge(from, of, How::BackReference(key.clone()));
                }
                Some(Meaning::Condition(snapshot, ages)) if listens.conditions => {
                    let snapshot = self.graph.id(ResourceKind::Snapshot, snapshot);
                    self.conditions.push(Condition { from: of, snapshot, label: key.clone(), ages });
                }
                Some(Meaning::UsedAt(time)) if listens.used_at => {
                    self.used_at.entry(of).or_default().extend(labels::age(time, self.now));
                }
                _ => {}
            }
        }
    }

    fn apply_conditions(&mut self) {
        for Condition { from, snapshot, label, ages } in std::mem::take(&mut self.conditions) {
            let known = self.used_at.get(&snapshot).map(Vec::as_slice).unwrap_or_default();
            if known.iter().any(|known| ages.iter().any(|age| age.holds(*known))) {
                self.graph.edge(from, snapshot, How::Condition(label));
            }
        }
    }
}
