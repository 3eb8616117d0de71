//! Operations on the container records of a namespace.

use crate::container::{sb_container, sb_container_array};
use crate::entry::{Entry, Handle};
use crate::error::sb_error;
use crate::status::sb_status;
use crate::value::sb_str;
use std::ops::ControlFlow;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use stowbook_core::{ContainerStore, Context};

/// A namespace of a store, or of a transaction, to reach the records in it. Any number of threads may use it at once.
pub struct sb_namespace {
    place: Arc<dyn ContainerStore + Send + Sync>,
    context: Context,
    poisoned: Arc<AtomicBool>,
}

impl Handle for sb_namespace {
    fn poisoned(&self) -> &AtomicBool {
        &self.poisoned
    }
}

impl sb_namespace {
    pub(crate) fn new(place: Arc<dyn ContainerStore + Send + Sync>, name: &str, poisoned: &Arc<AtomicBool>) -> Self {
        sb_namespace { place, context: Context::in_namespace(name), poisoned: Arc::clone(poisoned) }
    }
}

/// Frees a namespace's handle; the namespace itself stays. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespace_free(handle: *mut sb_namespace) {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.free(handle);
}

/// Gets the record of this id. The caller frees `*container_out` with sb_container_free().
///
/// Errors: SB_ERR_NOT_FOUND.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_get(
    in_namespace: *const sb_namespace,
    id: sb_str,
    container_out: *mut *mut sb_container,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("container_out", container_out)?;
        let namespace = args.handle("in_namespace", in_namespace)?;
        let id = args.text("id", id)?;
        out.give(sb_container::new(namespace.place.get_container(&namespace.context, id)?));
        Ok(())
    })
}

/// Gets the records that any of the `filter_count` filters selects, all of them when there is no filter, in byte order of
/// their ids. A namespace that does not exist has none. The caller frees `*containers_out` with sb_container_array_free().
///
/// Errors: SB_ERR_INVALID_ARGUMENT for a filter that cannot be read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_list(
    in_namespace: *const sb_namespace,
    filters: *const sb_str,
    filter_count: usize,
    containers_out: *mut *mut sb_container_array,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("containers_out", containers_out)?;
        let namespace = args.handle("in_namespace", in_namespace)?;
        let filters = args.texts("filters", filters, filter_count)?;
        let filters: Vec<&[u8]> = filters.into_iter().map(str::as_bytes).collect();
        let mut found = Vec::new();
        namespace.place.list_containers(&namespace.context, &filters, &mut |container| {
            found.push(sb_container::new(container));
            Ok(ControlFlow::Continue(()))
        })?;
        out.give(sb_container_array::new(found));
        Ok(())
    })
}

/// Adds a record. `created_out` may be NULL; else it receives the record as it was stored, with times, and the caller frees
/// it with sb_container_free(). `container` is not changed.
///
/// Errors: SB_ERR_INVALID_ARGUMENT for the first rule that the record breaks; SB_ERR_ALREADY_EXISTS.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_create(
    in_namespace: *const sb_namespace,
    container: *const sb_container,
    created_out: *mut *mut sb_container,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.optional_out(created_out);
        let namespace = args.handle("in_namespace", in_namespace)?;
        let container = args.handle("container", container)?;
        out.give(sb_container::new(namespace.place.create_container(&namespace.context, &container.record)?));
        Ok(())
    })
}

/// Changes the `field_count` fields with these paths to what `container` says; when there is none, everything that can
/// change, and what cannot has to be the same. Paths: `labels`, `labels.KEY`, `spec`, `extensions`, `extensions.KEY`,
/// `image`, `snapshotkey`. `updated_out` may be NULL; else it receives the record as it is now, and the caller frees it with
/// sb_container_free(). `container` is not changed.
///
/// Errors: SB_ERR_NOT_FOUND; SB_ERR_INVALID_ARGUMENT for another path, a field that cannot change, or a broken rule.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_update(
    in_namespace: *const sb_namespace,
    container: *const sb_container,
    fields: *const sb_str,
    field_count: usize,
    updated_out: *mut *mut sb_container,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.optional_out(updated_out);
        let namespace = args.handle("in_namespace", in_namespace)?;
        let container = args.handle("container", container)?;
        let fields = args.texts("fields", fields, field_count)?;
        let updated = namespace.place.update_container(&namespace.context, &container.record, &fields)?;
        out.give(sb_container::new(updated));
        Ok(())
    })
}

/// Removes the record of this id.
///
/// Errors: SB_ERR_NOT_FOUND.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_delete(
    in_namespace: *const sb_namespace,
    id: sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let namespace = args.handle("in_namespace", in_namespace)?;
        namespace.place.delete_container(&namespace.context, args.text("id", id)?)
    })
}
