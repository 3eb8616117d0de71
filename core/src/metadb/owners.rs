//! The references between the records of a database: who refers to what, and what nothing refers to.

use super::decode::Decoder;
use super::node::{Node, strict};
use super::records::model;
use super::survey::{self, Directory};
use super::{Kind, MetaDb};
use crate::Result;
use crate::bolt::Walk;
use crate::model::Timestamp;
use crate::store::gc::holder::Holder;
use crate::store::gc::{self, CollectRules, Collected, Owned, owners};
use crate::text::lossy;
use std::ops::ControlFlow;

/// The kinds in the order in which containerd collects.
const ORDER: [Kind; 7] =
    [Kind::Lease, Kind::Snapshot, Kind::Ingest, Kind::Blob, Kind::Image, Kind::Container, Kind::Sandbox];

impl MetaDb {
    /// Who refers to what is called `id`, in all namespaces: as [`Store::owners`](crate::Store::owners).
    ///
    /// # Errors
    /// `DataLoss` for a damaged page or record, and what the place gives.
    pub fn owners(&self, id: &str) -> Result<Vec<Owned>> {
        self.read(|state| {
            let walk = Walk::new(state.view);
            let mut out = Vec::new();
            for directory in survey::directories(&walk, &state.view.root(), &mut strict)? {
                out.extend(owners::in_namespace(&lossy(&directory.name), id, |visit| {
                    holders(&directory, &walk, &mut |holder| {
                        visit(holder);
                        Ok(())
                    })
                })?);
            }
            Ok(out)
        })
    }

    /// What a collection by these rules would remove at that time, and why the rest stays: as
    /// [`Store::collect`](crate::Store::collect) in a dry run.
    ///
    /// # Errors
    /// `DataLoss` for a damaged page or record, and what the place gives.
    pub fn collectable(&self, rules: CollectRules, now: Timestamp) -> Result<Collected> {
        self.read(|state| {
            let walk = Walk::new(state.view);
            let mut collected = Collected::default();
            for directory in survey::directories(&walk, &state.view.root(), &mut strict)? {
                let name = lossy(&directory.name).into_owned();
                let (examined, _) = gc::examine_namespace(name, rules, now, |visit| {
                    holders(&directory, &walk, &mut |holder| visit(&[], holder))
                })?;
                collected.namespaces.push(examined);
            }
            Ok(collected)
        })
    }
}

fn holders(directory: &Directory, walk: &Walk<'_>, visit: &mut dyn FnMut(Holder) -> Result<()>) -> Result<()> {
    directory.records(walk, &ORDER, &mut strict, &mut |record| {
        let decode = |decoder: &mut Decoder, node: &Node| holder(decoder, record.kind, record.snapshotter, node);
        visit(model(record.kind, record.namespace, &record.node, decode)?)?;
        Ok(ControlFlow::Continue(()))
    })
}

fn holder(decoder: &mut Decoder, kind: Kind, snapshotter: &[u8], node: &Node) -> Holder {
    match kind {
        Kind::Lease => {
            let lease = decoder.lease(node);
            Holder::Lease { id: lease.id, labels: lease.labels, resources: decoder.resources(node) }
        }
        Kind::Snapshot => {
            let snapshot = decoder.snapshot(node);
            Holder::Snapshot {
                snapshotter: lossy(snapshotter).into_owned(),
                key: snapshot.name,
                parent: snapshot.parent,
                backend_name: snapshot.backend_name,
                labels: snapshot.labels,
            }
        }
        Kind::Ingest => {
            let ingest = decoder.ingest(node);
            let (reference, expires_at, expected) = (ingest.reference, ingest.expires_at, ingest.expected);
            Holder::Ingest { reference, expires_at, expected }
        }
        Kind::Blob => {
            let blob = decoder.blob(node);
            Holder::Content { digest: blob.digest, labels: blob.labels }
        }
        Kind::Image => {
            let image = decoder.image(node);
            Holder::Image { name: image.name, target: image.target.digest, labels: image.labels }
        }
        Kind::Container => {
            let container = decoder.container(node);
            Holder::Container {
                id: container.id,
                image: container.image,
                snapshotter: container.snapshotter,
                snapshot_key: container.snapshot_key,
                sandbox_id: container.sandbox_id,
                labels: container.labels,
            }
        }
        Kind::Sandbox => {
            let sandbox = decoder.sandbox(node);
            Holder::Sandbox { id: sandbox.id, labels: sandbox.labels }
        }
    }
}
