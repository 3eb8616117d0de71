//! What is open behind a `Store`, and how it is closed while threads work on it.

use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use stowbook::{Error, Result, Store, Transaction};

/// A store that can be closed. Operations hold it while they run, so that nothing of it is left when it has been closed.
pub(crate) struct Book {
    store: RwLock<Option<Store>>,
    /// Transactions keep the store open, so closing ends them.
    transactions: Mutex<Vec<Weak<OpenTransaction>>>,
}

impl Book {
    pub(crate) fn new(store: Store) -> Self {
        Book { store: RwLock::new(Some(store)), transactions: Mutex::default() }
    }

    pub(crate) fn with<T>(&self, work: impl FnOnce(&Store) -> Result<T>) -> Result<T> {
        let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
        work(store.as_ref().ok_or_else(closed)?)
    }

    pub(crate) fn begin(&self) -> Result<Arc<OpenTransaction>> {
        self.with(|store| {
            let transaction = Arc::new(OpenTransaction(Mutex::new(Some(store.begin()?))));
            let mut transactions = self.transactions.lock().unwrap_or_else(PoisonError::into_inner);
            transactions.retain(|transaction| transaction.strong_count() > 0);
            transactions.push(Arc::downgrade(&transaction));
            Ok(transaction)
        })
    }

    /// Waits for the operations that run, rolls back what is not committed, and lets the file go.
    pub(crate) fn close(&self) {
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        let transactions = std::mem::take(&mut *self.transactions.lock().unwrap_or_else(PoisonError::into_inner));
        for transaction in transactions.iter().filter_map(Weak::upgrade) {
            transaction.close();
        }
        *store = None;
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.store.read().unwrap_or_else(PoisonError::into_inner).is_none()
    }
}

/// A transaction of a store that can be closed. Threads that share it take turns.
pub(crate) struct OpenTransaction(Mutex<Option<Transaction>>);

impl OpenTransaction {
    pub(crate) fn with<T>(&self, work: impl FnOnce(&Transaction) -> Result<T>) -> Result<T> {
        let transaction = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(transaction.as_ref().ok_or_else(closed)?)
    }

    fn close(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn closed() -> Error {
    Error::failed_precondition("the store is closed").with_help("open it again, or close it later")
}
