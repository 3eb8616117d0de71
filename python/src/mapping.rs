//! Labels and extensions as mappings.

use crate::records::Any;
use crate::text::Text;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyMappingProxy};
use std::collections::BTreeMap;
use stowbook::model;

/// A mapping with text as keys, on its way in.
pub(crate) struct Mapping<T>(pub(crate) BTreeMap<String, T>);

impl FromPyObject<'_, '_> for Mapping<String> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        read(object, |value| value.extract::<Text>().map(|text| text.0))
    }
}

impl FromPyObject<'_, '_> for Mapping<model::Any> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        read(object, |value| Ok(value.cast::<Any>()?.get().0.clone()))
    }
}

fn read<T>(object: Borrowed<'_, '_, PyAny>, value: impl Fn(&Bound<'_, PyAny>) -> PyResult<T>) -> PyResult<Mapping<T>> {
    let item = |item: Bound<'_, PyAny>| {
        let (name, member): (Text, Bound<'_, PyAny>) = item.extract()?;
        Ok((name.0, value(&member)?))
    };
    object.cast::<PyMapping>()?.items()?.iter().map(item).collect::<PyResult<_>>().map(Mapping)
}

/// Labels as a dict.
pub(crate) fn dict<'py>(py: Python<'py>, labels: &model::Labels) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    labels.iter().try_for_each(|(key, value)| dict.set_item(key, value))?;
    Ok(dict)
}

/// Labels as a mapping that cannot be changed, like the record that they belong to.
pub(crate) fn labels<'py>(py: Python<'py>, labels: &model::Labels) -> PyResult<Bound<'py, PyMappingProxy>> {
    Ok(PyMappingProxy::new(py, dict(py, labels)?.as_mapping()))
}

/// Extensions as a mapping that cannot be changed.
pub(crate) fn extensions<'py>(py: Python<'py>, extensions: &model::Extensions) -> PyResult<Bound<'py, PyMappingProxy>> {
    let dict = PyDict::new(py);
    extensions.iter().try_for_each(|(name, value)| dict.set_item(name, Any(value.clone())))?;
    Ok(PyMappingProxy::new(py, dict.as_mapping()))
}
