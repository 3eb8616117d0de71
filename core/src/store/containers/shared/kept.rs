//! What is kept of the records that were read: as much as there is room for.

use super::Epoch;
use crate::model::{Any, Container};
use crate::storage::layout;
use std::collections::HashMap;
use std::sync::Arc;

/// How many bytes of records are kept, by the estimate of [`size`].
pub(super) const KEPT_BYTES: usize = 64 << 20;

/// The most that [`Keeps`] has of what was asked for lately.
const RECENT_BYTES: usize = KEPT_BYTES / 2;

/// Records by the keys of their heads, and lists of them.
#[derive(Default)]
pub(super) struct Keeps {
    /// What was asked for lately, one by one. When it is full, it becomes `older`, and what was there goes.
    recent: Records,
    older: Records,
    /// What only lists have shown, in the room that the others leave. It goes first, all of it.
    listed: Records,
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

/// What had to go. Dropping it takes a while: better not under a lock.
#[derive(Default)]
pub(super) struct Evicted {
    _records: [Records; 2],
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
    pub(super) fn get(&mut self, key: &[u8]) -> Option<(Arc<Container>, Evicted)> {
        if let Some(kept) = self.recent.by_key.get(key) {
            return Some((Arc::clone(&kept.container), Evicted::default()));
        }
        let (key, kept) = self.older.remove(key).or_else(|| self.listed.remove(key))?;
        let container = Arc::clone(&kept.container);
        Some((container, self.keep_asked(key, kept)))
    }

    /// A record of a list, if a snapshot of this epoch shows it so.
    pub(super) fn get_listed(&self, key: &[u8], as_of: Epoch) -> Option<Arc<Container>> {
        let kept = self.find(key)?;
        (kept.since <= as_of).then(|| Arc::clone(&kept.container))
    }

    fn find(&self, key: &[u8]) -> Option<&Kept> {
        self.parts().into_iter().find_map(|records| records.by_key.get(key))
    }

    /// All records whose keys begin so, if a snapshot of this epoch shows them so.
    pub(super) fn get_list(&self, prefix: &[u8], as_of: Epoch) -> Option<Arc<[Arc<Container>]>> {
        let list = self.lists.get(prefix)?;
        (list.since <= as_of).then(|| Arc::clone(&list.containers))
    }

    /// Keeps a record that was asked for, unless there is one already or it is too large, and gives what had to go for it.
    #[must_use]
    pub(super) fn keep_asked(&mut self, key: Box<[u8]>, kept: Kept) -> Evicted {
        let mut evicted = Evicted::default();
        if kept.bytes > RECENT_BYTES || self.find(&key).is_some() {
            return evicted;
        }
        if self.recent.bytes.saturating_add(kept.bytes) > RECENT_BYTES {
            evicted._records[0] = std::mem::replace(&mut self.older, std::mem::take(&mut self.recent));
        }
        if self.bytes().saturating_add(kept.bytes) > KEPT_BYTES {
            evicted._records[1] = std::mem::take(&mut self.listed);
        }
        self.recent.insert(key, kept);
        if evicted._records.iter().any(|records| !records.by_key.is_empty()) {
            self.evictions = self.evictions.wrapping_add(1);
            evicted._lists = std::mem::take(&mut self.lists);
        }
        evicted
    }

    /// Keeps a record of a list, unless there is one already or no room, and tells whether it does.
    pub(super) fn keep_listed(&mut self, key: Box<[u8]>, kept: Kept) -> bool {
        let keeps = self.bytes().saturating_add(kept.bytes) <= KEPT_BYTES && self.find(&key).is_none();
        if keeps {
            self.listed.insert(key, kept);
        }
        keeps
    }

    fn bytes(&self) -> usize {
        self.parts().iter().map(|records| records.bytes).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
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
        let mut parts = [&mut self.recent, &mut self.older, &mut self.listed].into_iter();
        let record = parts.find_map(|records| records.remove(key));
        Removed { _record: record.map(|(_, kept)| kept), _list: self.lists.remove(layout::records_of(key)) }
    }

    pub(super) fn len(&self) -> usize {
        self.parts().iter().map(|records| records.by_key.len()).sum()
    }

    fn parts(&self) -> [&Records; 3] {
        [&self.recent, &self.older, &self.listed]
    }
}

impl Records {
    fn insert(&mut self, key: Box<[u8]>, kept: Kept) {
        self.bytes = self.bytes.saturating_add(kept.bytes);
        self.by_key.insert(key, kept);
    }

    fn remove(&mut self, key: &[u8]) -> Option<(Box<[u8]>, Kept)> {
        let (key, kept) = self.by_key.remove_entry(key)?;
        self.bytes = self.bytes.saturating_sub(kept.bytes);
        Some((key, kept))
    }
}

/// About how much memory a record takes, with its place in a map.
fn size(container: &Container) -> usize {
    /// What a text takes beyond its bytes: the room that allocators leave.
    const TEXT: usize = 16;
    /// A place in a map of half free places, with its key, and the counts of an `Arc`.
    const PLACE: usize = 192;
    // An ordered map has room for 11 entries at once, and is half full as a rule.
    let map = |entries: usize, bytes: usize| entries.div_ceil(6).saturating_mul(11).saturating_mul(bytes);
    let any = |any: &Any| any.type_url.len() + any.value.len() + any.unknown.as_bytes().len() + 2 * TEXT;
    let labels = container.labels.iter().map(|(key, value)| key.len() + value.len() + 2 * TEXT);
    let extensions = container.extensions.iter().map(|(name, value)| name.len() + any(value) + TEXT);
    let texts =
        [&container.id, &container.image, &container.snapshotter, &container.snapshot_key, &container.sandbox_id];
    size_of::<Container>()
        + PLACE
        + texts.iter().map(|text| text.len() + TEXT).sum::<usize>()
        + map(container.labels.len(), size_of::<(String, String)>())
        + map(container.extensions.len(), size_of::<(String, Any)>())
        + labels.chain(extensions).sum::<usize>()
        + container.spec.as_ref().map_or(0, any)
        + container.runtime.options.as_ref().map_or(0, any)
        + container.runtime.name.len()
        + container.runtime.unknown.as_bytes().len()
        + container.unknown.as_bytes().len()
        + 3 * TEXT
}

#[cfg(test)]
impl Keeps {
    /// The bytes that are kept, counted one by one.
    pub(super) fn counted_bytes(&self) -> usize {
        let count = |records: &Records| {
            let sum: usize = records.by_key.iter().map(|(key, kept)| key.len() + size(&kept.container)).sum();
            assert_eq!(sum, records.bytes);
            sum
        };
        self.parts().map(count).iter().sum()
    }

    /// A key of each part.
    pub(super) fn keys(&self) -> [Option<Vec<u8>>; 3] {
        self.parts().map(|records| records.by_key.keys().next().map(|key| key.to_vec()))
    }

    pub(super) fn has_lists(&self) -> bool {
        !self.lists.is_empty()
    }
}
