use crate::check::Source;
use crate::collections::Namespaces;
use crate::error::raise;
use crate::events::{self, Events};
use crate::in_namespace::InNamespace;
use crate::metadb::MetaDb;
use crate::open::Book;
use crate::place::Place;
use crate::text::{FilePath, Text};
use crate::transaction::Transaction;
use crate::values;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use stowbook::gc::CollectOptions;
use stowbook::{Error, ErrorKind, ImportOptions, OpenOptions, RestoreOptions, metadb};

/// A book of container metadata, embedded in this process: in a file, or in memory.
///
/// It may be used from many threads, but not in a process that is forked from this one, which has to open the file itself.
/// A file that was opened has to be closed again, best by a ``with`` statement.
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
    #[new]
    #[pyo3(signature = (*_arguments, **_keywords), text_signature = "()")]
    fn new(_arguments: &Bound<'_, PyTuple>, _keywords: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        Err(PyTypeError::new_err("a Store is made by Store.open(path) or Store.in_memory()"))
    }

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
        let lock_timeout = events::seconds_of("lock timeout", lock_timeout)?;
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

    /// What happened: every change, numbered. To read, to follow, and to publish to.
    #[getter]
    fn events(&self) -> Events {
        Events::new(self.place())
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
        py.detach(|| self.book.open(stowbook::Store::begin)).map(Transaction::new).map_err(raise)
    }

    /// Removes leases and images that have expired, and content, snapshots and ingests that nothing holds; tells what, and
    /// why the rest is kept. With ``dry_run`` it only tells. The rules are those of containerd ``"2.3"`` or ``"1.6"``.
    ///
    /// >>> from stowbook import Lease, Store
    /// >>> store = Store.in_memory()
    /// >>> old = Lease("old", {"containerd.io/gc.expire": "2001-01-01T00:00:00Z"})
    /// >>> created = store.namespace("default").leases.create(old)
    /// >>> [default] = store.collect(dry_run=True).namespaces
    /// >>> default.removed
    /// (Resource(kind='lease', id='old'),)
    #[pyo3(signature = (*, dry_run=false, rules=None), text_signature = "($self, *, dry_run=False, rules='2.3')")]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn collect<'py>(&self, py: Python<'py>, dry_run: bool, rules: Option<Text>) -> PyResult<Bound<'py, PyAny>> {
        let mut options = CollectOptions::default();
        options.dry_run = dry_run;
        if let Some(rules) = rules {
            options.rules = rules.0.parse().map_err(raise)?;
        }
        let collected = py.detach(|| self.book.with(|store| store.collect(&options))).map_err(raise)?;
        values::read(py, "collected", &collected)
    }

    /// Takes the records of a database of containerd over: all of them, or nothing, with their times as they are. The bytes of
    /// content and snapshots are not in a database. ``namespaces`` names those that are wanted (none: all). With ``dry_run``
    /// it only tells. What the book has already with another content is a conflict, or stays with ``keep_existing``.
    ///
    /// >>> from stowbook import FailedPreconditionError, MetaDb, Store
    /// >>> try:
    /// ...     Store.in_memory().import_metadb(MetaDb.from_bytes(b"no database" * 1000))
    /// ... except FailedPreconditionError as error:
    /// ...     print(error.kind)
    /// failed_precondition
    #[pyo3(
        signature = (metadb, *, namespaces=Vec::new(), dry_run=false, keep_existing=false),
        text_signature = "($self, metadb, *, namespaces=(), dry_run=False, keep_existing=False)"
    )]
    fn import_metadb<'py>(
        &self,
        py: Python<'py>,
        metadb: &Bound<'py, MetaDb>,
        namespaces: Vec<Text>,
        dry_run: bool,
        keep_existing: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut options = metadb::ImportOptions::default();
        options.namespaces = namespaces.into_iter().map(|name| name.0).collect();
        options.dry_run = dry_run;
        options.keep_existing = keep_existing;
        let metadb = metadb.get().opened();
        let import = || metadb.with(|metadb| self.book.with(|store| store.import_metadb(metadb, &options)));
        let report = py.detach(import).map_err(raise)?;
        values::read(py, "metadb_import_report", &report)
    }

    /// What is called ``id`` (a digest, an image, a snapshot's key, a container …), with all that refers to it. Empty when
    /// nothing is called so, and nothing refers to it.
    ///
    /// >>> from stowbook import Container, Store
    /// >>> store = Store.in_memory()
    /// >>> web = Container("web", "runc", snapshotter="overlayfs", snapshot_key="web-rootfs")
    /// >>> created = store.namespace("default").containers.create(web)
    /// >>> [[str(owner.resource) for owner in owned.owners] for owned in store.owners("web-rootfs")]
    /// [['container web']]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn owners<'py>(&self, py: Python<'py>, id: Text) -> PyResult<Bound<'py, PyAny>> {
        let owned = py.detach(|| self.book.with(|store| store.owners(&id.0))).map_err(raise)?;
        values::read(py, "owned", &owned)
    }

    /// Looks at every page and every value, and tells what is wrong.
    ///
    /// >>> from stowbook import Store
    /// >>> Store.in_memory().check()
    /// []
    fn check<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let findings = py.detach(|| self.book.with(stowbook::Store::check)).map_err(raise)?;
        let findings =
            findings.into_iter().map(|finding| values::make(py, "BookFinding", (finding.place, finding.problem)));
        PyList::new(py, findings.collect::<PyResult<Vec<_>>>()?)
    }

    /// Gives unused space of the file back to the system. Raises FailedPreconditionError while the book is being read.
    ///
    /// >>> import os, tempfile
    /// >>> from stowbook import Store
    /// >>> with tempfile.TemporaryDirectory() as folder:
    /// ...     with Store.open(os.path.join(folder, "book.redb")) as store:
    /// ...         store.compact()
    /// ...         store.check()
    /// []
    fn compact(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.book.with(stowbook::Store::compact)).map_err(raise)
    }

    /// Copies the book as it is now into a new file, checking every value on the way. Others may write meanwhile. The bytes of
    /// content are not in the book: copy their directory after it. Raises AlreadyExistsError when there is a file, and
    /// DataLossError when a value is damaged. ``restore`` puts the copy back.
    ///
    /// >>> import os, tempfile
    /// >>> from stowbook import Namespace, Store
    /// >>> store = Store.in_memory()
    /// >>> created = store.namespaces.create(Namespace("k8s.io"))
    /// >>> with tempfile.TemporaryDirectory() as folder:
    /// ...     copy = os.path.join(folder, "copy.redb")
    /// ...     store.backup(copy)
    /// ...     with Store.open(copy, read_only=True) as again:
    /// ...         print(again.namespaces.list())
    /// [Namespace('k8s.io')]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn backup(&self, py: Python<'_>, path: FilePath) -> PyResult<()> {
        py.detach(|| self.book.with(|store| store.backup(&path.0))).map(drop).map_err(raise)
    }

    /// The whole book as it is now, as lines of JSON, as ``stowbook export`` writes them: for reading, for keeping, for
    /// ``import_``. They are held in memory; for a book that is too large for that there is ``backup``. Raises DataLossError
    /// when a value is damaged.
    ///
    /// >>> import json
    /// >>> from stowbook import Container, Store
    /// >>> store = Store.in_memory()
    /// >>> created = store.namespace("default").containers.create(Container("web", "runc"))
    /// >>> lines = [json.loads(line) for line in store.export().splitlines()]
    /// >>> [line["record"]["runtime"] for line in lines if line.get("kind") == "container"]
    /// [{'name': 'runc'}]
    fn export<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let export = |store: &stowbook::Store| {
            let mut lines = Vec::new();
            store.export(|line| {
                lines.extend_from_slice(line.as_bytes());
                Ok::<_, Error>(())
            })?;
            Ok(lines)
        };
        let lines = py.detach(|| self.book.with(export)).map_err(raise)?;
        Ok(PyBytes::new(py, &lines))
    }

    /// Adds what ``export`` gave, all together or nothing. Into an empty book goes everything, the event log included, and with
    /// ``same_book`` the book's id too, so that cursors of the exported one go on to count; into any other book the records
    /// that it does not have.
    ///
    /// Raises InvalidArgumentError, with the line, for what is no export, or not whole; AlreadyExistsError for a record with
    /// another content; FailedPreconditionError for ``same_book`` with a book that is not empty, or a newer file format.
    /// Nothing was changed then.
    ///
    /// >>> from stowbook import Container, Store
    /// >>> store, copy = Store.in_memory(), Store.in_memory()
    /// >>> created = store.namespace("default").containers.create(Container("web", "runc"))
    /// >>> copy.import_(store.export()).with_events
    /// True
    /// >>> copy.namespace("default").containers.get("web") == created
    /// True
    #[pyo3(signature = (lines, *, same_book=false))]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn import_<'py>(&self, py: Python<'py>, lines: Source, same_book: bool) -> PyResult<Bound<'py, PyAny>> {
        let mut options = ImportOptions::default();
        options.same_book = same_book;
        let report = py.detach(|| self.book.with(|store| store.import(lines.bytes(), &options))).map_err(raise)?;
        values::read(py, "import_report", &report)
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
        Place::Store(Arc::clone(&self.book))
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

/// Puts the book in the file ``backup`` at ``path``, after checking every value of it; over a book that is there only with
/// ``replace``.
///
/// Raises NotFoundError when there is no backup; AlreadyExistsError when there is a file and it is not to be replaced;
/// UnavailableError when a process holds it; DataLossError when the backup is damaged. Nothing was changed then.
///
/// >>> import os, tempfile
/// >>> from stowbook import Namespace, Store, restore
/// >>> with tempfile.TemporaryDirectory() as folder:
/// ...     book, backup = os.path.join(folder, "book.redb"), os.path.join(folder, "backup.redb")
/// ...     with Store.open(book) as store:
/// ...         store.backup(backup)
/// ...         created = store.namespaces.create(Namespace("k8s.io"))
/// ...     restore(backup, book, replace=True)
/// ...     with Store.open(book) as store:
/// ...         store.namespaces.list()
/// []
#[pyfunction]
#[pyo3(signature = (backup, path, *, replace=false))]
#[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
pub(crate) fn restore(py: Python<'_>, backup: FilePath, path: FilePath, replace: bool) -> PyResult<()> {
    let mut options = RestoreOptions::default();
    options.replace = replace;
    py.detach(|| stowbook::restore(&backup.0, &path.0, &options)).map(drop).map_err(raise)
}
