use crate::mapping::Mapping;
use crate::record;
use crate::repr::Repr;
use crate::text::Text;
use pyo3::prelude::*;
use stowbook::model;

/// A tenant of the book: every other record lives in one.
///
/// Its message is containerd.services.namespaces.v1.Namespace.
///
/// >>> from stowbook import Namespace
/// >>> Namespace("k8s.io", {"owner": "kubelet"})
/// Namespace('k8s.io', labels={'owner': 'kubelet'})
#[pyclass(frozen, eq, module = "stowbook")]
#[derive(PartialEq)]
pub(crate) struct Namespace(pub(crate) model::Namespace);

#[pymethods]
impl Namespace {
    #[new]
    #[pyo3(signature = (name, labels=None))]
    fn new(name: Text, labels: Option<Mapping<String>>) -> Self {
        let labels = labels.map(|labels| labels.0).unwrap_or_default();
        Namespace(model::Namespace { name: name.0, labels, ..model::Namespace::default() })
    }

    /// The key.
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(Repr::new(py, "Namespace").text(&self.0.name)?.labels("labels", &self.0.labels)?.end())
    }
}

record::record!(Namespace, "($self, *, name=..., labels=...)", ["name", "labels"], keeps[unknown]);
record::message!(Namespace);
record::labels!(Namespace);
