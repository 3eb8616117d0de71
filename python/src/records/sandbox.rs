use super::{Any, Runtime, RuntimeArgument};
use crate::mapping::{self, Mapping};
use crate::record;
use crate::repr::Repr;
use crate::text::Text;
use pyo3::prelude::*;
use pyo3::types::PyMappingProxy;
use stowbook::model;

/// The metadata of a sandbox, in which containers share namespaces: a pod, for example.
///
/// Its message is containerd.types.Sandbox.
///
/// >>> from stowbook import Sandbox
/// >>> Sandbox("pod", "io.containerd.runc.v2", sandboxer="podsandbox")
/// Sandbox('pod', runtime='io.containerd.runc.v2', sandboxer='podsandbox')
#[pyclass(frozen, eq, module = "stowbook")]
#[derive(PartialEq)]
pub(crate) struct Sandbox(pub(crate) model::Sandbox);

#[pymethods]
impl Sandbox {
    #[new]
    #[pyo3(
        signature = (
            id, runtime=RuntimeArgument::default(), *, labels=None, spec=None, extensions=None, sandboxer=Text::default()
        ),
        text_signature = "(id, runtime='', *, labels=None, spec=None, extensions=None, sandboxer='')"
    )]
    fn new(
        id: Text,
        runtime: RuntimeArgument,
        labels: Option<Mapping<String>>,
        spec: Option<&Bound<'_, Any>>,
        extensions: Option<Mapping<model::Any>>,
        sandboxer: Text,
    ) -> Self {
        Sandbox(model::Sandbox {
            id: id.0,
            runtime: runtime.0,
            labels: labels.map(|labels| labels.0).unwrap_or_default(),
            spec: spec.map(|spec| spec.get().0.clone()),
            extensions: extensions.map(|extensions| extensions.0).unwrap_or_default(),
            sandboxer: sandboxer.0,
            ..model::Sandbox::default()
        })
    }

    /// The key of the record in its namespace.
    #[getter]
    fn id(&self) -> &str {
        &self.0.id
    }

    /// The runtime that runs it. Its name may be empty.
    #[getter]
    fn runtime(&self) -> Runtime {
        Runtime(self.0.runtime.clone())
    }

    /// What the runtime is to start: ``spec.json()``.
    #[getter]
    fn spec(&self) -> Option<Any> {
        self.0.spec.clone().map(Any)
    }

    /// Values that clients keep with the record, by their names; they cannot be changed in place.
    #[getter]
    fn extensions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMappingProxy>> {
        mapping::extensions(py, &self.0.extensions)
    }

    /// The controller that made it.
    #[getter]
    fn sandboxer(&self) -> &str {
        &self.0.sandboxer
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let record = &self.0;
        let repr = Repr::new(py, "Sandbox").text(&record.id)?.runtime(&record.runtime)?;
        let repr = repr.labels("labels", &record.labels)?.texts([("sandboxer", &record.sandboxer)])?;
        let times = [("created_at", record.created_at), ("updated_at", record.updated_at)];
        let repr = repr.any("spec", record.spec.as_ref())?.extensions(&record.extensions)?;
        Ok(repr.times(times).end())
    }
}

record::record!(
    Sandbox,
    "($self, *, id=..., runtime=..., labels=..., spec=..., extensions=..., sandboxer=...)",
    ["id", "runtime", "labels", "spec", "extensions", "sandboxer"],
    keeps [created_at, updated_at, unknown]
);
record::message!(Sandbox);
record::labels!(Sandbox);
record::created!(Sandbox);
record::updated!(Sandbox);
