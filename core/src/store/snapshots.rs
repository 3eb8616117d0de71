//! Snapshots: the book's records of them. What can be done with them stands here, the rules in `rules`, how they are stored
//! in `record`. What they are made of is the business of a [`Snapshotter`](crate::snapshot::Snapshotter).

pub(super) mod links;
pub(super) mod record;
pub(super) mod rules;

pub(super) use rules::clean_up;
pub(crate) use rules::concluded_kind;
pub(super) use rules::keep;
#[cfg(feature = "bolt")]
pub(crate) use rules::missing as no_such_snapshot;
#[cfg(feature = "bolt")]
pub(super) use rules::{find_backend_name, import_sequence, inherited};

use super::access::Access;
use super::{Context, InNamespace};
use crate::filter::Filter;
use crate::model::{Labels, Mount, Snapshot, SnapshotKind, Usage};
use crate::snapshot::{self, MetadataOnly, Snapshotter};
use crate::{Error, ErrorKind, Result};
use rules::Place;
use std::sync::Arc;

/// What a snapshot is made or committed as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CreateSnapshot {
    /// The snapshot below, which is committed; empty for none. For a commit: what to put it on if it stands on nothing.
    pub parent: String,
    /// The labels. `containerd.io/snapshot.ref` and those below `containerd.io/snapshot/` are the snapshotter's too.
    pub labels: Labels,
}

/// Where snapshots are kept. Each operation names a snapshotter; its errors are `InvalidArgument` without one, or for one
/// that is not there. Source: containerd-metadata §6.3.
pub trait SnapshotStore {
    /// The record of a snapshot, with its kind.
    ///
    /// # Errors
    /// `NotFound`.
    fn get_snapshot(&self, context: &Context, snapshotter: &str, key: &str) -> Result<Snapshot>;

    /// The records that any of `filters` selects (no filter: all), in byte order of their keys. What the snapshotter does
    /// not know is left out.
    ///
    /// # Errors
    /// `Unknown` for a filter that cannot be read and for a wrong namespace: containerd loses the class.
    fn list_snapshots(&self, context: &Context, snapshotter: &str, filters: &[&[u8]]) -> Result<Vec<Snapshot>>;

    /// Makes a snapshot to write to, and tells how to mount it. The lease of the context holds it, also when it exists.
    ///
    /// # Errors
    /// `AlreadyExists`; `NotFound` for the parent or the lease; `InvalidArgument` for a label that is too large and a parent
    /// that is not committed; `Unknown` for an empty key and a label without a key. The number of the snapshot's name is
    /// used up, and the namespace made, if only the snapshotter or the lease refused.
    fn prepare_snapshot(
        &self,
        context: &Context,
        snapshotter: &str,
        key: &str,
        create: &CreateSnapshot,
    ) -> Result<Vec<Mount>>;

    /// Makes a snapshot to look at, and tells how to mount it.
    ///
    /// # Errors
    /// As [`prepare_snapshot`](SnapshotStore::prepare_snapshot).
    fn view_snapshot(
        &self,
        context: &Context,
        snapshotter: &str,
        key: &str,
        create: &CreateSnapshot,
    ) -> Result<Vec<Mount>>;

    /// Finishes the active snapshot `key` as `name`. Its labels are not inherited.
    ///
    /// # Errors
    /// `AlreadyExists` for the name (the lease of the context holds it then); `NotFound`, also while the snapshotter has
    /// never been used in the namespace; `FailedPrecondition` for a view; as
    /// [`prepare_snapshot`](SnapshotStore::prepare_snapshot) for labels.
    fn commit_snapshot(
        &self,
        context: &Context,
        snapshotter: &str,
        name: &str,
        key: &str,
        commit: &CreateSnapshot,
    ) -> Result<()>;

    /// Changes the labels that `fields` names (none: all) to what `snapshot` says, and gives the record back. Paths:
    /// `labels`, `labels.‹key›`.
    ///
    /// # Errors
    /// `NotFound`; `InvalidArgument` for an empty name, a path that cannot be changed or a label that is too large;
    /// `Unknown` for a label without a key.
    fn update_snapshot(
        &self,
        context: &Context,
        snapshotter: &str,
        snapshot: &Snapshot,
        fields: &[&str],
    ) -> Result<Snapshot>;

    /// Removes a snapshot.
    ///
    /// # Errors
    /// `NotFound`; `FailedPrecondition` for one that others stand on.
    fn remove_snapshot(&self, context: &Context, snapshotter: &str, key: &str) -> Result<()>;

    /// How a snapshot is mounted.
    ///
    /// # Errors
    /// `NotFound`; `FailedPrecondition` for a committed one.
    fn mount_snapshot(&self, context: &Context, snapshotter: &str, key: &str) -> Result<Vec<Mount>>;

    /// What a snapshot takes.
    ///
    /// # Errors
    /// `NotFound`.
    fn snapshot_usage(&self, context: &Context, snapshotter: &str, key: &str) -> Result<Usage>;
}

/// The place of an operation: the snapshotter is looked for first, then the namespace checked.
/// The snapshotter of this name. One that is not known here, but of which snapshots were imported, is one without files.
fn backend<A: Access>(access: &A, name: &str) -> Result<Arc<dyn Snapshotter>> {
    match access.store().backends.snapshotter(name) {
        Err(_) if !name.is_empty() && access.read(|read| snapshot::is_kept(read, name))? => {
            Ok(Arc::new(MetadataOnly::native().named(name)))
        }
        result => result,
    }
}

fn place<'a, A: Access>(access: &'a A, context: &'a Context, snapshotter: &'a str) -> Result<Place<'a>> {
    let backend = backend(access, snapshotter)?;
    Ok(Place { namespace: context.require_namespace()?, lease: context.lease.as_deref(), snapshotter, backend })
}

fn create<A: Access>(
    access: &A,
    context: &Context,
    snapshotter: &str,
    key: &str,
    kind: SnapshotKind,
    create: &CreateSnapshot,
) -> Result<Vec<Mount>> {
    let place = place(access, context, snapshotter)?;
    super::labels::validate_info(&create.labels)?;
    let snapshot = Snapshot {
        name: key.to_owned(),
        parent: create.parent.clone(),
        kind,
        labels: create.labels.clone(),
        ..Snapshot::default()
    };
    access.write(|txn, now| rules::create(txn, &place, &snapshot, now))?
}

impl<A: Access> SnapshotStore for A {
    fn get_snapshot(&self, context: &Context, snapshotter: &str, key: &str) -> Result<Snapshot> {
        let place = place(self, context, snapshotter)?;
        self.read(|read| rules::get(read, &place, key))
    }

    fn list_snapshots(&self, context: &Context, snapshotter: &str, filters: &[&[u8]]) -> Result<Vec<Snapshot>> {
        // The service forgets to convert the errors of the walk, so their class is lost; not so that of a snapshotter.
        backend(self, snapshotter)?;
        let lost = |error: Error| error.with_kind(ErrorKind::Unknown);
        let place = place(self, context, snapshotter).map_err(lost)?;
        let filter = Filter::parse(filters).map_err(lost)?;
        self.read(|read| rules::list(read, &place, &filter))
    }

    fn prepare_snapshot(
        &self,
        context: &Context,
        snapshotter: &str,
        key: &str,
        prepare: &CreateSnapshot,
    ) -> Result<Vec<Mount>> {
        create(self, context, snapshotter, key, SnapshotKind::Active, prepare)
    }

    fn view_snapshot(
        &self,
        context: &Context,
        snapshotter: &str,
        key: &str,
        view: &CreateSnapshot,
    ) -> Result<Vec<Mount>> {
        create(self, context, snapshotter, key, SnapshotKind::View, view)
    }

    fn commit_snapshot(
        &self,
        context: &Context,
        snapshotter: &str,
        name: &str,
        key: &str,
        commit: &CreateSnapshot,
    ) -> Result<()> {
        let place = place(self, context, snapshotter)?;
        super::labels::validate_info(&commit.labels)?;
        self.write(|txn, now| rules::commit(txn, &place, name, key, commit, now))?
    }

    fn update_snapshot(
        &self,
        context: &Context,
        snapshotter: &str,
        snapshot: &Snapshot,
        fields: &[&str],
    ) -> Result<Snapshot> {
        let place = place(self, context, snapshotter)?;
        if snapshot.name.is_empty() {
            return Err(Error::new(ErrorKind::InvalidArgument, "invalid argument").with_help("name the snapshot"));
        }
        self.write(|txn, now| rules::update(txn, &place, snapshot, fields, now))
    }

    fn remove_snapshot(&self, context: &Context, snapshotter: &str, key: &str) -> Result<()> {
        let place = place(self, context, snapshotter)?;
        self.write(|txn, now| rules::remove(txn, &place, key, now))
    }

    fn mount_snapshot(&self, context: &Context, snapshotter: &str, key: &str) -> Result<Vec<Mount>> {
        let place = place(self, context, snapshotter)?;
        self.read(|read| place.backend.mounts(read, &rules::backend_name(read, &place, key)?))
    }

    fn snapshot_usage(&self, context: &Context, snapshotter: &str, key: &str) -> Result<Usage> {
        let place = place(self, context, snapshotter)?;
        self.read(|read| place.backend.usage(read, &rules::backend_name(read, &place, key)?))
    }
}

impl<'a, S: ?Sized> InNamespace<'a, S> {
    /// The snapshots of this snapshotter in it.
    #[must_use]
    pub fn snapshots(&self, snapshotter: impl Into<String>) -> Snapshots<'a, S> {
        Snapshots { place: self.place, context: self.context.clone(), snapshotter: snapshotter.into() }
    }
}

/// The snapshots of a snapshotter in a namespace.
pub struct Snapshots<'a, S: ?Sized> {
    place: &'a S,
    context: Context,
    snapshotter: String,
}

impl<S: SnapshotStore + ?Sized> Snapshots<'_, S> {
    /// The record of a snapshot, with its kind.
    ///
    /// # Errors
    /// As [`SnapshotStore::get_snapshot`].
    pub fn get(&self, key: &str) -> Result<Snapshot> {
        self.place.get_snapshot(&self.context, &self.snapshotter, key)
    }

    /// The records that any of the filters selects (no filter: all), in byte order of their keys.
    ///
    /// # Errors
    /// As [`SnapshotStore::list_snapshots`].
    pub fn list<F: AsRef<[u8]>>(&self, filters: &[F]) -> Result<Vec<Snapshot>> {
        let filters: Vec<&[u8]> = filters.iter().map(AsRef::as_ref).collect();
        self.place.list_snapshots(&self.context, &self.snapshotter, &filters)
    }

    /// Makes a snapshot to write to, and tells how to mount it.
    ///
    /// # Errors
    /// As [`SnapshotStore::prepare_snapshot`].
    ///
    /// ```
    /// # use stowbook::{CreateSnapshot, Store, model::SnapshotKind};
    /// let store = Store::in_memory();
    /// let snapshots = store.namespace("default").snapshots("overlayfs");
    /// snapshots.prepare("unpack", &CreateSnapshot::default())?;
    /// snapshots.commit("layer", "unpack", &CreateSnapshot::default())?;
    ///
    /// let mut on_layer = CreateSnapshot::default();
    /// on_layer.parent = "layer".to_owned();
    /// assert_eq!(snapshots.prepare("web", &on_layer)?[0].kind, "overlay");
    /// assert_eq!(snapshots.get("layer")?.kind, SnapshotKind::Committed);
    /// # Ok::<(), stowbook::Error>(())
    /// ```
    pub fn prepare(&self, key: &str, create: &CreateSnapshot) -> Result<Vec<Mount>> {
        self.place.prepare_snapshot(&self.context, &self.snapshotter, key, create)
    }

    /// Makes a snapshot to look at, and tells how to mount it.
    ///
    /// # Errors
    /// As [`SnapshotStore::view_snapshot`].
    pub fn view(&self, key: &str, create: &CreateSnapshot) -> Result<Vec<Mount>> {
        self.place.view_snapshot(&self.context, &self.snapshotter, key, create)
    }

    /// Finishes the active snapshot `key` as `name`.
    ///
    /// # Errors
    /// As [`SnapshotStore::commit_snapshot`].
    pub fn commit(&self, name: &str, key: &str, commit: &CreateSnapshot) -> Result<()> {
        self.place.commit_snapshot(&self.context, &self.snapshotter, name, key, commit)
    }

    /// Changes the labels with these paths to what `snapshot` says (no path: all labels), and gives the record back.
    ///
    /// # Errors
    /// As [`SnapshotStore::update_snapshot`].
    pub fn update(&self, snapshot: &Snapshot, fields: &[&str]) -> Result<Snapshot> {
        self.place.update_snapshot(&self.context, &self.snapshotter, snapshot, fields)
    }

    /// Removes a snapshot.
    ///
    /// # Errors
    /// As [`SnapshotStore::remove_snapshot`].
    pub fn remove(&self, key: &str) -> Result<()> {
        self.place.remove_snapshot(&self.context, &self.snapshotter, key)
    }

    /// How a snapshot is mounted.
    ///
    /// # Errors
    /// As [`SnapshotStore::mount_snapshot`].
    pub fn mounts(&self, key: &str) -> Result<Vec<Mount>> {
        self.place.mount_snapshot(&self.context, &self.snapshotter, key)
    }

    /// What a snapshot takes.
    ///
    /// # Errors
    /// As [`SnapshotStore::snapshot_usage`].
    pub fn usage(&self, key: &str) -> Result<Usage> {
        self.place.snapshot_usage(&self.context, &self.snapshotter, key)
    }
}
