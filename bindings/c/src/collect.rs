//! The collector: what nothing holds any more, and why the rest stays.

use crate::entry::{Entry, Handle};
use crate::error::sb_error;
use crate::labels::outside;
use crate::namespace::sb_namespace;
use crate::status::sb_status;
use crate::store::sb_store;
use crate::value::{sb_bytes, sb_str};
use std::ptr;
use std::sync::atomic::AtomicBool;
use stowbook_core::gc::{CollectOptions, CollectRules, Collected, Resource};
use stowbook_core::model::Descriptor;
use stowbook_core::{DeleteImage, json};

/// What a collection has removed, or would remove, and why the rest stays. It never changes, so any number of threads may read
/// it.
pub struct sb_collected {
    collected: Collected,
    poisoned: AtomicBool,
}

impl Handle for sb_collected {
    fn poisoned(&self) -> &AtomicBool {
        &self.poisoned
    }
}

impl sb_collected {
    /// What was removed, with the namespaces.
    fn removed(&self) -> impl Iterator<Item = (&str, &Resource)> {
        let namespaces = self.collected.namespaces.iter();
        namespaces.flat_map(|namespace| namespace.removed.iter().map(|resource| (&*namespace.name, resource)))
    }
}

/// Removes the leases and the images that have expired, and the content, snapshots and ingests that nothing holds, in all
/// namespaces and all together. With `dry_run` it only tells what it would remove. `rules` is the version of containerd
/// whose rules decide: `2.3`, as does an empty text, or `1.6`. `collected_out` may be NULL; else the caller frees `*collected_out` with
/// sb_collected_free().
///
/// Errors: SB_ERR_INVALID_ARGUMENT for other rules; SB_ERR_DATA_LOSS for a record that cannot be read: nothing was removed
/// then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_store_collect(
    store: *const sb_store,
    dry_run: bool,
    rules: sb_str,
    collected_out: *mut *mut sb_collected,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.optional_out(collected_out);
        let store = args.handle("store", store)?;
        let mut options = CollectOptions::default();
        options.dry_run = dry_run;
        let rules = args.text("rules", rules)?;
        if !rules.is_empty() {
            options.rules = rules.parse::<CollectRules>()?;
        }
        let collected = store.store().collect(&options)?;
        out.give(sb_collected { collected, poisoned: AtomicBool::default() });
        Ok(())
    })
}

/// How many resources were removed. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_collected_removed_count(collected: *const sb_collected) -> usize {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.count(|args| Ok(args.handle("collected", collected)?.removed().count()))
}

/// The resource at `index` of those that were removed: its namespace, its type (`lease`, `snapshot`, `ingest`, `content` or
/// `image`) and its key, which for a snapshot is `SNAPSHOTTER/KEY`. The texts live as long as `collected`.
///
/// Errors: SB_ERR_OUT_OF_RANGE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_collected_removed_at(
    collected: *const sb_collected,
    index: usize,
    namespace_out: *mut sb_str,
    type_out: *mut sb_str,
    id_out: *mut sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let (namespace_out, type_out) = (args.out("namespace_out", namespace_out), args.out("type_out", type_out));
        let id_out = args.out("id_out", id_out);
        let (namespace_out, type_out, id_out) = (namespace_out?, type_out?, id_out?);
        let collected = args.handle("collected", collected)?;
        let (namespace, resource) =
            collected.removed().nth(index).ok_or_else(|| outside(index, collected.removed().count(), "resources"))?;
        namespace_out.set(sb_str::borrowed(namespace));
        type_out.set(sb_str::borrowed(resource.kind.name()));
        id_out.set(sb_str::borrowed(&resource.id));
        Ok(())
    })
}

/// Tells why the resources of this id stay or go, in a namespace: JSON as `stowbook gc --why ID -o json` prints it, an array of
/// `{"type": ..., "id": ..., "kept": ..., "way": [...]}`, the way being the shortest one from a root to the resource. The caller
/// frees `*json_out` with sb_bytes_free().
///
/// Errors: SB_ERR_NOT_FOUND when there is nothing of this id that can be kept or removed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_collected_why(
    collected: *const sb_collected,
    namespace_name: sb_str,
    id: sb_str,
    json_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("json_out", json_out)?;
        let collected = &args.handle("collected", collected)?.collected;
        let ways = collected.ways(args.text("namespace_name", namespace_name)?, args.text("id", id)?)?;
        out.set(sb_bytes::owned(json::write(&ways)?.into_bytes()));
        Ok(())
    })
}

/// Writes all of it as JSON, on one line, as `stowbook gc -o json` does. The caller frees `*json_out` with sb_bytes_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_collected_to_json(
    collected: *const sb_collected,
    json_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("json_out", json_out)?;
        out.set(sb_bytes::owned(json::write(&args.handle("collected", collected)?.collected)?.into_bytes()));
        Ok(())
    })
}

/// Frees what a collection told. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_collected_free(collected: *mut sb_collected) {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.free(collected);
}

/// Tells who refers to what is called `id`, in all namespaces: a digest, the name of an image, the key of a snapshot, a reference
/// of an ingest, the id of a container, lease or sandbox. JSON as `stowbook owner ID -o json` prints it: an array of
/// `{"namespace": ..., "type": ..., "id": ..., "exists": ..., "owners": [...]}`, the nearest owner first. Empty when nothing is
/// called so, and nothing refers to it. The caller frees `*json_out` with sb_bytes_free().
///
/// Errors: SB_ERR_DATA_LOSS for a record that cannot be read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_store_owners(
    store: *const sb_store,
    id: sb_str,
    json_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("json_out", json_out)?;
        let owned = args.handle("store", store)?.store().owners(args.text("id", id)?)?;
        out.set(sb_bytes::owned(json::write(&owned)?.into_bytes()));
        Ok(())
    })
}

/// As sb_image_delete(), but only if the image stands for the content of this digest, where `target_digest` is not empty; and
/// with `sync` collects afterwards what nothing holds any more, in all namespaces.
///
/// Errors: SB_ERR_NOT_FOUND, also for a record with another target. What sb_store_collect() gives, with the record removed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_image_delete_with(
    in_namespace: *const sb_namespace,
    name: sb_str,
    target_digest: sb_str,
    sync: bool,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let namespace = args.handle("in_namespace", in_namespace)?;
        let name = args.text("name", name)?;
        let digest = args.text("target_digest", target_digest)?;
        let mut options = DeleteImage::default();
        options.target =
            (!digest.is_empty()).then(|| Descriptor { digest: digest.to_owned(), ..Descriptor::default() });
        options.sync = sync;
        namespace.place().delete_image(namespace.context(), name, &options)
    })
}

/// As sb_lease_delete(), and collects what nothing holds any more, in all namespaces.
///
/// Errors: SB_ERR_NOT_FOUND. What sb_store_collect() gives, with the lease removed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_lease_delete_and_collect(
    in_namespace: *const sb_namespace,
    id: sb_str,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let namespace = args.handle("in_namespace", in_namespace)?;
        namespace.place().delete_lease(namespace.context(), args.text("id", id)?, true)
    })
}
