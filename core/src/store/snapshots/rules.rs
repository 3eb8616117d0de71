//! Snapshots: containerd's rules for their records, in containerd's order. Source: containerd-metadata §6.3.

use super::{CreateSnapshot, record};
use crate::filter::{Adaptor, Filter, join_path};
use crate::model::{Labels, Mount, Snapshot, SnapshotKind, Timestamp};
use crate::proto::generated::containerd::events::{SnapshotCommit, SnapshotPrepare, SnapshotRemove};
use crate::proto::generated::containerd::services::snapshots::v1 as proto;
use crate::snapshot::{self, CommitActive, MetadataOnly, Snapshotter};
use crate::storage::layout::{self, Space};
use crate::storage::{Read, Txn};
use crate::store::backends::Backends;
use crate::store::namespaces::{self, Kind};
use crate::store::{events, labels, leases};
use crate::text::quote;
use crate::{Error, ErrorKind, Result};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

/// The label that names the snapshot which a prepared one will become, for snapshotters that may have it already.
pub(in crate::store) const TARGET_LABEL: &str = "containerd.io/snapshot.ref";

/// Labels that begin with this are the snapshotter's too.
const INHERITED_PREFIX: &str = "containerd.io/snapshot/";

/// Where an operation works, and for whom.
pub(super) struct Place<'a> {
    pub(super) namespace: &'a str,
    pub(super) lease: Option<&'a str>,
    pub(super) snapshotter: &'a str,
    pub(super) backend: Arc<dyn Snapshotter>,
}

impl Place<'_> {
    fn key(&self, key: &str) -> Vec<u8> {
        snapshot_key(self.namespace, self.snapshotter, key)
    }

    fn child_key(&self, parent: &str, key: &str) -> Vec<u8> {
        let parts = [self.namespace, self.snapshotter, parent, key].map(str::as_bytes);
        layout::key(Space::SnapshotChild, &parts)
    }

    fn sequence_key(&self) -> Vec<u8> {
        layout::key(Space::Sequence, &[self.namespace.as_bytes(), self.snapshotter.as_bytes()])
    }

    fn load(&self, read: &dyn Read, key: &str) -> Result<Option<Snapshot>> {
        read.decode(&self.key(key), record::decode)
    }

    fn find(&self, read: &dyn Read, key: &str) -> Result<Snapshot> {
        self.load(read, key)?.ok_or_else(|| missing(key))
    }

    fn find_parent(&self, read: &dyn Read, key: &str) -> Result<Snapshot> {
        self.load(read, key)?.ok_or_else(|| Error::not_found(format!("parent snapshot {key} does not exist")))
    }

    /// containerd has a bucket for each snapshotter, made with its first snapshot; it holds the counter.
    fn is_used(&self, read: &dyn Read) -> Result<bool> {
        read.get(&self.sequence_key(), &mut |_| Ok(()))
    }

    /// The snapshotter's name for the next snapshot: no two are the same.
    fn next_name(&self, txn: &mut Txn<'_>, key: &str) -> Result<String> {
        let last = (&*txn as &dyn Read).decode(&self.sequence_key(), decode_sequence)?.unwrap_or_default();
        let next = last.saturating_add(1);
        txn.put(self.sequence_key(), next.to_le_bytes().to_vec());
        Ok(format!("{}/{next}/{key}", self.namespace))
    }

    fn save(&self, txn: &mut Txn<'_>, snapshot: &Snapshot) {
        txn.put(self.key(&snapshot.name), record::encode(snapshot));
    }

    fn hold(&self, txn: &mut Txn<'_>, key: &str) -> Result<()> {
        leases::hold(txn, self.namespace, self.lease, &format!("snapshots/{}", self.snapshotter), key)
    }

    fn release(&self, txn: &mut Txn<'_>, key: &str) {
        leases::release(txn, self.namespace, self.lease, &format!("snapshots/{}", self.snapshotter), key);
    }
}

/// The refusal of what needs a snapshot that is not there.
pub(crate) fn missing(key: &str) -> Error {
    Error::not_found(format!("snapshot {key} does not exist")).with_help("list the snapshots to see what is there")
}

fn snapshot_key(namespace: &str, snapshotter: &str, key: &str) -> Vec<u8> {
    let parts = [namespace, snapshotter, key].map(str::as_bytes);
    layout::key(Space::Snapshot, &parts)
}

pub(in crate::store) fn decode_sequence(value: &[u8]) -> Result<u64> {
    let bytes = value.try_into().map_err(|_| Error::data_loss("the counter is damaged"))?;
    Ok(u64::from_le_bytes(bytes))
}

fn name_required() -> Error {
    Error::new(ErrorKind::Unknown, "bucket name required").with_help("give the snapshot a key")
}

fn exists_already(key: &str) -> Error {
    Error::already_exists(format!("snapshot {}", quote(key))).with_help("choose another key, or remove it first")
}

/// What of the labels is the snapshotter's too.
pub(in crate::store) fn inherited(labels: &Labels) -> Labels {
    let inherits = |key: &str| key == TARGET_LABEL || key.starts_with(INHERITED_PREFIX);
    labels.iter().filter(|(key, _)| inherits(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The kind of a snapshot that the place does not tell, as containerd's databases do not: only the snapshotter's own does. Others
/// stand on committed ones only; and an image's layers are committed under their digests, or with a label that tells the key
/// they were meant for.
pub(crate) fn concluded_kind(snapshot: &Snapshot, has_children: bool) -> SnapshotKind {
    let is_target = snapshot.labels.get(TARGET_LABEL).is_some_and(|target| *target == snapshot.name);
    if has_children || is_target || crate::rules::validate_digest(&snapshot.name).is_ok() {
        SnapshotKind::Committed
    } else {
        SnapshotKind::Active
    }
}

/// Puts snapshots of another place in as they are there, known to a snapshotter without files. Only its names for them are new.
pub(in crate::store) fn keep(
    txn: &mut Txn<'_>,
    namespace: &str,
    snapshotter: &str,
    snapshots: &[Snapshot],
) -> Result<()> {
    let backend = Arc::new(MetadataOnly::native().named(snapshotter));
    let place = Place { namespace, lease: None, snapshotter, backend };
    namespaces::ensure(txn, namespace, Kind::Snapshots)?;
    let mut kept = Vec::with_capacity(snapshots.len());
    for snapshot in snapshots {
        let backend_name = place.next_name(txn, &snapshot.name)?;
        let own = Snapshot { kind: SnapshotKind::Unknown, backend_name, ..snapshot.clone() };
        place.save(txn, &own);
        kept.push((own, snapshot.kind));
    }
    // Now every parent that there is has its record.
    for (own, kind) in kept {
        let mut known =
            Snapshot { name: own.backend_name.clone(), labels: inherited(&own.labels), kind, ..own.clone() };
        known.backend_name.clear();
        if !known.parent.is_empty()
            && let Some(parent) = place.load(txn, &known.parent)?
        {
            txn.put(place.child_key(&known.parent, &own.name), Vec::new());
            known.parent = parent.backend_name;
        }
        snapshot::adopt(txn, snapshotter, known)?;
    }
    Ok(())
}

/// What the snapshotter knows, under what the book knows.
fn overlaid(backing: Snapshot, own: Snapshot) -> Snapshot {
    let mut labels = backing.labels;
    labels.extend(own.labels);
    Snapshot { kind: backing.kind, labels, ..own }
}

/// What a snapshot's snapshotter calls it, if there is a record of it.
#[cfg(feature = "bolt")]
pub(in crate::store) fn find_backend_name(
    read: &dyn Read,
    namespace: &str,
    snapshotter: &str,
    key: &str,
) -> Result<Option<String>> {
    let found = read.decode(&snapshot_key(namespace, snapshotter, key), record::decode)?;
    Ok(found.map(|snapshot| snapshot.backend_name).filter(|name| !name.is_empty()))
}

/// Has a snapshotter's counter go on behind a number.
#[cfg(feature = "bolt")]
pub(in crate::store) fn import_sequence(
    txn: &mut Txn<'_>,
    namespace: &str,
    snapshotter: &str,
    sequence: u64,
) -> Result<()> {
    let key = layout::key(Space::Sequence, &[namespace, snapshotter].map(str::as_bytes));
    let there = (&*txn as &dyn Read).decode(&key, decode_sequence)?;
    if there.is_none_or(|there| there < sequence) {
        txn.put(key, sequence.to_le_bytes().to_vec());
    }
    Ok(())
}

pub(super) fn backend_name(read: &dyn Read, place: &Place<'_>, key: &str) -> Result<String> {
    Ok(place.find(read, key)?.backend_name)
}

pub(super) fn get(read: &dyn Read, place: &Place<'_>, key: &str) -> Result<Snapshot> {
    let own = place.find(read, key)?;
    Ok(overlaid(place.backend.stat(read, &own.backend_name)?, own))
}

pub(super) fn list(read: &dyn Read, place: &Place<'_>, filter: &Filter) -> Result<Vec<Snapshot>> {
    let mut out = Vec::new();
    let start = layout::prefix(Space::Snapshot, &[place.namespace.as_bytes(), place.snapshotter.as_bytes()]);
    read.scan(&start, layout::prefix_end(&start).as_deref(), &mut |_, value| {
        let own = record::decode(value)?;
        match place.backend.stat(read, &own.backend_name) {
            Ok(backing) => {
                let snapshot = overlaid(backing, own);
                if filter.matches(&snapshot) {
                    out.push(snapshot);
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(out)
}

/// Shows every snapshot of a namespace with its snapshotter, as the book knows it: without its kind.
pub(in crate::store) fn each(
    read: &dyn Read,
    namespace: &str,
    visit: &mut dyn FnMut(&str, Snapshot) -> Result<()>,
) -> Result<()> {
    let start = layout::records(Space::Snapshot, namespace.as_bytes());
    read.scan(&start, layout::prefix_end(&start).as_deref(), &mut |key, value| {
        let snapshotter = layout::parse(key).and_then(|(_, parts)| String::from_utf8(parts.into_iter().nth(1)?).ok());
        let snapshotter =
            snapshotter.ok_or_else(|| Error::data_loss(format!("{} is not UTF-8", layout::describe(key))))?;
        visit(&snapshotter, record::decode(value)?)?;
        Ok(ControlFlow::Continue(()))
    })
}

/// Removes the record of a snapshot and nothing else: for the collector. Like containerd's it leaves the parent's note of
/// this child, so that the parent cannot be removed by hand any more (§6.3). The notes of its own children go with it.
pub(in crate::store) fn remove_record(txn: &mut Txn<'_>, namespace: &str, snapshotter: &str, key: &str) -> Result<()> {
    let children = layout::prefix(Space::SnapshotChild, &[namespace, snapshotter, key].map(str::as_bytes));
    txn.delete_range(&children, layout::prefix_end(&children).as_deref())?;
    txn.delete(snapshot_key(namespace, snapshotter, key));
    Ok(())
}

/// Source: containerd-metadata §8.6.
impl Adaptor for Snapshot {
    fn field<'s>(&'s self, path: &[Vec<u8>]) -> Option<Cow<'s, [u8]>> {
        let (first, rest) = path.split_first()?;
        let value = match (first.as_slice(), rest) {
            (b"name", _) => self.name.as_str(),
            (b"parent", _) => self.parent.as_str(),
            (b"kind", _) => match self.kind {
                SnapshotKind::Active => "active",
                SnapshotKind::View => "view",
                SnapshotKind::Committed => "committed",
                SnapshotKind::Unknown => return None,
            },
            (b"labels", [_, ..]) => {
                let key = join_path(rest);
                self.labels.get(std::str::from_utf8(&key).ok()?)?
            }
            _ => return None,
        };
        Some(Cow::Borrowed(value.as_bytes()))
    }
}

/// Makes a snapshot. containerd uses three transactions: one that gives the name, the snapshotter's own, and one that makes
/// the record. Here it is one, but what the first one did stays when the others fail (§2.3): the error inside is told when
/// what stays is durable.
pub(super) fn create(
    txn: &mut Txn<'_>,
    place: &Place<'_>,
    snapshot: &Snapshot,
    now: Timestamp,
) -> Result<Result<Vec<Mount>>> {
    let Snapshot { name: key, parent, kind, labels, .. } = snapshot;
    namespaces::ensure(txn, place.namespace, Kind::Snapshots)?;
    let target = labels.get(TARGET_LABEL).map(String::as_str).unwrap_or_default();
    if !target.is_empty() && place.load(txn, target)?.is_some() {
        place.hold(txn, target)?;
        return Ok(Err(Error::already_exists(format!("target snapshot {}", quote(target)))));
    }
    if place.load(txn, key)?.is_some() {
        place.hold(txn, key)?;
        return Ok(Err(exists_already(key)));
    }
    let mut backend_parent = String::new();
    if !parent.is_empty() {
        backend_parent = place.find_parent(txn, parent)?.backend_name;
    }
    let backend_name = place.next_name(txn, key)?;
    Ok(txn.savepoint(|txn| {
        let backing = Snapshot {
            name: backend_name.clone(),
            parent: backend_parent,
            kind: *kind,
            labels: inherited(labels),
            ..Snapshot::default()
        };
        let mounts = place.backend.create(txn, &backing, now).map_err(unexpected)?;
        place.hold(txn, key)?;
        if key.is_empty() {
            return Err(name_required());
        }
        let mut own = snapshot.clone();
        labels::settle(&mut own.labels)?;
        (own.created_at, own.updated_at) = (Some(now), Some(now));
        own.backend_name = backend_name;
        if !parent.is_empty() {
            txn.put(place.child_key(parent, key), Vec::new());
        }
        place.save(txn, &own);
        if *kind == SnapshotKind::Active {
            let snapshotter = place.snapshotter.to_owned();
            let event = SnapshotPrepare { key: key.clone(), parent: parent.clone(), snapshotter };
            events::publish(txn, place.namespace, "/snapshot/prepare", &event, now);
        } else {
            let event = proto::ViewSnapshotRequest {
                snapshotter: place.snapshotter.to_owned(),
                key: key.clone(),
                parent: parent.clone(),
                labels: own.labels,
            };
            events::publish(txn, place.namespace, "/stowbook/snapshot/view", &event, now);
        }
        Ok(mounts)
    }))
}

/// A snapshotter's word that the name is taken would confuse a caller, whose name is not the snapshotter's.
fn unexpected(error: Error) -> Error {
    if error.kind() != ErrorKind::AlreadyExists {
        return error;
    }
    let message = format!("unexpected error from snapshotter: {}", error.message());
    Error::classed(ErrorKind::Unknown, message)
}

pub(super) fn commit(
    txn: &mut Txn<'_>,
    place: &Place<'_>,
    name: &str,
    key: &str,
    commit: &CreateSnapshot,
    now: Timestamp,
) -> Result<Result<()>> {
    if !place.is_used(txn)? {
        return Err(Error::not_found(format!("can not find snapshotter {}", quote(place.snapshotter)))
            .with_help("prepare a snapshot first; that is what makes it known in the namespace"));
    }
    place.hold(txn, name)?;
    if name.is_empty() {
        return Err(name_required());
    }
    if place.load(txn, name)?.is_some() {
        // The lease holds what exists, and that stays.
        return Ok(Err(exists_already(name)));
    }
    if key == name {
        // containerd finds the record that it is about to make, which stands for nothing in the snapshotter yet.
        if !commit.parent.is_empty() && commit.parent != name {
            place.find_parent(txn, &commit.parent)?;
        }
        labels::settle(&mut commit.labels.clone())?;
        return Err(Error::not_found("snapshot does not exist")
            .with_detail("snapshot", key)
            .with_help("commit an active snapshot under another name"));
    }
    let active = place.find(txn, key)?;
    let backend_name = place.next_name(txn, name)?;
    let rebased = active.parent.is_empty() && !commit.parent.is_empty();
    let parent = if rebased { commit.parent.clone() } else { active.parent.clone() };
    let mut backend_parent = String::new();
    if !parent.is_empty() {
        backend_parent = place.find_parent(txn, &parent)?.backend_name;
        txn.delete(place.child_key(&parent, key));
        txn.put(place.child_key(&parent, name), Vec::new());
    }
    let mut committed = Snapshot {
        name: name.to_owned(),
        parent,
        labels: commit.labels.clone(),
        created_at: Some(now),
        updated_at: Some(now),
        backend_name,
        ..Snapshot::default()
    };
    labels::settle(&mut committed.labels)?;
    place.save(txn, &committed);
    remove_record(txn, place.namespace, place.snapshotter, key)?;
    place.release(txn, key);
    let labels = inherited(&commit.labels);
    let backend_parent = if rebased { &*backend_parent } else { "" };
    let active = CommitActive { active: &active.backend_name, labels: &labels, parent: backend_parent };
    place.backend.commit(txn, &committed.backend_name, &active, now)?;
    let (key, name) = (key.to_owned(), name.to_owned());
    let event = SnapshotCommit { key, name, snapshotter: place.snapshotter.to_owned() };
    events::publish(txn, place.namespace, "/snapshot/commit", &event, now);
    Ok(Ok(()))
}

pub(super) fn update(
    txn: &mut Txn<'_>,
    place: &Place<'_>,
    snapshot: &Snapshot,
    fields: &[&str],
    now: Timestamp,
) -> Result<Snapshot> {
    let name = &snapshot.name;
    let mut own = place.find(txn, name)?;
    labels::apply(&mut own.labels, &snapshot.labels, fields, |field| {
        Error::invalid_argument(format!("cannot update {} field on snapshot {}", quote(field), quote(name)))
            .with_help("fields that can change: labels, labels.‹key›")
    })?;
    labels::validate_info(&own.labels)?;
    own.updated_at = Some(now);
    // containerd says `read` where it means `write`.
    labels::settle(&mut own.labels).map_err(|error| error.context("failed to read labels: "))?;
    place.save(txn, &own);
    let backing = place.backend.update(txn, &own.backend_name, &inherited(&own.labels), fields, now)?;
    let updated = overlaid(backing, own);
    let info = proto::Info {
        name: updated.name.clone(),
        parent: updated.parent.clone(),
        kind: updated.kind as i32,
        created_at: updated.created_at.map(events::time),
        updated_at: updated.updated_at.map(events::time),
        labels: updated.labels.clone(),
    };
    let snapshotter = place.snapshotter.to_owned();
    let event = proto::UpdateSnapshotRequest { snapshotter, info: Some(info), update_mask: None };
    events::publish(txn, place.namespace, "/stowbook/snapshot/update", &event, now);
    Ok(updated)
}

pub(super) fn remove(txn: &mut Txn<'_>, place: &Place<'_>, key: &str, now: Timestamp) -> Result<()> {
    let own = place.find(txn, key)?;
    let children = layout::prefix(Space::SnapshotChild, &[place.namespace, place.snapshotter, key].map(str::as_bytes));
    if (&*txn as &dyn Read).any(&children, layout::prefix_end(&children).as_deref())? {
        return Err(Error::failed_precondition("cannot remove snapshot with child").with_help(
            "remove what stands on it first; a child that was collected keeps it until its namespace goes",
        ));
    }
    if !own.parent.is_empty() {
        place.find_parent(txn, &own.parent)?;
        txn.delete(place.child_key(&own.parent, key));
    }
    txn.delete(place.key(key));
    place.release(txn, key);
    // containerd leaves it to the collection, which follows at once there.
    match place.backend.remove(txn, &own.backend_name) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let event = SnapshotRemove { key: key.to_owned(), snapshotter: place.snapshotter.to_owned() };
    events::publish(txn, place.namespace, "/snapshot/remove", &event, now);
    Ok(())
}

/// Removes what the snapshotters have and no record names. Gives their names, each with its snapshotter before it.
pub(in crate::store) fn clean_up(txn: &mut Txn<'_>, backends: &Backends) -> Result<Vec<(String, String)>> {
    let mut named: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for namespace in namespaces::list(txn)? {
        each(txn, &namespace.name, &mut |snapshotter, snapshot| {
            named.entry(snapshotter.to_owned()).or_default().insert(snapshot.backend_name);
            Ok(())
        })?;
    }
    let mut removed = Vec::new();
    let known: BTreeSet<&str> = backends.snapshotters().map(|(name, _)| name).collect();
    let kept = snapshot::kept(txn)?.into_iter().filter(|name| !known.contains(name.as_str()));
    let imported: Vec<MetadataOnly> = kept.map(|name| MetadataOnly::native().named(name)).collect();
    let imported = imported.iter().map(|snapshotter| (snapshotter.name(), snapshotter as &dyn Snapshotter));
    for (snapshotter, backend) in backends.snapshotters().chain(imported) {
        let named = named.remove(snapshotter).unwrap_or_default();
        let first = removed.len();
        backend.walk(txn, &mut |snapshot| {
            if !named.contains(&snapshot.name) {
                removed.push((snapshotter.to_owned(), snapshot.name));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        for (_, name) in removed.iter().skip(first) {
            backend.remove(txn, name)?;
        }
    }
    Ok(removed)
}
