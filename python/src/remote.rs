use crate::collections::Namespaces;
use crate::error::{keep, raise};
use crate::events::Events;
use crate::in_namespace::InNamespace;
use crate::open::Open;
use crate::place::Place;
use crate::text::{FilePath, Text};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use std::path::PathBuf;
use std::sync::Arc;
use stowbook::{Error, ErrorKind, NamespaceStore as _, Result};

/// A server on a unix socket, a stowbook's or a containerd's, with the same records as a store: see ``connect``.
///
/// It may be used from many threads. It has no transactions.
///
/// >>> from stowbook import UnavailableError, connect
/// >>> try:
/// ...     connect("/nowhere/containerd.sock")
/// ... except UnavailableError as error:
/// ...     print(error.kind)
/// unavailable
#[pyclass(frozen, module = "stowbook")]
pub(crate) struct Remote {
    remote: Arc<Open<stowbook_grpc::Remote>>,
    path: PathBuf,
}

/// Connects to the unix socket of a stowbook's or a containerd's server: a path, or an address such as
/// ``"unix:///run/containerd/containerd.sock"``. A connection that is lost later is made again by the next operation.
///
/// >>> from stowbook import UnavailableError, connect
/// >>> try:
/// ...     with connect("/nowhere/containerd.sock") as remote:
/// ...         containers = remote.namespace("k8s.io").containers.list()
/// ... except UnavailableError as error:
/// ...     print(error.message)
/// cannot reach the server: No such file or directory (os error 2): unavailable
#[pyfunction]
pub(crate) fn connect(py: Python<'_>, socket: FilePath) -> PyResult<Remote> {
    let connect = || {
        let remote = stowbook_grpc::Remote::new(&socket.0)?.while_going_on(check_signals);
        // It connects at its first call.
        remote.list_namespaces()?;
        Ok(remote)
    };
    let cannot = |error: Error| raise(error.with_detail("socket", socket.0.display()));
    let remote = py.detach(connect).map_err(cannot)?;
    Ok(Remote { remote: Arc::new(Open::new("connection", remote)), path: socket.0 })
}

/// Ends a call when the user has pressed Ctrl-C.
fn check_signals() -> Result<()> {
    Python::attach(|py| py.check_signals()).map_err(|exception| {
        keep(exception);
        Error::new(ErrorKind::Canceled, "interrupted")
    })
}

#[pymethods]
impl Remote {
    /// A namespace, to reach the records in it.
    ///
    /// >>> import stowbook
    /// >>> def web(socket):
    /// ...     with stowbook.connect(socket) as remote:
    /// ...         return remote.namespace("k8s.io").containers.get("web")
    fn namespace(&self, name: Text) -> InNamespace {
        InNamespace::new(self.place(), name.0)
    }

    /// The namespaces themselves.
    #[getter]
    fn namespaces(&self) -> Namespaces {
        Namespaces::new(self.place())
    }

    /// The events to come, and where to publish.
    #[getter]
    fn events(&self) -> Events {
        Events::new(self.place())
    }

    /// Ends the connection, when the operations that run have ended. A second call does nothing.
    ///
    /// >>> import stowbook
    /// >>> def names(socket):
    /// ...     remote = stowbook.connect(socket)
    /// ...     try:
    /// ...         return [namespace.name for namespace in remote.namespaces]
    /// ...     finally:
    /// ...         remote.close()
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.remote.close());
    }

    /// Whether it was closed.
    #[getter]
    fn closed(&self, py: Python<'_>) -> bool {
        py.detach(|| self.remote.is_closed())
    }

    fn __enter__<'py>(slf: Bound<'py, Self>, py: Python<'py>) -> PyResult<Bound<'py, Self>> {
        let remote = &slf.get().remote;
        py.detach(|| remote.with(|_| Ok(()))).map_err(raise)?;
        Ok(slf)
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) {
        self.close(py);
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let closed = if self.closed(py) { "closed " } else { "" };
        Ok(format!("<{closed}connection to {}>", self.path.as_os_str().into_pyobject(py)?.repr()?))
    }
}

impl Remote {
    fn place(&self) -> Place {
        Place::Remote(Arc::clone(&self.remote))
    }
}
