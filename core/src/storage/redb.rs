//! The redb engine: one table in a file, or in bytes.

mod backend;
#[cfg(test)]
mod crash;
mod durable;
mod failure;
#[cfg(feature = "file")]
mod file;
#[cfg(any(test, all(feature = "file", target_os = "linux")))]
mod in_order;

#[cfg(feature = "file")]
pub(crate) use failure::io_error;
#[cfg(feature = "file")]
pub(crate) use file::backup;
#[cfg(feature = "file")]
pub use file::{OpenOptions, RestoreOptions, restore};

use super::{Snapshot, Storage, Visit, WriteSet};
use crate::{Error, ErrorKind, Result};
#[cfg(feature = "file")]
use ::redb::ReadOnlyDatabase;
use ::redb::{CursorError, Database, ReadOnlyTable, ReadableDatabase as _, Table, TableDefinition};
use backend::Bytes;
use durable::{Durable, Forget, Unsynced};
use failure::{IntoError as _, guarded};
use std::ops::{Bound, ControlFlow};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockWriteGuard};

const TABLE: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("book");

/// redb's own default is 1 GiB. The hot pages of a book are its branches and the heads of its records.
const CACHE_BYTES: usize = 128 << 20;

/// A book up to this size is verified whole when it is opened, which takes about 2 ms a MiB. A flipped bit in a key or in a
/// branch hides records: without this, a `get` would say that they do not exist. Larger ones are verified by a check.
const VERIFIED_BYTES: u64 = 8 << 20;

/// The largest book that a check copies into memory, where it may not write.
const CHECKED_COPY_BYTES: u64 = 256 << 20;

/// A storage in a redb database: a file of its own, or bytes in memory.
#[derive(Debug)]
pub struct RedbStorage {
    /// None after a failure, until it can be opened again.
    database: RwLock<Option<Open>>,
    place: Place,
    syncs: Arc<AtomicU64>,
}

/// A database, and whether it was found damaged when it was opened.
struct Open {
    /// The newest state, for all who ask before the next commit: finding the table's root costs more than a `get`. Stands
    /// before the engine, so that it is let go first.
    newest: Mutex<Option<Arc<RedbSnapshot>>>,
    engine: Engine,
    damaged: bool,
}

enum Engine {
    Write(Database, Arc<dyn Unsynced>),
    #[cfg(feature = "file")]
    Read(ReadOnlyDatabase),
}

impl Open {
    fn new(engine: Engine, damaged: bool) -> Self {
        Open { newest: Mutex::default(), engine, damaged }
    }

    /// The newest state. Whoever takes it from redb holds the lock meanwhile, so none can be kept that a commit has passed.
    fn snapshot(&self) -> Result<Arc<RedbSnapshot>> {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(snapshot) = &*newest {
            return Ok(Arc::clone(snapshot));
        }
        let table = guarded(|| RedbStorage::read_table(&self.engine))?;
        Ok(Arc::clone(newest.insert(Arc::new(RedbSnapshot { table, damaged: self.damaged }))))
    }

    /// Lets the newest state go: there is a newer one, or redb must not be read now.
    fn forget_snapshot(&self) {
        let passed = self.newest.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Letting the last hold on it go calls redb, which nobody need wait for.
        drop(passed);
    }
}

impl Engine {
    /// The database, unless it is open for reading only.
    fn writable(&self) -> Option<&Database> {
        match self {
            Engine::Write(database, _) => Some(database),
            #[cfg(feature = "file")]
            Engine::Read(_) => None,
        }
    }

    /// What no sync has confirmed yet.
    fn unsynced(&self) -> Option<&dyn Unsynced> {
        match self {
            Engine::Write(_, unsynced) => Some(&**unsynced),
            #[cfg(feature = "file")]
            Engine::Read(_) => None,
        }
    }

    fn writable_mut(&mut self) -> Option<&mut Database> {
        match self {
            Engine::Write(database, _) => Some(database),
            #[cfg(feature = "file")]
            Engine::Read(_) => None,
        }
    }
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.engine.writable().is_some() { "Write" } else { "Read" })
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
            Some(open) => {
                open.forget_snapshot();
                work(open.engine.writable_mut().ok_or_else(|| read_only(&self.place))?)
            }
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

    fn read_table(engine: &Engine) -> Result<ReadOnlyTable<&'static [u8], &'static [u8]>> {
        let txn = match engine {
            Engine::Write(database, _) => database.begin_read(),
            #[cfg(feature = "file")]
            Engine::Read(database) => database.begin_read(),
        };
        txn.into_error()?.open_table(TABLE).into_error()
    }

    fn try_commit(&self, writes: &WriteSet) -> Result<()> {
        self.with_database(|open| {
            let database = open.engine.writable().ok_or_else(|| read_only(&self.place))?;
            if open.damaged {
                // Pages that are written again get a new checksum, and nobody could find the damage any more.
                return Err(damaged("a damaged book is not written to"));
            }
            guarded(|| {
                // Pages and header in one sync: `durable` says why that is enough.
                let txn = database.begin_write().into_error()?;
                {
                    let mut table = txn.open_table(TABLE).into_error()?;
                    apply(&mut table, writes)?;
                }
                txn.commit().into_error()
            })?;
            open.forget_snapshot();
            Ok(())
        })
    }

    /// After a failed commit redb refuses everything until it is opened again. Answers whether all that was written so far is
    /// on the disk now. Damage that was seen stays known: a large book is not verified anew.
    fn reopen(&self, error: &Error) -> Result<bool> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        let damaged = error.kind() == ErrorKind::DataLoss || database.as_ref().is_some_and(|open| open.damaged);
        // As long as redb holds its lock, nobody else has written there.
        let unsynced = database.as_ref().and_then(|open| open.engine.unsynced());
        let confirmed = unsynced.is_some_and(|unsynced| unsynced.write_again().is_ok());
        // Dropping it may touch the failed disk once more; what happens there changes nothing.
        let _ = guarded(|| {
            drop(database.take());
            Ok(())
        });
        let mut open = self.place.open(&self.syncs)?;
        open.damaged |= damaged;
        *database = Some(open);
        Ok(confirmed)
    }

    /// Whether a header was written that no sync has confirmed.
    fn has_unsynced_header(&self) -> bool {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        database.as_ref().and_then(|open| open.engine.unsynced()).is_some_and(Unsynced::has_header)
    }

    /// The check of a book that is open for reading only.
    fn check_copy(&self) -> Result<Vec<String>> {
        let Some(bytes) = self.place.copy(CHECKED_COPY_BYTES)? else {
            return Err(read_only(&self.place)
                .with_detail("limit_bytes", CHECKED_COPY_BYTES)
                .with_help("so large a book can be checked only without the read-only option"));
        };
        Ok(find_damage(bytes).err().map(|error| problem(&error)).into_iter().collect())
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
        self.with_database(|open| Ok(open.snapshot()? as Arc<dyn Snapshot>))
    }

    fn commit(&self, writes: &WriteSet) -> Result<()> {
        let syncs = self.syncs();
        let Err(error) = self.try_commit(writes) else { return Ok(()) };
        if matches!(error.kind(), ErrorKind::InvalidArgument | ErrorKind::FailedPrecondition) {
            return Err(error);
        }
        // Only with its header on the disk can a commit have been made.
        let may_be_made = self.syncs() != syncs || self.has_unsynced_header();
        let confirmed = match self.reopen(&error) {
            Ok(confirmed) => confirmed,
            Err(second) => {
                let error = error.with_detail("reopening", second);
                return Err(if may_be_made { in_doubt(error) } else { error });
            }
        };
        if !may_be_made {
            return Err(error);
        }
        match self.holds(writes) {
            Ok(false) => Err(error),
            // All of it was written again and synced, so the change is as durable as any other.
            Ok(true) if confirmed => Ok(()),
            Ok(true) => Err(in_doubt(error)),
            Err(second) => Err(in_doubt(error.with_detail("reading", second))),
        }
    }

    fn check(&self) -> Result<Vec<String>> {
        let mut open = self.writable()?;
        let open = open.as_mut().ok_or_else(|| self.failed())?;
        open.forget_snapshot();
        let Open { engine, damaged, .. } = open;
        let Some(database) = engine.writable_mut() else { return self.check_copy() };
        match guarded(|| database.check_integrity().into_error()) {
            Ok(true) => Ok(Vec::new()),
            Ok(false) => Ok(vec!["redb found damage in its pages and repaired it".to_owned()]),
            Err(error) if error.kind() == ErrorKind::DataLoss => {
                *damaged = true;
                Ok(vec![problem(&error)])
            }
            Err(error) => Err(error),
        }
    }

    fn compact(&self) -> Result<()> {
        self.with_exclusive(|database| guarded(|| database.compact().into_error().map(drop)))
    }
}

impl Drop for RedbStorage {
    fn drop(&mut self) {
        // Closing a database writes a little, and may stumble over damaged pages.
        let database = self.database.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let _ = guarded(|| {
            drop(database);
            Ok(())
        });
    }
}

/// From so many changes on, runs of new keys are handed to redb as such.
const RUNS_FROM: usize = 32;

/// How long a run is at most. redb copies it into memory that it takes anew for each run, which is quick as long as it is little.
const RUN_BYTES: usize = 128 << 10;

/// Makes the changes in a table.
fn apply(table: &mut Table<'_, &'static [u8], &'static [u8]>, writes: &WriteSet) -> Result<()> {
    let mut writes = writes.iter().peekable();
    let in_runs = writes.len() >= RUNS_FROM;
    while let Some((key, value)) = writes.next() {
        let Some(value) = value else {
            table.remove(key).into_error()?;
            continue;
        };
        // A run of new keys that lie side by side goes in behind one search, and fills its pages.
        let mut is_new = false;
        if in_runs && matches!(writes.peek(), Some((_, Some(_)))) {
            let mut gap = table.lower_bound_mut(Bound::Included(key)).into_error()?;
            is_new = inserted(gap.insert_before(key, value))?;
            let mut bytes = value.len();
            while is_new
                && bytes < RUN_BYTES
                && let Some((key, Some(value))) = writes.peek()
            {
                if !inserted(gap.insert_before(*key, *value))? {
                    break;
                }
                bytes = bytes.saturating_add(value.len());
                writes.next();
            }
            gap.close().into_error()?;
        }
        if !is_new {
            table.insert(key, value).into_error()?;
        }
    }
    Ok(())
}

/// Whether an entry went into the gap. It did not where its key is there already, or belongs elsewhere.
fn inserted(result: std::result::Result<(), CursorError>) -> Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(CursorError::UnorderedKey) => Ok(false),
        Err(error) => Err(error).into_error(),
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
    Error::failed_precondition(format!("{place} is open for reading only")).with_help("open it for writing")
}

struct RedbSnapshot {
    table: ReadOnlyTable<&'static [u8], &'static [u8]>,
    /// What is found is what was written, for values have checksums of their own; but not everything may be found.
    damaged: bool,
}

impl Snapshot for RedbSnapshot {
    fn get(&self, key: &[u8], found: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<bool> {
        match guarded(|| self.table.get(key).into_error())? {
            Some(value) => found(guarded(|| Ok(value.value()))?).map(|()| true),
            None if self.damaged => {
                let what = crate::storage::layout::describe(key);
                Err(damaged(&format!("{what} cannot be found, which may be due to the damage")))
            }
            None => Ok(false),
        }
    }

    fn scan(&self, start: &[u8], end: Option<&[u8]>, visit: &mut Visit<'_>) -> Result<()> {
        if end.is_some_and(|end| end <= start) {
            return Ok(());
        }
        let bounds = (Bound::Included(start), end.map_or(Bound::Unbounded, Bound::Excluded));
        let mut range = guarded(|| self.table.range::<&[u8]>(bounds).into_error())?;
        let mut before: Vec<u8> = Vec::new();
        while let Some(entry) = guarded(|| range.next().transpose().into_error())? {
            let (key, value) = guarded(|| Ok((entry.0.value(), entry.1.value())))?;
            // A damaged page can lead redb out of the range, or in circles.
            if key < start || end.is_some_and(|end| key >= end) || (!before.is_empty() && key <= before.as_slice()) {
                return Err(Error::data_loss("keys of the book are out of order")
                    .with_detail("key", crate::text::quote(key))
                    .with_help("restore a backup, or check the book"));
            }
            if visit(key, value)? == ControlFlow::Break(()) {
                return Ok(());
            }
            before.clear();
            before.extend_from_slice(key);
        }
        if self.damaged { Err(damaged("a list may lack what the damage hides")) } else { Ok(()) }
    }
}

impl Place {
    fn open(&self, syncs: &Arc<AtomicU64>) -> Result<Open> {
        let engine = match self {
            Place::Bytes(bytes) => create(bytes.clone(), Box::new(|| Ok(())), syncs),
            #[cfg(test)]
            Place::Disk(disk) => create(disk.in_order(), disk.forget(), syncs),
            #[cfg(feature = "file")]
            Place::File { path, options } => file::open_database(path, options, syncs),
        }?;
        let damaged = match self.copy(VERIFIED_BYTES) {
            Ok(bytes) => bytes.is_some_and(|bytes| find_damage(bytes).is_err()),
            // A part of the file cannot be read; the rest may do.
            Err(_) => true,
        };
        Ok(Open::new(engine, damaged))
    }

    /// The bytes of the database, unless they are more than this.
    fn copy(&self, limit_bytes: u64) -> Result<Option<Vec<u8>>> {
        match self {
            Place::Bytes(bytes) => Ok(bytes.copy(limit_bytes)),
            #[cfg(test)]
            Place::Disk(disk) => Ok(Some(disk.bytes())),
            #[cfg(feature = "file")]
            Place::File { path, .. } => file::read(path, limit_bytes),
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

/// Compares every page with its checksum. redb does that only for a book that was not closed, and only where it may write;
/// so this opens a copy in memory.
///
/// # Errors
/// `DataLoss` when a page is damaged.
fn find_damage(bytes: Vec<u8>) -> Result<()> {
    guarded(|| {
        let copy = Bytes::new(bytes);
        let mut database = Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(copy).into_error()?;
        database.check_integrity().into_error().map(drop)
    })
}

/// A finding of a check.
fn problem(error: &Error) -> String {
    error.details().first().map_or_else(|| error.to_string(), |detail| format!("{}: {}", detail.name, detail.value))
}

fn damaged(what: &str) -> Error {
    Error::data_loss(format!("the book's file is damaged: {what}")).with_help(failure::DAMAGED)
}

/// Opens a database on a backend, or makes one of an empty backend.
fn create(backend: impl ::redb::StorageBackend, forget: Forget, syncs: &Arc<AtomicU64>) -> Result<Engine> {
    let is_new = backend.len().is_ok_and(|bytes| bytes == 0);
    let backend = Durable::new(backend, forget, Arc::clone(syncs));
    let unsynced = Arc::new(backend.clone());
    guarded(|| {
        let database = Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(backend).into_error()?;
        if is_new {
            let txn = database.begin_write().into_error()?;
            txn.open_table(TABLE).into_error()?;
            txn.commit().into_error()?;
        } else {
            // What lacks the table belongs to somebody else, and is left as it is.
            database.begin_read().into_error()?.open_table(TABLE).into_error()?;
        }
        unsynced.set_opened();
        Ok(Engine::Write(database, unsynced))
    })
}
