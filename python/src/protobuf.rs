//! Records as protobuf: containerd's messages. Pickles hold them too, because nothing of a record is lost in them.

use crate::error::raise;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyTuple};
use pyo3::{IntoPyObjectExt as _, PyClass};
use stowbook::proto::Message;

/// A record as a message.
pub(crate) fn write<'py>(py: Python<'py>, record: &impl Message) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &record.encode())
}

/// A record from a message.
pub(crate) fn read<T: Message + Send>(py: Python<'_>, message: &PyBackedBytes) -> PyResult<T> {
    py.detach(|| T::decode(message)).map_err(raise)
}

/// How pickle makes the record again: a function and its arguments. A class method, because pickle cannot name a static one.
pub(crate) fn reduce<'py, C: PyClass>(py: Python<'py>, record: &impl Message) -> PyResult<Bound<'py, PyTuple>> {
    let arguments = (write(py, record),).into_bound_py_any(py)?;
    (py.get_type::<C>().getattr("from_protobuf")?, arguments).into_pyobject(py)
}
