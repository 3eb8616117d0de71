//! The records of a namespace as models, kind by kind.

use super::adaptor::Fields;
use super::decode::{Decoder, Problem};
use super::node::{Node, strict};
use super::survey::{self, Record};
use super::{Kind, MetaDb};
use crate::bolt::Walk;
use crate::filter::Filter;
use crate::model::{Blob, Image, Ingest, Lease, LeaseResource, Namespace, Sandbox, Snapshot};
use crate::store::{Context, filters};
use crate::text::{lossy, quote};
use crate::{Error, Result};
use std::ops::ControlFlow;

/// How many records are read before the first is shown. A list that is not longer is one state of the file, whatever a
/// daemon does meanwhile.
const READ_AHEAD: usize = 1024;

/// What is called with each model, and the snapshotter's name if it is of a snapshot.
pub(super) type VisitModel<'a, T> = dyn FnMut(&[u8], T) -> Result<ControlFlow<()>> + 'a;

/// The model of a record, or what of it cannot be read.
pub(super) fn model<T>(
    kind: Kind,
    namespace: &[u8],
    node: &Node,
    decode: impl FnOnce(&mut Decoder, &Node) -> T,
) -> Result<T> {
    let mut decoder = Decoder::default();
    let out = decode(&mut decoder, node);
    undecodable(kind, namespace, node, &decoder)?;
    Ok(out)
}

/// Refuses a record of which something could not be read.
pub(super) fn undecodable(kind: Kind, namespace: &[u8], node: &Node, decoder: &Decoder) -> Result<()> {
    let undecodable = decoder.problems.iter().find(|problem| matches!(problem, Problem::Undecodable(_)));
    match undecodable {
        None => Ok(()),
        Some(problem) => {
            let (word, key, text) = (kind.word(), quote(&node.key), problem.text());
            Err(Error::data_loss(format!("{word} {key} in namespace {}: {text}", quote(namespace)))
                .with_detail("page", node.page)
                .with_help("`stowbook metadb salvage` reads what can still be read"))
        }
    }
}

impl MetaDb {
    /// Shows the records of a kind that `filter` lets pass, each with the name of its snapshotter.
    pub(super) fn each<T>(
        &self,
        kind: Kind,
        namespace: &str,
        filter: &Filter,
        decode: impl Fn(&mut Decoder, &Node) -> T,
        visit: &mut VisitModel<'_, T>,
    ) -> Result<()> {
        let name = namespace.as_bytes();
        self.read(|state| {
            let walk = Walk::new(state.view);
            let mut ahead: Vec<(Vec<u8>, T)> = Vec::new();
            let mut show = |ahead: &mut Vec<(Vec<u8>, T)>| {
                state.settle()?;
                for (snapshotter, model) in ahead.drain(..) {
                    if visit(&snapshotter, model)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                Ok(ControlFlow::Continue(()))
            };
            let directory = survey::directory(&state.view, &walk, name)?;
            directory.records(&walk, &[kind], &mut strict, &mut |Record { node, snapshotter, .. }| {
                if filter.is_all() || filter.matches(&Fields(kind, &node)) {
                    ahead.push((snapshotter.to_vec(), model(kind, name, &node, &decode)?));
                }
                if ahead.len() < READ_AHEAD { Ok(ControlFlow::Continue(())) } else { show(&mut ahead) }
            })?;
            show(&mut ahead).map(drop)
        })
    }

    fn list<T>(
        &self,
        kind: Kind,
        context: &Context,
        filters: &[&[u8]],
        decode: impl Fn(&mut Decoder, &Node) -> T,
    ) -> Result<Vec<T>> {
        let namespace = context.require_namespace()?;
        let filter = match kind {
            // Here containerd adds the class only once (§8.2).
            Kind::Blob | Kind::Ingest => Filter::parse(filters)?,
            _ => filters::parse(filters)?,
        };
        let mut out = Vec::new();
        self.each(kind, namespace, &filter, decode, &mut |_, model| {
            out.push(model);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(out)
    }

    /// The record of a key, if it is there. For all kinds but snapshots.
    pub(super) fn find<T>(
        &self,
        kind: Kind,
        namespace: &str,
        key: &str,
        decode: impl Fn(&mut Decoder, &Node) -> T,
    ) -> Result<Option<T>> {
        self.find_of(kind, namespace, "", key, decode)
    }

    pub(super) fn find_snapshot(&self, namespace: &str, snapshotter: &str, key: &str) -> Result<Option<Snapshot>> {
        self.find_of(Kind::Snapshot, namespace, snapshotter, key, Decoder::snapshot)
    }

    fn find_of<T>(
        &self,
        kind: Kind,
        namespace: &str,
        snapshotter: &str,
        key: &str,
        decode: impl Fn(&mut Decoder, &Node) -> T,
    ) -> Result<Option<T>> {
        self.read(|state| {
            let walk = Walk::new(state.view);
            let directory = survey::directory(&state.view, &walk, namespace.as_bytes())?;
            let found = directory.find(&state.view, &walk, kind, snapshotter.as_bytes(), key.as_bytes())?;
            found.map(|node| model(kind, namespace.as_bytes(), &node, &decode)).transpose()
        })
    }

    /// All namespaces that containerd lists, in byte order.
    pub(super) fn list_all_namespaces(&self) -> Result<Vec<Namespace>> {
        self.read(|state| {
            let walk = Walk::new(state.view);
            let directories = survey::directories(&walk, &state.view.root(), &mut strict)?;
            let listed = directories.iter().filter(|directory| directory.is_listed());
            let namespaces = listed.map(|directory| {
                let labels = directory.labels(&walk, &mut strict)?;
                Ok(Decoder::default().namespace(&directory.name, labels.as_ref()))
            });
            namespaces.collect()
        })
    }

    /// A namespace; one that is not there has no labels.
    pub(super) fn find_namespace(&self, name: &str) -> Result<Namespace> {
        self.read(|state| {
            let walk = Walk::new(state.view);
            let directory = survey::directory(&state.view, &walk, name.as_bytes())?;
            let labels = directory.labels(&walk, &mut strict)?;
            Ok(Decoder::default().namespace(name.as_bytes(), labels.as_ref()))
        })
    }

    /// The images of a namespace that any of `filters` selects (no filter: all), in byte order of their names.
    ///
    /// # Errors
    /// `FailedPrecondition` and `InvalidArgument` for the namespace's name, `InvalidArgument` for a filter, `DataLoss`
    /// for a damaged page or record, and what the place gives.
    pub fn images(&self, context: &Context, filters: &[&[u8]]) -> Result<Vec<Image>> {
        self.list(Kind::Image, context, filters, Decoder::image)
    }

    /// The leases of a namespace, in byte order of their ids, each with what it holds.
    ///
    /// # Errors
    /// As [`MetaDb::images`].
    pub fn leases(&self, context: &Context, filters: &[&[u8]]) -> Result<Vec<(Lease, Vec<LeaseResource>)>> {
        self.list(Kind::Lease, context, filters, |decoder, node| (decoder.lease(node), decoder.resources(node)))
    }

    /// The sandboxes of a namespace, in byte order of their ids.
    ///
    /// # Errors
    /// As [`MetaDb::images`].
    pub fn sandboxes(&self, context: &Context, filters: &[&[u8]]) -> Result<Vec<Sandbox>> {
        self.list(Kind::Sandbox, context, filters, Decoder::sandbox)
    }

    /// The content of a namespace, in byte order of the digests.
    ///
    /// # Errors
    /// As [`MetaDb::images`].
    pub fn blobs(&self, context: &Context, filters: &[&[u8]]) -> Result<Vec<Blob>> {
        self.list(Kind::Blob, context, filters, Decoder::blob)
    }

    /// What is still being written in a namespace, in byte order of the references.
    ///
    /// # Errors
    /// As [`MetaDb::images`].
    pub fn ingests(&self, context: &Context, filters: &[&[u8]]) -> Result<Vec<Ingest>> {
        self.list(Kind::Ingest, context, filters, Decoder::ingest)
    }

    /// The snapshots of one snapshotter in a namespace, in byte order of their keys. What kind each is, only the
    /// snapshotter knows.
    ///
    /// # Errors
    /// As [`MetaDb::images`].
    pub fn snapshots(&self, context: &Context, snapshotter: &str, filters: &[&[u8]]) -> Result<Vec<Snapshot>> {
        let namespace = context.require_namespace()?;
        let filter = Filter::parse(filters)?;
        let mut out = Vec::new();
        self.each(Kind::Snapshot, namespace, &filter, Decoder::snapshot, &mut |of, snapshot| {
            if of == snapshotter.as_bytes() {
                out.push(snapshot);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(out)
    }

    /// The snapshotters that have snapshots in a namespace, each with the number it gave last.
    ///
    /// # Errors
    /// As [`MetaDb::images`].
    pub fn snapshotters(&self, context: &Context) -> Result<Vec<(String, u64)>> {
        let namespace = context.require_namespace()?;
        self.read(|state| {
            let walk = Walk::new(state.view);
            let directory = survey::directory(&state.view, &walk, namespace.as_bytes())?;
            let found = directory.snapshotters(&walk, &mut strict)?;
            Ok(found.into_iter().map(|(name, bucket)| (lossy(&name).into_owned(), bucket.sequence)).collect())
        })
    }
}
