use crate::book::Book;
use crate::error::raise;
use crate::in_namespace::InNamespace;
use crate::namespaces::Namespaces;
use crate::place::Place;
use crate::text::{FilePath, Text};
use crate::transaction::Transaction;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use stowbook::{Error, ErrorKind, OpenOptions};

/// A book of container metadata, embedded in this process: in a file, or in memory.
///
/// It may be used from many threads. A file that was opened has to be closed again, best by a ``with`` statement.
///
/// >>> import tempfile
/// >>> from stowbook import Container, Store
/// >>> with tempfile.TemporaryDirectory() as folder:
/// ...     with Store.open(folder + "/book.redb") as store:
/// ...         created = store.namespace("default").containers.create(Container("web", "runc"))
/// ...     with Store.open(folder + "/book.redb") as store:
/// ...         store.namespace("default").containers.get("web") == created
/// True
#[pyclass(frozen, module = "stowbook")]
pub(crate) struct Store {
    book: Arc<Book>,
    /// None for a book in memory.
    path: Option<PathBuf>,
}

#[pymethods]
impl Store {
    /// Opens the book in this file; where there is none, makes one unless ``create`` is false.
    ///
    /// With ``read_only`` several processes may read the file at a time. While another process holds it, this waits up to
    /// ``lock_timeout`` seconds, then raises UnavailableError, which tells who holds it.
    ///
    /// >>> import os, tempfile
    /// >>> from stowbook import NotFoundError, Store
    /// >>> try:
    /// ...     Store.open(os.path.join(tempfile.gettempdir(), "no such folder", "book.redb"), create=False)
    /// ... except NotFoundError as error:
    /// ...     print(error.kind)
    /// not_found
    #[staticmethod]
    #[pyo3(signature = (path, *, create=true, read_only=false, lock_timeout=0.0))]
    fn open(py: Python<'_>, path: FilePath, create: bool, read_only: bool, lock_timeout: f64) -> PyResult<Self> {
        let lock_timeout = Duration::try_from_secs_f64(lock_timeout).map_err(|_| {
            raise(Error::invalid_argument(format!("lock timeout {lock_timeout} is not a number of seconds")))
        })?;
        let mut options = OpenOptions::default();
        options.create = create;
        options.read_only = read_only;
        let store = open_interruptibly(py, &path.0, options, lock_timeout)?;
        Ok(Store { book: Arc::new(Book::new(store)), path: Some(path.0) })
    }

    /// A new book in memory. It is gone when it is closed or no longer used.
    ///
    /// >>> from stowbook import Store
    /// >>> Store.in_memory().namespaces.list()
    /// []
    #[staticmethod]
    fn in_memory() -> Self {
        Store { book: Arc::new(Book::new(stowbook::Store::in_memory())), path: None }
    }

    /// A namespace, to reach the records in it. It need not exist: its first record makes it.
    ///
    /// >>> from stowbook import Container, Store
    /// >>> default = Store.in_memory().namespace("default")
    /// >>> default.containers.create(Container("web", "runc")).id
    /// 'web'
    fn namespace(&self, name: Text) -> InNamespace {
        InNamespace::new(self.place(), name.0)
    }

    /// The namespaces themselves.
    #[getter]
    fn namespaces(&self) -> Namespaces {
        Namespaces::new(self.place())
    }

    /// Begins a transaction: several operations that take effect together.
    ///
    /// ``with`` commits it at the end of the block, or rolls it back when the block is left by an exception.
    ///
    /// >>> from stowbook import Container, Store
    /// >>> store = Store.in_memory()
    /// >>> with store.write() as txn:
    /// ...     for id in "web-1", "web-2":
    /// ...         created = txn.namespace("default").containers.create(Container(id, "runc"))
    /// >>> len(store.namespace("default").containers.list())
    /// 2
    fn write(&self, py: Python<'_>) -> PyResult<Transaction> {
        py.detach(|| self.book.begin()).map(Transaction::new).map_err(raise)
    }

    /// Lets the file go, when the operations that run have ended. Transactions that are not committed are rolled back. A
    /// second call does nothing.
    ///
    /// >>> from stowbook import FailedPreconditionError, Store
    /// >>> store = Store.in_memory()
    /// >>> store.close()
    /// >>> try:
    /// ...     store.namespaces.list()
    /// ... except FailedPreconditionError as error:
    /// ...     print(error)
    /// the store is closed: failed precondition
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.book.close());
    }

    /// Whether it was closed.
    #[getter]
    fn closed(&self, py: Python<'_>) -> bool {
        py.detach(|| self.book.is_closed())
    }

    fn __enter__<'py>(slf: Bound<'py, Self>, py: Python<'py>) -> PyResult<Bound<'py, Self>> {
        let book = &slf.get().book;
        py.detach(|| book.with(|_| Ok(()))).map_err(raise)?;
        Ok(slf)
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) {
        self.close(py);
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let closed = if self.closed(py) { "closed " } else { "" };
        match &self.path {
            Some(path) => Ok(format!("<{closed}store {}>", path.as_os_str().into_pyobject(py)?.repr()?)),
            None => Ok(format!("<{closed}store in memory>")),
        }
    }
}

impl Store {
    fn place(&self) -> Place {
        Place::Book(Arc::clone(&self.book))
    }
}

/// Opens a book, and looks between its attempts whether the user has pressed Ctrl-C.
fn open_interruptibly(
    py: Python<'_>,
    path: &Path,
    mut options: OpenOptions,
    lock_timeout: Duration,
) -> PyResult<stowbook::Store> {
    const STEP: Duration = Duration::from_millis(100);
    let mut left = lock_timeout;
    loop {
        options.lock_timeout = left.min(STEP);
        left -= options.lock_timeout;
        match py.detach(|| stowbook::Store::open_with(path, &options)) {
            Err(error) if error.kind() == ErrorKind::Unavailable && !left.is_zero() => py.check_signals()?,
            result => return result.map_err(raise),
        }
    }
}
