use crate::containers::Containers;
use crate::place::Place;
use pyo3::prelude::*;
use pyo3::types::PyString;

/// A namespace of a store or of a transaction, to reach the records in it.
///
/// >>> from stowbook import Store
/// >>> Store.in_memory().namespace("default").containers.list()
/// []
#[pyclass(frozen, module = "stowbook")]
pub(crate) struct InNamespace {
    place: Place,
    name: String,
}

impl InNamespace {
    pub(crate) fn new(place: Place, name: String) -> Self {
        InNamespace { place, name }
    }
}

#[pymethods]
impl InNamespace {
    /// The namespace's name.
    #[getter]
    fn name(&self) -> &str {
        &self.name
    }

    /// The container records in it.
    #[getter]
    fn containers(&self) -> Containers {
        Containers::new(self.place.clone(), &self.name)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<namespace {} of a {}>", PyString::new(py, &self.name).repr()?, self.place.name()))
    }
}
