//! What a transaction has read, kept as hashes, so that its commit can tell whether another change came in between.

use super::txn::Read;
use crate::{Error, Result};
use std::ops::ControlFlow;
use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

/// The reads of one transaction in their order.
#[derive(Debug, Default)]
pub(super) struct ReadLog {
    reads: Vec<Logged>,
}

#[derive(Debug)]
enum Logged {
    Key { key: Vec<u8>, found: Option<u64> },
    Range { start: Vec<u8>, end: Option<Vec<u8>>, hash: u64 },
}

impl ReadLog {
    /// Notes that `key` had this value, or none.
    pub(super) fn key(&mut self, key: &[u8], value: Option<&[u8]>) {
        self.reads.push(Logged::Key { key: key.to_vec(), found: value.map(xxh3_64) });
    }

    /// Notes what a scan saw. `end` is where it stopped: the range's own end, or just behind the last key it visited.
    pub(super) fn range(&mut self, start: &[u8], end: Option<Vec<u8>>, seen: &RangeHash) {
        self.reads.push(Logged::Range { start: start.to_vec(), end, hash: seen.0.digest() });
    }

    /// Checks that every read would give the same in `now`.
    ///
    /// # Errors
    /// `Aborted` when one would not.
    pub(super) fn check(&self, now: &dyn Read) -> Result<()> {
        for read in &self.reads {
            let same = match read {
                Logged::Key { key, found } => {
                    let mut hash = None;
                    now.get(key, &mut |value| {
                        hash = Some(xxh3_64(value));
                        Ok(())
                    })?;
                    hash == *found
                }
                Logged::Range { start, end, hash } => {
                    let mut seen = RangeHash::default();
                    now.scan(start, end.as_deref(), &mut |key, value| {
                        seen.add(key, value);
                        Ok(ControlFlow::Continue(()))
                    })?;
                    seen.0.digest() == *hash
                }
            };
            if !same {
                let what = match read {
                    Logged::Key { key, .. } => super::layout::describe(key),
                    Logged::Range { start, .. } => format!("the list of {}", super::layout::describe(start)),
                };
                return Err(Error::aborted("transaction conflicts with a change that was committed since it began")
                    .with_detail("changed", what)
                    .with_help("begin a new transaction and do it again"));
            }
        }
        Ok(())
    }
}

/// A running hash over the keys and values of a scan.
#[derive(Default)]
pub(super) struct RangeHash(Xxh3Default);

impl RangeHash {
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.0.update(&(key.len() as u64).to_le_bytes());
        self.0.update(key);
        self.0.update(&xxh3_64(value).to_le_bytes());
    }
}
