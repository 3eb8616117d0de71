//! Whether the snapshots of a book know each other: a check of the whole.

use super::record;
use crate::storage::layout::{self, Space};
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// What a walk over a book has shown of its snapshots. Parts are those of keys: namespace, snapshotter, names.
#[derive(Default)]
pub(in crate::store) struct Links {
    /// The parent of each snapshot.
    parents: BTreeMap<Vec<Vec<u8>>, Vec<u8>>,
    /// The notes that parents have of their children.
    notes: BTreeSet<Vec<Vec<u8>>>,
}

impl Links {
    pub(in crate::store) fn add_snapshot(&mut self, parts: Vec<Vec<u8>>, value: &[u8]) -> Result<()> {
        let snapshot = record::decode(value)?;
        let belongs = parts.last().is_some_and(|name| *name == snapshot.name.as_bytes());
        self.parents.insert(parts, snapshot.parent.into_bytes());
        if belongs { Ok(()) } else { Err(Error::data_loss("the record is that of another snapshot")) }
    }

    pub(in crate::store) fn add_note(&mut self, parts: Vec<Vec<u8>>) {
        self.notes.insert(parts);
    }

    /// The keys with which something is wrong, and what. A note of a child that is gone is nothing wrong: a collection
    /// leaves it (containerd-metadata §6.3).
    pub(in crate::store) fn problems(&self) -> Vec<(Vec<u8>, &'static str)> {
        let mut out = Vec::new();
        let key = |space: Space, parts: &[Vec<u8>]| {
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            layout::key(space, &parts)
        };
        for (parts, parent) in self.parents.iter().filter(|(_, parent)| !parent.is_empty()) {
            let [namespace, snapshotter, name] = parts.as_slice() else { continue };
            let [namespace, snapshotter, name, parent] = [namespace, snapshotter, name, parent].map(Clone::clone);
            if !self.parents.contains_key(&[namespace.clone(), snapshotter.clone(), parent.clone()][..]) {
                out.push((key(Space::Snapshot, parts), "its parent does not exist"));
            } else if !self.notes.contains(&[namespace, snapshotter, parent, name][..]) {
                out.push((key(Space::Snapshot, parts), "its parent does not know it"));
            }
        }
        for parts in &self.notes {
            if parts.get(..3).is_some_and(|parent| !self.parents.contains_key(parent)) {
                out.push((key(Space::SnapshotChild, parts), "its parent does not exist"));
            }
        }
        out
    }
}
