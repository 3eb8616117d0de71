//! Where operations go: to a store, each by itself, to a transaction, a server, or a database of containerd.

use crate::error::raise;
use crate::open::{Book, Open};
use pyo3::prelude::*;
use std::sync::Arc;
use stowbook::metadb::MetaDb;
use stowbook::{
    ContainerStore, ContentStore, Error, EventStore, ImageStore, LeaseStore, NamespaceStore, Result, SandboxStore,
    SnapshotStore, Transaction,
};
use stowbook_grpc::Remote;

/// What every place can do, or refuses in its own words.
pub(crate) trait Records:
    ContainerStore + EventStore + ImageStore + LeaseStore + NamespaceStore + SandboxStore
{
}

impl<T: ContainerStore + EventStore + ImageStore + LeaseStore + NamespaceStore + SandboxStore> Records for T {}

/// What only those places can do that know more of content and snapshots than records.
pub(crate) trait Contents: ContentStore + SnapshotStore {}

impl<T: ContentStore + SnapshotStore> Contents for T {}

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

    /// Runs an operation on content or snapshots.
    pub(crate) fn contents<T: Send>(
        &self,
        py: Python<'_>,
        operation: impl FnOnce(&dyn Contents) -> Result<T> + Send,
    ) -> PyResult<T> {
        py.detach(|| match self {
            Place::Store(book) => book.with(|store| operation(store)),
            Place::Transaction(transaction) => transaction.alone(|transaction| operation(transaction)),
            Place::Remote(remote) => remote.with(|remote| operation(remote)),
            Place::MetaDb(_) => Err(Error::not_implemented("content and snapshots of a database, one by one")
                .with_help("the dump of the database has them")),
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
