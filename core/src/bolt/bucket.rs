use super::u64_at;

const HEADER_BYTES: usize = 16;

/// A bucket: keys in order, each with a value or a bucket of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its counter, which bbolt's users draw numbers from.
    pub sequence: u64,
    pub(super) place: Place,
}

/// Where a bucket's keys lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// On pages, from this root on.
    Pages(u64),
    /// In a small page image within the value of its own key, which lies on page `on`.
    Inline { on: u64, image: Vec<u8> },
}

/// One key of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key. bbolt writes no empty ones.
    pub key: Vec<u8>,
    /// What it stands for.
    pub item: Item,
    /// The page that it lies on; for a key of an inline bucket, the page that the bucket lies on.
    pub page: u64,
}

/// What a key stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A value. bbolt does not tell an empty one from none.
    Value(Vec<u8>),
    /// A bucket.
    Bucket(Bucket),
}

impl Bucket {
    /// The bucket that begins on this page.
    #[must_use]
    pub fn at(root: u64, sequence: u64) -> Bucket {
        Bucket { sequence, place: Place::Pages(root) }
    }

    /// The bucket that a value describes, which lies on page `on`.
    pub(super) fn parse(value: &[u8], on: u64) -> Option<Bucket> {
        let (root, sequence) = (u64_at(value, 0)?, u64_at(value, 8)?);
        let place = match root {
            0 => Place::Inline { on, image: value.get(HEADER_BYTES..)?.to_vec() },
            _ => Place::Pages(root),
        };
        Some(Bucket { sequence, place })
    }

    /// The page that it begins on; for an inline bucket, the page that it lies on.
    #[must_use]
    pub fn page(&self) -> u64 {
        match &self.place {
            Place::Pages(root) => *root,
            Place::Inline { on, .. } => *on,
        }
    }
}
