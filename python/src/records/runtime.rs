use super::Any;
use crate::text::Text;
use crate::{record, repr};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyString;
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

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        repr::runtime_repr(py, &self.0)
    }
}

record::message!(Runtime);

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
