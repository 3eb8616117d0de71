use crate::json::{self, Json};
use crate::mapping::{self, Mapping};
use crate::protobuf;
use crate::text::Text;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyMappingProxy, PyString, PyTuple, PyType};
use stowbook::model;

/// A tenant of the book: every other record lives in one.
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

    /// The labels, in byte order of their keys; they cannot be changed in place.
    #[getter]
    fn labels<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMappingProxy>> {
        mapping::labels(py, &self.0.labels)
    }

    /// The namespace as a dict, as ``to_json`` writes it.
    ///
    /// >>> from stowbook import Namespace
    /// >>> Namespace("k8s.io").to_dict()
    /// {'name': 'k8s.io'}
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        json::to_dict(py, &self.0)
    }

    /// Reads a dict such as ``to_dict`` gives.
    ///
    /// >>> from stowbook import Namespace
    /// >>> Namespace.from_dict({"name": "k8s.io"})
    /// Namespace('k8s.io')
    #[classmethod]
    #[pyo3(signature = (record, /))]
    fn from_dict(_class: &Bound<'_, PyType>, record: &Bound<'_, PyDict>) -> PyResult<Self> {
        json::from_dict("namespace", record).map(Namespace)
    }

    /// The namespace as JSON on one line.
    ///
    /// >>> from stowbook import Namespace
    /// >>> print(Namespace("k8s.io", {"owner": "kubelet"}).to_json())
    /// {"name":"k8s.io","labels":{"owner":"kubelet"}}
    fn to_json(&self) -> PyResult<String> {
        json::write(&self.0)
    }

    /// Reads JSON such as ``to_json`` writes.
    ///
    /// >>> from stowbook import Namespace
    /// >>> Namespace.from_json('{"name": "k8s.io"}')
    /// Namespace('k8s.io')
    #[classmethod]
    #[pyo3(signature = (text, /))]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn from_json(_class: &Bound<'_, PyType>, py: Python<'_>, text: Json) -> PyResult<Self> {
        json::read(py, "namespace", &text).map(Namespace)
    }

    /// The message containerd.services.namespaces.v1.Namespace, with what it carried beyond the members here.
    ///
    /// >>> from stowbook import Namespace
    /// >>> Namespace("moby").to_protobuf()
    /// b'\n\x04moby'
    fn to_protobuf<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        protobuf::write(py, &self.0)
    }

    /// Reads the message containerd.services.namespaces.v1.Namespace.
    ///
    /// >>> from stowbook import Namespace
    /// >>> Namespace.from_protobuf(b"\n\x04moby")
    /// Namespace('moby')
    #[classmethod]
    #[pyo3(signature = (message, /))]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn from_protobuf(_class: &Bound<'_, PyType>, py: Python<'_>, message: PyBackedBytes) -> PyResult<Self> {
        protobuf::read(py, &message).map(Namespace)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        protobuf::reduce::<Self>(py, &self.0)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let name = PyString::new(py, &self.0.name).repr()?;
        if self.0.labels.is_empty() {
            return Ok(format!("Namespace({name})"));
        }
        let labels = mapping::dict(py, &self.0.labels)?.repr()?;
        Ok(format!("Namespace({name}, labels={labels})"))
    }
}
