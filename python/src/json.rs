//! Records as JSON: the core's serde form.

use crate::error::raise;
use crate::text::Text;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyDict;
use serde::Serialize;
use serde::de::DeserializeOwned;
use stowbook::Error;

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
    // Records have text as keys throughout, so this does not fail.
    serde_json::to_string(record).map_err(|error| raise(Error::internal(error.to_string())))
}

/// A record from JSON. `what` is what errors call it.
pub(crate) fn read<T: DeserializeOwned + Send>(py: Python<'_>, what: &str, json: &Json) -> PyResult<T> {
    let bytes: &[u8] = match json {
        Json::Text(text) => text.0.as_bytes(),
        Json::Bytes(bytes) => bytes,
    };
    py.detach(|| serde_json::from_slice(bytes)).map_err(|error| {
        raise(
            Error::invalid_argument(format!("{what}: {error}"))
                .with_detail("line", error.line())
                .with_detail("column", error.column()),
        )
    })
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
