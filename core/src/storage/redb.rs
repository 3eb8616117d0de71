//! The redb engine: one table in a file, or in bytes.

mod backend;
#[cfg(test)]
mod crash;
mod failure;
#[cfg(feature = "file")]
mod file;

#[cfg(feature = "file")]
pub(crate) use file::backup;
#[cfg(feature = "file")]
pub use file::{OpenOptions, RestoreOptions, restore};

use super::{Snapshot, Storage, Visit, WriteSet};
use crate::{Error, ErrorKind, Result};
use ::redb::{Database, ReadOnlyDatabase, ReadOnlyTable, ReadableDatabase as _, TableDefinition};
use backend::Bytes;
use failure::{IntoError as _, guarded};
use std::ops::{Bound, ControlFlow};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

const TABLE: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("book");

/// redb's own default is 1 GiB. The hot pages of a book are its branches and the heads of its records.
const CACHE_BYTES: usize = 32 << 20;

/// A storage in a redb database: a file of its own, or bytes in memory.
#[derive(Debug)]
pub struct RedbStorage {
    /// None after a failure, until it can be opened again.
    database: RwLock<Option<Open>>,
    place: Place,
    syncs: Arc<AtomicU64>,
}

enum Open {
    Write(Database),
    Read(ReadOnlyDatabase),
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Open::Write(_) => "Write",
            Open::Read(_) => "Read",
        })
    }
}

#[derive(Debug)]
enum Place {
    Bytes(Bytes),
    #[cfg(test)]
    Disk(crash::Disk),
    #[cfg(feature = "file")]
    File {
        path: std::path::PathBuf,
        options: OpenOptions,
    },
}

impl RedbStorage {
    /// A new book in memory, in the same format as a file.
    ///
    /// # Errors
    /// What redb gives.
    pub fn in_memory() -> Result<Self> {
        Self::in_bytes(Bytes::default())
    }

    /// A book from the bytes of a file; none of the changes go back into them.
    ///
    /// # Errors
    /// `DataLoss` when they are not the bytes of an undamaged redb file.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self> {
        if bytes.is_empty() {
            return Err(Error::data_loss("book is empty (0 bytes)"));
        }
        Self::in_bytes(Bytes::new(bytes))
    }

    fn in_bytes(bytes: Bytes) -> Result<Self> {
        let place = Place::Bytes(bytes);
        let syncs = Arc::default();
        let database = place.open(&syncs)?;
        Ok(RedbStorage { database: RwLock::new(Some(database)), place, syncs })
    }

    /// How often the file was synced so far.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }

    fn with_database<T>(&self, work: impl FnOnce(&Open) -> Result<T>) -> Result<T> {
        let mut database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        if database.is_none() {
            drop(database);
            drop(self.writable()?);
            database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        }
        database.as_ref().map_or_else(|| Err(self.failed()), work)
    }

    fn with_exclusive<T>(&self, work: impl FnOnce(&mut Database) -> Result<T>) -> Result<T> {
        match &mut *self.writable()? {
            Some(Open::Write(database)) => work(database),
            Some(Open::Read(_)) => Err(read_only(&self.place)),
            None => Err(self.failed()),
        }
    }

    /// The database for this thread alone, opened again if a failure has closed it: the disk may be well by now.
    fn writable(&self) -> Result<RwLockWriteGuard<'_, Option<Open>>> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        if database.is_none() {
            *database =
                Some(self.place.open(&self.syncs).map_err(|error| self.failed().with_detail("opening", error))?);
        }
        Ok(database)
    }

    fn failed(&self) -> Error {
        Error::unavailable(format!("{} failed and could not be opened again", self.place))
            .with_help("free or repair the disk; the next use opens the book again")
    }

    fn read_table(open: &Open) -> Result<ReadOnlyTable<&'static [u8], &'static [u8]>> {
        let txn = match open {
            Open::Write(database) => database.begin_read(),
            Open::Read(database) => database.begin_read(),
        };
        txn.into_error()?.open_table(TABLE).into_error()
    }

    fn try_commit(&self, writes: &WriteSet) -> Result<()> {
        self.with_database(|open| {
            let Open::Write(database) = open else { return Err(read_only(&self.place)) };
            guarded(|| {
                let mut txn = database.begin_write().into_error()?;
                // The header is switched only after the pages are on disk: a torn header cannot be mistaken for a good one.
                txn.set_two_phase_commit(true);
                {
                    let mut table = txn.open_table(TABLE).into_error()?;
                    for (key, value) in writes.iter() {
                        match value {
                            Some(value) => drop(table.insert(key, value).into_error()?),
                            None => drop(table.remove(key).into_error()?),
                        }
                    }
                }
                txn.commit().into_error()
            })
        })
    }

    /// After a failed commit redb refuses everything until it is opened again.
    fn reopen(&self) -> Result<()> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        // Dropping it may touch the failed disk once more; what happens there changes nothing.
        let _ = guarded(|| {
            drop(database.take());
            Ok(())
        });
        *database = Some(self.place.open(&self.syncs)?);
        Ok(())
    }

    fn holds(&self, writes: &WriteSet) -> Result<bool> {
        let snapshot = self.snapshot()?;
        for (key, value) in writes.iter() {
            let mut same = false;
            let found = snapshot.get(key, &mut |stored| {
                same = Some(stored) == value;
                Ok(())
            })?;
            if found != value.is_some() || (found && !same) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Storage for RedbStorage {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>> {
        let table = self.with_database(|open| guarded(|| Self::read_table(open)))?;
        Ok(Arc::new(RedbSnapshot(table)))
    }

    fn commit(&self, writes: &WriteSet) -> Result<()> {
        let syncs = self.syncs();
        let Err(error) = self.try_commit(writes) else { return Ok(()) };
        if matches!(error.kind(), ErrorKind::InvalidArgument | ErrorKind::FailedPrecondition) {
            return Err(error);
        }
        // The header is switched after the first of two syncs: without one, nothing can have been made.
        let failed_early = self.syncs() == syncs;
        if let Err(second) = self.reopen() {
            let error = error.with_detail("reopening", second);
            return Err(if failed_early { error } else { in_doubt(error) });
        }
        if failed_early {
            return Err(error);
        }
        match self.holds(writes) {
            Ok(false) => Err(error),
            // The pages are there now, but the sync that failed may have lost them from the disk.
            Ok(true) => Err(in_doubt(error)),
            Err(second) => Err(in_doubt(error.with_detail("reading", second))),
        }
    }

    fn check(&self) -> Result<Vec<String>> {
        if self.with_database(|open| Ok(matches!(open, Open::Read(_))))? {
            return Ok(Vec::new());
        }
        self.with_exclusive(|database| {
            guarded(|| match database.check_integrity() {
                Ok(true) => Ok(Vec::new()),
                Ok(false) => Ok(vec!["redb found damage in its pages and repaired it".to_owned()]),
                Err(::redb::DatabaseError::Storage(::redb::StorageError::Corrupted(what))) => {
                    Ok(vec![format!("redb: {what}")])
                }
                Err(error) => Err(error).into_error(),
            })
        })
    }

    fn compact(&self) -> Result<()> {
        self.with_exclusive(|database| guarded(|| database.compact().into_error().map(drop)))
    }
}

/// The error of a commit that failed so late that the change may have been made.
fn in_doubt(error: Error) -> Error {
    error
        .with_kind(ErrorKind::Unknown)
        .context("the disk did not confirm the change, which may have been made: ")
        .with_help("check the disk, then read the record again before you repeat the change")
}

fn read_only(place: &Place) -> Error {
    Error::failed_precondition(format!("{place} is open for reading only"))
        .with_help("open it without the read-only option")
}

struct RedbSnapshot(ReadOnlyTable<&'static [u8], &'static [u8]>);

impl Snapshot for RedbSnapshot {
    fn get(&self, key: &[u8], found: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<bool> {
        match guarded(|| self.0.get(key).into_error())? {
            Some(value) => found(value.value()).map(|()| true),
            None => Ok(false),
        }
    }

    fn scan(&self, start: &[u8], end: Option<&[u8]>, visit: &mut Visit<'_>) -> Result<()> {
        if end.is_some_and(|end| end <= start) {
            return Ok(());
        }
        let bounds = (Bound::Included(start), end.map_or(Bound::Unbounded, Bound::Excluded));
        let mut range = guarded(|| self.0.range::<&[u8]>(bounds).into_error())?;
        let mut before: Vec<u8> = Vec::new();
        while let Some(entry) = guarded(|| range.next().transpose().into_error())? {
            let (key, value) = (entry.0.value(), entry.1.value());
            // A damaged page can lead redb out of the range, or in circles.
            if key < start || end.is_some_and(|end| key >= end) || (!before.is_empty() && key <= before.as_slice()) {
                return Err(Error::data_loss("keys of the book are out of order")
                    .with_detail("key", crate::text::quote(key))
                    .with_help("restore a backup, or run `stowbook db check`"));
            }
            if visit(key, value)? == ControlFlow::Break(()) {
                return Ok(());
            }
            before.clear();
            before.extend_from_slice(key);
        }
        Ok(())
    }
}

impl Place {
    fn open(&self, syncs: &Arc<AtomicU64>) -> Result<Open> {
        match self {
            Place::Bytes(bytes) => create(bytes.clone(), syncs).map(Open::Write),
            #[cfg(test)]
            Place::Disk(disk) => create(disk.clone(), syncs).map(Open::Write),
            #[cfg(feature = "file")]
            Place::File { path, options } => file::open_database(path, options, syncs),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Bytes(_) => f.write_str("the book in memory"),
            #[cfg(test)]
            Place::Disk(_) => f.write_str("the book on a test's disk"),
            #[cfg(feature = "file")]
            Place::File { path, .. } => write!(f, "book {}", crate::text::quote(path.as_os_str().as_encoded_bytes())),
        }
    }
}

/// Opens a database on a backend, or makes one of an empty backend.
fn create(backend: impl ::redb::StorageBackend, syncs: &Arc<AtomicU64>) -> Result<Database> {
    let backend = backend::Counting::new(backend, Arc::clone(syncs));
    guarded(|| {
        let database = Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(backend).into_error()?;
        if database.begin_read().into_error()?.open_table(TABLE).is_err() {
            let txn = database.begin_write().into_error()?;
            txn.open_table(TABLE).into_error()?;
            txn.commit().into_error()?;
        }
        Ok(database)
    })
}
