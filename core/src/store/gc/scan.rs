//! Draws the graph of a namespace from its records. Source: containerd-metadata §10.4, §10.5.

use super::graph::Graph;
use super::labels::{self, Age, Meaning};
use super::{Because, CollectRules, How, Resource, ResourceKind};
use crate::model::{Container, Labels, Sandbox, Timestamp};
use crate::storage::Read;
use crate::storage::layout::{self, Space};
use crate::store::{content, halves, images, leases, snapshots};
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

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

pub(super) fn scan(read: &dyn Read, namespace: &str, rules: CollectRules, now: Timestamp) -> Result<Scanned> {
    let mut scan = Scan {
        namespace,
        rules,
        now,
        graph: Graph::default(),
        records: Vec::new(),
        conditions: Vec::new(),
        used_at: BTreeMap::new(),
    };
    scan.leases(read)?;
    scan.snapshots(read)?;
    scan.ingests(read)?;
    scan.content(read)?;
    scan.images(read)?;
    scan.containers(read)?;
    scan.sandboxes(read)?;
    scan.apply_conditions();
    Ok(Scanned { graph: scan.graph, records: scan.records })
}

struct Scan<'a> {
    namespace: &'a str,
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

impl Scan<'_> {
    fn leases(&mut self, read: &dyn Read) -> Result<()> {
        each(read, self.namespace, Space::Lease, |key, parts, value| {
            let lease = leases::decode(value)?;
            let [id] = texts(key, parts)?;
            let number = self.add(key, ResourceKind::Lease, id.clone());
            if labels::is_expired(&lease.labels, self.now) {
                return Ok(());
            }
            self.graph.root(number, Because::Root);
            let flat = labels::is_flat(&lease.labels);
            for resource in leases::list_resources(read, self.namespace, &id)? {
                self.held(number, &resource.kind, resource.id, flat);
            }
            Ok(())
        })
    }

    fn held(&mut self, lease: usize, kind: &str, id: String, flat: bool) {
        let (kind, id) = match kind {
            "content" => (ResourceKind::Content, id),
            "ingests" => (ResourceKind::Ingest, id),
            "images" if self.rules == CollectRules::Containerd23 => (ResourceKind::Image, id),
            _ => match kind.strip_prefix("snapshots/") {
                Some(snapshotter) => (ResourceKind::Snapshot, format!("{snapshotter}/{id}")),
                None => return,
            },
        };
        let number = self.graph.id(kind, id);
        // An ingest has no labels, and holds its content with labels in any case.
        if flat && kind != ResourceKind::Ingest {
            self.graph.flat_edge(lease, number, How::Lease);
        } else {
            self.graph.edge(lease, number, How::Lease);
        }
    }

    fn snapshots(&mut self, read: &dyn Read) -> Result<()> {
        each(read, self.namespace, Space::Snapshot, |key, parts, value| {
            let snapshot = snapshots::record::decode(value)?;
            let [snapshotter, name] = texts(key, parts)?;
            let number = self.add(key, ResourceKind::Snapshot, format!("{snapshotter}/{name}"));
            if !snapshot.parent.is_empty() {
                let parent = self.graph.id(ResourceKind::Snapshot, format!("{snapshotter}/{}", snapshot.parent));
                self.graph.edge(number, parent, How::Parent);
            }
            let listens = Listens { root: true, back_references: true, used_at: true, ..Listens::default() };
            self.labels(number, &snapshot.labels, listens);
            Ok(())
        })
    }

    fn ingests(&mut self, read: &dyn Read) -> Result<()> {
        each(read, self.namespace, Space::Ingest, |key, parts, value| {
            let [reference] = texts(key, parts)?;
            let ingest = content::record::decode_ingest(&reference, value)?;
            let number = self.add(key, ResourceKind::Ingest, reference);
            // Without a time it is a lease that keeps it.
            if ingest.expires_at.is_some_and(|expires_at| self.now <= expires_at) {
                self.graph.root(number, Because::Root);
            }
            if !ingest.expected.is_empty() {
                let expected = self.graph.id(ResourceKind::Content, ingest.expected);
                self.graph.edge(number, expected, How::Expected);
            }
            Ok(())
        })
    }

    fn content(&mut self, read: &dyn Read) -> Result<()> {
        each(read, self.namespace, Space::Blob, |key, parts, value| {
            let blob = content::record::decode_blob(value)?;
            let [digest] = texts(key, parts)?;
            let number = self.add(key, ResourceKind::Content, digest);
            let listens = Listens { root: true, back_references: true, conditions: true, ..Listens::default() };
            self.labels(number, &blob.labels, listens);
            Ok(())
        })
    }

    fn images(&mut self, read: &dyn Read) -> Result<()> {
        each(read, self.namespace, Space::Image, |key, parts, value| {
            let image = images::decode(value)?;
            let [name] = texts(key, parts)?;
            let expires = self.rules == CollectRules::Containerd23;
            let number = if expires {
                self.add(key, ResourceKind::Image, name)
            } else {
                self.graph.add(ResourceKind::Image, name)
            };
            if !expires || !labels::is_expired(&image.labels, self.now) {
                self.graph.root(number, Because::Root);
            }
            let target = self.graph.id(ResourceKind::Content, image.target.digest);
            self.graph.edge(number, target, How::Target);
            let listens = Listens { back_references: true, conditions: true, ..Listens::default() };
            self.labels(number, &image.labels, listens);
            Ok(())
        })
    }

    fn containers(&mut self, read: &dyn Read) -> Result<()> {
        each(read, self.namespace, Space::ContainerHead, |key, parts, value| {
            let container: Container = halves::decode_head(value)?;
            let [id] = texts(key, parts)?;
            let number = self.graph.add(ResourceKind::Container, id);
            self.graph.root(number, Because::Root);
            if !container.snapshotter.is_empty() {
                let id = format!("{}/{}", container.snapshotter, container.snapshot_key);
                let snapshot = self.graph.id(ResourceKind::Snapshot, id);
                self.graph.edge(number, snapshot, How::Snapshot);
            }
            self.labels(number, &container.labels, Listens::default());
            Ok(())
        })
    }

    fn sandboxes(&mut self, read: &dyn Read) -> Result<()> {
        if self.rules == CollectRules::Containerd16 {
            return Ok(());
        }
        each(read, self.namespace, Space::SandboxHead, |key, parts, value| {
            let sandbox: Sandbox = halves::decode_head(value)?;
            let [id] = texts(key, parts)?;
            let number = self.graph.add(ResourceKind::Sandbox, id);
            self.graph.root(number, Because::Root);
            self.labels(number, &sandbox.labels, Listens::default());
            Ok(())
        })
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

/// Shows each record of a space in a namespace: its key, the parts of the key behind the namespace, and its value.
fn each(
    read: &dyn Read,
    namespace: &str,
    space: Space,
    mut visit: impl FnMut(&[u8], Vec<Vec<u8>>, &[u8]) -> Result<()>,
) -> Result<()> {
    let records = layout::records(space, namespace.as_bytes());
    read.scan(&records, layout::prefix_end(&records).as_deref(), &mut |key, value| {
        let mut parts = layout::parse(key).map(|(_, parts)| parts).unwrap_or_default();
        let parts = parts.split_off(parts.len().min(1));
        visit(key, parts, value)?;
        Ok(ControlFlow::Continue(()))
    })
}

/// The parts of a key as texts, all `N` of them.
fn texts<const N: usize>(key: &[u8], parts: Vec<Vec<u8>>) -> Result<[String; N]> {
    let texts = parts.into_iter().map(String::from_utf8).collect::<Result<Vec<_>, _>>().ok();
    texts
        .and_then(|texts| texts.try_into().ok())
        .ok_or_else(|| Error::data_loss(format!("{} is not UTF-8", layout::describe(key))))
}
