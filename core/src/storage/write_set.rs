use std::collections::BTreeMap;
use std::ops::Bound;

/// What becomes of a key: its new value, or that it goes.
pub(super) type Change = Option<Vec<u8>>;

/// Changes that take effect together: for each key its new value, or that it goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteSet {
    entries: BTreeMap<Vec<u8>, Change>,
}

impl WriteSet {
    /// Sets a key.
    pub fn put(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.entries.insert(key.into(), Some(value.into()));
    }

    /// Removes a key, if it is there.
    pub fn delete(&mut self, key: impl Into<Vec<u8>>) {
        self.entries.insert(key.into(), None);
    }

    /// Makes the set say this about a key, and gives what it said before, if anything.
    pub(super) fn replace(&mut self, key: Vec<u8>, change: Option<Change>) -> Option<Change> {
        match change {
            Some(change) => self.entries.insert(key, change),
            None => self.entries.remove(&key),
        }
    }

    /// What this set says about a key: nothing, that it goes, or its value.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<Option<&[u8]>> {
        self.entries.get(key).map(Option::as_deref)
    }

    /// Whether nothing would change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many keys change.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The changes in ascending order of their keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], Option<&[u8]>)> {
        self.entries.iter().map(|(key, value)| (key.as_slice(), value.as_deref()))
    }

    /// The changes to keys from `start` on and before `end`, in ascending order.
    pub fn range<'a>(
        &'a self,
        start: &[u8],
        end: Option<&[u8]>,
    ) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + use<'a> {
        // BTreeMap::range panics on a range that ends before it begins; such a range holds nothing.
        let end = end.map(|end| end.max(start));
        let bounds = (Bound::Included(start), end.map_or(Bound::Unbounded, Bound::Excluded));
        self.entries.range::<[u8], _>(bounds).map(|(key, value)| (key.as_slice(), value.as_deref()))
    }

    /// Adds the changes of `later`, which win.
    pub fn merge(&mut self, mut later: WriteSet) {
        if self.entries.is_empty() {
            self.entries = later.entries;
        } else if later.entries.len() > self.entries.len() / 4 {
            self.entries.append(&mut later.entries);
        } else {
            // `append` rebuilds the whole tree, which would make many small merges into a large set quadratic.
            self.entries.extend(later.entries);
        }
    }
}
