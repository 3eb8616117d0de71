//! Errors as gRPC statuses, and back. The code and the message are containerd's. What it hides, the help and the details,
//! travels beside them in a header of our own, which other clients do not look at.

use serde_json::{Map, Value, json};
use stowbook::{Error, ErrorKind, KINDS};
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};

/// The header with what containerd hides: `{"kind", "help", "details"}` as JSON.
const HEADER: &str = "stowbook-error-bin";

/// How much of that is sent, in bytes of JSON: a client takes only so many headers.
const MAX_HEADER_BYTES: usize = 2048;

/// The status that a client gets for an error.
pub(crate) fn from_error(error: &Error) -> Status {
    let names = error.kind().names();
    let mut status = Status::new(Code::from_i32(names.grpc.into()), error.message());
    let details: Map<String, Value> =
        error.details().iter().map(|detail| (detail.name.to_owned(), detail.value.clone().into())).collect();
    let hidden = json!({"kind": names.code, "help": error.help(), "details": details}).to_string();
    if hidden.len() <= MAX_HEADER_BYTES {
        status.metadata_mut().insert_bin(HEADER, MetadataValue::from_bytes(hidden.as_bytes()));
    }
    status
}

/// The error that a server meant.
pub(crate) fn to_error(status: &Status) -> Error {
    let hidden = status.metadata().get_bin(HEADER).and_then(|value| value.to_bytes().ok());
    let hidden: Value = hidden.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let code = u8::try_from(i32::from(status.code())).unwrap_or_default();
    let kind = KINDS
        .iter()
        .find(|row| row.grpc == code && hidden["kind"].as_str().is_none_or(|kind| kind == row.code))
        .map_or(ErrorKind::Unknown, |row| row.kind);
    let mut error = Error::new(kind, status.message());
    if let Some(help) = hidden["help"].as_str() {
        error = error.with_help(help.to_owned());
    }
    error
}
