//! Writes a large commit in the order of the file.
//!
//! redb hands the pages of a commit over in the order of its cache, which scatters them all over the file. The system takes them in a
//! third of the time when they come in long pieces, one behind the other, and can bring each piece to the disk while the next is still
//! to come. So from some writes on pages are held back and sorted, until redb syncs, writes its header, or asks for one of them. Then
//! they are all written first, so that header and pages, and what is read and what was written, keep the order that redb gave them.

use ::redb::{BackendError, StorageBackend};
use std::collections::BTreeMap;
use std::io::{self, IoSlice};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// What lies before redb's first page is its header.
const HEADER_BYTES: u64 = 4096;

/// How much is held back at most: redb itself keeps no more than this in memory until it commits.
const HELD_BYTES: usize = super::CACHE_BYTES / 2;

/// How long the pieces are that are written in one go. The system takes up to 1024 parts, and a part is a page or more. What is so
/// long by itself is not held back.
const RUN_BYTES: usize = 1 << 20;

/// Writes slices one behind the other from an offset on.
pub(super) type WriteRun = Box<dyn Fn(u64, &mut [IoSlice<'_>]) -> io::Result<()> + Send + Sync>;

/// A backend that is written to in the order of its offsets.
pub(super) struct InOrder<B> {
    inner: B,
    write_run: WriteRun,
    at_once: usize,
    /// How many writes there were since the last sync. Whoever holds this lock is the one who writes, and the only one who changes
    /// what is held back.
    writer: Mutex<usize>,
    /// Locked for a moment only, and not while pages are written: those who read other pages do not wait for that.
    held: RwLock<Held>,
}

#[derive(Default)]
struct Held {
    /// What is still to be written, by its offset. No two overlap.
    pages: BTreeMap<u64, Vec<u8>>,
    bytes: usize,
}

impl<B> std::fmt::Debug for InOrder<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InOrder").finish_non_exhaustive()
    }
}

impl<B> InOrder<B> {
    /// Holds nothing back of a commit that takes no more than `at_once` writes.
    pub(super) fn new(inner: B, at_once: usize, write_run: WriteRun) -> Self {
        InOrder { inner, write_run, at_once, writer: Mutex::default(), held: RwLock::default() }
    }

    fn writer(&self) -> MutexGuard<'_, usize> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self) -> RwLockReadGuard<'_, Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn held_mut(&self) -> RwLockWriteGuard<'_, Held> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether some of these bytes are held back.
    fn holds(&self, offset: u64, len: usize) -> bool {
        self.held().has(offset, len)
    }

    /// Writes what is held back. When that fails all of it stays held: it may be a reader who is told, and the commit must not go on
    /// without it.
    fn write_held(&self, _writer: &MutexGuard<'_, usize>) -> io::Result<()> {
        let held = self.held();
        let mut pages = held.pages.iter().peekable();
        let mut run = Vec::new();
        while let Some((&offset, page)) = pages.next() {
            let mut end = end_of(offset, page.len());
            run.push(IoSlice::new(page));
            let room = end_of(offset, RUN_BYTES);
            while let Some((_, page)) = pages.next_if(|(next, _)| **next == end && end < room) {
                end = end_of(end, page.len());
                run.push(IoSlice::new(page));
            }
            (self.write_run)(offset, &mut run)?;
            run.clear();
        }
        drop(run);
        drop(held);
        // The memory is given back when nobody waits for the lock any more.
        let written = std::mem::take(&mut *self.held_mut());
        drop(written);
        Ok(())
    }
}

impl Held {
    fn has(&self, offset: u64, len: usize) -> bool {
        let last = self.pages.range(..end_of(offset, len)).next_back();
        last.is_some_and(|(begin, page)| end_of(*begin, page.len()) > offset)
    }
}

fn end_of(offset: u64, len: usize) -> u64 {
    offset.saturating_add(len as u64)
}

impl<B: StorageBackend> StorageBackend for InOrder<B> {
    fn len(&self) -> io::Result<u64> {
        // redb sets the length before it writes there, and a length is never held back.
        self.inner.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if self.holds(offset, out.len()) {
            self.write_held(&self.writer())?;
        }
        self.inner.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.write_held(&self.writer())?;
        self.inner.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut writer = self.writer();
        self.write_held(&writer)?;
        *writer = 0;
        drop(writer);
        self.inner.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut writer = self.writer();
        *writer = writer.saturating_add(1);
        let at_once = *writer <= self.at_once || data.len() >= RUN_BYTES;
        let is_full = self.held().bytes.saturating_add(data.len()) > HELD_BYTES;
        if offset < HEADER_BYTES || is_full || self.holds(offset, data.len()) {
            self.write_held(&writer)?;
        }
        if offset < HEADER_BYTES || at_once {
            return self.inner.write(offset, data);
        }
        let page = data.to_vec();
        let mut held = self.held_mut();
        held.bytes = held.bytes.saturating_add(page.len());
        held.pages.insert(offset, page);
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        let written = self.write_held(&self.writer());
        // It lets the file go, whatever else fails.
        self.inner.close().and(written)
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.query_lock_range(start, end)
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]
mod tests;
