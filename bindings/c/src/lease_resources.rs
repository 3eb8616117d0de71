//! What leases hold.

use crate::entry::{Entry, Handle};
use crate::error::sb_error;
use crate::namespace::{put_delimited, sb_namespace};
use crate::status::sb_status;
use crate::value::{sb_bytes, sb_str};
use std::ptr;
use std::sync::atomic::AtomicBool;
use stowbook_core::model::LeaseResource;
use stowbook_core::proto::Message as _;

/// What a lease holds, in a fixed order. It never changes, so any number of threads may read it.
pub struct sb_lease_resource_array {
    resources: Vec<LeaseResource>,
    poisoned: AtomicBool,
}

impl Handle for sb_lease_resource_array {
    fn poisoned(&self) -> &AtomicBool {
        &self.poisoned
    }
}

fn resource(kind: &str, id: &str) -> LeaseResource {
    LeaseResource { id: id.to_owned(), kind: kind.to_owned(), ..LeaseResource::default() }
}

/// Has a lease hold a resource, which need not exist: a `content`, an `ingests`, an `images` or a `snapshots/SNAPSHOTTER`
/// of this id. A second time changes nothing.
///
/// Errors: SB_ERR_NOT_FOUND without the lease; SB_ERR_INVALID_ARGUMENT for a type with too many or too few parts, or content
/// whose id is not a digest; SB_ERR_NOT_IMPLEMENTED for any other type; SB_ERR_UNKNOWN for an empty id or one above 32768
/// bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_lease_add_resource(
    in_namespace: *const sb_namespace,
    lease_id: sb_str,
    resource_type: sb_str,
    resource_id: sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let namespace = args.handle("in_namespace", in_namespace)?;
        let lease = args.text("lease_id", lease_id)?;
        let resource = resource(args.text("resource_type", resource_type)?, args.text("resource_id", resource_id)?);
        namespace.place().add_resource(namespace.context(), lease, &resource)
    })
}

/// Has a lease hold a resource no more. It is no error when it did not hold it.
///
/// Errors: as sb_lease_add_resource(), but the id may have any length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_lease_delete_resource(
    in_namespace: *const sb_namespace,
    lease_id: sb_str,
    resource_type: sb_str,
    resource_id: sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let namespace = args.handle("in_namespace", in_namespace)?;
        let lease = args.text("lease_id", lease_id)?;
        let resource = resource(args.text("resource_type", resource_type)?, args.text("resource_id", resource_id)?);
        namespace.place().delete_resource(namespace.context(), lease, &resource)
    })
}

/// Gets what a lease holds: content, images, ingests, and snapshots by their snapshotters, each in byte order of the ids. The
/// caller frees `*resources_out` with sb_lease_resource_array_free().
///
/// Errors: SB_ERR_NOT_FOUND without the lease.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_lease_list_resources(
    in_namespace: *const sb_namespace,
    lease_id: sb_str,
    resources_out: *mut *mut sb_lease_resource_array,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("resources_out", resources_out)?;
        let namespace = args.handle("in_namespace", in_namespace)?;
        let lease = args.text("lease_id", lease_id)?;
        let resources = namespace.place().list_resources(namespace.context(), lease)?;
        out.give(sb_lease_resource_array { resources, poisoned: AtomicBool::default() });
        Ok(())
    })
}

/// As sb_lease_list_resources(), but gives protobuf messages `containerd.services.leases.v1.Resource` one behind the other,
/// each with its length in bytes before it as a varint. The caller frees `*messages_out` with sb_bytes_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_lease_list_resources_protobuf(
    in_namespace: *const sb_namespace,
    lease_id: sb_str,
    messages_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("messages_out", messages_out)?;
        let namespace = args.handle("in_namespace", in_namespace)?;
        let lease = args.text("lease_id", lease_id)?;
        let mut messages = Vec::new();
        for resource in namespace.place().list_resources(namespace.context(), lease)? {
            put_delimited(&mut messages, &[&resource.encode()]);
        }
        out.set(sb_bytes::owned(messages));
        Ok(())
    })
}

/// How many resources there are. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_lease_resource_array_len(resources: *const sb_lease_resource_array) -> usize {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.count(|args| Ok(args.handle("resources", resources)?.resources.len()))
}

/// The type and the id of the resource at `index`. Both texts live as long as the array.
///
/// Errors: SB_ERR_OUT_OF_RANGE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_lease_resource_array_at(
    resources: *const sb_lease_resource_array,
    index: usize,
    resource_type_out: *mut sb_str,
    resource_id_out: *mut sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let (type_out, id_out) =
            (args.out("resource_type_out", resource_type_out), args.out("resource_id_out", resource_id_out));
        let (type_out, id_out) = (type_out?, id_out?);
        let resources = &args.handle("resources", resources)?.resources;
        let resource =
            resources.get(index).ok_or_else(|| crate::labels::outside(index, resources.len(), "resources"))?;
        type_out.set(sb_str::borrowed(&resource.kind));
        id_out.set(sb_str::borrowed(&resource.id));
        Ok(())
    })
}

/// Frees an array with the resources in it. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_lease_resource_array_free(resources: *mut sb_lease_resource_array) {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.free(resources);
}
