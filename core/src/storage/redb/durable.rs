//! What makes one sync a commit enough, also on a disk that fails.
//!
//! redb writes pages and header and syncs once. After a power cut its checksums tell whether all of a commit arrived, and the
//! commit before is still whole. A sync that *fails* is another matter. The system then takes what was to be synced for
//! written: every reader sees it, and nobody will ever write it to the disk. A later commit would build upon pages that the
//! next power cut takes away. So what was written since the last good sync is remembered and written again, and a book that
//! was not closed is read from the disk itself.
//!
//! And damage is another matter. If the newest commit of a book that was not closed does not fit its checksums, it may have
//! been torn by a power cut, or have rotted since. After a good sync the header is marked as redb marks it after the second
//! sync of a commit in two phases: what the header names is all there. The mark itself needs no sync: it is true whenever it
//! arrives, and outlives all but a power cut.

use ::redb::{BackendError, StorageBackend};
use std::io;
use std::ops::{Bound, Range};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Where the header says that the book was not closed: redb's file format, the byte behind the magic number.
const FLAGS_OFFSET: u64 = 9;
const NOT_CLOSED: u8 = 2;
const ALL_THERE: u8 = 4;

/// How much is written again at once, in bytes.
const PIECE_BYTES: u64 = 1 << 20;

/// Lets go of what the system keeps of a file in memory and holds for written, so that it is read anew.
pub(super) type Forget = Box<dyn Fn() -> io::Result<()> + Send + Sync>;

/// A backend that knows what of it may not be on the disk yet. Clones stand for the same one.
pub(super) struct Durable<B>(Arc<Shared<B>>);

struct Shared<B> {
    inner: B,
    forget: Forget,
    /// Counts the syncs that went well: speed is only worth something beside them.
    syncs: Arc<AtomicU64>,
    /// What was written since the last sync that went well.
    unsynced: Mutex<Vec<Range<u64>>>,
    was_read: AtomicBool,
    /// Whether redb has verified what the header names, and nothing has failed since.
    is_whole: AtomicBool,
}

/// The part of [`Durable`] that does not depend on what it works on.
pub(super) trait Unsynced: Send + Sync {
    /// Whether a header was written that no sync has confirmed: the commit that it tells of may have been made.
    fn has_header(&self) -> bool;

    /// Writes again what no sync has confirmed, as it is read now, and syncs.
    ///
    /// # Errors
    /// What the file gives; then what is unconfirmed stays so.
    fn write_again(&self) -> io::Result<()>;
}

impl<B> std::fmt::Debug for Durable<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Durable").finish_non_exhaustive()
    }
}

impl<B> Clone for Durable<B> {
    fn clone(&self) -> Self {
        Durable(Arc::clone(&self.0))
    }
}

impl<B: StorageBackend> Durable<B> {
    pub(super) fn new(inner: B, forget: Forget, syncs: Arc<AtomicU64>) -> Self {
        let (unsynced, was_read, is_whole) = (Mutex::default(), AtomicBool::new(false), AtomicBool::new(false));
        Durable(Arc::new(Shared { inner, forget, syncs, unsynced, was_read, is_whole }))
    }

    /// redb has opened the book: from now on its header names what is there.
    pub(super) fn set_opened(&self) {
        self.0.is_whole.store(true, Ordering::Release);
    }

    /// Makes sure that what is read of a book that was not closed is on the disk: a process may have ended after a sync had
    /// failed. Runs before the first byte is read, when redb holds the lock.
    fn read_from_disk(&self) -> io::Result<()> {
        let Shared { inner, forget, .. } = &*self.0;
        let mut flags = [0];
        if inner.len()? <= FLAGS_OFFSET {
            return Ok(());
        }
        inner.read(FLAGS_OFFSET, &mut flags)?;
        if flags[0] & NOT_CLOSED != 0 {
            inner.sync_data()?;
            forget()?;
        }
        Ok(())
    }
}

impl<B: StorageBackend> Shared<B> {
    /// Says in the header that all that it names has been synced. Nothing depends on it, so that it may fail.
    fn mark(&self) {
        let mut flags = [0];
        let is_known = self.is_whole.load(Ordering::Acquire) && self.inner.read(FLAGS_OFFSET, &mut flags).is_ok();
        if is_known && flags[0] & NOT_CLOSED != 0 && flags[0] & ALL_THERE == 0 {
            let _ = self.inner.write(FLAGS_OFFSET, &[flags[0] | ALL_THERE]);
        }
    }

    fn noting_failure<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if result.is_err() {
            self.is_whole.store(false, Ordering::Release);
        }
        result
    }
}

impl<B> Shared<B> {
    fn take_unsynced(&self) -> Vec<Range<u64>> {
        std::mem::take(&mut *self.unsynced.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, ranges: impl IntoIterator<Item = Range<u64>>) {
        let mut unsynced = self.unsynced.lock().unwrap_or_else(PoisonError::into_inner);
        for range in ranges {
            match unsynced.last_mut() {
                Some(last) if last.end == range.start => last.end = range.end,
                _ => unsynced.push(range),
            }
        }
    }
}

impl<B: StorageBackend> Unsynced for Durable<B> {
    fn has_header(&self) -> bool {
        let unsynced = self.0.unsynced.lock().unwrap_or_else(PoisonError::into_inner);
        unsynced.iter().any(|range| range.contains(&FLAGS_OFFSET))
    }

    fn write_again(&self) -> io::Result<()> {
        // What is half written must not be taken for whole.
        self.0.is_whole.store(false, Ordering::Release);
        let inner = &self.0.inner;
        let len = inner.len()?;
        let ranges = self.0.unsynced.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for range in ranges {
            // A file that did not grow, or was made shorter since, has no bytes there.
            let (mut at, end) = (range.start, range.end.min(len));
            while at < end {
                let piece = PIECE_BYTES.min(end - at);
                // At most PIECE_BYTES.
                let mut bytes = vec![0; piece as usize];
                inner.read(at, &mut bytes)?;
                inner.write(at, &bytes)?;
                at += piece;
            }
        }
        self.sync_data()
    }
}

impl<B: StorageBackend> StorageBackend for Durable<B> {
    fn len(&self) -> io::Result<u64> {
        self.0.inner.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if !self.0.was_read.load(Ordering::Acquire) {
            self.read_from_disk()?;
            self.0.was_read.store(true, Ordering::Release);
        }
        self.0.inner.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.noting_failure(self.0.inner.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        let before = self.0.take_unsynced();
        let has_header = before.iter().any(|range| range.contains(&FLAGS_OFFSET));
        if let Err(error) = self.0.noting_failure(self.0.inner.sync_data()) {
            self.0.note(before);
            return Err(error);
        }
        self.0.syncs.fetch_add(1, Ordering::Relaxed);
        if has_header {
            self.0.mark();
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        // Also when it fails: a part may have come through.
        self.0.note(std::iter::once(offset..offset.saturating_add(data.len() as u64)));
        self.0.noting_failure(self.0.inner.write(offset, data))
    }

    fn close(&self) -> io::Result<()> {
        self.0.inner.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.inner.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.inner.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.inner.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.inner.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.inner.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.inner.query_lock_range(start, end)
    }
}
