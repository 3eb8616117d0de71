//! Operations on the namespaces themselves.

use crate::entry::{Entry, Handle};
use crate::error::sb_error;
use crate::namespace::{Place, put_delimited};
use crate::namespace_record::{sb_namespace_record, sb_namespace_record_array};
use crate::status::sb_status;
use crate::value::{sb_bytes, sb_slice, sb_str};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use stowbook_core::model::Namespace;
use stowbook_core::proto::Message as _;

/// The namespaces of a store, or of a transaction. Any number of threads may use it at once.
pub struct sb_namespaces {
    place: Arc<dyn Place>,
    poisoned: Arc<AtomicBool>,
}

impl Handle for sb_namespaces {
    fn poisoned(&self) -> &AtomicBool {
        &self.poisoned
    }
}

impl sb_namespaces {
    pub(crate) fn new(place: Arc<dyn Place>, poisoned: &Arc<AtomicBool>) -> Self {
        sb_namespaces { place, poisoned: Arc::clone(poisoned) }
    }
}

/// Frees the handle; the namespaces themselves stay. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespaces_free(handle: *mut sb_namespaces) {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.free(handle);
}

/// Gets a namespace with its labels; one that does not exist has none. The caller frees `*record_out` with
/// sb_namespace_record_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespaces_get(
    namespaces: *const sb_namespaces,
    name: sb_str,
    record_out: *mut *mut sb_namespace_record,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("record_out", record_out)?;
        let namespaces = args.handle("namespaces", namespaces)?;
        let name = args.text("name", name)?;
        out.give(sb_namespace_record::new(namespaces.place.get_namespace(name)?));
        Ok(())
    })
}

/// As sb_namespaces_get(), but gives the protobuf message `containerd.services.namespaces.v1.Namespace`. The caller frees
/// `*message_out` with sb_bytes_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespaces_get_protobuf(
    namespaces: *const sb_namespaces,
    name: sb_str,
    message_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("message_out", message_out)?;
        let namespaces = args.handle("namespaces", namespaces)?;
        out.set(sb_bytes::owned(namespaces.place.get_namespace(args.text("name", name)?)?.encode()));
        Ok(())
    })
}

/// Gets all namespaces in byte order of their names. The caller frees `*records_out` with sb_namespace_record_array_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespaces_list(
    namespaces: *const sb_namespaces,
    records_out: *mut *mut sb_namespace_record_array,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("records_out", records_out)?;
        let found = args.handle("namespaces", namespaces)?.place.list_namespaces()?;
        out.give(sb_namespace_record_array::new(found));
        Ok(())
    })
}

/// As sb_namespaces_list(), but gives protobuf messages `containerd.services.namespaces.v1.Namespace` one behind the other,
/// each with its length in bytes before it as a varint. The caller frees `*messages_out` with sb_bytes_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespaces_list_protobuf(
    namespaces: *const sb_namespaces,
    messages_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("messages_out", messages_out)?;
        let mut messages = Vec::new();
        for namespace in args.handle("namespaces", namespaces)?.place.list_namespaces()? {
            put_delimited(&mut messages, &[&namespace.encode()]);
        }
        out.set(sb_bytes::owned(messages));
        Ok(())
    })
}

/// Adds a namespace. `created_out` may be NULL; else it receives what was asked for, and the caller frees it with
/// sb_namespace_record_free(). `record` is not changed.
///
/// Errors: SB_ERR_INVALID_ARGUMENT for the name or a label; SB_ERR_ALREADY_EXISTS; SB_ERR_UNKNOWN for the reserved name
/// `version`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespaces_create(
    namespaces: *const sb_namespaces,
    record: *const sb_namespace_record,
    created_out: *mut *mut sb_namespace_record,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.optional_out(created_out);
        let namespaces = args.handle("namespaces", namespaces)?;
        let record = args.handle("record", record)?;
        out.give(sb_namespace_record::new(namespaces.place.create_namespace(&record.record)?));
        Ok(())
    })
}

/// As sb_namespaces_create(), but takes the record as the protobuf message `containerd.services.namespaces.v1.Namespace`, and
/// gives one. `created_out` may be NULL; else the caller frees `*created_out` with sb_bytes_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespaces_create_protobuf(
    namespaces: *const sb_namespaces,
    message: sb_slice,
    created_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.optional_out(created_out);
        let namespaces = args.handle("namespaces", namespaces)?;
        let created = namespaces.place.create_namespace(&Namespace::decode(args.bytes("message", message)?)?)?;
        out.make(|| sb_bytes::owned(created.encode()));
        Ok(())
    })
}

/// Changes the `field_count` labels with these paths (`labels.KEY`) to what `record` says, all labels when there is no path.
/// An absent or empty value removes a label. A namespace that does not exist is made by its first label. `record` is not
/// changed.
///
/// Errors: SB_ERR_INVALID_ARGUMENT for another path; SB_ERR_UNKNOWN for a label that is too long, and, with the change made,
/// for a name under which no event can be published.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespaces_update(
    namespaces: *const sb_namespaces,
    record: *const sb_namespace_record,
    fields: *const sb_str,
    field_count: usize,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let namespaces = args.handle("namespaces", namespaces)?;
        let record = args.handle("record", record)?;
        namespaces.place.update_namespace(&record.record, &args.texts("fields", fields, field_count)?)
    })
}

/// As sb_namespaces_update(), but takes the record as the protobuf message `containerd.services.namespaces.v1.Namespace`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespaces_update_protobuf(
    namespaces: *const sb_namespaces,
    message: sb_slice,
    fields: *const sb_str,
    field_count: usize,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let namespaces = args.handle("namespaces", namespaces)?;
        let record = Namespace::decode(args.bytes("message", message)?)?;
        namespaces.place.update_namespace(&record, &args.texts("fields", fields, field_count)?)
    })
}

/// Removes an empty namespace.
///
/// Errors: SB_ERR_FAILED_PRECONDITION when there are records in it; SB_ERR_NOT_FOUND; SB_ERR_UNKNOWN, with the namespace
/// removed, for a name under which no event can be published.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespaces_delete(
    namespaces: *const sb_namespaces,
    name: sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| args.handle("namespaces", namespaces)?.place.delete_namespace(args.text("name", name)?))
}
