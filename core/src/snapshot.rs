//! What snapshotters do for the book. What the book itself knows about snapshots is in [`crate::SnapshotStore`].

mod metadata_only;

pub use metadata_only::MetadataOnly;
#[cfg(feature = "bolt")]
pub(crate) use metadata_only::backing_key;
pub(crate) use metadata_only::{adopt, check_value, is_kept, kept};

use crate::Result;
use crate::model::{Labels, Mount, Snapshot, SnapshotKind, Timestamp, Usage};
use crate::storage::{Read, Txn};
use std::fmt::Debug;
use std::ops::ControlFlow;

/// Keeps snapshots: which is on which, what kind each is, how it is mounted. It knows nothing of namespaces or leases; its
/// names are those that the book gives (`‹namespace›/‹number›/‹key›`).
///
/// What it keeps, it keeps in the book, through the transaction that it is given: so whatever fails leaves nothing behind,
/// and it may be run again.
pub trait Snapshotter: Send + Sync + Debug {
    /// Makes a snapshot to write to (`kind` is `Active`) or to look at (`View`), and tells how to mount it. `snapshot` has
    /// its name, the name of the committed snapshot below it, if there is one, and the labels that are the snapshotter's.
    ///
    /// # Errors
    /// `AlreadyExists` for the name; `NotFound` for the parent; `InvalidArgument` for a parent that is not committed.
    fn create(&self, txn: &mut Txn<'_>, snapshot: &Snapshot, now: Timestamp) -> Result<Vec<Mount>>;

    /// Finishes an active snapshot, under another name and with these labels. `parent` is what it is put on if it stands on
    /// nothing.
    ///
    /// # Errors
    /// `AlreadyExists` for the new name; `NotFound`; `FailedPrecondition` for a snapshot that is not active.
    fn commit(&self, txn: &mut Txn<'_>, name: &str, commit: &CommitActive<'_>, now: Timestamp) -> Result<()>;

    /// What is known of a snapshot.
    ///
    /// # Errors
    /// `NotFound`.
    fn stat(&self, read: &dyn Read, name: &str) -> Result<Snapshot>;

    /// Changes the labels that `fields` names (none: all).
    ///
    /// # Errors
    /// `NotFound`; `InvalidArgument` for a path that cannot be changed.
    fn update(
        &self,
        txn: &mut Txn<'_>,
        name: &str,
        labels: &Labels,
        fields: &[&str],
        now: Timestamp,
    ) -> Result<Snapshot>;

    /// Removes a snapshot. What stands on it, if anything does, is removed as well, before or after.
    ///
    /// # Errors
    /// `NotFound`.
    fn remove(&self, txn: &mut Txn<'_>, name: &str) -> Result<()>;

    /// Shows all snapshots to `visit`, in byte order of their names, until it breaks.
    ///
    /// # Errors
    /// What `visit` gives.
    fn walk(&self, read: &dyn Read, visit: &mut dyn FnMut(Snapshot) -> Result<ControlFlow<()>>) -> Result<()>;

    /// How a snapshot is mounted.
    ///
    /// # Errors
    /// `NotFound`; `FailedPrecondition` for a committed snapshot.
    fn mounts(&self, read: &dyn Read, name: &str) -> Result<Vec<Mount>>;

    /// What a snapshot takes.
    ///
    /// # Errors
    /// `NotFound`.
    fn usage(&self, read: &dyn Read, name: &str) -> Result<Usage>;
}

/// What [`Snapshotter::commit`] makes a committed snapshot of.
#[derive(Clone, Copy, Debug)]
pub struct CommitActive<'a> {
    /// The name of the active snapshot. It is gone afterwards.
    pub active: &'a str,
    /// The labels of the committed one. Those of the active one are not inherited.
    pub labels: &'a Labels,
    /// The committed snapshot to put it on if it stands on nothing; empty for none.
    pub parent: &'a str,
}

/// Whether a kind of snapshot can be made; the others come about.
pub(crate) fn can_be_made(kind: SnapshotKind) -> bool {
    matches!(kind, SnapshotKind::Active | SnapshotKind::View)
}
