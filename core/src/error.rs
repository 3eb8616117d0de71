//! One error type and the one table of kinds that every door is generated from.

use std::borrow::Cow;
use std::fmt;

/// What sort of error an error is: containerd's own classes, so that gRPC codes and the sentinels that containerd's users
/// test for come for free. Source: containerd-metadata §0.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u8)]
pub enum ErrorKind {
    /// No class is known. containerd gives it to raw storage errors, such as `key required`.
    Unknown = 0,
    /// The caller stopped the operation.
    Canceled,
    /// The deadline passed before the operation ended.
    DeadlineExceeded,
    /// The request itself is wrong, whatever is stored.
    InvalidArgument,
    /// What the request names does not exist.
    NotFound,
    /// What the request would create exists.
    AlreadyExists,
    /// The caller may not do that.
    PermissionDenied,
    /// A limit or the disk is full.
    ResourceExhausted,
    /// The request is right, but what is stored forbids it.
    FailedPrecondition,
    /// Two changes contradict each other. gRPC knows it as failed precondition.
    Conflict,
    /// Nothing had to be changed. gRPC knows it as failed precondition.
    NotModified,
    /// Another change came in between: begin again from fresh reads.
    Aborted,
    /// A position lies outside what is kept.
    OutOfRange,
    /// This place or build cannot do that.
    NotImplemented,
    /// A rule that this code relies on was broken: a defect here.
    Internal,
    /// The place cannot be reached or is held by another process: a later try may succeed.
    Unavailable,
    /// What was stored is damaged.
    DataLoss,
    /// The caller has not said who it is.
    Unauthenticated,
}

/// One row of the table of kinds: how each door names the kind.
#[derive(Debug)]
#[non_exhaustive]
pub struct KindNames {
    /// The kind that this row is about.
    pub kind: ErrorKind,
    /// The name in vectors, JSON and JavaScript: `not_found`.
    pub code: &'static str,
    /// containerd's class text, the suffix of its messages: `not found`.
    pub text: &'static str,
    /// The gRPC status code.
    pub grpc: u8,
    /// The number in C (`SB_ERR_NOT_FOUND`). Never renumbered, never reused; 0 is success.
    pub c: i32,
    /// The name of the Python exception.
    pub python: &'static str,
    /// The built-in exception that the Python one inherits too, if one fits.
    pub python_base: Option<&'static str>,
    /// The exit status of the command line.
    pub exit: u8,
}

macro_rules! kinds {
    ($($kind:ident $code:literal $text:literal $grpc:literal $c:literal $python:literal $base:expr;)*) => {
        &[$(KindNames { kind: ErrorKind::$kind, code: $code, text: $text, grpc: $grpc, c: $c, python: $python,
                        python_base: $base, exit: 1 },)*]
    };
}

/// The table of kinds. C numbers stand in the hundreds of their origin: 1xx the request, 2xx the state of the book,
/// 3xx the place, 4xx the call.
pub const KINDS: &[KindNames] = kinds! {
    Unknown            "unknown"             "unknown"                   2  1   "UnknownError"            None;
    Canceled           "canceled"            "context canceled"          1  401 "CanceledError"           None;
    DeadlineExceeded   "deadline_exceeded"   "context deadline exceeded" 4  402 "DeadlineExceededError"   Some("TimeoutError");
    InvalidArgument    "invalid_argument"    "invalid argument"          3  101 "InvalidArgumentError"    Some("ValueError");
    NotFound           "not_found"           "not found"                 5  201 "NotFoundError"           Some("KeyError");
    AlreadyExists      "already_exists"      "already exists"            6  202 "AlreadyExistsError"      None;
    PermissionDenied   "permission_denied"   "permission denied"         7  301 "PermissionDeniedError"   Some("PermissionError");
    ResourceExhausted  "resource_exhausted"  "resource exhausted"        8  302 "ResourceExhaustedError"  None;
    FailedPrecondition "failed_precondition" "failed precondition"       9  203 "FailedPreconditionError" None;
    Conflict           "conflict"            "conflict"                  9  204 "ConflictError"           None;
    NotModified        "not_modified"        "not modified"              9  205 "NotModifiedError"        None;
    Aborted            "aborted"             "aborted"                   10 206 "AbortedError"            None;
    OutOfRange         "out_of_range"        "out of range"              11 102 "OutOfRangeError"         Some("IndexError");
    NotImplemented     "not_implemented"     "not implemented"           12 103 "UnsupportedError"        Some("NotImplementedError");
    Internal           "internal"            "internal"                  13 2   "InternalError"           None;
    Unavailable        "unavailable"         "unavailable"               14 303 "UnavailableError"        None;
    DataLoss           "data_loss"           "data loss"                 15 304 "DataLossError"           None;
    Unauthenticated    "unauthenticated"     "unauthorized"              16 305 "UnauthenticatedError"    None;
};

impl ErrorKind {
    /// How every door names this kind.
    #[must_use]
    pub fn names(self) -> &'static KindNames {
        // The table has a row for each kind (a test compares), so the fallback is never taken.
        KINDS.iter().find(|row| row.kind == self).unwrap_or(&KINDS[0])
    }

    /// The kind's stable name: `not_found`.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.names().code
    }

    /// containerd's text of the class: `not found`.
    #[must_use]
    pub fn text(self) -> &'static str {
        self.names().text
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// What went wrong: a kind, containerd's message to the letter, and what containerd hides.
///
/// The message is bytes, because containerd cuts names in the middle of a letter; [`Error::message`] shows each byte that
/// is not UTF-8 as U+FFFD, as a gRPC client would see it.
///
/// ```
/// use stowbook::{ErrorKind, Store};
/// let store = Store::in_memory();
/// let error = store.namespace("default").containers().get("web").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// assert_eq!(error.to_string(), r#"container "web" in namespace "default": not found"#);
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", self.message())]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    kind: ErrorKind,
    message: Vec<u8>,
    help: Option<Cow<'static, str>>,
    details: Vec<Detail>,
}

/// One fact about an error that its message does not show.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Detail {
    /// What the fact is about, in snake case with its unit: `key`, `limit_bytes`.
    pub name: &'static str,
    /// The fact.
    pub value: String,
}

/// What an operation of stowbook gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error whose message is taken as it stands.
    #[cold]
    pub fn new(kind: ErrorKind, message: impl Into<Vec<u8>>) -> Self {
        Error(Box::new(Inner { kind, message: message.into(), help: None, details: Vec::new() }))
    }

    /// An error whose message ends with its class, as containerd's do: `‹message›: ‹class text›`.
    #[cold]
    pub fn classed(kind: ErrorKind, message: impl Into<Vec<u8>>) -> Self {
        Error::new(kind, message).with_class(kind)
    }

    /// The same error with `prefix` before its message.
    #[must_use]
    pub fn context(mut self, prefix: impl AsRef<[u8]>) -> Self {
        let mut message = prefix.as_ref().to_vec();
        message.append(&mut self.0.message);
        self.0.message = message;
        self
    }

    /// The same error as another kind. For the places where containerd loses the class on its way.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// The same message as lost data: bytes that do not decode are the caller's fault on a wire, but damage in a book.
    pub(crate) fn into_damage(self) -> Self {
        Error::data_loss(self.message_bytes())
    }

    /// The same error as one of this class, with the class's text behind its message. For the places where containerd wraps
    /// the text of an error that has no class, or adds a class once more.
    #[must_use]
    pub fn with_class(mut self, kind: ErrorKind) -> Self {
        self.0.message.extend_from_slice(b": ");
        self.0.message.extend_from_slice(kind.text().as_bytes());
        self.with_kind(kind)
    }

    /// The same error with a next step for the caller.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<Cow<'static, str>>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// The same error with one more fact.
    #[must_use]
    pub fn with_detail(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.0.details.push(Detail { name, value: value.to_string() });
        self
    }

    /// What sort of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message, each byte that is not UTF-8 shown as U+FFFD.
    #[must_use]
    pub fn message(&self) -> Cow<'_, str> {
        crate::text::lossy(&self.0.message)
    }

    /// The message to the byte.
    #[must_use]
    pub fn message_bytes(&self) -> &[u8] {
        &self.0.message
    }

    /// What the caller can do about it, if there is something.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// The facts that the message does not show, in a fixed order.
    #[must_use]
    pub fn details(&self) -> &[Detail] {
        &self.0.details
    }
}

macro_rules! shorthands {
    ($($(#[$doc:meta])* $name:ident $kind:ident;)*) => {
        impl Error {
            $($(#[$doc])* #[cold] pub fn $name(message: impl Into<Vec<u8>>) -> Self {
                Error::classed(ErrorKind::$kind, message)
            })*
        }
    };
}

shorthands! {
    /// `‹message›: invalid argument`.
    invalid_argument InvalidArgument;
    /// `‹message›: not found`.
    not_found NotFound;
    /// `‹message›: already exists`.
    already_exists AlreadyExists;
    /// `‹message›: failed precondition`.
    failed_precondition FailedPrecondition;
    /// `‹message›: data loss`.
    data_loss DataLoss;
    /// `‹message›: unavailable`.
    unavailable Unavailable;
    /// `‹message›: aborted`.
    aborted Aborted;
    /// `‹message›: out of range`.
    out_of_range OutOfRange;
    /// `‹message›: not implemented`.
    not_implemented NotImplemented;
    /// `‹message›: internal`.
    internal Internal;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_has_one_row_and_its_own_names() {
        for (i, row) in KINDS.iter().enumerate() {
            assert_eq!(row.kind.names().code, row.code);
            assert_eq!(row.kind as usize, i, "the table stands in the order of the enum");
        }
        assert_eq!(KINDS.iter().map(|r| r.c).collect::<BTreeSet<_>>().len(), KINDS.len());
        assert_eq!(KINDS.iter().map(|r| r.code).collect::<BTreeSet<_>>().len(), KINDS.len());
        assert_eq!(KINDS.iter().map(|r| r.python).collect::<BTreeSet<_>>().len(), KINDS.len());
        assert!(KINDS.iter().all(|r| r.c != 0 && r.exit != 0), "0 is success");
    }

    #[test]
    fn messages_end_with_their_class() {
        let error = Error::not_found("container \"web\"").context("cannot start: ");
        assert_eq!(error.message(), "cannot start: container \"web\": not found");
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn a_byte_that_is_not_utf8_becomes_one_replacement_character() {
        assert_eq!(Error::new(ErrorKind::Unknown, b"a\xe2\x82b".to_vec()).message(), "a\u{fffd}\u{fffd}b");
    }
}
