//! What is kept of the records that were read: as much as there is room for.

use super::Epoch;
use crate::model::{Any, Container};
use crate::storage::layout;
use std::collections::HashMap;
use std::sync::Arc;

/// How many bytes of records are kept, by the estimate of [`size`].
pub(super) const KEPT_BYTES: usize = 64 << 20;

/// Records by the keys of their heads, and lists of them.
#[derive(Default)]
pub(super) struct Keeps {
    /// What was read or asked for lately. When it is full, it becomes `older`, and what was there goes.
    recent: Records,
    older: Records,
    /// Whole lists of namespaces, by what the keys of their heads begin with. All their records are kept above.
    lists: HashMap<Box<[u8]>, List>,
    evictions: u64,
}

#[derive(Default)]
struct Records {
    by_key: HashMap<Box<[u8]>, Kept>,
    bytes: usize,
}

/// A record, since when it is so, and about how much memory it takes.
pub(super) struct Kept {
    container: Arc<Container>,
    since: Epoch,
    bytes: usize,
}

/// All records of a namespace, and since when it is so.
pub(super) struct List {
    pub(super) containers: Arc<[Arc<Container>]>,
    pub(super) since: Epoch,
}

/// Whether others may go for a record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Eviction {
    Allowed,
    Refused,
}

/// What had to go. Dropping it takes a while: better not under a lock.
pub(super) struct Evicted {
    _records: Records,
    _lists: HashMap<Box<[u8]>, List>,
}

/// What was removed because it changes. As [`Evicted`].
pub(super) struct Removed {
    _record: Option<Kept>,
    _list: Option<List>,
}

impl Kept {
    pub(super) fn new(key: &[u8], container: Arc<Container>, since: Epoch) -> Self {
        let bytes = size(&container).saturating_add(key.len());
        Kept { container, since, bytes }
    }
}

impl Keeps {
    /// A record that is asked for by its key. It stays longer from now on, for which others may have to go.
    pub(super) fn get(&mut self, key: &[u8]) -> Option<(Arc<Container>, Option<Evicted>)> {
        if let Some(kept) = self.recent.by_key.get(key) {
            return Some((Arc::clone(&kept.container), None));
        }
        let (key, kept) = self.older.remove(key)?;
        let container = Arc::clone(&kept.container);
        Some((container, self.keep(key, kept)))
    }

    /// A record of a list, if a snapshot of this epoch shows it so.
    pub(super) fn get_listed(&self, key: &[u8], as_of: Epoch) -> Option<Arc<Container>> {
        let kept = self.recent.by_key.get(key).or_else(|| self.older.by_key.get(key))?;
        (kept.since <= as_of).then(|| Arc::clone(&kept.container))
    }

    /// All records whose keys begin so, if a snapshot of this epoch shows them so.
    pub(super) fn get_list(&self, prefix: &[u8], as_of: Epoch) -> Option<Arc<[Arc<Container>]>> {
        let list = self.lists.get(prefix)?;
        (list.since <= as_of).then(|| Arc::clone(&list.containers))
    }

    /// Whether there is room for a record.
    pub(super) fn has_room(&self, kept: &Kept, eviction: Eviction) -> bool {
        let may_rotate = eviction == Eviction::Allowed || self.older.bytes == 0;
        self.recent.has_room(kept) || (may_rotate && Records::default().has_room(kept))
    }

    /// Keeps a record for which there is room, and gives what has to go for it.
    #[must_use]
    pub(super) fn keep(&mut self, key: Box<[u8]>, kept: Kept) -> Option<Evicted> {
        let mut evicted = None;
        if !self.recent.has_room(&kept) {
            let older = std::mem::replace(&mut self.older, std::mem::take(&mut self.recent));
            if !older.by_key.is_empty() {
                self.evictions = self.evictions.wrapping_add(1);
                evicted = Some(Evicted { _records: older, _lists: std::mem::take(&mut self.lists) });
            }
        }
        drop(self.older.remove(&key));
        self.recent.insert(key, kept);
        evicted
    }

    /// Keeps a list, all of whose records were kept, if none had to go since there were so many evictions.
    pub(super) fn keep_list(&mut self, prefix: Vec<u8>, list: List, evictions: u64) -> Option<List> {
        if self.evictions == evictions { self.lists.insert(prefix.into(), list) } else { Some(list) }
    }

    /// How often records had to go for others.
    pub(super) fn evictions(&self) -> u64 {
        self.evictions
    }

    /// Removes a record and the list that it is in.
    #[must_use]
    pub(super) fn remove(&mut self, key: &[u8]) -> Removed {
        let record = self.recent.remove(key).or_else(|| self.older.remove(key));
        Removed { _record: record.map(|(_, kept)| kept), _list: self.lists.remove(layout::records_of(key)) }
    }

    pub(super) fn len(&self) -> usize {
        self.recent.by_key.len().saturating_add(self.older.by_key.len())
    }
}

impl Records {
    fn has_room(&self, kept: &Kept) -> bool {
        self.bytes.saturating_add(kept.bytes) <= KEPT_BYTES / 2
    }

    fn insert(&mut self, key: Box<[u8]>, kept: Kept) {
        self.bytes = self.bytes.saturating_add(kept.bytes);
        if let Some(before) = self.by_key.insert(key, kept) {
            self.bytes = self.bytes.saturating_sub(before.bytes);
        }
    }

    fn remove(&mut self, key: &[u8]) -> Option<(Box<[u8]>, Kept)> {
        let (key, kept) = self.by_key.remove_entry(key)?;
        self.bytes = self.bytes.saturating_sub(kept.bytes);
        Some((key, kept))
    }
}

/// About how much memory a record takes.
fn size(container: &Container) -> usize {
    /// What a short text or an entry of a map takes beyond its bytes.
    const PIECE: usize = 48;
    let any = |any: &Any| any.type_url.len() + any.value.len() + any.unknown.as_bytes().len() + PIECE;
    let labels = container.labels.iter().map(|(key, value)| key.len() + value.len() + 2 * PIECE);
    let extensions = container.extensions.iter().map(|(name, value)| name.len() + any(value) + PIECE);
    let texts =
        [&container.id, &container.image, &container.snapshotter, &container.snapshot_key, &container.sandbox_id];
    size_of::<Container>()
        + texts.iter().map(|text| text.len() + PIECE).sum::<usize>()
        + labels.chain(extensions).sum::<usize>()
        + container.spec.as_ref().map_or(0, any)
        + container.runtime.options.as_ref().map_or(0, any)
        + container.runtime.name.len()
        + container.runtime.unknown.as_bytes().len()
        + container.unknown.as_bytes().len()
        + 2 * PIECE
}

#[cfg(test)]
impl Keeps {
    /// The bytes that are kept, counted one by one.
    pub(super) fn bytes(&self) -> usize {
        let count = |records: &Records| {
            let sum: usize = records.by_key.iter().map(|(key, kept)| key.len() + size(&kept.container)).sum();
            assert_eq!(sum, records.bytes);
            sum
        };
        count(&self.recent) + count(&self.older)
    }

    /// A key of each half.
    pub(super) fn keys(&self) -> [Vec<u8>; 2] {
        [&self.recent, &self.older].map(|records| records.by_key.keys().next().unwrap().to_vec())
    }

    pub(super) fn has_lists(&self) -> bool {
        !self.lists.is_empty()
    }
}
