//! Errors as gRPC statuses, and back. The code and the message are containerd's. What it hides, the help and the details,
//! travels beside them in a header of our own, which other clients do not look at.

use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
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
    let mut hidden = json!({"kind": names.code, "help": error.help(), "details": details});
    if hidden.to_string().len() > MAX_HEADER_BYTES {
        hidden["details"] = json!({"left_out": format!("more than {MAX_HEADER_BYTES} bytes of details")});
    }
    let hidden = hidden.to_string();
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
    for (name, value) in hidden["details"].as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        error = match lasting(name) {
            Some(name) => error.with_detail(name, value),
            None => error.with_detail("more", format!("{name}: {value}")),
        };
    }
    if let Some(help) = hidden["help"].as_str() {
        error = error.with_help(help.to_owned());
    }
    error
}

/// How many names of details are kept.
const NAMES: usize = 256;

/// The same name for as long as the process runs, which is what an error wants. Names stand in the server's program, so they are
/// few; none when they are so many that somebody makes them up.
fn lasting(name: &str) -> Option<&'static str> {
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(name) = known.get(name) {
        return Some(name);
    }
    if known.len() == NAMES || name.len() > MAX_HEADER_BYTES {
        return None;
    }
    let name: &'static str = Box::leak(name.into());
    known.insert(name);
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_comes_back_with_all_it_knows() {
        let error = Error::out_of_range("event 3")
            .with_detail("oldest", 7)
            .with_detail("newest", 9)
            .with_help("list the records anew");
        let back = to_error(&from_error(&error));
        assert_eq!((back.kind(), back.message(), back.help()), (error.kind(), error.message(), error.help()));
        assert_eq!(back.details(), error.details());
    }

    #[test]
    fn names_that_never_end_are_not_kept_and_not_lost() {
        let names = |number| Error::not_found("x").with_detail("known", number);
        assert_eq!(to_error(&from_error(&names(1))).details(), names(1).details());
        let mut last = Error::not_found("x");
        for number in 0..=NAMES {
            let hidden = json!({"kind": "not_found", "details": {(format!("made_up_{number}")): "v"}}).to_string();
            let mut status = Status::not_found("x");
            status.metadata_mut().insert_bin(HEADER, MetadataValue::from_bytes(hidden.as_bytes()));
            last = to_error(&status);
        }
        assert_eq!((last.details()[0].name, &*last.details()[0].value), ("more", &*format!("made_up_{NAMES}: v")));
        assert_eq!(to_error(&from_error(&names(2))).details(), names(2).details());
    }
}
