use super::{Any, Runtime, RuntimeArgument};
use crate::mapping::{self, Mapping};
use crate::record;
use crate::repr::Repr;
use crate::text::Text;
use pyo3::prelude::*;
use pyo3::types::PyMappingProxy;
use stowbook::model;

/// The metadata of a container; never a process.
///
/// A record does not change: ``replace`` makes a changed one, and a store keeps it. What a record has to be is checked by
/// the store, not here. Its message is containerd.services.containers.v1.Container.
///
/// >>> from stowbook import Container
/// >>> Container("web", "io.containerd.runc.v2", labels={"role": "front"})
/// Container('web', runtime='io.containerd.runc.v2', labels={'role': 'front'})
#[pyclass(frozen, eq, module = "stowbook")]
#[derive(PartialEq)]
pub(crate) struct Container(pub(crate) model::Container);

#[pymethods]
impl Container {
    #[new]
    #[pyo3(
        signature = (
            id, runtime=RuntimeArgument::default(), *, labels=None, image=Text::default(), spec=None,
            snapshotter=Text::default(), snapshot_key=Text::default(), extensions=None, sandbox_id=Text::default()
        ),
        text_signature = "(id, runtime='', *, labels=None, image='', spec=None, snapshotter='', snapshot_key='', \
                          extensions=None, sandbox_id='')"
    )]
    #[allow(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn new(
        id: Text,
        runtime: RuntimeArgument,
        labels: Option<Mapping<String>>,
        image: Text,
        spec: Option<&Bound<'_, Any>>,
        snapshotter: Text,
        snapshot_key: Text,
        extensions: Option<Mapping<model::Any>>,
        sandbox_id: Text,
    ) -> Self {
        Container(model::Container {
            id: id.0,
            labels: labels.map(|labels| labels.0).unwrap_or_default(),
            image: image.0,
            runtime: runtime.0,
            spec: spec.map(|spec| spec.get().0.clone()),
            snapshotter: snapshotter.0,
            snapshot_key: snapshot_key.0,
            extensions: extensions.map(|extensions| extensions.0).unwrap_or_default(),
            sandbox_id: sandbox_id.0,
            ..model::Container::default()
        })
    }

    /// The key of the record in its namespace.
    #[getter]
    fn id(&self) -> &str {
        &self.0.id
    }

    /// The runtime that is to run it.
    #[getter]
    fn runtime(&self) -> Runtime {
        Runtime(self.0.runtime.clone())
    }

    /// The name of the image it was made from.
    #[getter]
    fn image(&self) -> &str {
        &self.0.image
    }

    /// What the runtime is to start, usually an OCI runtime configuration: ``spec.json()``.
    #[getter]
    fn spec(&self) -> Option<Any> {
        self.0.spec.clone().map(Any)
    }

    /// The snapshotter that holds the root file system.
    #[getter]
    fn snapshotter(&self) -> &str {
        &self.0.snapshotter
    }

    /// The key of the root file system's snapshot.
    #[getter]
    fn snapshot_key(&self) -> &str {
        &self.0.snapshot_key
    }

    /// Values that clients keep with the record, by their names; they cannot be changed in place.
    #[getter]
    fn extensions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMappingProxy>> {
        mapping::extensions(py, &self.0.extensions)
    }

    /// The sandbox that the container belongs to.
    #[getter]
    fn sandbox_id(&self) -> &str {
        &self.0.sandbox_id
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let record = &self.0;
        let repr = Repr::new(py, "Container").text(&record.id)?.runtime(&record.runtime)?;
        let texts = [
            ("image", &*record.image),
            ("snapshotter", &record.snapshotter),
            ("snapshot_key", &record.snapshot_key),
            ("sandbox_id", &record.sandbox_id),
        ];
        let repr = repr.labels("labels", &record.labels)?.texts(texts)?.any("spec", record.spec.as_ref())?;
        let times = [("created_at", record.created_at), ("updated_at", record.updated_at)];
        Ok(repr.extensions(&record.extensions)?.times(times).end())
    }
}

record::record!(
    Container,
    "($self, *, id=..., runtime=..., labels=..., image=..., spec=..., snapshotter=..., snapshot_key=..., \
     extensions=..., sandbox_id=...)",
    ["id", "runtime", "labels", "image", "spec", "snapshotter", "snapshot_key", "extensions", "sandbox_id"],
    keeps [created_at, updated_at, unknown]
);
record::message!(Container);
record::labels!(Container);
record::created!(Container);
record::updated!(Container);
