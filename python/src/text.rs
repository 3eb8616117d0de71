//! Text and paths on their way in.

use crate::error::raise;
use pyo3::exceptions::{PyTypeError, PyUnicodeEncodeError};
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::path::PathBuf;
use stowbook::Error;

/// A `str` as the core takes it. Python's can hold halves of surrogate pairs, which are no text and are refused.
#[derive(Default)]
pub(crate) struct Text(pub(crate) String);

impl FromPyObject<'_, '_> for Text {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let text = object.cast::<PyString>()?;
        text.to_cow().map(|text| Text(text.into_owned())).map_err(|error| refused(object.py(), error))
    }
}

/// Paths of fields: any sequence of them. A single `str`, which Python takes for a sequence too, is refused.
#[derive(Default)]
pub(crate) struct Fields(pub(crate) Vec<Text>);

impl FromPyObject<'_, '_> for Fields {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if object.is_instance_of::<PyString>() {
            return Err(PyTypeError::new_err(format!("'fields' is a list of paths: write it as [{}]", object.repr()?)));
        }
        object.extract().map(Fields)
    }
}

/// A path as `open()` takes it: a `str` or what has `__fspath__`.
pub(crate) struct FilePath(pub(crate) PathBuf);

impl FromPyObject<'_, '_> for FilePath {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        object.extract().map(FilePath).map_err(|error| refused(object.py(), error))
    }
}

/// The error of a `str` that is no text, as the core would say it.
fn refused(py: Python<'_>, error: PyErr) -> PyErr {
    if !error.is_instance_of::<PyUnicodeEncodeError>(py) {
        return error;
    }
    let index = error.value(py).getattr("start").and_then(|start| start.extract::<usize>());
    let mut refusal = Error::invalid_argument("text is not Unicode: it has a lone surrogate")
        .with_help("encode it with errors=\"replace\", or take it as bytes from where it came");
    if let Ok(index) = index {
        refusal = refusal.with_detail("index", index);
    }
    raise(refusal)
}
