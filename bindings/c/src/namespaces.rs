//! Operations on the namespaces themselves.

use crate::entry::{Entry, Handle};
use crate::error::sb_error;
use crate::namespace_record::{sb_namespace_record, sb_namespace_record_array};
use crate::status::sb_status;
use crate::value::sb_str;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use stowbook_core::NamespaceStore;

/// The namespaces of a store, or of a transaction. Any number of threads may use it at once.
pub struct sb_namespaces {
    place: Arc<dyn NamespaceStore + Send + Sync>,
    poisoned: Arc<AtomicBool>,
}

impl Handle for sb_namespaces {
    fn poisoned(&self) -> &AtomicBool {
        &self.poisoned
    }
}

impl sb_namespaces {
    pub(crate) fn new(place: Arc<dyn NamespaceStore + Send + Sync>, poisoned: &Arc<AtomicBool>) -> Self {
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
        out.give(sb_namespace_record_array::new(found.into_iter().map(sb_namespace_record::new).collect()));
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
