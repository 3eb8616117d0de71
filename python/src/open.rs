//! What is open behind the classes, and how it is closed while threads work on it.

use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use stowbook::{Error, Result, Store};

/// Something open that can be closed. Operations hold it while they run, so that nothing of it is left when it has been
/// closed.
///
/// A process that was forked has a copy of it in its memory, but not the threads that may have been at work on it, and it
/// shares the lock of the file with its parent. So it is told to open the thing itself, and leaves what it inherited alone:
/// not even the destructors run there, which would write to the parent's file and end its lock.
pub(crate) struct Open<T> {
    /// What errors call it.
    what: &'static str,
    /// The process that opened it.
    process: u32,
    inner: RwLock<Option<T>>,
}

impl<T> Open<T> {
    pub(crate) fn new(what: &'static str, inner: T) -> Self {
        Open { what, process: std::process::id(), inner: RwLock::new(Some(inner)) }
    }

    /// Runs an operation, beside others.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&T) -> Result<R>) -> Result<R> {
        self.check_process()?;
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        work(inner.as_ref().ok_or_else(|| self.closed())?)
    }

    /// Runs an operation when no other does: threads that share it take turns.
    pub(crate) fn alone<R>(&self, work: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
        self.check_process()?;
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        work(inner.as_mut().ok_or_else(|| self.closed())?)
    }

    /// Waits for the operations that run, and lets go of it.
    pub(crate) fn close(&self) {
        self.close_after(|| ());
    }

    /// Waits for the operations that run, does what comes before the end, and lets go of it.
    fn close_after(&self, before: impl FnOnce()) {
        if !self.is_inherited() {
            let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
            before();
            *inner = None;
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_inherited() || self.inner.read().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    fn is_inherited(&self) -> bool {
        self.process != std::process::id()
    }

    fn check_process(&self) -> Result<()> {
        if !self.is_inherited() {
            return Ok(());
        }
        let what = self.what;
        Err(Error::failed_precondition(format!("the {what} was opened by the process that this one was forked from"))
            .with_detail("opened_by", self.process)
            .with_help("open it in this process, or start processes with the method spawn"))
    }

    fn closed(&self) -> Error {
        let what = self.what;
        Error::failed_precondition(format!("the {what} is closed")).with_help("open it again, or close it later")
    }
}

impl<T> Drop for Open<T> {
    fn drop(&mut self) {
        if self.is_inherited() {
            std::mem::forget(self.inner.get_mut().unwrap_or_else(PoisonError::into_inner).take());
        }
    }
}

/// What is closed with the store that it depends on.
trait Close: Send + Sync {
    fn close(&self);
}

impl<T: Send + Sync> Close for Open<T> {
    fn close(&self) {
        Open::close(self);
    }
}

const STORE: &str = "store";

/// A store, with what keeps it open.
pub(crate) struct Book {
    store: Open<Store>,
    /// Transactions and subscriptions.
    dependents: Mutex<Vec<Weak<dyn Close>>>,
}

impl Book {
    pub(crate) fn new(store: Store) -> Self {
        Book { store: Open::new(STORE, store), dependents: Mutex::default() }
    }

    pub(crate) fn with<T>(&self, work: impl FnOnce(&Store) -> Result<T>) -> Result<T> {
        self.store.with(work)
    }

    /// Opens something that depends on the store, and ends with it.
    pub(crate) fn open<T: Send + Sync + 'static>(
        &self,
        open: impl FnOnce(&Store) -> Result<T>,
    ) -> Result<Arc<Open<T>>> {
        self.with(|store| {
            let opened = Arc::new(Open::new(STORE, open(store)?));
            let dependent: Arc<dyn Close> = opened.clone();
            let mut dependents = self.dependents.lock().unwrap_or_else(PoisonError::into_inner);
            dependents.retain(|dependent| dependent.strong_count() > 0);
            dependents.push(Arc::downgrade(&dependent));
            Ok(opened)
        })
    }

    /// Waits for the operations that run, rolls back what is not committed, ends subscriptions, and lets the file go.
    pub(crate) fn close(&self) {
        self.store.close_after(|| {
            let dependents = std::mem::take(&mut *self.dependents.lock().unwrap_or_else(PoisonError::into_inner));
            for dependent in dependents.iter().filter_map(Weak::upgrade) {
                dependent.close();
            }
        });
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.store.is_closed()
    }
}
