//! The key-value engine below the stores: ordered keys and values, snapshots, atomic durable commits.
//!
//! An engine implements [`Storage`] and [`Snapshot`], five methods in all. Everything else is written once above them:
//! write-sets and the overlay they make ([`Txn`]), the checksum of every value, and the book that lets many writers share
//! a durable commit ([`Book`]). Keys are drawn in [`layout`].

mod book;
pub mod layout;
mod memory;
mod read_log;
#[cfg(feature = "redb")]
mod redb;
mod seal;
#[cfg(test)]
mod suite;
mod txn;
mod watch;
mod write_set;

pub use book::Book;
pub(crate) use book::PendingTxn;
pub use memory::MemoryStorage;
#[cfg(feature = "redb")]
pub use redb::RedbStorage;
#[cfg(feature = "file")]
pub use redb::{OpenOptions, RestoreOptions, restore};
#[cfg(feature = "file")]
pub(crate) use redb::{backup, io_error};
pub(crate) use seal::{seal, unseal};
pub use txn::{Read, Txn};
pub(crate) use watch::WatchCommits;
pub use write_set::WriteSet;

use crate::Result;
use std::fmt::Debug;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A place that keeps ordered keys and values.
///
/// Keys and values are bytes; keys are ordered by unsigned bytes and unique. One process at a time writes to a place.
/// A later engine that several processes write to (etcd) answers [`commit`](Storage::commit) with
/// [`ErrorKind::Aborted`](crate::ErrorKind::Aborted) when another was faster; the operation then runs again.
pub trait Storage: Send + Sync + Debug {
    /// The state after the last commit that succeeded. It never changes, and holding it never makes a writer wait.
    ///
    /// # Errors
    /// `Unavailable` when the place is lost, `DataLoss` when it is damaged.
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>>;

    /// Applies all of `writes` or nothing. When it returns `Ok`, the writes survive a crash of the process and of the
    /// machine (as far as the place is durable at all), and every later snapshot shows them.
    ///
    /// # Errors
    /// Nothing was applied, unless the error's kind is `Unknown`: then the place failed in the middle of a sync and cannot
    /// tell. `ResourceExhausted` for a full disk, `Unavailable` for a place that is lost.
    fn commit(&self, writes: &WriteSet) -> Result<()>;

    /// Whether a commit waits for a device or another process, so that it is worth a thread of its own.
    fn waits(&self) -> bool {
        true
    }

    /// Whether nobody else writes to the place while this has it open. Only then readers share what they have read.
    fn is_exclusive(&self) -> bool {
        true
    }

    /// Checks the engine's own structures. Each string tells of one problem.
    ///
    /// # Errors
    /// When the check itself cannot be made.
    fn check(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// Gives unused space back. Fails while snapshots are held.
    ///
    /// # Errors
    /// `FailedPrecondition` when snapshots are held, and what [`commit`](Storage::commit) gives.
    fn compact(&self) -> Result<()> {
        Ok(())
    }
}

/// One state of a [`Storage`].
pub trait Snapshot: Send + Sync {
    /// Shows the value of `key` to `found`, or answers `false` without calling it.
    ///
    /// # Errors
    /// What `found` gives; `DataLoss` or `Unavailable` from the place.
    fn get(&self, key: &[u8], found: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<bool>;

    /// Shows the keys from `start` on and before `end` (no end: all) with their values to `visit`, in ascending order,
    /// until it breaks.
    ///
    /// # Errors
    /// What `visit` gives; `DataLoss` or `Unavailable` from the place.
    fn scan(&self, start: &[u8], end: Option<&[u8]>, visit: &mut Visit<'_>) -> Result<()>;
}

/// What is called with each key and value of a scan.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>> + 'a;
