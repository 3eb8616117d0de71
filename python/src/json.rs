//! Records as JSON: the core's serde form.

use crate::error::raise;
use crate::text::Text;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyDict, PyType};
use serde::Serialize;
use serde::de::DeserializeOwned;
use stowbook::json;

/// JSON on its way in: text, or bytes as they come from a file.
pub(crate) enum Json {
    Text(Text),
    Bytes(PyBackedBytes),
}

impl FromPyObject<'_, '_> for Json {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        match object.extract() {
            Ok(bytes) => Ok(Json::Bytes(bytes)),
            Err(_) => object.extract().map(Json::Text),
        }
    }
}

/// A record as JSON, on one line.
pub(crate) fn write<T: Serialize>(record: &T) -> PyResult<String> {
    json::write(record).map_err(raise)
}

/// A record from JSON. Errors call it by its class.
pub(crate) fn read<T: DeserializeOwned + Send>(class: &Bound<'_, PyType>, text: &Json) -> PyResult<T> {
    let bytes: &[u8] = match text {
        Json::Text(text) => text.0.as_bytes(),
        Json::Bytes(bytes) => bytes,
    };
    let what = class.name()?.to_cow()?.to_lowercase();
    class.py().detach(|| json::read(&what, bytes)).map_err(raise)
}

/// A value as the `dict` that its JSON stands for.
pub(crate) fn to_dict<'py, T: Serialize>(py: Python<'py>, value: &T) -> PyResult<Bound<'py, PyDict>> {
    Ok(load(py, &write(value)?)?.cast_into()?)
}

/// What JSON stands for.
pub(crate) fn load<'py>(py: Python<'py>, json: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("json")?.call_method1("loads", (json,))
}

/// A record from a `dict` such as [`to_dict`] gives.
pub(crate) fn from_dict<T: DeserializeOwned + Send>(
    class: &Bound<'_, PyType>,
    dict: &Bound<'_, PyDict>,
) -> PyResult<T> {
    let json = class.py().import("json")?.call_method1("dumps", (dict,))?;
    read(class, &Json::Text(json.extract()?))
}
