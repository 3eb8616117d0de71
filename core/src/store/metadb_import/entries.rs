//! Records of a database as keys and values of a book, as they are, whatever the rules for new records say: they are there
//! already.

use crate::metadb::{Kind, Portable, PortableRecord};
use crate::model::{Snapshot, SnapshotKind};
use crate::proto::Message as _;
use crate::storage::layout::{self, Space};
use crate::store::content::record::encode_ingest;
use crate::store::{halves, snapshots};
use std::collections::{BTreeMap, BTreeSet};

type Entry = (Vec<u8>, Vec<u8>);

/// A record to be written.
pub(super) struct Item {
    pub(super) kind: Kind,
    /// Keys and values; the first key is the one that tells whether there is such a record.
    pub(super) entries: Vec<Entry>,
    /// For a snapshot: what its snapshotter is to know of it.
    pub(super) backing: Option<Backing>,
}

/// A snapshot as its snapshotter keeps it.
pub(super) struct Backing {
    pub(super) snapshotter: String,
    /// With the snapshotter's own name. The parent is the key of the record.
    pub(super) snapshot: Snapshot,
}

/// All records of a namespace.
pub(super) fn items(portable: &Portable) -> Vec<Item> {
    let name = portable.namespace.name.as_str();
    let parents = Parents::of(portable);
    portable.records.iter().map(|record| item(name, record, &parents)).collect()
}

/// What is known of the snapshots by their snapshotters' names.
#[derive(Default)]
pub(super) struct Parents<'a> {
    exist: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// Those on which others stand.
    parents: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Parents<'a> {
    pub(super) fn of(portable: &'a Portable) -> Self {
        let mut out = Parents::default();
        for record in &portable.records {
            let PortableRecord::Snapshot { snapshotter, snapshot, children } = record else { continue };
            out.exist.entry(snapshotter).or_default().insert(&snapshot.name);
            let parents = out.parents.entry(snapshotter).or_default();
            parents.insert(&snapshot.parent);
            parents.extend((!children.is_empty()).then_some(snapshot.name.as_str()));
        }
        out
    }

    /// What kind a snapshot is.
    pub(super) fn kind_of(&self, snapshotter: &str, snapshot: &Snapshot) -> SnapshotKind {
        let has_children =
            self.parents.get(snapshotter).is_some_and(|parents| parents.contains(snapshot.name.as_str()));
        snapshots::concluded_kind(snapshot, has_children)
    }
}

fn item(namespace: &str, record: &PortableRecord, parents: &Parents<'_>) -> Item {
    let key = |space, id: &str| layout::record(space, namespace.as_bytes(), id.as_bytes());
    let mut backing = None;
    let entries = match record {
        PortableRecord::Container(container) => halves::entries(namespace, container).into(),
        PortableRecord::Sandbox(sandbox) => halves::entries(namespace, sandbox).into(),
        PortableRecord::Image(image) => vec![(key(Space::Image, &image.name), image.encode())],
        PortableRecord::Blob(blob) => vec![(key(Space::Blob, &blob.digest), blob.encode())],
        PortableRecord::Ingest(ingest) => vec![(key(Space::Ingest, &ingest.reference), encode_ingest(ingest))],
        PortableRecord::Lease(lease, resources) => {
            let held = resources.iter().map(|resource| {
                let parts = [namespace, &lease.id, &resource.kind, &resource.id].map(str::as_bytes);
                (layout::key(Space::LeaseResource, &parts), Vec::new())
            });
            [(key(Space::Lease, &lease.id), lease.encode())].into_iter().chain(held).collect()
        }
        PortableRecord::Snapshot { snapshotter, snapshot, children } => {
            let kind = parents.kind_of(snapshotter, snapshot);
            let known = Snapshot {
                name: snapshot.backend_name.clone(),
                kind,
                labels: snapshots::inherited(&snapshot.labels),
                backend_name: String::new(),
                ..snapshot.clone()
            };
            // Without a name of its own there is nothing that the snapshotter could know.
            let has_backing = !known.name.is_empty();
            backing = has_backing.then(|| Backing { snapshotter: snapshotter.clone(), snapshot: known });
            let child = |parent: &str, child: &str| {
                let parts = [namespace, snapshotter, parent, child].map(str::as_bytes);
                (layout::key(Space::SnapshotChild, &parts), Vec::new())
            };
            let parts = [namespace, snapshotter, &snapshot.name].map(str::as_bytes);
            let own = (layout::key(Space::Snapshot, &parts), snapshots::record::encode(snapshot));
            let below = children.iter().map(|name| child(&snapshot.name, name));
            // 1.0 did not note it yet, and a book may keep a parent of its own.
            let has_parent = parents.exist.get(snapshotter.as_str()).is_some_and(|all| all.contains(&*snapshot.parent));
            let above = has_parent.then(|| child(&snapshot.parent, &snapshot.name));
            [own].into_iter().chain(below).chain(above).collect()
        }
    };
    Item { kind: record.kind(), entries, backing }
}
