//! A container record.

use crate::entry::{Empty as _, Entry, Handle};
use crate::error::sb_error;
use crate::labels;
use crate::status::sb_status;
use crate::value::{sb_bytes, sb_slice, sb_str, sb_time};
use std::ptr;
use std::sync::atomic::AtomicBool;
use stowbook_core::json;
use stowbook_core::model::{Any, Container};
use stowbook_core::proto::Message as _;

/// The record of a container: metadata, never a process. It is a value of its own: changing it changes nothing in a store
/// until it is given to sb_container_create() or sb_container_update(), which also check it. Any number of threads may read
/// it; while one changes it, no other may use it.
///
/// Texts and bytes that are read from it are its own: they live until it is changed or freed. They are not NUL-terminated.
pub struct sb_container {
    pub(crate) record: Container,
    poisoned: AtomicBool,
}

/// Records in a fixed order. It never changes, so any number of threads may read it.
pub struct sb_container_array {
    containers: Vec<sb_container>,
    poisoned: AtomicBool,
}

impl Handle for sb_container {
    fn poisoned(&self) -> &AtomicBool {
        &self.poisoned
    }
}

impl Handle for sb_container_array {
    fn poisoned(&self) -> &AtomicBool {
        &self.poisoned
    }
}

impl sb_container {
    pub(crate) fn new(record: Container) -> Self {
        sb_container { record, poisoned: AtomicBool::default() }
    }
}

impl sb_container_array {
    pub(crate) fn new(containers: Vec<sb_container>) -> Self {
        sb_container_array { containers, poisoned: AtomicBool::default() }
    }
}

/// Makes a record of this id and runtime, for example `io.containerd.runc.v2`, with everything else unset. Nothing is checked
/// yet. The caller frees `*container_out` with sb_container_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_new(
    id: sb_str,
    runtime: sb_str,
    container_out: *mut *mut sb_container,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("container_out", container_out)?;
        let (id, runtime) = (args.text("id", id)?, args.text("runtime", runtime)?);
        out.give(sb_container::new(Container::new(id, runtime)));
        Ok(())
    })
}

/// Makes a record from stowbook's JSON: `{"id": ..., "labels": {...}, "runtime": {"name": ...}, "spec": {"type_url": ...,
/// "value_base64": ...}, ...}`. The caller frees `*container_out` with sb_container_free().
///
/// Errors: SB_ERR_INVALID_ARGUMENT, with the line and the column among its details.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_from_json(
    json: sb_str,
    container_out: *mut *mut sb_container,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("container_out", container_out)?;
        out.give(sb_container::new(json::read("container", args.text("json", json)?.as_bytes())?));
        Ok(())
    })
}

/// Writes a record as stowbook's JSON, on one line. The caller frees `*json_out` with sb_bytes_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_to_json(
    container: *const sb_container,
    json_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("json_out", json_out)?;
        out.set(sb_bytes::owned(json::write(&args.handle("container", container)?.record)?.into_bytes()));
        Ok(())
    })
}

/// Makes a record from the protobuf message `containerd.services.containers.v1.Container`. What the message carries beyond
/// the fields that are known is kept. The caller frees `*container_out` with sb_container_free().
///
/// Errors: SB_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_from_protobuf(
    message: sb_slice,
    container_out: *mut *mut sb_container,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("container_out", container_out)?;
        out.give(sb_container::new(Container::decode(args.bytes("message", message)?)?));
        Ok(())
    })
}

/// Writes a record as the protobuf message `containerd.services.containers.v1.Container`. The caller frees `*message_out` with
/// sb_bytes_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_to_protobuf(
    container: *const sb_container,
    message_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("message_out", message_out)?;
        out.set(sb_bytes::owned(args.handle("container", container)?.record.encode()));
        Ok(())
    })
}

/// The key of the record in its namespace. It lives until the record is changed or freed. Of NULL: none (its data is
/// NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_id(container: *const sb_container) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(sb_str::borrowed(&args.handle("container", container)?.record.id)))
}

/// The name of the image that the container was made from; empty when unset. It lives until the record is changed or
/// freed. Of NULL: none (its data is NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_image(container: *const sb_container) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(sb_str::borrowed(&args.handle("container", container)?.record.image)))
}

/// The name of the runtime. It lives until the record is changed or freed. Of NULL: none (its data is NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_runtime(container: *const sb_container) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(sb_str::borrowed(&args.handle("container", container)?.record.runtime.name)))
}

/// The snapshotter that holds the root file system; empty when unset. It lives until the record is changed or freed. Of
/// NULL: none (its data is NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_snapshotter(container: *const sb_container) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(sb_str::borrowed(&args.handle("container", container)?.record.snapshotter)))
}

/// The key of the root file system's snapshot; empty when unset. It lives until the record is changed or freed. Of
/// NULL: none (its data is NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_snapshot_key(container: *const sb_container) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(sb_str::borrowed(&args.handle("container", container)?.record.snapshot_key)))
}

/// The sandbox that the container belongs to; empty when unset. It lives until the record is changed or freed. Of NULL:
/// none (its data is NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_sandbox_id(container: *const sb_container) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(sb_str::borrowed(&args.handle("container", container)?.record.sandbox_id)))
}

/// How many labels the record has. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_label_count(container: *const sb_container) -> usize {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.count(|args| Ok(args.handle("container", container)?.record.labels.len()))
}

/// Looks up a label. When there is none of this key, `value_out->data` is NULL, and that is no error. The value lives until
/// the record is changed or freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_label(
    container: *const sb_container,
    key: sb_str,
    value_out: *mut sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let value_out = args.out("value_out", value_out)?;
        labels::get(args, &args.handle("container", container)?.record.labels, key, value_out)
    })
}

/// The label at `index` in byte order of the keys; each call walks there. Both texts live until the record is changed or
/// freed.
///
/// Errors: SB_ERR_OUT_OF_RANGE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_label_at(
    container: *const sb_container,
    index: usize,
    key_out: *mut sb_str,
    value_out: *mut sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let (key_out, value_out) = (args.out("key_out", key_out), args.out("value_out", value_out));
        labels::at(&args.handle("container", container)?.record.labels, index, key_out?, value_out?)
    })
}

/// The type of the record's spec. Without a spec, and of NULL: none (its data is NULL). It lives until the record is changed
/// or freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_spec_type_url(container: *const sb_container) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| {
        let spec = args.handle("container", container)?.record.spec.as_ref();
        Ok(spec.map_or(sb_str::EMPTY, |spec| sb_str::borrowed(&spec.type_url)))
    })
}

/// The bytes of the record's spec, usually a runtime-spec document as JSON. Without a spec, and of NULL: none (its data is
/// NULL). They live until the record is changed or freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_spec_value(container: *const sb_container) -> sb_slice {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| {
        let spec = args.handle("container", container)?.record.spec.as_ref();
        Ok(spec.map_or(sb_slice::EMPTY, |spec| sb_slice::borrowed(&spec.value)))
    })
}

/// When the record was created. Set by the store. Not set for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_created_at(container: *const sb_container) -> sb_time {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(args.handle("container", container)?.record.created_at.into()))
}

/// When the record was last changed. Set by the store. Not set for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_updated_at(container: *const sb_container) -> sb_time {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(args.handle("container", container)?.record.updated_at.into()))
}

/// Sets the name of the image; the empty text unsets it. The text is copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_set_image(
    container: *mut sb_container,
    image: sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let container = args.handle_mut("container", container)?;
        container.record.image = args.text("image", image)?.to_owned();
        Ok(())
    })
}

/// Sets the snapshotter; the empty text unsets it. The text is copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_set_snapshotter(
    container: *mut sb_container,
    snapshotter: sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let container = args.handle_mut("container", container)?;
        container.record.snapshotter = args.text("snapshotter", snapshotter)?.to_owned();
        Ok(())
    })
}

/// Sets the key of the snapshot; the empty text unsets it. The text is copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_set_snapshot_key(
    container: *mut sb_container,
    snapshot_key: sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let container = args.handle_mut("container", container)?;
        container.record.snapshot_key = args.text("snapshot_key", snapshot_key)?.to_owned();
        Ok(())
    })
}

/// Sets the sandbox; the empty text unsets it. The text is copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_set_sandbox_id(
    container: *mut sb_container,
    sandbox_id: sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let container = args.handle_mut("container", container)?;
        container.record.sandbox_id = args.text("sandbox_id", sandbox_id)?.to_owned();
        Ok(())
    })
}

/// Adds a label, or replaces its value. Both texts are copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_set_label(
    container: *mut sb_container,
    key: sb_str,
    value: sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| labels::set(args, &mut args.handle_mut("container", container)?.record.labels, key, value))
}

/// Takes a label out. When there is none of this key, this does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_remove_label(
    container: *mut sb_container,
    key: sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| labels::remove(args, &mut args.handle_mut("container", container)?.record.labels, key))
}

/// Sets the spec: the name of its type, such as `types.containerd.io/opencontainers/runtime-spec/1/Spec`, and its bytes. Both
/// are copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_set_spec(
    container: *mut sb_container,
    type_url: sb_str,
    value: sb_slice,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let container = args.handle_mut("container", container)?;
        container.record.spec = Some(Any::new(args.text("type_url", type_url)?, args.bytes("value", value)?));
        Ok(())
    })
}

/// Takes the spec out, if there is one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_remove_spec(
    container: *mut sb_container,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        args.handle_mut("container", container)?.record.spec = None;
        Ok(())
    })
}

/// Frees a record, and with it what was read from it. Not for one that sb_container_array_at() lent. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_free(container: *mut sb_container) {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.free(container);
}

/// How many records there are. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_array_len(containers: *const sb_container_array) -> usize {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.count(|args| Ok(args.handle("containers", containers)?.containers.len()))
}

/// The record at `index`, or NULL when there are not so many. It belongs to the array, and lives as long.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_array_at(
    containers: *const sb_container_array,
    index: usize,
) -> *const sb_container {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| {
        Ok(args.handle("containers", containers)?.containers.get(index).map_or(ptr::null(), ptr::from_ref))
    })
}

/// Frees an array with the records in it. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_container_array_free(containers: *mut sb_container_array) {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.free(containers);
}
