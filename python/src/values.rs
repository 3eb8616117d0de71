//! Values that only carry facts. They are data classes of the package: see `stowbook/_values.py`.

use pyo3::call::PyCallArgs;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyModule;
use serde::Serialize;

use crate::json;

fn module(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    Ok(MODULE.get_or_try_init(py, || py.import("stowbook._values").map(Bound::unbind))?.bind(py))
}

/// An instance of one of the classes.
pub(crate) fn make<'py>(py: Python<'py>, class: &str, arguments: impl PyCallArgs<'py>) -> PyResult<Bound<'py, PyAny>> {
    module(py)?.getattr(class)?.call1(arguments)
}

/// What one of the functions there makes of a value's JSON.
pub(crate) fn read<'py>(py: Python<'py>, function: &str, value: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    let json = json::write(value)?;
    module(py)?.getattr(function)?.call1((json,))
}
