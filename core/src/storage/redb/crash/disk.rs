//! A disk whose power can be cut, and that can fail.

use super::super::in_order::InOrder;
use super::Random;
use ::redb::{BackendError, StorageBackend};
use std::collections::BTreeSet;
use std::io;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard};

/// What a disk writes at once, whatever happens.
const SECTOR_BYTES: usize = 512;
/// In what a disk gives space.
const BLOCK_BYTES: usize = 4096;

/// A disk in memory that notes everything that is done to it.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Disk {
    state: Arc<Mutex<State>>,
    /// Which of the books that were opened on it this is for.
    book: usize,
}

#[derive(Default)]
struct State {
    /// What a reader sees.
    bytes: Vec<u8>,
    /// What is left when the power is cut now and nothing that was not synced is lucky.
    durable: Vec<u8>,
    /// The blocks that have their space.
    blocks: BTreeSet<usize>,
    /// What was done since the last sync.
    unsynced: Vec<Event>,
    log: Vec<Event>,
    fault: Option<Fault>,
    /// Whether the system does not let go of what it holds for written.
    remembers: bool,
    /// How many writes a commit may take before a book holds pages back.
    at_once: usize,
    /// How many books were opened on it, one after the other.
    books: usize,
    /// The book that has locked it.
    locked_by: Option<usize>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.bytes.len())
    }
}

/// One thing that was done to a disk.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Write(usize, Vec<u8>),
    SetLen(usize),
    Sync,
}

/// What goes wrong with a disk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    /// How many writes, changes of length and syncs go well before it.
    pub(super) after: usize,
    pub(super) kind: io::ErrorKind,
    /// Whether it goes on until [`Disk::heal`].
    pub(super) lasting: bool,
    /// Whether only writes fail that need new space, as on a full disk.
    pub(super) of_space: bool,
}

impl Disk {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        let disk = Disk::default();
        disk.state().durable.clone_from(&bytes);
        disk.state().bytes = bytes;
        disk
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// How many things were done to it.
    pub(super) fn position(&self) -> usize {
        self.state().log.len()
    }

    pub(super) fn log(&self) -> Vec<Event> {
        self.state().log.clone()
    }

    pub(in super::super) fn bytes(&self) -> Vec<u8> {
        self.state().bytes.clone()
    }

    /// From now on the system does not forget what it holds for written.
    pub(super) fn remember(&self) {
        self.state().remembers = true;
    }

    /// What makes a reader see what is on the disk, under what is still to be written there.
    pub(in super::super) fn forget(&self) -> super::super::Forget {
        let disk = self.clone();
        Box::new(move || {
            let mut state = disk.state();
            if state.remembers {
                return Ok(());
            }
            let mut bytes = state.durable.clone();
            state.unsynced.iter().for_each(|event| event.apply(&mut bytes));
            state.bytes = bytes;
            Ok(())
        })
    }

    /// From now on books hold pages of a commit back only after so many writes; by default they do so from the first one on.
    pub(super) fn write_at_once(&self, at_once: usize) {
        self.state().at_once = at_once;
    }

    /// The disk as the next book writes to it.
    pub(in super::super) fn in_order(&self) -> InOrder<Disk> {
        let (at_once, book) = {
            let mut state = self.state();
            state.books += 1;
            (state.at_once, state.books)
        };
        let inner = Disk { state: Arc::clone(&self.state), book };
        let disk = inner.clone();
        let write_run = move |mut offset: u64, slices: &mut [io::IoSlice<'_>]| {
            slices.iter().try_for_each(|slice| {
                disk.write(offset, slice)?;
                offset += slice.len() as u64;
                Ok(())
            })
        };
        InOrder::new(inner, at_once, Box::new(write_run))
    }

    /// The disk as the next process finds it when the one that used it was killed.
    pub(super) fn after_a_kill(&self) -> Disk {
        let state = self.state();
        let (bytes, durable, blocks) = (state.bytes.clone(), state.durable.clone(), state.blocks.clone());
        let (unsynced, at_once) = (state.unsynced.clone(), state.at_once);
        let state = State { bytes, durable, blocks, unsynced, at_once, ..State::default() };
        Disk { state: Arc::new(Mutex::new(state)), book: 0 }
    }

    pub(super) fn durable(&self) -> Vec<u8> {
        self.state().durable.clone()
    }

    pub(super) fn fail(&self, fault: Fault) {
        self.state().fault = Some(fault);
    }

    /// Ends the failure. Answers whether it ever came to one.
    pub(super) fn heal(&self) -> bool {
        self.state().fault.take().is_none_or(|fault| fault.after == 0)
    }
}

impl State {
    /// Counts down to the failure.
    fn advance(&mut self) -> io::Result<()> {
        let Some(fault) = &mut self.fault else { return Ok(()) };
        if fault.after > 0 {
            fault.after -= 1;
            return Ok(());
        }
        let kind = fault.kind;
        if !fault.lasting {
            self.fault = None;
        }
        Err(kind.into())
    }

    /// Whether a write needs space. A file that grows gets its space only when it is written.
    fn needs_space(&self, offset: usize, len: usize) -> bool {
        (offset / BLOCK_BYTES..(offset + len).div_ceil(BLOCK_BYTES)).any(|block| !self.blocks.contains(&block))
    }

    fn is_of_space(&self) -> bool {
        self.fault.is_some_and(|fault| fault.of_space)
    }

    fn note(&mut self, event: Event) {
        if let Event::Write(offset, data) = &event {
            self.blocks.extend(offset / BLOCK_BYTES..(offset + data.len()).div_ceil(BLOCK_BYTES));
        }
        event.apply(&mut self.bytes);
        self.unsynced.push(event.clone());
        self.log.push(event);
    }
}

impl Event {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Event::Write(offset, data) => {
                let end = offset + data.len();
                // Only when the change of length was lost that made room for it.
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*offset..end].copy_from_slice(data);
            }
            Event::SetLen(len) => bytes.resize(*len, 0),
            Event::Sync => {}
        }
    }

    /// The sectors of a write, each as a write of its own.
    fn torn(self) -> Vec<Event> {
        let Event::Write(offset, data) = self else { return vec![self] };
        let mut out = Vec::new();
        let mut at = 0;
        while at < data.len() {
            let len = (SECTOR_BYTES - (offset + at) % SECTOR_BYTES).min(data.len() - at);
            out.push(Event::Write(offset + at, data[at..at + len].to_vec()));
            at += len;
        }
        out
    }
}

/// What becomes of the things that were done since the last sync, when the power is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Luck {
    AllLost,
    AllKept,
    SomeKept,
    SomeKeptInAnyOrder,
    SomeSectorsKept,
    SomeSectorsKeptInAnyOrder,
}

impl Luck {
    pub(super) const ALL: [Luck; 6] = [
        Luck::AllLost,
        Luck::AllKept,
        Luck::SomeKept,
        Luck::SomeKeptInAnyOrder,
        Luck::SomeSectorsKept,
        Luck::SomeSectorsKeptInAnyOrder,
    ];

    fn cut(self, unsynced: Vec<Event>, random: &mut Random) -> Vec<Event> {
        use Luck::{AllKept, AllLost, SomeKeptInAnyOrder, SomeSectorsKept, SomeSectorsKeptInAnyOrder};
        let mut kept = unsynced;
        if matches!(self, SomeSectorsKept | SomeSectorsKeptInAnyOrder) {
            kept = kept.into_iter().flat_map(Event::torn).collect();
        }
        if matches!(self, SomeKeptInAnyOrder | SomeSectorsKeptInAnyOrder) {
            for at in (1..kept.len()).rev() {
                kept.swap(at, random.below(at + 1));
            }
        }
        // Now nearly all, now nearly none.
        let lost_percent = match self {
            AllLost => 100,
            AllKept => 0,
            _ => [5, 20, 50, 80, 95][random.below(5)],
        };
        kept.retain(|_| random.below(100) >= lost_percent);
        kept
    }
}

/// Every state that a disk can be left in, by where in its log the power was cut and by luck.
pub(super) struct Images {
    log: Vec<Event>,
    /// The disk before the log began.
    first: Vec<u8>,
    /// The disk at the sync before `position`, which moves forward.
    synced: Vec<u8>,
    synced_position: usize,
}

impl Images {
    pub(super) fn new(first: Vec<u8>, log: Vec<Event>) -> Self {
        Images { synced: first.clone(), first, log, synced_position: 0 }
    }

    /// Where the syncs stand in the log.
    pub(super) fn syncs(&self) -> Vec<usize> {
        let syncs = self.log.iter().enumerate().filter(|(_, event)| matches!(event, Event::Sync));
        syncs.map(|(at, _)| at).collect()
    }

    /// As if syncing did nothing.
    pub(super) fn forget_syncs(&mut self) {
        self.log.retain(|event| !matches!(event, Event::Sync));
    }

    pub(super) fn log_len(&self) -> usize {
        self.log.len()
    }

    /// The disk when the power is cut before the event at `position`. Quick when the positions ascend.
    pub(super) fn at(&mut self, position: usize, luck: Luck, random: &mut Random) -> Vec<u8> {
        if position < self.synced_position {
            self.synced.clone_from(&self.first);
            self.synced_position = 0;
        }
        let last_sync = self.log[..position].iter().rposition(|event| matches!(event, Event::Sync));
        let last_sync = last_sync.map_or(0, |at| at + 1).max(self.synced_position);
        for event in &self.log[self.synced_position..last_sync] {
            event.apply(&mut self.synced);
        }
        self.synced_position = last_sync;
        let mut image = self.synced.clone();
        for event in luck.cut(self.log[last_sync..position].to_vec(), random) {
            event.apply(&mut image);
        }
        image
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).unwrap();
        let state = self.state();
        let from = state.bytes.get(offset..offset + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(from);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state();
        if !state.is_of_space() {
            state.advance()?;
        }
        state.note(Event::SetLen(usize::try_from(len).unwrap()));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state();
        let unsynced = std::mem::take(&mut state.unsynced);
        // As on Linux: after a failed sync what was to be synced is still seen, but will never be written by itself. Some of it
        // may have been.
        if !state.is_of_space()
            && let Err(error) = state.advance()
        {
            let done = state.log.len();
            let some = unsynced.iter().enumerate().filter(|(at, _)| (at + done).is_multiple_of(3));
            some.for_each(|(_, event)| event.apply(&mut state.durable));
            return Err(error);
        }
        for event in unsynced {
            event.apply(&mut state.durable);
        }
        state.log.push(Event::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).unwrap();
        let mut state = self.state();
        assert!(offset + data.len() <= state.bytes.len(), "redb grows a file before it writes");
        let exempt = state.is_of_space() && !state.needs_space(offset, data.len());
        if !exempt && let Err(error) = state.advance() {
            if !state.is_of_space() {
                // A part may have come through.
                state.note(Event::Write(offset, data[..data.len() / 2].to_vec()));
            }
            return Err(error);
        }
        state.note(Event::Write(offset, data.to_vec()));
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        let mut state = self.state();
        if state.locked_by == Some(self.book) {
            state.locked_by = None;
        }
        Ok(())
    }

    fn try_lock_range(&self, _start: Bound<u64>, _end: Bound<u64>) -> Result<bool, BackendError> {
        Ok(*self.state().locked_by.get_or_insert(self.book) == self.book)
    }

    fn try_lock_shared_range(&self, _start: Bound<u64>, _end: Bound<u64>) -> Result<bool, BackendError> {
        Ok(true)
    }

    // redb gives up parts of its lock; all of it goes when it closes.
    fn unlock_range(&self, _start: Bound<u64>, _end: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }
}
