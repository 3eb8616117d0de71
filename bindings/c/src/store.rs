//! Books, and transactions on them.

use crate::entry::{Entry, Handle};
use crate::error::sb_error;
use crate::namespace::sb_namespace;
use crate::namespaces::sb_namespaces;
use crate::status::sb_status;
use crate::value::sb_str;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use stowbook_core::{Store, SystemHost, Transaction};

/// An open book of container metadata. Any number of threads may use it at once.
///
/// The book is closed when this handle and all that were made from it (transactions, namespaces) are freed, in any order.
pub struct sb_store {
    store: Arc<Store>,
    poisoned: Arc<AtomicBool>,
}

/// Several operations that take effect together, or not at all. It sees the book as it was when it began, and its own
/// changes. It holds no lock. Any number of threads may use it, but one operation runs at a time: a second one is refused.
pub struct sb_txn {
    transaction: Arc<Transaction>,
    poisoned: Arc<AtomicBool>,
}

impl Handle for sb_store {
    fn poisoned(&self) -> &AtomicBool {
        &self.poisoned
    }
}

impl Handle for sb_txn {
    fn poisoned(&self) -> &AtomicBool {
        &self.poisoned
    }
}

impl Drop for sb_txn {
    fn drop(&mut self) {
        // Namespaces of it may still be held: they are to find that it has ended. While one of them runs an operation this
        // fails, and the changes go with the last of them.
        let _ = self.transaction.rollback();
    }
}

impl sb_store {
    pub(crate) fn new(store: Store) -> Self {
        sb_store { store: Arc::new(store), poisoned: Arc::default() }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn poison(&self) -> &Arc<AtomicBool> {
        &self.poisoned
    }
}

/// Opens the book in the file at `path`; where there is none, makes one. The caller frees `*store_out` with sb_store_free().
///
/// Errors: SB_ERR_UNAVAILABLE when the book is open already, here or in another process; SB_ERR_DATA_LOSS when it is
/// damaged; SB_ERR_FAILED_PRECONDITION when it is a directory, a database of containerd (see sb_metadb_open()), or was written
/// by a newer stowbook; SB_ERR_NOT_FOUND when its folder is missing; SB_ERR_PERMISSION_DENIED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_store_open(
    path: sb_str,
    store_out: *mut *mut sb_store,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("store_out", store_out)?;
        out.give(sb_store::new(Store::open(args.text("path", path)?)?));
        Ok(())
    })
}

/// Makes an empty book in memory, which is gone when it is closed. The caller frees `*store_out` with sb_store_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_store_open_memory(
    store_out: *mut *mut sb_store,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("store_out", store_out)?;
        out.give(sb_store::new(Store::in_memory_with(Arc::new(SystemHost))));
        Ok(())
    })
}

/// Reaches the records in a namespace, which need not exist. Nothing is read, and the name is checked by each operation. The
/// caller frees `*namespace_out` with sb_namespace_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_store_namespace(
    store: *const sb_store,
    name: sb_str,
    namespace_out: *mut *mut sb_namespace,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("namespace_out", namespace_out)?;
        let store = args.handle("store", store)?;
        let name = args.text("name", name)?;
        out.give(sb_namespace::new(Arc::<Store>::clone(&store.store), name, &store.poisoned));
        Ok(())
    })
}

/// Reaches the namespaces themselves. The caller frees `*namespaces_out` with sb_namespaces_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_store_namespaces(
    store: *const sb_store,
    namespaces_out: *mut *mut sb_namespaces,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("namespaces_out", namespaces_out)?;
        let store = args.handle("store", store)?;
        out.give(sb_namespaces::new(Arc::<Store>::clone(&store.store), &store.poisoned));
        Ok(())
    })
}

/// Frees a store. The book stays open until what was made from the store is freed too. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_store_free(store: *mut sb_store) {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.free(store);
}

/// Begins a transaction. The caller frees `*txn_out` with sb_txn_free(), after sb_txn_commit() or sb_txn_rollback() too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_txn_begin(
    store: *const sb_store,
    txn_out: *mut *mut sb_txn,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("txn_out", txn_out)?;
        let store = args.handle("store", store)?;
        let transaction = Arc::new(store.store.begin()?);
        out.give(sb_txn { transaction, poisoned: Arc::clone(&store.poisoned) });
        Ok(())
    })
}

/// Reaches the records in a namespace as the transaction sees them: as sb_store_namespace(). When the transaction has ended,
/// operations fail with SB_ERR_FAILED_PRECONDITION. The caller frees `*namespace_out` with sb_namespace_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_txn_namespace(
    txn: *const sb_txn,
    name: sb_str,
    namespace_out: *mut *mut sb_namespace,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("namespace_out", namespace_out)?;
        let txn = args.handle("txn", txn)?;
        let name = args.text("name", name)?;
        out.give(sb_namespace::new(Arc::clone(&txn.transaction) as _, name, &txn.poisoned));
        Ok(())
    })
}

/// Reaches the namespaces themselves as the transaction sees them. The caller frees `*namespaces_out` with
/// sb_namespaces_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_txn_namespaces(
    txn: *const sb_txn,
    namespaces_out: *mut *mut sb_namespaces,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("namespaces_out", namespaces_out)?;
        let txn = args.handle("txn", txn)?;
        out.give(sb_namespaces::new(Arc::clone(&txn.transaction) as _, &txn.poisoned));
        Ok(())
    })
}

/// Makes the changes durable, all together, and ends the transaction.
///
/// Errors: SB_ERR_ABORTED when something that it read or changed was changed meanwhile (it has ended, begin another);
/// SB_ERR_FAILED_PRECONDITION when it has ended, or one of its operations is running. Nothing was changed then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_txn_commit(txn: *const sb_txn, error_out: *mut *mut sb_error) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| args.handle("txn", txn)?.transaction.commit())
}

/// Drops the changes and ends the transaction. When it has ended, this does nothing.
///
/// Errors: SB_ERR_FAILED_PRECONDITION while one of its operations is running.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_txn_rollback(txn: *const sb_txn, error_out: *mut *mut sb_error) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| args.handle("txn", txn)?.transaction.rollback())
}

/// Frees a transaction. One that has not ended drops its changes. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_txn_free(txn: *mut sb_txn) {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.free(txn);
}
