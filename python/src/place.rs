//! Where operations go: to a store, each by itself, or to a transaction.

use crate::book::{Book, OpenTransaction};
use crate::error::raise;
use pyo3::prelude::*;
use std::sync::Arc;
use stowbook::{ContainerStore, NamespaceStore, Result};

/// What both can do.
pub(crate) trait Records: ContainerStore + NamespaceStore {}

impl<T: ContainerStore + NamespaceStore> Records for T {}

#[derive(Clone)]
pub(crate) enum Place {
    Book(Arc<Book>),
    Transaction(Arc<OpenTransaction>),
}

impl Place {
    /// Runs an operation while other Python threads go on.
    pub(crate) fn run<T: Send>(
        &self,
        py: Python<'_>,
        operation: impl FnOnce(&dyn Records) -> Result<T> + Send,
    ) -> PyResult<T> {
        py.detach(|| match self {
            Place::Book(book) => book.with(|store| operation(store)),
            Place::Transaction(transaction) => transaction.with(|transaction| operation(transaction)),
        })
        .map_err(raise)
    }

    /// What it is, in a word.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Place::Book(_) => "store",
            Place::Transaction(_) => "transaction",
        }
    }
}
