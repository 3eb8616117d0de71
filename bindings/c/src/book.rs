//! A book as a whole: how its file is opened, checks, copies, and the way to text and back.

use crate::entry::{Entry, Handle};
use crate::error::sb_error;
use crate::status::sb_status;
use crate::store::sb_store;
use crate::value::{sb_bytes, sb_slice, sb_str};
use std::path::Path;
use std::ptr;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use stowbook_core::{ImportOptions, OpenOptions, RestoreOptions, Store, json};

/// How the file of a book is opened. Any number of threads may open with it; while one changes it, no other may use it. NULL in
/// its place: as sb_store_open() does.
pub struct sb_open_options {
    options: OpenOptions,
    poisoned: AtomicBool,
}

impl Handle for sb_open_options {
    fn poisoned(&self) -> &AtomicBool {
        &self.poisoned
    }
}

/// Makes options that open as sb_store_open() does. The caller frees `*options_out` with sb_open_options_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_open_options_new(
    options_out: *mut *mut sb_open_options,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("options_out", options_out)?;
        out.give(sb_open_options { options: OpenOptions::default(), poisoned: AtomicBool::default() });
        Ok(())
    })
}

/// Whether a new book is made where there is none. At first: yes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_open_options_set_create(
    options: *mut sb_open_options,
    create: bool,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        args.handle_mut("options", options)?.options.create = create;
        Ok(())
    })
}

/// Whether the book is only read: several processes may do so at a time, and what would change something fails. At first: no.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_open_options_set_read_only(
    options: *mut sb_open_options,
    read_only: bool,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        args.handle_mut("options", options)?.options.read_only = read_only;
        Ok(())
    })
}

/// How many milliseconds to wait for another process to let the file go. At first: 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_open_options_set_lock_timeout_ms(
    options: *mut sb_open_options,
    lock_timeout_ms: u64,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        args.handle_mut("options", options)?.options.lock_timeout = Duration::from_millis(lock_timeout_ms);
        Ok(())
    })
}

/// Frees options. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_open_options_free(options: *mut sb_open_options) {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.free(options);
}

/// Opens the book in the file at `path` as `options` say; NULL for them is as sb_store_open(). The caller frees `*store_out` with
/// sb_store_free().
///
/// Errors: as sb_store_open(), and SB_ERR_NOT_FOUND when there is no file and none is to be made.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_store_open_with(
    path: sb_str,
    options: *const sb_open_options,
    store_out: *mut *mut sb_store,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("store_out", store_out)?;
        let path = args.text("path", path)?;
        let options = args.optional_handle("options", options)?;
        let options = options.map(|asked| asked.options.clone()).unwrap_or_default();
        out.give(sb_store::new(Store::open_with(path, &options)?));
        Ok(())
    })
}

/// Looks at every page and every value, and lists what is wrong: a JSON array of `{"place": ..., "problem": ...}`, empty for a
/// sound book. Nothing is changed, but that pages are repaired which can be. The caller frees `*findings_out` with
/// sb_bytes_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_store_check(
    store: *const sb_store,
    findings_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("findings_out", findings_out)?;
        let findings = args.handle("store", store)?.store().check()?;
        out.set(sb_bytes::owned(json::write(&findings)?.into_bytes()));
        Ok(())
    })
}

/// Gives unused space of the file back to the system.
///
/// Errors: SB_ERR_FAILED_PRECONDITION while the book is being read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_store_compact(store: *const sb_store, error_out: *mut *mut sb_error) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| args.handle("store", store)?.store().compact())
}

/// Copies the book as it is now into a new file at `path`, checking every value on the way. Others may write meanwhile. The
/// bytes of content are not in the book: copy their directory after it.
///
/// Errors: SB_ERR_ALREADY_EXISTS when there is a file; SB_ERR_DATA_LOSS when a value is damaged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_store_backup(
    store: *const sb_store,
    path: sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let store = args.handle("store", store)?.store();
        store.backup(args.text("path", path)?)?;
        Ok(())
    })
}

/// Puts the book in the file `backup` at `path`, after checking every value of it; over a book that is there only with `replace`.
///
/// Errors: SB_ERR_NOT_FOUND when there is no backup; SB_ERR_ALREADY_EXISTS when there is a file and it is not to be replaced;
/// SB_ERR_UNAVAILABLE when a process holds it; SB_ERR_DATA_LOSS when the backup is damaged. Nothing was changed then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_restore(
    backup: sb_str,
    path: sb_str,
    replace: bool,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let backup = Path::new(args.text("backup", backup)?);
        let path = Path::new(args.text("path", path)?);
        let mut options = RestoreOptions::default();
        options.replace = replace;
        stowbook_core::restore(backup, path, &options)?;
        Ok(())
    })
}

/// Writes the whole book as it is now as lines of JSON, as `stowbook export` does: for reading, for keeping, for
/// sb_store_import(). They are held in memory; for a book that is too large for that there is sb_store_backup(). The caller
/// frees `*lines_out` with sb_bytes_free().
///
/// Errors: SB_ERR_DATA_LOSS when a value is damaged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_store_export(
    store: *const sb_store,
    lines_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("lines_out", lines_out)?;
        let mut lines = Vec::new();
        args.handle("store", store)?.store().export(|line| {
            lines.extend_from_slice(line.as_bytes());
            Ok::<_, stowbook_core::Error>(())
        })?;
        out.set(sb_bytes::owned(lines));
        Ok(())
    })
}

/// Adds what sb_store_export() wrote, all together or nothing. Into an empty book goes everything, the event log included, and
/// with `same_book` the book's id too, so that cursors of the exported one go on to count; into any other book the records that
/// it does not have. `report_out` may be NULL; else it receives JSON, `{"written_keys": ..., "unchanged_keys": ...,
/// "with_events": ...}`, and the caller frees `*report_out` with sb_bytes_free().
///
/// Errors: SB_ERR_INVALID_ARGUMENT, with the line, for what is no export, or not whole; SB_ERR_ALREADY_EXISTS for a record with
/// another content; SB_ERR_FAILED_PRECONDITION for `same_book` with a book that is not empty, or a newer file format. Nothing was
/// changed then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_store_import(
    store: *const sb_store,
    lines: sb_slice,
    same_book: bool,
    report_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.optional_out(report_out);
        let store = args.handle("store", store)?.store();
        let mut options = ImportOptions::default();
        options.same_book = same_book;
        let report = store.import(args.bytes("lines", lines)?, &options)?;
        let report = json::write(&report)?;
        out.make(|| sb_bytes::owned(report.into_bytes()));
        Ok(())
    })
}
