//! The record of a namespace.

use crate::entry::{Entry, Handle};
use crate::error::sb_error;
use crate::labels;
use crate::status::sb_status;
use crate::value::{sb_bytes, sb_str};
use std::ptr;
use std::sync::atomic::AtomicBool;
use stowbook_core::json;
use stowbook_core::model::Namespace;

/// The record of a namespace: its name and its labels. It is a value of its own, as sb_container is; see there for threads
/// and for how long texts live.
pub struct sb_namespace_record {
    pub(crate) record: Namespace,
    poisoned: AtomicBool,
}

/// Records of namespaces in a fixed order. It never changes, so any number of threads may read it.
pub struct sb_namespace_record_array {
    records: Vec<sb_namespace_record>,
    poisoned: AtomicBool,
}

impl Handle for sb_namespace_record {
    fn poisoned(&self) -> &AtomicBool {
        &self.poisoned
    }
}

impl Handle for sb_namespace_record_array {
    fn poisoned(&self) -> &AtomicBool {
        &self.poisoned
    }
}

impl sb_namespace_record {
    pub(crate) fn new(record: Namespace) -> Self {
        sb_namespace_record { record, poisoned: AtomicBool::default() }
    }
}

impl sb_namespace_record_array {
    pub(crate) fn new(records: Vec<sb_namespace_record>) -> Self {
        sb_namespace_record_array { records, poisoned: AtomicBool::default() }
    }
}

/// Makes a record of this name, without labels. Nothing is checked yet. The caller frees `*record_out` with
/// sb_namespace_record_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespace_record_new(
    name: sb_str,
    record_out: *mut *mut sb_namespace_record,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("record_out", record_out)?;
        out.give(sb_namespace_record::new(Namespace::new(args.text("name", name)?)));
        Ok(())
    })
}

/// Makes a record from stowbook's JSON: `{"name": ..., "labels": {...}}`. The caller frees `*record_out` with
/// sb_namespace_record_free().
///
/// Errors: SB_ERR_INVALID_ARGUMENT, with the line and the column among its details.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespace_record_from_json(
    json: sb_str,
    record_out: *mut *mut sb_namespace_record,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("record_out", record_out)?;
        out.give(sb_namespace_record::new(json::read("namespace", args.text("json", json)?.as_bytes())?));
        Ok(())
    })
}

/// Writes a record as stowbook's JSON, on one line. The caller frees `*json_out` with sb_bytes_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespace_record_to_json(
    record: *const sb_namespace_record,
    json_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("json_out", json_out)?;
        out.set(sb_bytes::owned(json::write(&args.handle("record", record)?.record)?.into_bytes()));
        Ok(())
    })
}

/// The name of the namespace. It lives until the record is changed or freed. Of NULL: none (its data is NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespace_record_name(record: *const sb_namespace_record) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(sb_str::borrowed(&args.handle("record", record)?.record.name)))
}

/// How many labels the namespace has. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespace_record_label_count(record: *const sb_namespace_record) -> usize {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.count(|args| Ok(args.handle("record", record)?.record.labels.len()))
}

/// Looks up a label: as sb_container_label().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespace_record_label(
    record: *const sb_namespace_record,
    key: sb_str,
    value_out: *mut sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let value_out = args.out("value_out", value_out)?;
        labels::get(args, &args.handle("record", record)?.record.labels, key, value_out)
    })
}

/// The label at `index` in byte order of the keys: as sb_container_label_at().
///
/// Errors: SB_ERR_OUT_OF_RANGE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespace_record_label_at(
    record: *const sb_namespace_record,
    index: usize,
    key_out: *mut sb_str,
    value_out: *mut sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let (key_out, value_out) = (args.out("key_out", key_out), args.out("value_out", value_out));
        labels::at(&args.handle("record", record)?.record.labels, index, key_out?, value_out?)
    })
}

/// Adds a label, or replaces its value. Both texts are copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespace_record_set_label(
    record: *mut sb_namespace_record,
    key: sb_str,
    value: sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| labels::set(args, &mut args.handle_mut("record", record)?.record.labels, key, value))
}

/// Takes a label out. When there is none of this key, this does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespace_record_remove_label(
    record: *mut sb_namespace_record,
    key: sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| labels::remove(args, &mut args.handle_mut("record", record)?.record.labels, key))
}

/// Frees a record, and with it what was read from it. Not for one that sb_namespace_record_array_at() lent. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespace_record_free(record: *mut sb_namespace_record) {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.free(record);
}

/// How many records there are. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespace_record_array_len(records: *const sb_namespace_record_array) -> usize {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.count(|args| Ok(args.handle("records", records)?.records.len()))
}

/// The record at `index`, or NULL when there are not so many. It belongs to the array, and lives as long.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespace_record_array_at(
    records: *const sb_namespace_record_array,
    index: usize,
) -> *const sb_namespace_record {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(args.handle("records", records)?.records.get(index).map_or(ptr::null(), ptr::from_ref)))
}

/// Frees an array with the records in it. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespace_record_array_free(records: *mut sb_namespace_record_array) {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.free(records);
}
