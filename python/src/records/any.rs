use crate::text::Text;
use crate::{record, repr};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use stowbook::model;

/// An opaque value with the name of its type, kept to the byte. Its message is google.protobuf.Any.
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

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        repr::any_repr(py, &self.0)
    }
}

record::message!(Any);
