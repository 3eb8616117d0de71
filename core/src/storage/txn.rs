use super::read_log::{RangeHash, ReadLog};
use super::write_set::{Change, WriteSet};
use super::{Snapshot, Visit, seal};
use crate::Result;
use crate::model::Envelope;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

/// What a store reads from: a snapshot, or a snapshot under the changes of a transaction. Values come without their
/// checksums, which were compared on the way.
pub trait Read {
    /// Shows the value of `key` to `found`, or answers `false`.
    ///
    /// # Errors
    /// What `found` gives, `DataLoss` for a damaged value, and what the place gives.
    fn get(&self, key: &[u8], found: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<bool>;

    /// Shows keys and values from `start` on and before `end`, in ascending order, until `visit` breaks.
    ///
    /// # Errors
    /// What `visit` gives, `DataLoss` for a damaged value, and what the place gives.
    fn scan(&self, start: &[u8], end: Option<&[u8]>, visit: &mut Visit<'_>) -> Result<()>;
}

impl dyn Read + '_ {
    /// What `decode` makes of the value of `key`, if there is one.
    ///
    /// # Errors
    /// As [`Read::get`].
    pub fn decode<T>(&self, key: &[u8], mut decode: impl FnMut(&[u8]) -> Result<T>) -> Result<Option<T>> {
        let mut out = None;
        self.get(key, &mut |value| {
            out = Some(decode(value)?);
            Ok(())
        })?;
        Ok(out)
    }

    /// Whether a key exists from `start` on and before `end`.
    ///
    /// # Errors
    /// As [`Read::scan`].
    pub fn any(&self, start: &[u8], end: Option<&[u8]>) -> Result<bool> {
        let mut any = false;
        self.scan(start, end, &mut |_, _| {
            any = true;
            Ok(ControlFlow::Break(()))
        })?;
        Ok(any)
    }
}

impl Read for Arc<dyn Snapshot> {
    fn get(&self, key: &[u8], found: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<bool> {
        Snapshot::get(&**self, key, &mut |sealed| found(seal::unseal(key, sealed)?))
    }

    fn scan(&self, start: &[u8], end: Option<&[u8]>, visit: &mut Visit<'_>) -> Result<()> {
        Snapshot::scan(&**self, start, end, &mut |key, sealed| visit(key, seal::unseal(key, sealed)?))
    }
}

/// The state that operations work on: a snapshot, under changes that are not committed yet, under their own.
///
/// [`Txn::savepoint`] runs one operation so that its failure leaves nothing behind.
pub struct Txn<'a> {
    base: &'a Arc<dyn Snapshot>,
    /// Changes of others below the own ones, the oldest first.
    below: [Option<&'a WriteSet>; 2],
    own: WriteSet,
    /// While a savepoint is open: what `own` said before about each key that was changed since, in order.
    undo: Vec<(Vec<u8>, Option<Change>)>,
    savepoints: usize,
    /// What happened, in order. The caller writes it to the log when the transaction takes effect, which gives the numbers.
    events: Vec<Envelope>,
    /// What was read from `base`, for those who must know at commit. A lock, because reading takes `&self`.
    log: Option<Mutex<ReadLog>>,
}

impl<'a> Txn<'a> {
    /// Works on `base`, with the changes in `below` already applied.
    pub(super) fn new(base: &'a Arc<dyn Snapshot>, below: [Option<&'a WriteSet>; 2]) -> Self {
        Txn { base, below, own: WriteSet::default(), undo: Vec::new(), savepoints: 0, events: Vec::new(), log: None }
    }

    /// Goes on with the changes and the reads of a transaction that outlives this borrow.
    pub(super) fn resume(base: &'a Arc<dyn Snapshot>, own: WriteSet, events: Vec<Envelope>, log: ReadLog) -> Self {
        Txn { own, events, log: Some(Mutex::new(log)), ..Txn::new(base, [None, None]) }
    }

    /// The changes, the events and the reads so far.
    pub(super) fn into_parts(self) -> (WriteSet, Vec<Envelope>, ReadLog) {
        let log = self.log.map(|log| log.into_inner().unwrap_or_else(PoisonError::into_inner));
        (self.own, self.events, log.unwrap_or_default())
    }

    /// Takes over changes as they are: their values carry their checksums already. Not within a savepoint.
    pub(crate) fn absorb(&mut self, writes: WriteSet) {
        self.own.merge(writes);
    }

    /// Notes what happened. It is told when the transaction takes effect, and never if it does not.
    pub fn notify(&mut self, event: Envelope) {
        self.events.push(event);
    }

    /// What happened since the last call of this.
    pub(crate) fn take_events(&mut self) -> Vec<Envelope> {
        std::mem::take(&mut self.events)
    }

    /// Sets a key.
    pub fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        let sealed = seal::seal(&key, value);
        self.change(key, Some(sealed));
    }

    /// Removes a key, if it is there.
    pub fn delete(&mut self, key: Vec<u8>) {
        self.change(key, None);
    }

    fn change(&mut self, key: Vec<u8>, change: Change) {
        if self.savepoints == 0 {
            self.own.replace(key, Some(change));
        } else {
            let before = self.own.replace(key.clone(), Some(change));
            self.undo.push((key, before));
        }
    }

    /// Removes every key from `start` on and before `end`.
    ///
    /// # Errors
    /// As [`Read::scan`].
    pub fn delete_range(&mut self, start: &[u8], end: Option<&[u8]>) -> Result<()> {
        let mut keys = Vec::new();
        self.scan(start, end, &mut |key, _| {
            keys.push(key.to_vec());
            Ok(ControlFlow::Continue(()))
        })?;
        for key in keys {
            self.delete(key);
        }
        Ok(())
    }

    /// Runs `operation`; when it fails, its changes are taken back.
    ///
    /// # Errors
    /// What `operation` gives.
    pub fn savepoint<T>(&mut self, operation: impl FnOnce(&mut Txn<'a>) -> Result<T>) -> Result<T> {
        let (undo, savepoints, events) = (self.undo.len(), self.savepoints, self.events.len());
        self.savepoints += 1;
        let result = operation(self);
        // Not just one less: after a panic in an inner savepoint that the operation caught, the count is too high.
        self.savepoints = savepoints;
        if result.is_err() {
            self.events.truncate(events);
            for (key, before) in self.undo.drain(undo.min(self.undo.len())..).rev() {
                self.own.replace(key, before);
            }
        }
        if savepoints == 0 {
            self.undo.clear();
        }
        result
    }

    /// What the changes, own and of others, say about a key: the newest word counts.
    fn changed(&self, key: &[u8]) -> Option<Option<&[u8]>> {
        let newest_first = [Some(&self.own), self.below[1], self.below[0]];
        newest_first.into_iter().flatten().find_map(|set| set.get(key))
    }

    /// All changes to keys of a range, in ascending order of the keys; of several to one key, the newest.
    fn changes(&self, start: &[u8], end: Option<&[u8]>) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        let newest_first = [Some(&self.own), self.below[1], self.below[0]];
        let mut sets = newest_first.map(|set| set.map(|set| set.range(start, end)).into_iter().flatten().peekable());
        std::iter::from_fn(move || {
            let next = sets.iter_mut().filter_map(|set| set.peek().map(|(key, _)| *key)).min()?;
            let mut newest = None;
            for set in &mut sets {
                let change = set.next_if(|(key, _)| *key == next);
                newest = newest.or(change);
            }
            newest
        })
    }

    fn log(&self, note: impl FnOnce(&mut ReadLog)) {
        if let Some(log) = &self.log {
            note(&mut log.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl Read for Txn<'_> {
    fn get(&self, key: &[u8], found: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<bool> {
        match self.changed(key) {
            Some(Some(sealed)) => found(seal::unseal(key, sealed)?).map(|()| true),
            Some(None) => Ok(false),
            None => {
                let there = self.base.get(key, &mut |value| {
                    self.log(|log| log.key(key, Some(value)));
                    found(value)
                })?;
                if !there {
                    self.log(|log| log.key(key, None));
                }
                Ok(there)
            }
        }
    }

    fn scan(&self, start: &[u8], end: Option<&[u8]>, visit: &mut Visit<'_>) -> Result<()> {
        let mut changes = self.changes(start, end).peekable();
        let mut seen = RangeHash::default();
        let mut stopped_at: Option<Vec<u8>> = None;
        Read::scan(self.base, start, end, &mut |key, value| {
            // What others wrote below counts as read too, but only handle transactions keep a log, and they have none.
            if self.log.is_some() {
                seen.add(key, value);
            }
            while let Some((changed, sealed)) = changes.next_if(|(changed, _)| *changed < key) {
                if let Some(sealed) = sealed
                    && visit(changed, seal::unseal(changed, sealed)?)?.is_break()
                {
                    stopped_at = Some(key.to_vec());
                    return Ok(ControlFlow::Break(()));
                }
            }
            let flow = match changes.next_if(|(changed, _)| *changed == key) {
                Some((_, None)) => ControlFlow::Continue(()),
                Some((_, Some(sealed))) => visit(key, seal::unseal(key, sealed)?)?,
                None => visit(key, value)?,
            };
            if flow.is_break() {
                stopped_at = Some(key.to_vec());
            }
            Ok(flow)
        })?;
        let broken = stopped_at.is_some();
        // A scan that stopped early has read nothing behind the key it stopped at.
        let log_end = stopped_at.map_or_else(|| end.map(<[u8]>::to_vec), |key| Some(super::layout::after(&key)));
        self.log(|log| log.range(start, log_end, &seen));
        if !broken {
            for (changed, sealed) in changes {
                if let Some(sealed) = sealed
                    && visit(changed, seal::unseal(changed, sealed)?)?.is_break()
                {
                    break;
                }
            }
        }
        Ok(())
    }
}
