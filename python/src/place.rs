//! Where operations go: to a store, each by itself, to a transaction, a server, or a database of containerd.

use crate::error::raise;
use crate::open::{Book, Open};
use pyo3::prelude::*;
use std::sync::Arc;
use stowbook::metadb::MetaDb;
use stowbook::{
    ContainerStore, ContentStore, EventStore, ImageStore, LeaseStore, NamespaceStore, Result, SandboxStore,
    SnapshotStore, Transaction,
};
use stowbook_grpc::Remote;

/// What every place can do, or refuses in its own words.
pub(crate) trait Records:
    ContainerStore + ContentStore + EventStore + ImageStore + LeaseStore + NamespaceStore + SandboxStore + SnapshotStore
{
}

impl<T> Records for T where
    T: ContainerStore
        + ContentStore
        + EventStore
        + ImageStore
        + LeaseStore
        + NamespaceStore
        + SandboxStore
        + SnapshotStore
{
}

#[derive(Clone)]
pub(crate) enum Place {
    Store(Arc<Book>),
    Transaction(Arc<Open<Transaction>>),
    Remote(Arc<Open<Remote>>),
    MetaDb(Arc<Open<MetaDb>>),
}

impl Place {
    /// Runs an operation while other Python threads go on.
    pub(crate) fn run<T: Send>(
        &self,
        py: Python<'_>,
        operation: impl FnOnce(&dyn Records) -> Result<T> + Send,
    ) -> PyResult<T> {
        py.detach(|| match self {
            Place::Store(book) => book.with(|store| operation(store)),
            Place::Transaction(transaction) => transaction.alone(|transaction| operation(transaction)),
            Place::Remote(remote) => remote.with(|remote| operation(remote)),
            Place::MetaDb(metadb) => metadb.with(|metadb| operation(metadb)),
        })
        .map_err(raise)
    }

    /// Whether it begins a list in the middle without looking at what is before it.
    pub(crate) fn can_go_on(&self) -> bool {
        matches!(self, Place::Store(_) | Place::Transaction(_))
    }

    /// What it is, in a word.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Place::Store(_) => "store",
            Place::Transaction(_) => "transaction",
            Place::Remote(_) => "server",
            Place::MetaDb(_) => "database",
        }
    }
}
