//! Whether the snapshots of a book know each other: a check of the whole.

use super::record;
use crate::storage::layout::{self, Space};
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// The parts of a key: namespace, snapshotter, names.
type Parts = Vec<Vec<u8>>;

/// The parents of the snapshots that a walk over a book has shown.
#[derive(Default)]
pub(in crate::store) struct Links(BTreeMap<Parts, Vec<u8>>);

impl Links {
    /// Takes a snapshot's key and value over.
    ///
    /// # Errors
    /// `DataLoss` for a value that cannot be read, or is that of another snapshot.
    pub(in crate::store) fn add(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let snapshot = record::decode(value)?;
        let Some((_, parts)) = layout::parse(key) else { return Ok(()) };
        if parts.last().is_some_and(|name| *name != snapshot.name.as_bytes()) {
            return Err(Error::data_loss("the record is that of another snapshot"));
        }
        if !snapshot.parent.is_empty() {
            self.0.insert(parts, snapshot.parent.into_bytes());
        }
        Ok(())
    }

    /// What is wrong, among these snapshots and these notes that parents have of their children. A note of a child that is
    /// gone is nothing wrong: a collection leaves it (containerd-metadata §6.3).
    pub(in crate::store) fn problems(
        &self,
        snapshots: &BTreeSet<Parts>,
        notes: &BTreeSet<Parts>,
    ) -> Vec<(Space, Parts, &'static str)> {
        let mut out = Vec::new();
        for (parts, parent) in &self.0 {
            let [namespace, snapshotter, name] = parts.as_slice() else { continue };
            let [namespace, snapshotter, parent] = [namespace, snapshotter, parent].map(Clone::clone);
            if !snapshots.contains(&[namespace.clone(), snapshotter.clone(), parent.clone()][..]) {
                out.push((Space::Snapshot, parts.clone(), "its parent does not exist"));
            } else if !notes.contains(&[namespace, snapshotter, parent, name.clone()][..]) {
                out.push((Space::Snapshot, parts.clone(), "its parent does not know it"));
            }
        }
        for parts in notes {
            if parts.get(..3).is_some_and(|parent| !snapshots.contains(parent)) {
                out.push((Space::SnapshotChild, parts.clone(), "its parent does not exist"));
            }
        }
        out
    }
}
