use crate::collections::Namespaces;
use crate::error::raise;
use crate::events::Events;
use crate::in_namespace::InNamespace;
use crate::open::Open;
use crate::place::Place;
use crate::text::Text;
use pyo3::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Several operations that take effect together: see ``Store.write``.
///
/// It sees the book as it was when it began, and its own changes. It makes nobody wait; instead ``commit`` raises
/// AbortedError when something that it read or changed was changed meanwhile. One that is dropped is rolled back.
///
/// >>> from stowbook import Container, Store
/// >>> store = Store.in_memory()
/// >>> with store.write() as txn:
/// ...     created = txn.namespace("default").containers.create(Container("web", "runc"))
/// ...     print("web" in store.namespace("default").containers)
/// False
/// >>> "web" in store.namespace("default").containers
/// True
#[pyclass(frozen, module = "stowbook")]
pub(crate) struct Transaction {
    open: Arc<Open<stowbook::Transaction>>,
    /// Whether the caller has ended it, so that the end of the `with` has nothing to do.
    ended: AtomicBool,
}

impl Transaction {
    pub(crate) fn new(open: Arc<Open<stowbook::Transaction>>) -> Self {
        Transaction { open, ended: AtomicBool::new(false) }
    }

    fn end(&self, py: Python<'_>, how: fn(&stowbook::Transaction) -> stowbook::Result<()>) -> PyResult<()> {
        let ended = || {
            self.open.alone(|transaction| {
                self.ended.store(true, Ordering::Relaxed);
                how(transaction)
            })
        };
        py.detach(ended).map_err(raise)
    }

    fn place(&self) -> Place {
        Place::Transaction(Arc::clone(&self.open))
    }
}

#[pymethods]
impl Transaction {
    /// A namespace, to reach the records in it.
    ///
    /// >>> from stowbook import Store
    /// >>> txn = Store.in_memory().write()
    /// >>> txn.namespace("default").containers.list()
    /// []
    fn namespace(&self, name: Text) -> InNamespace {
        InNamespace::new(self.place(), name.0)
    }

    /// The namespaces themselves.
    #[getter]
    fn namespaces(&self) -> Namespaces {
        Namespaces::new(self.place())
    }

    /// The event log, to publish to.
    #[getter]
    fn events(&self) -> Events {
        Events::new(self.place())
    }

    /// Makes the changes durable, all together, and ends the transaction.
    ///
    /// >>> from stowbook import Namespace, Store
    /// >>> store = Store.in_memory()
    /// >>> txn = store.write()
    /// >>> created = txn.namespaces.create(Namespace("k8s.io"))
    /// >>> txn.commit()
    /// >>> store.namespaces.list()
    /// [Namespace('k8s.io')]
    fn commit(&self, py: Python<'_>) -> PyResult<()> {
        self.end(py, stowbook::Transaction::commit)
    }

    /// Drops the changes and ends the transaction. A second call does nothing.
    ///
    /// >>> from stowbook import Namespace, Store
    /// >>> store = Store.in_memory()
    /// >>> with store.write() as txn:
    /// ...     created = txn.namespaces.create(Namespace("k8s.io"))
    /// ...     txn.rollback()
    /// >>> store.namespaces.list()
    /// []
    fn rollback(&self, py: Python<'_>) -> PyResult<()> {
        self.end(py, stowbook::Transaction::rollback)
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __exit__(
        &self,
        py: Python<'_>,
        exception_type: &Bound<'_, PyAny>,
        _exception: &Bound<'_, PyAny>,
        _traceback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        if !exception_type.is_none() {
            // What the caller is to see is the exception that ended the block.
            let _ = self.rollback(py);
        } else if !self.ended.load(Ordering::Relaxed) {
            self.commit(py)?;
        }
        Ok(())
    }

    fn __repr__(&self) -> &'static str {
        if self.ended.load(Ordering::Relaxed) { "<ended transaction>" } else { "<transaction>" }
    }
}
