use crate::collections::Namespaces;
use crate::error::raise;
use crate::in_namespace::InNamespace;
use crate::json;
use crate::open::Open;
use crate::place::Place;
use crate::text::{FilePath, Text};
use crate::values;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyDict, PyList, PyTuple};
use std::path::PathBuf;
use std::sync::Arc;
use stowbook::bolt::{FileSource, ReadAt};
use stowbook::{Result, metadb};

/// containerd's own database, ``meta.db``, for reading: of a daemon that runs or of one that is gone, without asking the
/// daemon and without a lock.
///
/// Its records are reached as those of a store. What would change them raises FailedPreconditionError.
///
/// >>> from stowbook import FailedPreconditionError, MetaDb
/// >>> try:
/// ...     with MetaDb.from_bytes(b"no database" * 1000) as metadb:
/// ...         print(metadb.namespace("k8s.io").containers.list("labels.role==web"))
/// ... except FailedPreconditionError as error:
/// ...     print(error.message)
/// the file is not a bbolt database: failed precondition
#[pyclass(frozen, module = "stowbook")]
pub(crate) struct MetaDb {
    metadb: Arc<Open<metadb::MetaDb>>,
    /// None for bytes.
    path: Option<PathBuf>,
}

/// The file, or its bytes.
enum Source {
    Path(FilePath),
    Bytes(PyBackedBytes),
}

impl FromPyObject<'_, '_> for Source {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        match object.extract() {
            Ok(bytes) => Ok(Source::Bytes(bytes)),
            Err(_) => object.extract().map(Source::Path),
        }
    }
}

impl Source {
    fn read<T>(&self, work: impl FnOnce(&dyn ReadAt) -> Result<T>) -> Result<T> {
        match self {
            Source::Path(path) => work(&FileSource::open(&path.0)?),
            Source::Bytes(bytes) => work(&&**bytes),
        }
    }
}

#[pymethods]
impl MetaDb {
    #[new]
    #[pyo3(signature = (*_arguments, **_keywords), text_signature = "()")]
    fn new(_arguments: &Bound<'_, PyTuple>, _keywords: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        Err(PyTypeError::new_err("a MetaDb is made by MetaDb.open(path) or MetaDb.from_bytes(data)"))
    }

    /// Opens a file. The daemon that it belongs to may run.
    ///
    /// >>> from stowbook import MetaDb, NotFoundError
    /// >>> try:
    /// ...     MetaDb.open("/nowhere/meta.db")
    /// ... except NotFoundError as error:
    /// ...     print(error.kind)
    /// not_found
    #[staticmethod]
    fn open(py: Python<'_>, path: FilePath) -> PyResult<Self> {
        let metadb = py.detach(|| metadb::MetaDb::open(&path.0)).map_err(raise)?;
        Ok(MetaDb { metadb: Arc::new(Open::new("database", metadb)), path: Some(path.0) })
    }

    /// Reads the bytes of a file.
    ///
    /// >>> from stowbook import FailedPreconditionError, MetaDb
    /// >>> try:
    /// ...     MetaDb.from_bytes(b"")
    /// ... except FailedPreconditionError as error:
    /// ...     print(error.kind)
    /// failed_precondition
    #[staticmethod]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn from_bytes(py: Python<'_>, data: PyBackedBytes) -> PyResult<Self> {
        let metadb = py.detach(|| metadb::MetaDb::from_bytes(&*data)).map_err(raise)?;
        Ok(MetaDb { metadb: Arc::new(Open::new("database", metadb)), path: None })
    }

    /// Looks at every page, every record and every reference of a file, given by its path or its bytes, and tells what is
    /// wrong. Works on files that cannot be opened, too.
    ///
    /// >>> from stowbook import FailedPreconditionError, MetaDb
    /// >>> try:
    /// ...     MetaDb.check(b"no database" * 1000)
    /// ... except FailedPreconditionError as error:
    /// ...     print(error.kind)
    /// failed_precondition
    #[staticmethod]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn check<'py>(py: Python<'py>, source: Source) -> PyResult<Bound<'py, PyAny>> {
        let findings = py.detach(|| source.read(|source| metadb::check(source))).map_err(raise)?;
        values::read(py, "metadb_findings", &findings)
    }

    /// Reads everything that can still be read of a damaged file, given by its path or its bytes, and tells what was lost or
    /// is doubtful.
    ///
    /// >>> from stowbook import MetaDb
    /// >>> saved = MetaDb.salvage(b"no database" * 1000)
    /// >>> saved.namespaces, saved.findings[0].severity
    /// ({}, 'damage')
    #[staticmethod]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn salvage<'py>(py: Python<'py>, source: Source) -> PyResult<Bound<'py, PyAny>> {
        let saved = py.detach(|| source.read(|source| Ok(metadb::salvage(source)?.to_json()))).map_err(raise)?;
        values::read(py, "salvage", &saved)
    }

    /// A namespace, to reach the records in it.
    ///
    /// >>> from stowbook import MetaDb
    /// >>> def web(path):
    /// ...     with MetaDb.open(path) as metadb:
    /// ...         return metadb.namespace("k8s.io").containers.get("web")
    fn namespace(&self, name: Text) -> InNamespace {
        InNamespace::new(self.place(), name.0)
    }

    /// The namespaces themselves.
    #[getter]
    fn namespaces(&self) -> Namespaces {
        Namespaces::new(self.place())
    }

    /// What the database says about itself: the size of its pages in bytes, the number of its last transaction, and the
    /// version of the records' layout.
    ///
    /// >>> from stowbook import MetaDb
    /// >>> def version(path):
    /// ...     with MetaDb.open(path) as metadb:
    /// ...         return metadb.info().version
    fn info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let info = py.detach(|| self.metadb.with(metadb::MetaDb::info)).map_err(raise)?;
        values::make(py, "MetaDbInfo", (info.page_size, info.txid, info.version))
    }

    /// The names of the snapshotters that have snapshots in a namespace.
    ///
    /// >>> from stowbook import MetaDb
    /// >>> def snapshots(path):
    /// ...     with MetaDb.open(path) as metadb:
    /// ...         default = metadb.namespace("default")
    /// ...         return {name: default.snapshots(name).list() for name in metadb.snapshotters("default")}
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn snapshotters<'py>(&self, py: Python<'py>, namespace: Text) -> PyResult<Bound<'py, PyList>> {
        let context = stowbook::Context::in_namespace(namespace.0);
        let found = py.detach(|| self.metadb.with(|metadb| metadb.snapshotters(&context))).map_err(raise)?;
        PyList::new(py, found.into_iter().map(|(name, _)| name))
    }

    /// What is called ``id`` (a digest, an image, a snapshot's key, a container …), with all that refers to it.
    ///
    /// >>> from stowbook import MetaDb
    /// >>> def who_has(path, snapshot):
    /// ...     with MetaDb.open(path) as metadb:
    /// ...         return [owner.resource for owned in metadb.owners(snapshot) for owner in owned.owners]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn owners<'py>(&self, py: Python<'py>, id: Text) -> PyResult<Bound<'py, PyAny>> {
        let owned = py.detach(|| self.metadb.with(|metadb| metadb.owners(&id.0))).map_err(raise)?;
        values::read(py, "owned", &owned)
    }

    /// Every record, exactly: a dict for each namespace, with ``labels``, ``containers``, ``images``, ``leases``,
    /// ``sandboxes``, ``content`` and ``snapshots``. Opaque values are in base64, times are RFC 3339 text.
    ///
    /// >>> from stowbook import MetaDb
    /// >>> def images(path):
    /// ...     with MetaDb.open(path) as metadb:
    /// ...         return [image["name"] for image in metadb.dump()["default"]["images"]]
    fn dump<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let mut out = String::new();
        let dump = || {
            self.metadb.with(|metadb| {
                metadb.dump(|part| {
                    out.push_str(part);
                    Ok(())
                })
            })
        };
        py.detach(dump).map_err(raise)?;
        Ok(json::load(py, &out)?.cast_into()?)
    }

    /// Lets the file go. A second call does nothing.
    ///
    /// >>> from stowbook import MetaDb
    /// >>> def names(path):
    /// ...     metadb = MetaDb.open(path)
    /// ...     try:
    /// ...         return [namespace.name for namespace in metadb.namespaces]
    /// ...     finally:
    /// ...         metadb.close()
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.metadb.close());
    }

    /// Whether it was closed.
    #[getter]
    fn closed(&self, py: Python<'_>) -> bool {
        py.detach(|| self.metadb.is_closed())
    }

    fn __enter__<'py>(slf: Bound<'py, Self>, py: Python<'py>) -> PyResult<Bound<'py, Self>> {
        let metadb = &slf.get().metadb;
        py.detach(|| metadb.with(|_| Ok(()))).map_err(raise)?;
        Ok(slf)
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) {
        self.close(py);
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let closed = if self.closed(py) { "closed " } else { "" };
        match &self.path {
            Some(path) => Ok(format!("<{closed}database {}>", path.as_os_str().into_pyobject(py)?.repr()?)),
            None => Ok(format!("<{closed}database of bytes>")),
        }
    }
}

impl MetaDb {
    pub(crate) fn opened(&self) -> &Open<metadb::MetaDb> {
        &self.metadb
    }

    fn place(&self) -> Place {
        Place::MetaDb(Arc::clone(&self.metadb))
    }
}
