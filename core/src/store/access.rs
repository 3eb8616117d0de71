use super::Store;
use super::containers::SharedContainers;
use super::content::in_use::Pin;
use crate::Result;
use crate::model::Timestamp;
use crate::storage::{Read, Txn};

/// How operations reach a book: each in a transaction of its own ([`super::Store`]), in a transaction that a closure runs
/// in ([`super::WriteTxn`]), or in one that outlives the call ([`super::Transaction`]). What they do is the same.
pub trait Access {
    /// Runs a reading operation.
    ///
    /// # Errors
    /// What it gives, and what the place gives.
    fn read<T>(&self, operation: impl FnOnce(&dyn Read) -> Result<T>) -> Result<T>;

    /// Runs a writing operation, which gets the time. When it fails, nothing of it stays. It may run more than once.
    ///
    /// # Errors
    /// What it gives, and what the place gives.
    fn write<T>(&self, operation: impl Fn(&mut Txn<'_>, Timestamp) -> Result<T>) -> Result<T>;

    /// Fills `out` with bytes that nobody can guess. Asked outside of [`write`](Access::write), which may run twice.
    fn random(&self, out: &mut [u8]);

    /// The store that this is, or works on.
    fn store(&self) -> &Store;

    /// The records that readers share. What is read within a transaction is its own.
    fn shared_containers(&self) -> Option<&SharedContainers> {
        None
    }

    /// Keeps the bytes of a blob until its record, which was written here, is durable. [`write`](Access::write) of a store
    /// has made it so.
    fn keep(&self, _pin: Pin) {}

    /// Lets the stores of bytes that lie below the book drop what it knows no more, after a collection. Nothing lies below a
    /// transaction.
    ///
    /// # Errors
    /// What those stores give.
    fn clean_up(&self) -> Result<()> {
        Ok(())
    }

    /// Tells of a change under this namespace, once it is durable. Inside a transaction nobody is told
    /// (containerd-metadata §11.2).
    ///
    /// # Errors
    /// `Unknown` when the name is no name to publish under: containerd says so, although the change was made (§2.5).
    fn publish(&self, _namespace: &str) -> Result<()> {
        Ok(())
    }
}
