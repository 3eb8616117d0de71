use super::access::Access;
use super::content::in_use::Pin;
use super::{Context, Events, InNamespace, Namespaces, Store, events};
use crate::model::Timestamp;
use crate::storage::{PendingTxn, Read, Txn};
use crate::{Error, Result};
use std::cell::RefCell;
use std::sync::{Mutex, PoisonError, TryLockError};

/// Several operations that take effect together, within a closure: see [`Store::write`].
pub struct WriteTxn<'a, 'b> {
    txn: RefCell<&'a mut Txn<'b>>,
    now: Timestamp,
    store: &'a Store,
    /// Bytes of content whose records are not durable yet.
    pins: &'a RefCell<Vec<Pin>>,
}

impl<'a, 'b> WriteTxn<'a, 'b> {
    pub(super) fn new(txn: &'a mut Txn<'b>, now: Timestamp, store: &'a Store, pins: &'a RefCell<Vec<Pin>>) -> Self {
        WriteTxn { txn: RefCell::new(txn), now, store, pins }
    }

    /// A namespace, to reach the records in it.
    pub fn namespace(&self, name: impl Into<String>) -> InNamespace<'_, Self> {
        InNamespace::new(self, Context::in_namespace(name))
    }

    /// The namespaces themselves.
    #[must_use]
    pub fn namespaces(&self) -> Namespaces<'_, Self> {
        Namespaces::new(self)
    }

    /// The event log, to publish to.
    #[must_use]
    pub fn events(&self) -> Events<'_, Self> {
        Events::new(self)
    }
}

impl Access for WriteTxn<'_, '_> {
    fn read<T>(&self, operation: impl FnOnce(&dyn Read) -> Result<T>) -> Result<T> {
        operation(&**self.txn.try_borrow().map_err(|_| busy())?)
    }

    fn write<T>(&self, operation: impl Fn(&mut Txn<'_>, Timestamp) -> Result<T>) -> Result<T> {
        self.txn.try_borrow_mut().map_err(|_| busy())?.savepoint(|txn| operation(txn, self.now))
    }

    fn random(&self, out: &mut [u8]) {
        self.store.host.random(out);
    }

    fn store(&self) -> &Store {
        self.store
    }

    fn keep(&self, pin: Pin) {
        self.pins.borrow_mut().push(pin);
    }
}

/// Several operations that take effect together, through a handle that may wait for a user: see [`Store::begin`].
///
/// It sees the book as it was when it began, and its own changes. It holds no lock; [`commit`](Transaction::commit) fails
/// with `Aborted` when something that it read or changed was changed meanwhile. Dropping it drops its changes.
///
/// ```
/// use stowbook::{ErrorKind, Store, model::Container};
/// let store = Store::in_memory();
/// let transaction = store.begin()?;
/// transaction.namespace("default").containers().create(&Container::new("web", "runc"))?;
/// assert!(store.namespace("default").containers().list(&[""])?.is_empty());
/// transaction.commit()?;
/// assert_eq!(store.namespace("default").containers().list(&[""])?.len(), 1);
/// # Ok::<(), stowbook::Error>(())
/// ```
pub struct Transaction {
    store: Store,
    pending: Mutex<Option<PendingTxn>>,
    /// Bytes of content whose records are not durable yet.
    pins: Mutex<Vec<Pin>>,
}

impl Transaction {
    pub(super) fn new(store: Store, pending: PendingTxn) -> Self {
        Transaction { store, pending: Mutex::new(Some(pending)), pins: Mutex::default() }
    }

    /// A namespace, to reach the records in it.
    pub fn namespace(&self, name: impl Into<String>) -> InNamespace<'_, Self> {
        InNamespace::new(self, Context::in_namespace(name))
    }

    /// The namespaces themselves.
    #[must_use]
    pub fn namespaces(&self) -> Namespaces<'_, Self> {
        Namespaces::new(self)
    }

    /// The event log, to publish to.
    #[must_use]
    pub fn events(&self) -> Events<'_, Self> {
        Events::new(self)
    }

    /// Makes the changes durable, all together, and ends the transaction.
    ///
    /// # Errors
    /// `Aborted` when something that it rests on was changed meanwhile: begin again. `FailedPrecondition` when it has
    /// ended. Nothing was changed then. What the storage gives, as [`Store::write`].
    pub fn commit(&self) -> Result<()> {
        let pending = self.lock()?.take().ok_or_else(ended)?;
        let result = self.store.book.commit(&pending, |txn| events::append(txn, self.store.retained_events));
        self.unpin();
        result
    }

    /// Drops the changes and ends the transaction. A second call does nothing.
    ///
    /// # Errors
    /// `FailedPrecondition` while an operation of it is running.
    pub fn rollback(&self) -> Result<()> {
        *self.lock()? = None;
        self.unpin();
        Ok(())
    }

    fn unpin(&self) {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn lock(&self) -> Result<std::sync::MutexGuard<'_, Option<PendingTxn>>> {
        match self.pending.try_lock() {
            Ok(guard) => Ok(guard),
            Err(TryLockError::Poisoned(poisoned)) => {
                // An operation panicked and took what the transaction had with it.
                let mut guard = poisoned.into_inner();
                *guard = None;
                Ok(guard)
            }
            Err(TryLockError::WouldBlock) => Err(busy()),
        }
    }

    fn run<T>(&self, operation: impl FnOnce(&mut Txn<'_>) -> Result<T>) -> Result<T> {
        self.lock()?.as_mut().ok_or_else(ended)?.run(operation)
    }
}

impl Access for Transaction {
    fn read<T>(&self, operation: impl FnOnce(&dyn Read) -> Result<T>) -> Result<T> {
        self.run(|txn| operation(txn))
    }

    fn write<T>(&self, operation: impl Fn(&mut Txn<'_>, Timestamp) -> Result<T>) -> Result<T> {
        let now = self.store.host.now();
        self.run(|txn| operation(txn, now))
    }

    fn random(&self, out: &mut [u8]) {
        self.store.host.random(out);
    }

    fn store(&self) -> &Store {
        &self.store
    }

    fn keep(&self, pin: Pin) {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner).push(pin);
    }
}

fn busy() -> Error {
    Error::failed_precondition("another operation of this transaction is running")
        .with_help("run one operation at a time; collect a list before you change what it shows")
}

fn ended() -> Error {
    Error::failed_precondition("the transaction has ended").with_help("begin another")
}
