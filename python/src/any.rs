use crate::protobuf;
use crate::text::Text;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyString, PyTuple, PyType};
use stowbook::model;

/// An opaque value with the name of its type, kept to the byte.
///
/// >>> from stowbook import Any
/// >>> spec = Any("types.containerd.io/opencontainers/runtime-spec/1/Spec", b'{"ociVersion": "1.2.1"}')
/// >>> spec.json()["ociVersion"]
/// '1.2.1'
#[pyclass(frozen, eq, hash, module = "stowbook")]
#[derive(PartialEq, Hash)]
pub(crate) struct Any(pub(crate) model::Any);

#[pymethods]
impl Any {
    #[new]
    #[pyo3(signature = (type_url, value))]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn new(type_url: Text, value: PyBackedBytes) -> Self {
        Any(model::Any::new(type_url.0, &*value))
    }

    /// The type's name. It is not validated.
    #[getter]
    fn type_url(&self) -> &str {
        &self.0.type_url
    }

    /// The bytes: JSON for the types with a path of containerd's as their name, else protobuf.
    #[getter]
    fn value<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.value)
    }

    /// What the bytes say as JSON. Bytes that are not JSON raise json.JSONDecodeError, or UnicodeDecodeError.
    ///
    /// >>> from stowbook import Any
    /// >>> Any("example", b'["a", 1]').json()
    /// ['a', 1]
    fn json<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.import("json")?.call_method1("loads", (self.value(py),))
    }

    /// The message google.protobuf.Any, with what it carried beyond the two fields.
    ///
    /// >>> from stowbook import Any
    /// >>> Any("a", b"b").to_protobuf()
    /// b'\n\x01a\x12\x01b'
    fn to_protobuf<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        protobuf::write(py, &self.0)
    }

    /// Reads the message google.protobuf.Any.
    ///
    /// >>> from stowbook import Any
    /// >>> Any.from_protobuf(b"\n\x01a\x12\x01b") == Any("a", b"b")
    /// True
    #[classmethod]
    #[pyo3(signature = (message, /))]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn from_protobuf(_class: &Bound<'_, PyType>, py: Python<'_>, message: PyBackedBytes) -> PyResult<Self> {
        protobuf::read(py, &message).map(Any)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        protobuf::reduce::<Self>(py, &self.0)
    }

    pub(crate) fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let type_url = PyString::new(py, &self.0.type_url).repr()?;
        Ok(format!("Any({type_url}, <{} bytes>)", self.0.value.len()))
    }
}
