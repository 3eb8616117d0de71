//! Records on their way into a book.

use super::decode::{Decoder, Problem};
use super::finding::path_text;
use super::node::{Node, strict};
use super::records::undecodable;
use super::survey::{self, Directory, SCHEMA};
use super::{Kind, MetaDb, json};
use crate::Result;
use crate::bolt::{View, Walk};
use crate::model::{Blob, Container, Image, Ingest, Lease, LeaseResource, Namespace, Sandbox, Snapshot};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// A namespace with what a book can take over.
#[derive(Default)]
pub(crate) struct Portable {
    pub(crate) namespace: Namespace,
    /// The kinds that it was ever given a record of: an empty list is not the same as none (§9.6).
    pub(crate) kinds: BTreeSet<Kind>,
    pub(crate) records: Vec<PortableRecord>,
    /// The snapshotters, each with the number that it gave last.
    pub(crate) sequences: BTreeMap<String, u64>,
    /// What a book cannot hold to the byte.
    pub(crate) inexact: Vec<String>,
}

/// A record of any kind.
pub(crate) enum PortableRecord {
    Container(Container),
    Image(Image),
    Lease(Lease, Vec<LeaseResource>),
    Sandbox(Sandbox),
    Blob(Blob),
    Ingest(Ingest),
    Snapshot {
        snapshotter: String,
        snapshot: Snapshot,
        /// Those whose parent it was told to be, some of which may be gone.
        children: Vec<String>,
    },
}

impl PortableRecord {
    pub(super) fn decode(decoder: &mut Decoder, kind: Kind, snapshotter: &[u8], node: &Node) -> Self {
        match kind {
            Kind::Container => PortableRecord::Container(decoder.container(node)),
            Kind::Image => PortableRecord::Image(decoder.image(node)),
            Kind::Lease => PortableRecord::Lease(decoder.lease(node), decoder.resources(node)),
            Kind::Sandbox => PortableRecord::Sandbox(decoder.sandbox(node)),
            Kind::Blob => PortableRecord::Blob(decoder.blob(node)),
            Kind::Ingest => PortableRecord::Ingest(decoder.ingest(node)),
            Kind::Snapshot => PortableRecord::Snapshot {
                snapshotter: decoder.text("the snapshotter's name", snapshotter),
                snapshot: decoder.snapshot(node),
                children: decoder.children(node),
            },
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            PortableRecord::Container(_) => Kind::Container,
            PortableRecord::Image(_) => Kind::Image,
            PortableRecord::Lease(..) => Kind::Lease,
            PortableRecord::Sandbox(_) => Kind::Sandbox,
            PortableRecord::Blob(_) => Kind::Blob,
            PortableRecord::Ingest(_) => Kind::Ingest,
            PortableRecord::Snapshot { .. } => Kind::Snapshot,
        }
    }
}

impl Portable {
    /// A namespace without records.
    pub(super) fn of(name: &[u8], labels: Option<&Node>) -> Self {
        let mut decoder = Decoder::default();
        let namespace = decoder.namespace(name, labels);
        let inexact = not_text(&path_text(&[SCHEMA, name]), &decoder);
        Portable { namespace, inexact, ..Portable::default() }
    }

    fn add(&mut self, record: &survey::Record<'_>) -> Result<()> {
        let mut decoder = Decoder::default();
        let out = PortableRecord::decode(&mut decoder, record.kind, record.snapshotter, &record.node);
        undecodable(record.kind, record.namespace, &record.node, &decoder)?;
        let path = path_text(&record.path());
        self.inexact.extend(not_text(&path, &decoder));
        if has_unknown(record.kind, &record.node) {
            self.inexact.push(format!("{path}: {UNKNOWN}"));
        }
        self.records.push(out);
        Ok(())
    }
}

pub(super) const UNKNOWN: &str = "has members that containerd 2.3 does not know";

/// Whether a record has members that would be lost.
pub(super) fn has_unknown(kind: Kind, node: &Node) -> bool {
    json::record(kind, node).has_unknown
}

impl MetaDb {
    /// The namespaces that `wanted` names (none: all), of one state of the file.
    pub(crate) fn portable(&self, wanted: &[String]) -> Result<Vec<Portable>> {
        self.read(|state| {
            let walk = Walk::new(state.view);
            let mut out = Vec::new();
            for directory in survey::directories(&walk, &state.view.root(), &mut strict)? {
                if is_wanted(wanted, &directory.name) {
                    out.push(portable(&state.view, &walk, &directory)?);
                }
            }
            Ok(out)
        })
    }
}

fn portable(view: &View<'_>, walk: &Walk<'_>, directory: &Directory) -> Result<Portable> {
    let labels = directory.labels(walk, &mut strict)?;
    let mut out = Portable::of(&directory.name, labels.as_ref());
    for kind in Kind::ALL {
        let path = [&[SCHEMA, &directory.name][..], kind.path()].concat();
        if view.bucket(&path)?.is_some() {
            out.kinds.insert(kind);
        }
    }
    let others: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Snapshot).collect();
    directory.records(walk, &others, &mut strict, &mut |record| {
        out.add(&record)?;
        Ok(ControlFlow::Continue(()))
    })?;
    for (snapshotter, bucket) in directory.snapshotters(walk, &mut strict)? {
        let mut decoder = Decoder::default();
        let name = decoder.text("the snapshotter's name", &snapshotter);
        out.inexact.extend(not_text(&path_text(&[SCHEMA, &directory.name, b"snapshots"]), &decoder));
        out.sequences.insert(name, bucket.sequence);
        directory
            .snapshots_of(walk, &snapshotter, &bucket, &mut strict, &mut |record| {
                out.add(&record)?;
                Ok(ControlFlow::Continue(()))
            })
            .map(drop)?;
    }
    let kinds = out.records.iter().map(PortableRecord::kind).collect::<BTreeSet<_>>();
    out.kinds.extend(kinds);
    Ok(out)
}

pub(super) fn is_wanted(wanted: &[String], namespace: &[u8]) -> bool {
    wanted.is_empty() || wanted.iter().any(|name| name.as_bytes() == namespace)
}

fn not_text(path: &str, decoder: &Decoder) -> Vec<String> {
    let texts = decoder.problems.iter().filter(|problem| matches!(problem, Problem::NotText(_)));
    texts.map(|problem| format!("{path}: {}", problem.text())).collect()
}
