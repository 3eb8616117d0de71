//! containerd's own databases.

use crate::entry::{Entry, Handle};
use crate::error::sb_error;
use crate::namespace::sb_namespace;
use crate::namespaces::sb_namespaces;
use crate::status::sb_status;
use crate::store::sb_store;
use crate::value::{sb_bytes, sb_slice, sb_str};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use stowbook_core::bolt::{FileSource, ReadAt};
use stowbook_core::metadb::{self, ImportOptions, MetaDb};
use stowbook_core::{Result, json};

/// A database of containerd, `meta.db`, opened for reading: of a daemon that runs, of one that is gone, or a copy of its bytes.
/// Nothing is locked. Any number of threads may use it at once.
pub struct sb_metadb {
    metadb: Arc<MetaDb>,
    poisoned: Arc<AtomicBool>,
}

impl Handle for sb_metadb {
    fn poisoned(&self) -> &AtomicBool {
        &self.poisoned
    }
}

impl sb_metadb {
    fn new(metadb: MetaDb) -> Self {
        sb_metadb { metadb: Arc::new(metadb), poisoned: Arc::default() }
    }
}

fn check(source: &dyn ReadAt) -> Result<sb_bytes> {
    Ok(sb_bytes::owned(json::write(&metadb::check(source)?)?.into_bytes()))
}

fn salvage(source: &dyn ReadAt) -> Result<sb_bytes> {
    Ok(sb_bytes::owned(metadb::salvage(source)?.to_json().to_string().into_bytes()))
}

/// Opens the file at `path`. The caller frees `*metadb_out` with sb_metadb_free().
///
/// Errors: SB_ERR_NOT_FOUND; SB_ERR_PERMISSION_DENIED; SB_ERR_FAILED_PRECONDITION for what is no database of that sort;
/// SB_ERR_DATA_LOSS when nothing in it can be reached: see sb_metadb_salvage().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_metadb_open(
    path: sb_str,
    metadb_out: *mut *mut sb_metadb,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("metadb_out", metadb_out)?;
        out.give(sb_metadb::new(MetaDb::open(args.text("path", path)?)?));
        Ok(())
    })
}

/// As sb_metadb_open(), of the bytes of a file. They are copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_metadb_open_bytes(
    bytes: sb_slice,
    metadb_out: *mut *mut sb_metadb,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("metadb_out", metadb_out)?;
        out.give(sb_metadb::new(MetaDb::from_bytes(args.bytes("bytes", bytes)?)?));
        Ok(())
    })
}

/// Reaches the records in a namespace, with the functions that get and list those of a store. Texts that are not UTF-8 have U+FFFD
/// for each byte that belongs to no letter. What would change something fails with SB_ERR_FAILED_PRECONDITION. A damaged record
/// is SB_ERR_DATA_LOSS, and a list that a daemon changes while it is read is SB_ERR_ABORTED. The caller frees `*namespace_out`
/// with sb_namespace_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_metadb_namespace(
    metadb: *const sb_metadb,
    name: sb_str,
    namespace_out: *mut *mut sb_namespace,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("namespace_out", namespace_out)?;
        let metadb = args.handle("metadb", metadb)?;
        out.give(sb_namespace::new(Arc::clone(&metadb.metadb) as _, args.text("name", name)?, &metadb.poisoned));
        Ok(())
    })
}

/// Reaches the namespaces themselves. The caller frees `*namespaces_out` with sb_namespaces_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_metadb_namespaces(
    metadb: *const sb_metadb,
    namespaces_out: *mut *mut sb_namespaces,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("namespaces_out", namespaces_out)?;
        let metadb = args.handle("metadb", metadb)?;
        out.give(sb_namespaces::new(Arc::clone(&metadb.metadb) as _, &metadb.poisoned));
        Ok(())
    })
}

/// What the database says about itself: the bytes of a page, the number of the last transaction, and the version of the records'
/// layout, 1 to 4, or 0 where containerd has not written it yet. Each of the places may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_metadb_info(
    metadb: *const sb_metadb,
    page_size_out: *mut u64,
    transaction_out: *mut u64,
    version_out: *mut i64,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let (page_size_out, transaction_out) = (args.optional_out(page_size_out), args.optional_out(transaction_out));
        let version_out = args.optional_out(version_out);
        let info = args.handle("metadb", metadb)?.metadb.info()?;
        page_size_out.set(info.page_size.into());
        transaction_out.set(info.txid);
        version_out.set(info.version.unwrap_or(0));
        Ok(())
    })
}

/// Writes all records as JSON, exactly, as `stowbook metadb dump` does: containers, images, leases, sandboxes, content and
/// snapshots by namespace. The caller frees `*json_out` with sb_bytes_free().
///
/// Errors: SB_ERR_DATA_LOSS where it is damaged; SB_ERR_ABORTED when a daemon changes it meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_metadb_dump(
    metadb: *const sb_metadb,
    json_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("json_out", json_out)?;
        let mut json = Vec::new();
        args.handle("metadb", metadb)?.metadb.dump(|part| {
            json.extend_from_slice(part.as_bytes());
            Ok(())
        })?;
        out.set(sb_bytes::owned(json));
        Ok(())
    })
}

/// As sb_store_owners(), of a database.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_metadb_owners(
    metadb: *const sb_metadb,
    id: sb_str,
    json_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("json_out", json_out)?;
        let owned = args.handle("metadb", metadb)?.metadb.owners(args.text("id", id)?)?;
        out.set(sb_bytes::owned(json::write(&owned)?.into_bytes()));
        Ok(())
    })
}

/// Frees a database. It stays open until the namespaces that were made from it are freed too. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_metadb_free(metadb: *mut sb_metadb) {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.free(metadb);
}

/// Lists what is wrong with the file at `path`: a JSON array of `{"severity": ..., "page": ..., "path": ..., "problem": ...}`, the
/// severity `damage` or `oddity`. The caller frees `*findings_out` with sb_bytes_free().
///
/// Errors: SB_ERR_NOT_FOUND; SB_ERR_PERMISSION_DENIED; SB_ERR_ABORTED when a daemon changes it again and again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_metadb_check(
    path: sb_str,
    findings_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("findings_out", findings_out)?;
        out.set(check(&FileSource::open(std::path::Path::new(args.text("path", path)?))?)?);
        Ok(())
    })
}

/// As sb_metadb_check(), of the bytes of a file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_metadb_check_bytes(
    bytes: sb_slice,
    findings_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("findings_out", findings_out)?;
        out.set(check(&args.bytes("bytes", bytes)?.to_vec())?);
        Ok(())
    })
}

/// Reads everything that can be read from a damaged file, and says what was lost or is doubtful: JSON as `stowbook metadb salvage`
/// prints it. The caller frees `*json_out` with sb_bytes_free().
///
/// Errors: as sb_metadb_check().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_metadb_salvage(
    path: sb_str,
    json_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("json_out", json_out)?;
        out.set(salvage(&FileSource::open(std::path::Path::new(args.text("path", path)?))?)?);
        Ok(())
    })
}

/// As sb_metadb_salvage(), of the bytes of a file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_metadb_salvage_bytes(
    bytes: sb_slice,
    json_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("json_out", json_out)?;
        out.set(salvage(&args.bytes("bytes", bytes)?.to_vec())?);
        Ok(())
    })
}

/// Takes records over from a database of containerd: of the `namespace_count` namespaces that are named, of all when none is; all
/// together, or nothing. With `dry_run` it only tells what it would do; with `keep_existing` records that the store has already
/// stay as they are, and are no conflict. `report_out` may be NULL; else it receives JSON as `stowbook metadb import -o json` prints
/// it, and the caller frees `*report_out` with sb_bytes_free().
///
/// Errors: SB_ERR_ALREADY_EXISTS for a record with another content; SB_ERR_FAILED_PRECONDITION for a value that a store cannot hold to the byte; SB_ERR_NOT_FOUND for
/// a namespace that is not there; SB_ERR_DATA_LOSS. Nothing was changed then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_store_import_metadb(
    store: *const sb_store,
    metadb: *const sb_metadb,
    namespaces: *const sb_str,
    namespace_count: usize,
    dry_run: bool,
    keep_existing: bool,
    report_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.optional_out(report_out);
        let store = args.handle("store", store)?;
        let metadb = args.handle("metadb", metadb)?;
        let namespaces = args.texts("namespaces", namespaces, namespace_count)?;
        let mut options = ImportOptions::default();
        options.namespaces = namespaces.into_iter().map(str::to_owned).collect();
        options.dry_run = dry_run;
        options.keep_existing = keep_existing;
        let report = json::write(&store.store().import_metadb(&metadb.metadb, &options)?)?;
        out.make(|| sb_bytes::owned(report.into_bytes()));
        Ok(())
    })
}
