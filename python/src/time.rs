//! The core's times as Python's.

use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyDelta, PyTzInfo};
use stowbook::model::Timestamp;

const SECONDS_PER_DAY: i64 = 86_400;

/// The time in UTC, to the microsecond: `datetime` has no more.
pub(crate) fn datetime<'py>(py: Python<'py>, time: Timestamp) -> PyResult<Bound<'py, PyAny>> {
    let utc = PyTzInfo::utc(py)?;
    let epoch = PyDateTime::new(py, 1970, 1, 1, 0, 0, 0, 0, Some(&utc))?;
    // The years 1 to 9999, which both know, have fewer days than an i32 holds.
    let days = i32::try_from(time.seconds().div_euclid(SECONDS_PER_DAY))?;
    let seconds = i32::try_from(time.seconds().rem_euclid(SECONDS_PER_DAY))?;
    let microseconds = i32::try_from(time.nanos() / 1000)?;
    epoch.add(PyDelta::new(py, days, seconds, microseconds, false)?)
}

/// Nanoseconds since 1970-01-01T00:00:00Z.
pub(crate) fn nanoseconds(time: Timestamp) -> i128 {
    i128::from(time.seconds()) * 1_000_000_000 + i128::from(time.nanos())
}
