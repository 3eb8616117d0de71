use crate::any::Any;
use crate::protobuf;
use crate::text::Text;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyString, PyTuple, PyType};
use stowbook::model;

/// Which runtime runs a container, and with which options.
///
/// >>> from stowbook import Container, Runtime
/// >>> Container("web", "io.containerd.runc.v2").runtime == Runtime("io.containerd.runc.v2")
/// True
#[pyclass(frozen, eq, module = "stowbook")]
#[derive(PartialEq)]
pub(crate) struct Runtime(pub(crate) model::Runtime);

#[pymethods]
impl Runtime {
    #[new]
    #[pyo3(signature = (name, options=None))]
    fn new(name: Text, options: Option<&Bound<'_, Any>>) -> Self {
        let options = options.map(|options| options.get().0.clone());
        Runtime(model::Runtime { name: name.0, options, ..model::Runtime::default() })
    }

    /// The runtime's name.
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    /// Its options, if it has some.
    #[getter]
    fn options(&self) -> Option<Any> {
        self.0.options.clone().map(Any)
    }

    /// The message containerd.services.containers.v1.Container.Runtime.
    ///
    /// >>> from stowbook import Runtime
    /// >>> Runtime("runc").to_protobuf()
    /// b'\n\x04runc'
    fn to_protobuf<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        protobuf::write(py, &self.0)
    }

    /// Reads the message containerd.services.containers.v1.Container.Runtime.
    ///
    /// >>> from stowbook import Runtime
    /// >>> Runtime.from_protobuf(b"\n\x04runc")
    /// Runtime('runc')
    #[classmethod]
    #[pyo3(signature = (message, /))]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn from_protobuf(_class: &Bound<'_, PyType>, py: Python<'_>, message: PyBackedBytes) -> PyResult<Self> {
        protobuf::read(py, &message).map(Runtime)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        protobuf::reduce::<Self>(py, &self.0)
    }

    pub(crate) fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let name = PyString::new(py, &self.0.name).repr()?;
        match self.options() {
            Some(options) => Ok(format!("Runtime({name}, options={})", options.__repr__(py)?)),
            None => Ok(format!("Runtime({name})")),
        }
    }
}

/// A runtime on its way in: with options, or by its name alone.
#[derive(Default)]
pub(crate) struct RuntimeArgument(pub(crate) model::Runtime);

impl FromPyObject<'_, '_> for RuntimeArgument {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if let Ok(runtime) = object.cast::<Runtime>() {
            return Ok(RuntimeArgument(runtime.get().0.clone()));
        }
        if !object.is_instance_of::<PyString>() {
            let class = object.get_type().name()?;
            return Err(PyTypeError::new_err(format!("'{class}' object is neither 'str' nor 'Runtime'")));
        }
        let name: Text = object.extract()?;
        Ok(RuntimeArgument(model::Runtime { name: name.0, ..model::Runtime::default() }))
    }
}
