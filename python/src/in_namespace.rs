use crate::collections::{Containers, Content, Images, Leases, Sandboxes, Snapshots};
use crate::place::Place;
use crate::text::Text;
use pyo3::prelude::*;
use pyo3::types::PyString;
use stowbook::Context;

/// A namespace of a store, a transaction, a server or a database of containerd, to reach the records in it.
///
/// >>> from stowbook import Store
/// >>> Store.in_memory().namespace("default").containers.list()
/// []
#[pyclass(frozen, module = "stowbook")]
pub(crate) struct InNamespace {
    place: Place,
    context: Context,
}

impl InNamespace {
    pub(crate) fn new(place: Place, name: String) -> Self {
        InNamespace { place, context: Context::in_namespace(name) }
    }
}

#[pymethods]
impl InNamespace {
    /// The namespace's name.
    #[getter]
    fn name(&self) -> &str {
        self.context.namespace.as_deref().unwrap_or_default()
    }

    /// The lease that holds what is made here: content, snapshots, and images that would expire.
    #[getter]
    fn lease(&self) -> Option<&str> {
        self.context.lease.as_deref()
    }

    /// The same namespace, its operations on behalf of a lease.
    ///
    /// >>> from stowbook import Lease, Store
    /// >>> default = Store.in_memory().namespace("default")
    /// >>> build = default.leases.create(Lease("build"))
    /// >>> blob = default.with_lease("build").content.write(b"hello")
    /// >>> [resource.kind for resource in default.leases.resources("build")]
    /// ['content']
    fn with_lease(&self, id: Text) -> Self {
        let mut context = self.context.clone();
        context.lease = Some(id.0);
        InNamespace { place: self.place.clone(), context }
    }

    /// The container records in it.
    #[getter]
    fn containers(&self) -> Containers {
        Containers::new(self.place.clone(), self.context.clone())
    }

    /// The image records in it.
    #[getter]
    fn images(&self) -> Images {
        Images::new(self.place.clone(), self.context.clone())
    }

    /// The leases in it.
    #[getter]
    fn leases(&self) -> Leases {
        Leases::new(self.place.clone(), self.context.clone())
    }

    /// The sandbox records in it.
    #[getter]
    fn sandboxes(&self) -> Sandboxes {
        Sandboxes::new(self.place.clone(), self.context.clone())
    }

    /// The content in it.
    #[getter]
    fn content(&self) -> Content {
        Content::new(self.place.clone(), self.context.clone())
    }

    /// The snapshots of this snapshotter in it.
    ///
    /// >>> from stowbook import Store
    /// >>> Store.in_memory().namespace("default").snapshots("overlayfs").list()
    /// []
    fn snapshots(&self, snapshotter: Text) -> Snapshots {
        Snapshots::new(self.place.clone(), self.context.clone(), snapshotter.0)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<namespace {} of a {}>", PyString::new(py, self.name()).repr()?, self.place.name()))
    }
}
