use crate::Result;
use crate::bolt::{Bucket, Fault, Item, Walk};
use std::collections::BTreeMap;

/// The deepest that a record has buckets: `leases/‹id›/snapshots/‹snapshotter›`.
const MAX_DEPTH: usize = 3;

/// A record as it lies in the file: values and buckets by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) key: Vec<u8>,
    /// The page on which it begins.
    pub(super) page: u64,
    pub(super) values: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(super) buckets: BTreeMap<Vec<u8>, Node>,
}

/// What is told of each fault on the way. It decides whether that ends the reading.
pub(super) type OnFault<'a> = dyn FnMut(&[Vec<u8>], Fault) -> Result<()> + 'a;

/// For readers that want whole records only.
pub(super) fn strict(_path: &[Vec<u8>], fault: Fault) -> Result<()> {
    Err(fault.into())
}

impl Node {
    /// Reads everything below a bucket. `path` leads to it, its own key last.
    pub(super) fn load(
        walk: &Walk<'_>,
        bucket: &Bucket,
        path: &mut Vec<Vec<u8>>,
        on_fault: &mut OnFault<'_>,
    ) -> Result<Node> {
        Self::load_to(walk, bucket, path, on_fault, MAX_DEPTH)
    }

    fn load_to(
        walk: &Walk<'_>,
        bucket: &Bucket,
        path: &mut Vec<Vec<u8>>,
        on_fault: &mut OnFault<'_>,
        depth: usize,
    ) -> Result<Node> {
        let key = path.last().cloned().unwrap_or_default();
        let mut node = Node { key, page: bucket.page(), ..Node::default() };
        for entry in walk.cursor(bucket) {
            let entry = match entry {
                Ok(entry) => entry,
                Err(fault) => {
                    on_fault(path, fault)?;
                    continue;
                }
            };
            match entry.item {
                Item::Value(value) => drop(node.values.insert(entry.key, value)),
                Item::Bucket(inner) => {
                    // Nothing of containerd's lies deeper.
                    let Some(below) = depth.checked_sub(1) else { continue };
                    path.push(entry.key.clone());
                    let inner = Self::load_to(walk, &inner, path, on_fault, below);
                    path.pop();
                    node.buckets.insert(entry.key, inner?);
                }
            }
        }
        Ok(node)
    }

    pub(super) fn value(&self, name: &str) -> Option<&[u8]> {
        self.values.get(name.as_bytes()).map(Vec::as_slice)
    }

    pub(super) fn bucket(&self, name: &str) -> Option<&Node> {
        self.buckets.get(name.as_bytes())
    }
}
