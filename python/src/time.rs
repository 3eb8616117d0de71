//! The core's times as Python's.

use crate::error::raise;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyDelta, PyInt, PyTzInfo};
use stowbook::Error;
use stowbook::model::Timestamp;

const SECONDS_PER_DAY: i64 = 86_400;
const NANOSECONDS: i128 = 1_000_000_000;

fn epoch(py: Python<'_>) -> PyResult<Bound<'_, PyDateTime>> {
    PyDateTime::new(py, 1970, 1, 1, 0, 0, 0, 0, Some(&*PyTzInfo::utc(py)?))
}

/// The time in UTC, to the microsecond: `datetime` has no more.
pub(crate) fn datetime<'py>(py: Python<'py>, time: Timestamp) -> PyResult<Bound<'py, PyAny>> {
    // The years 1 to 9999, which both know, have fewer days than an i32 holds.
    let days = i32::try_from(time.seconds().div_euclid(SECONDS_PER_DAY))?;
    let seconds = i32::try_from(time.seconds().rem_euclid(SECONDS_PER_DAY))?;
    let microseconds = i32::try_from(time.nanos() / 1000)?;
    epoch(py)?.add(PyDelta::new(py, days, seconds, microseconds, false)?)
}

/// Nanoseconds since 1970-01-01T00:00:00Z.
pub(crate) fn nanoseconds(time: Timestamp) -> i128 {
    i128::from(time.seconds()) * NANOSECONDS + i128::from(time.nanos())
}

/// A time on its way in: a `datetime` with a time zone, or nanoseconds since 1970-01-01T00:00:00Z.
pub(crate) struct TimeArgument(pub(crate) Timestamp);

impl FromPyObject<'_, '_> for TimeArgument {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let py = object.py();
        let nanoseconds = if object.is_instance_of::<PyInt>() {
            object.extract::<i128>()?
        } else if object.is_instance_of::<PyDateTime>() {
            // Python refuses one without a time zone here.
            let passed = object.sub(epoch(py)?)?;
            let part = |name| passed.getattr(name)?.extract::<i128>();
            let seconds = part("days")? * i128::from(SECONDS_PER_DAY) + part("seconds")?;
            seconds * NANOSECONDS + part("microseconds")? * 1000
        } else {
            let class = object.get_type().name()?;
            return Err(PyTypeError::new_err(format!("'{class}' object is neither 'datetime' nor 'int'")));
        };
        let seconds = i64::try_from(nanoseconds.div_euclid(NANOSECONDS));
        let nanos = u32::try_from(nanoseconds.rem_euclid(NANOSECONDS));
        let (Ok(seconds), Ok(nanos)) = (seconds, nanos) else {
            return Err(raise(Error::invalid_argument(format!("{nanoseconds} ns is no time of the calendar"))));
        };
        Timestamp::new(seconds, nanos).map(TimeArgument).map_err(raise)
    }
}
