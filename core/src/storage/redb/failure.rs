//! redb's errors as ours, and its panics as errors.

use crate::{Error, ErrorKind, Result};
use ::redb::{CommitError, CompactionError, DatabaseError, StorageError, TableError, TransactionError};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a call into redb. On pages that are damaged it may panic; that is lost data, not a reason to end the process.
pub(super) fn guarded<T>(call: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let what = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let what = what.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        Err(Error::data_loss("the book's file is damaged: redb stopped").with_detail("redb", what).with_help(DAMAGED))
    })
}

pub(super) const DAMAGED: &str = "restore a backup, or check the book";

/// The detail that tells a held lock from a place that is unavailable for other reasons.
pub(super) const LOCK: &str = "lock";

/// Turns the error of a redb call into ours.
pub(super) trait IntoError<T> {
    fn into_error(self) -> Result<T>;
}

impl<T, E: Into<::redb::Error>> IntoError<T> for std::result::Result<T, E> {
    fn into_error(self) -> Result<T> {
        self.map_err(|error| error_of(&error.into()))
    }
}

// The conversions above go through redb's broad error; these are the ones that this code meets.
const _: fn() = || {
    fn converts<E: Into<::redb::Error>>() {}
    converts::<StorageError>();
    converts::<TableError>();
    converts::<TransactionError>();
    converts::<CommitError>();
    converts::<CompactionError>();
    converts::<DatabaseError>();
};

fn error_of(error: &::redb::Error) -> Error {
    match error {
        ::redb::Error::Io(error) => io_error(error),
        ::redb::Error::Corrupted(what) => {
            Error::data_loss("the book's file is damaged").with_detail("redb", what).with_help(DAMAGED)
        }
        ::redb::Error::ValueTooLarge(bytes) => {
            Error::new(ErrorKind::InvalidArgument, "value too large: invalid argument")
                .with_detail("length_bytes", bytes)
        }
        ::redb::Error::DatabaseAlreadyOpen => {
            Error::unavailable("the book is held by another process").with_detail(LOCK, "held")
        }
        ::redb::Error::UpgradeRequired(version) => {
            Error::failed_precondition(format!("the book was written by a version of redb with file format {version}"))
                .with_help("open it with the stowbook that wrote it, and export it there")
        }
        ::redb::Error::RepairAborted => Error::failed_precondition("the book was not closed cleanly")
            .with_help("open it once for writing, which repairs it"),
        ::redb::Error::TableDoesNotExist(_)
        | ::redb::Error::TableTypeMismatch { .. }
        | ::redb::Error::TableIsMultimap(_) => {
            Error::failed_precondition("the file is a redb database, but not a book")
        }
        ::redb::Error::TransactionInProgress
        | ::redb::Error::ReadTransactionStillInUse(_)
        | ::redb::Error::EphemeralSavepointExists => {
            Error::failed_precondition("the book is being read").with_help("try again when nothing reads it")
        }
        ::redb::Error::PreviousIo | ::redb::Error::DatabaseClosed | ::redb::Error::LockPoisoned(_) => {
            Error::unavailable("the book had to be closed after a failure").with_detail("redb", error)
        }
        // redb's list may grow; what is not known here is shown as it is.
        other => Error::internal("the storage failed").with_detail("redb", other),
    }
}

/// An error of the operating system, by what the caller can do about it.
pub(crate) fn io_error(error: &io::Error) -> Error {
    let out = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Error::classed(ErrorKind::ResourceExhausted, "the disk is full")
                .with_help("free some space; nothing was changed")
        }
        io::ErrorKind::FileTooLarge => {
            Error::classed(ErrorKind::ResourceExhausted, "the file has reached its size limit")
                .with_help("raise the limit; nothing was changed")
        }
        io::ErrorKind::OutOfMemory => Error::classed(ErrorKind::ResourceExhausted, "there is not enough memory"),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Error::classed(ErrorKind::PermissionDenied, "the system does not allow it")
                .with_help("ask the owner for the right to it, or name a file elsewhere")
        }
        io::ErrorKind::NotFound => Error::not_found("no such file"),
        io::ErrorKind::InvalidInput => Error::invalid_argument("the system does not take such a name"),
        io::ErrorKind::UnexpectedEof => Error::data_loss("the file is shorter than its header says").with_help(DAMAGED),
        io::ErrorKind::InvalidData => {
            Error::data_loss("the file is not a book, or its header is damaged").with_help(DAMAGED)
        }
        _ => Error::unavailable(format!("the system reports: {error}")),
    };
    out.with_detail("system", error)
}
