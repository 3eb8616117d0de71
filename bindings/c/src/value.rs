//! Texts and bytes on their way in and out.

use crate::entry::{Empty, Entry};
use std::ffi::{CStr, c_char};
use std::ptr;
use stowbook_core::Result;
use stowbook_core::check::Place;
use stowbook_core::model::Timestamp;

/// A text that somebody else owns: UTF-8 of `len` bytes, not NUL-terminated unless a comment says so.
///
/// Going in, it is copied where it has to be kept, and may be freed when the call returns; `data` may be NULL when `len` is
/// 0. Coming out, each function says how long it lives. Make one with SB_STR("literal"), sb_str_of(), or by hand.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct sb_str {
    /// The first byte.
    pub data: *const c_char,
    /// How many bytes there are.
    pub len: usize,
}

/// Bytes that somebody else owns. Otherwise as sb_str.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct sb_slice {
    /// The first byte.
    pub data: *const u8,
    /// How many bytes there are.
    pub len: usize,
}

/// Bytes that the caller owns and frees with sb_bytes_free(). A NUL that `len` does not count follows the last one.
#[repr(C)]
#[derive(Debug)]
pub struct sb_bytes {
    /// The first byte; NULL when there are no bytes to free.
    pub data: *mut u8,
    /// How many bytes there are.
    pub len: usize,
}

/// An instant in UTC, or none.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct sb_time {
    /// Whether there is one. If not, the other members are 0.
    pub is_set: bool,
    /// Whole seconds since 1970-01-01T00:00:00Z; negative before that.
    pub seconds: i64,
    /// Nanoseconds within the second: 0 to 999999999.
    pub nanos: u32,
}

/// A place in a text. Lines and columns count from 1; a column counts Unicode characters.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct sb_span {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
    /// The line of the end.
    pub end_line: usize,
    /// The column behind the last character.
    pub end_column: usize,
    /// The column in UTF-16 code units, as editors count.
    pub column_utf16: usize,
    /// The offset in bytes.
    pub offset: usize,
    /// The length in bytes.
    pub length: usize,
}

impl sb_str {
    /// A text that lives as long as `text`. Never NULL: that says that there is none.
    pub(crate) fn borrowed(text: &str) -> Self {
        // An empty String points nowhere.
        let data = if text.is_empty() { c"".as_ptr() } else { text.as_ptr().cast() };
        sb_str { data, len: text.len() }
    }
}

impl sb_slice {
    /// Bytes that live as long as `bytes`. Never NULL: that says that there are none.
    pub(crate) fn borrowed(bytes: &[u8]) -> Self {
        let data = if bytes.is_empty() { c"".as_ptr().cast() } else { bytes.as_ptr() };
        sb_slice { data, len: bytes.len() }
    }
}

impl sb_bytes {
    /// Hands bytes over to the caller.
    pub(crate) fn owned(mut bytes: Vec<u8>) -> Self {
        let len = bytes.len();
        // By the one byte alone, so that nothing has to be given back afterwards.
        bytes.reserve_exact(1);
        bytes.push(0);
        sb_bytes { data: Box::into_raw(bytes.into_boxed_slice()).cast(), len }
    }
}

impl From<Option<Timestamp>> for sb_time {
    fn from(time: Option<Timestamp>) -> Self {
        match time {
            Some(time) => sb_time { is_set: true, seconds: time.seconds(), nanos: time.nanos() },
            None => sb_time::EMPTY,
        }
    }
}

impl sb_time {
    /// The time that a caller gives, if it gives one.
    pub(crate) fn read(self) -> Result<Option<Timestamp>> {
        if self.is_set { Timestamp::new(self.seconds, self.nanos).map(Some) } else { Ok(None) }
    }
}

impl From<Place> for sb_span {
    fn from(place: Place) -> Self {
        let Place { line, column, end_line, end_column, column_utf16, offset, length } = place;
        sb_span { line, column, end_line, end_column, column_utf16, offset, length }
    }
}

impl Empty for sb_span {
    const EMPTY: Self =
        sb_span { line: 0, column: 0, end_line: 0, end_column: 0, column_utf16: 0, offset: 0, length: 0 };
}

impl Empty for sb_str {
    const EMPTY: Self = sb_str { data: ptr::null(), len: 0 };
}

impl Empty for sb_slice {
    const EMPTY: Self = sb_slice { data: ptr::null(), len: 0 };
}

/// Numbers, of which none is 0.
impl Empty for i64 {
    const EMPTY: Self = 0;
}

impl Empty for u64 {
    const EMPTY: Self = 0;
}

impl Empty for bool {
    const EMPTY: Self = false;
}

impl Empty for sb_bytes {
    const EMPTY: Self = sb_bytes { data: ptr::null_mut(), len: 0 };
}

impl Empty for sb_time {
    const EMPTY: Self = sb_time { is_set: false, seconds: 0, nanos: 0 };
}

/// The NUL-terminated `text` as sb_str. It lives as long as `text`; NULL gives the empty text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_str_of(text: *const c_char) -> sb_str {
    if text.is_null() {
        return sb_str::EMPTY;
    }
    // SAFETY: the caller promises a NUL-terminated text.
    let text = unsafe { CStr::from_ptr(text) };
    sb_str { data: text.as_ptr(), len: text.count_bytes() }
}

/// Frees the bytes and sets `bytes` to none, so that a second call does nothing. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_bytes_free(bytes: *mut sb_bytes) {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.free_bytes(bytes);
}
