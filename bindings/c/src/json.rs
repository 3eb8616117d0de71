//! Records as JSON: the core's serde form.

use serde::Serialize;
use serde::de::DeserializeOwned;
use stowbook_core::{Error, ErrorKind, Result};

/// Reads a record. `what` is what errors call it.
pub(crate) fn read<T: DeserializeOwned>(what: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        Error::invalid_argument(format!("{what}: {error}"))
            .with_detail("line", error.line())
            .with_detail("column", error.column())
    })
}

/// Writes a record, on one line.
pub(crate) fn write<T: Serialize>(record: &T) -> Result<Vec<u8>> {
    // Records have text as keys throughout, so this does not fail.
    serde_json::to_vec(record).map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))
}
