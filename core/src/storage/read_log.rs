//! What a transaction has read, kept as hashes, so that its commit can tell whether another change came in between.

use super::txn::Read;
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::hash::Hasher as _;
use std::ops::ControlFlow;
use twox_hash::XxHash3_64;

/// The reads of one transaction. All come from one snapshot, so each key and each range counts once.
#[derive(Debug, Default)]
pub(super) struct ReadLog {
    /// The hash of the value that each key had, or that it had none.
    keys: BTreeMap<Vec<u8>, Option<u64>>,
    /// The hash of what each range held, by its start and end.
    ranges: BTreeMap<(Vec<u8>, Option<Vec<u8>>), u64>,
}

impl ReadLog {
    /// Notes that `key` had this value, or none.
    pub(super) fn key(&mut self, key: &[u8], value: Option<&[u8]>) {
        if !self.keys.contains_key(key) {
            self.keys.insert(key.to_vec(), value.map(XxHash3_64::oneshot));
        }
    }

    /// Notes what a scan saw. `end` is where it stopped: the range's own end, or just behind the last key it visited.
    pub(super) fn range(&mut self, start: &[u8], end: Option<Vec<u8>>, seen: &RangeHash) {
        self.ranges.insert((start.to_vec(), end), seen.0.finish());
    }

    /// Checks that every read would give the same in `now`.
    ///
    /// # Errors
    /// `Aborted` when one would not.
    pub(super) fn check(&self, now: &dyn Read) -> Result<()> {
        for (key, found) in &self.keys {
            let mut hash = None;
            now.get(key, &mut |value| {
                hash = Some(XxHash3_64::oneshot(value));
                Ok(())
            })?;
            if hash != *found {
                return Err(conflict(super::layout::describe(key)));
            }
        }
        for ((start, end), hash) in &self.ranges {
            let mut seen = RangeHash::default();
            now.scan(start, end.as_deref(), &mut |key, value| {
                seen.add(key, value);
                Ok(ControlFlow::Continue(()))
            })?;
            if seen.0.finish() != *hash {
                return Err(conflict(format!("the list of {}", super::layout::describe(start))));
            }
        }
        Ok(())
    }
}

fn conflict(changed: String) -> Error {
    Error::aborted("transaction conflicts with a change that was committed since it began")
        .with_detail("changed", changed)
        .with_help("begin a new transaction and do it again")
}

/// A running hash over the keys and values of a scan.
#[derive(Default)]
pub(super) struct RangeHash(XxHash3_64);

impl RangeHash {
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.0.write(&(key.len() as u64).to_le_bytes());
        self.0.write(key);
        self.0.write(&XxHash3_64::oneshot(value).to_le_bytes());
    }
}
