//! What went wrong, as a handle.

use crate::entry::{Empty, Entry, Handle};
use crate::status::sb_status;
use crate::value::sb_str;
use std::ptr;
use std::sync::atomic::AtomicBool;
use stowbook_core::Error;

/// What went wrong. A call that fails makes one when its `error_out` is not NULL, and the caller frees it with
/// sb_error_free(). It never changes, so any number of threads may read it. Its texts live as long as it does, and are
/// NUL-terminated besides having a length.
pub struct sb_error {
    status: sb_status,
    kind: Text,
    message: Text,
    help: Option<Text>,
    details: Vec<(Text, Text)>,
    poisoned: AtomicBool,
}

/// A text with a NUL behind it.
struct Text(String);

impl Text {
    fn new(text: &str) -> Self {
        Text([text, "\0"].concat())
    }

    fn lend(&self) -> sb_str {
        sb_str { data: self.0.as_ptr().cast(), len: self.0.len() - 1 }
    }
}

impl Handle for sb_error {
    fn poisoned(&self) -> &AtomicBool {
        &self.poisoned
    }
}

impl Empty for sb_status {
    const EMPTY: Self = sb_status::SB_OK;
}

impl sb_error {
    pub(crate) fn new(error: &Error) -> Self {
        sb_error {
            status: error.kind().into(),
            kind: Text::new(error.kind().code()),
            message: Text::new(&error.message()),
            help: error.help().map(Text::new),
            details: error.details().iter().map(|d| (Text::new(d.name), Text::new(&d.value))).collect(),
            poisoned: AtomicBool::default(),
        }
    }
}

/// The status that the failed call returned. SB_OK for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_error_status(error: *const sb_error) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(args.handle("error", error)?.status))
}

/// The name of the error's kind, the same in every language: `not_found`. It lives as long as the error. Of NULL: none
/// (its data is NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_error_kind(error: *const sb_error) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(args.handle("error", error)?.kind.lend()))
}

/// What happened, in containerd's words where it has them: `container "web" in namespace "default": not found`. It lives as
/// long as the error. Of NULL: none (its data is NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_error_message(error: *const sb_error) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(args.handle("error", error)?.message.lend()))
}

/// What the caller can do about it. It lives as long as the error. Where there is no advice, and of NULL: none (its data is
/// NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_error_help(error: *const sb_error) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(args.handle("error", error)?.help.as_ref().map_or(sb_str::EMPTY, Text::lend)))
}

/// How many details the error has: facts that its message does not show. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_error_detail_count(error: *const sb_error) -> usize {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.count(|args| Ok(args.handle("error", error)?.details.len()))
}

/// What the detail of this index is about, in snake case with its unit: `limit_bytes`. It lives as long as the error. When
/// there is no such detail: none (its data is NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_error_detail_name(error: *const sb_error, index: usize) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| {
        let detail = args.handle("error", error)?.details.get(index);
        Ok(detail.map_or(sb_str::EMPTY, |(name, _)| name.lend()))
    })
}

/// What the detail of this index says: `4096`. It lives as long as the error. When there is no such detail: none (its data
/// is NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_error_detail_value(error: *const sb_error, index: usize) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| {
        let detail = args.handle("error", error)?.details.get(index);
        Ok(detail.map_or(sb_str::EMPTY, |(_, value)| value.lend()))
    })
}

/// Frees an error, and with it its texts. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_error_free(error: *mut sb_error) {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.free(error);
}
