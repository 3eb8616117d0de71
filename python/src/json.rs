//! Records as JSON: the core's serde form.

use crate::error::raise;
use crate::text::Text;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyDict;
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

/// A record from JSON. `what` is what errors call it.
pub(crate) fn read<T: DeserializeOwned + Send>(py: Python<'_>, what: &str, text: &Json) -> PyResult<T> {
    let bytes: &[u8] = match text {
        Json::Text(text) => text.0.as_bytes(),
        Json::Bytes(bytes) => bytes,
    };
    py.detach(|| json::read(what, bytes)).map_err(raise)
}

/// A record as the `dict` that its JSON stands for.
pub(crate) fn to_dict<'py, T: Serialize>(py: Python<'py>, record: &T) -> PyResult<Bound<'py, PyDict>> {
    Ok(py.import("json")?.call_method1("loads", (write(record)?,))?.cast_into()?)
}

/// A record from a `dict` such as [`to_dict`] gives.
pub(crate) fn from_dict<T: DeserializeOwned + Send>(what: &str, dict: &Bound<'_, PyDict>) -> PyResult<T> {
    let py = dict.py();
    let json = py.import("json")?.call_method1("dumps", (dict,))?;
    read(py, what, &Json::Text(json.extract()?))
}
