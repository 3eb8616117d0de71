//! Books in files: opening, creating, backing up, restoring.

use super::failure::{IntoError as _, LOCK, guarded, io_error};
#[cfg(target_os = "linux")]
use super::in_order::InOrder;
use super::{CACHE_BYTES, Engine, Open, Place, RedbStorage, create};
use crate::storage::{Snapshot, Storage as _, WriteSet, seal};
use crate::text::quote;
use crate::{Error, ErrorKind, Result};
use ::redb::{Database, backends::FileBackend};
use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, RwLock};
use std::time::Duration;

/// How a file is opened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenOptions {
    /// Make a new book where there is none. Default: yes.
    pub create: bool,
    /// Only read; several processes may do so at a time. Default: no.
    pub read_only: bool,
    /// How long to wait for another process to let the file go. Default: not at all.
    pub lock_timeout: Duration,
}

impl Default for OpenOptions {
    fn default() -> Self {
        OpenOptions { create: true, read_only: false, lock_timeout: Duration::ZERO }
    }
}

/// How a backup is restored.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RestoreOptions {
    /// Put the backup in the place of a book that is there. Default: no.
    pub replace: bool,
}

impl RedbStorage {
    /// Opens the file at `path`. `new_book` gives what a new book begins with; it is not called for
    /// a file that is there.
    ///
    /// # Errors
    /// `NotFound` when there is no file and none is to be made; `Unavailable`, with who holds it, when another process has
    /// it open; `DataLoss` when it is damaged; `FailedPrecondition` when it is not a book; `PermissionDenied`.
    pub fn open(path: &Path, options: &OpenOptions, new_book: impl FnOnce() -> WriteSet) -> Result<Self> {
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => {
                return Err(Error::failed_precondition(format!("{} is a directory, not a book", shown(path)))
                    .with_help("name a file in it"));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound && options.create && !options.read_only => {
                create_file(path, &Replace::Never, |storage| storage.try_commit(&new_book())).or_else(ignore_race)?;
            }
            Err(error) => return Err(at(path, io_error(&error)).with_help("check the path")),
        }
        let syncs = Arc::default();
        let place = Place::File { path: path.to_owned(), options: options.clone() };
        let database = place.open(&syncs)?;
        Ok(RedbStorage { database: RwLock::new(Some(database)), place, syncs })
    }
}

/// Another process may have made the file between our look and our own making; then it is opened like any other.
fn ignore_race(error: Error) -> Result<()> {
    if error.kind() == ErrorKind::AlreadyExists { Ok(()) } else { Err(error) }
}

/// Opens an existing file, waiting for its lock as long as `options` say.
pub(super) fn open_database(path: &Path, options: &OpenOptions, syncs: &Arc<AtomicU64>) -> Result<Engine> {
    const STEP: Duration = Duration::from_millis(20);
    let mut left = options.lock_timeout;
    loop {
        match try_open(path, options, syncs) {
            Err(error) if is_held(&error) && !left.is_zero() => {
                crate::host::pause(STEP.min(left));
                left = left.saturating_sub(STEP);
            }
            result => return result,
        }
    }
}

fn try_open(path: &Path, options: &OpenOptions, syncs: &Arc<AtomicU64>) -> Result<Engine> {
    let mut how = File::options();
    let file = how.read(true).write(!options.read_only).open(path).map_err(|error| {
        let out = at(path, io_error(&error));
        if out.kind() == ErrorKind::PermissionDenied && File::open(path).is_ok() {
            return out.with_help("you may read it: open it for reading only");
        }
        out
    })?;
    if file.metadata().is_ok_and(|meta| meta.len() == 0) {
        // A book is never empty: it is made under another name and gets its own when it is complete.
        return Err(Error::data_loss(format!("{} is empty (0 bytes)", shown(path)))
            .with_help("restore a backup, or delete the file to begin a new book"));
    }
    let opened = file.metadata();
    let result = if options.read_only {
        drop(file);
        guarded(|| Database::builder().set_cache_size(CACHE_BYTES).open_read_only(path).into_error().map(Engine::Read))
    } else {
        create_in(file, syncs)
    };
    if !options.read_only && result.is_ok() && opened.is_ok_and(|opened| was_replaced(path, &opened)) {
        // A backup was put in its place while we waited for the lock: what we hold has no name any more.
        drop(result);
        return try_open(path, options, syncs);
    }
    result
        .and_then(|engine| guarded(|| RedbStorage::read_table(&engine)).map(|_| engine))
        .map_err(|error| match error.kind() {
            _ if is_held(&error) => held(path, error),
            ErrorKind::DataLoss if is_of_containerd(path) => {
                Error::failed_precondition(format!("{} is not a book: it looks like a database of containerd", shown(path)))
                    .with_help("open it as one (--metadb FILE on the command line); `stowbook metadb import` copies its records into a book")
            }
            _ => at(path, error),
        })
}

/// Whether the file is one of bbolt, as containerd's `meta.db` is.
#[cfg(feature = "bolt")]
fn is_of_containerd(path: &Path) -> bool {
    use std::io::Read as _;
    let mut begin = [0; crate::bolt::BEGIN_BYTES];
    File::open(path).and_then(|mut file| file.read_exact(&mut begin)).is_ok() && crate::bolt::is_bolt(&begin)
}

#[cfg(not(feature = "bolt"))]
fn is_of_containerd(_: &Path) -> bool {
    false
}

/// How many writes a commit may take before pages are held back, to be written in the file's order. A small change takes about ten.
#[cfg(target_os = "linux")]
const WRITES_AT_ONCE: usize = 64;

/// Opens the database in a file, or makes one of an empty file.
fn create_in(file: File, syncs: &Arc<AtomicU64>) -> Result<Engine> {
    let same = file.try_clone().map_err(|error| io_error(&error))?;
    #[cfg(target_os = "linux")]
    let in_order = file.try_clone().map_err(|error| io_error(&error))?;
    let backend = guarded(|| FileBackend::new(file).into_error())?;
    #[cfg(target_os = "linux")]
    let backend =
        InOrder::new(backend, WRITES_AT_ONCE, Box::new(move |offset, slices| write_run(&in_order, offset, slices)));
    create(backend, Box::new(move || forget(&same)), syncs)
}

/// From how many bytes on the system is asked to bring a run to the disk: to ask costs about as much as to write a few pages.
#[cfg(target_os = "linux")]
const HASTENED_BYTES: u64 = 256 << 10;

/// Writes slices one behind the other, and asks the system to begin to bring them to the disk.
#[cfg(target_os = "linux")]
fn write_run(file: &File, offset: u64, mut slices: &mut [io::IoSlice<'_>]) -> io::Result<()> {
    let mut at = offset;
    while !slices.is_empty() {
        match rustix::io::pwritev(file, slices, at) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                at = at.saturating_add(written as u64);
                io::IoSlice::advance_slices(&mut slices, written);
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let written = at.saturating_sub(offset);
    if written >= HASTENED_BYTES {
        // To let go of what was just written the system begins to write it to the disk. It is advice, so it may fail.
        let _ = rustix::fs::fadvise(file, offset, std::num::NonZeroU64::new(written), rustix::fs::Advice::DontNeed);
    }
    Ok(())
}

/// Lets go of what the system keeps of a file in memory, apart from what is still to be written.
#[cfg(target_os = "linux")]
fn forget(file: &File) -> io::Result<()> {
    rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed).map_err(io::Error::from)
}

/// Other systems offer nothing of the kind to every file system.
#[cfg(not(target_os = "linux"))]
fn forget(_file: &File) -> io::Result<()> {
    Ok(())
}

/// Whether the name stands for another file than the one that was opened.
#[cfg(unix)]
fn was_replaced(path: &Path, opened: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).is_ok_and(|now| (now.dev(), now.ino()) != (opened.dev(), opened.ino()))
}

/// Elsewhere a file that is open cannot be replaced.
#[cfg(not(unix))]
fn was_replaced(_path: &Path, _opened: &fs::Metadata) -> bool {
    false
}

/// The bytes of a file, unless they are more than this.
pub(super) fn read(path: &Path, limit_bytes: u64) -> Result<Option<Vec<u8>>> {
    match fs::metadata(path) {
        Ok(meta) if meta.len() > limit_bytes => Ok(None),
        _ => fs::read(path).map(Some).map_err(|error| at(path, io_error(&error))),
    }
}

fn is_held(error: &Error) -> bool {
    error.details().iter().any(|detail| detail.name == LOCK)
}

/// The error of a file that another process holds: by whom, and what to do.
fn held(path: &Path, error: Error) -> Error {
    let holders = holders(path);
    let by = if holders.is_empty() { "another process".to_owned() } else { holders.join(", ") };
    let mut out = Error::unavailable(format!("{} is held by {by}", shown(path)));
    for detail in error.details() {
        out = out.with_detail(detail.name, &detail.value);
    }
    out.with_help("wait with a lock timeout, open a backup read-only, or let the holder serve the book on a socket")
}

/// The processes that hold a lock on this file: `process 123 (stowbook)`.
#[cfg(target_os = "linux")]
fn holders(path: &Path) -> Vec<String> {
    use std::os::unix::fs::MetadataExt as _;
    let (Ok(meta), Ok(locks)) = (fs::metadata(path), fs::read_to_string("/proc/locks")) else { return Vec::new() };
    let inode = format!(":{}", meta.ino());
    let mut pids: Vec<u32> = locks
        .lines()
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().filter(|word| *word != "->").collect();
            // number, type, advisory, access, pid, device:inode, from, to. Locks of open files have pid -1.
            words.get(5).filter(|place| place.ends_with(&inode)).and(words.get(4)?.parse().ok())
        })
        .filter(|pid| *pid != 0)
        .collect();
    pids.sort_unstable();
    pids.dedup();
    pids.into_iter()
        .map(|pid| match fs::read_to_string(format!("/proc/{pid}/comm")) {
            _ if pid == std::process::id() => "this process".to_owned(),
            Ok(name) => format!("process {pid} ({})", name.trim_end()),
            Err(_) => format!("process {pid}"),
        })
        .collect()
}

#[cfg(not(target_os = "linux"))]
fn holders(_path: &Path) -> Vec<String> {
    Vec::new()
}

fn shown(path: &Path) -> String {
    format!("book {}", quote(path.as_os_str().as_encoded_bytes()))
}

fn at(path: &Path, error: Error) -> Error {
    error.context(format!("{}: ", shown(path)))
}

enum Replace {
    Never,
    Always,
}

/// Makes a book beside `path` and gives it that name when it is complete and synced: a crash leaves no half book.
fn create_file(path: &Path, replace: &Replace, fill: impl FnOnce(&RedbStorage) -> Result<()>) -> Result<()> {
    let temporary = Temporary::beside(path)?;
    sweep(path);
    let syncs = Arc::default();
    let file = open_new(&temporary.0).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            Error::not_found(format!("the folder of {}", shown(path))).with_help("make the folder first")
        }
        _ => at(path, io_error(&error)),
    })?;
    let engine = create_in(file, &syncs)?;
    let place = Place::File { path: temporary.0.clone(), options: OpenOptions::default() };
    let open = Open::new(engine, false);
    let storage = RedbStorage { database: RwLock::new(Some(open)), place, syncs };
    fill(&storage).map_err(|error| at(path, error))?;
    drop(storage);
    temporary.persist(path, replace).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Error::already_exists(shown(path)).with_help("choose another name, or delete it")
        }
        _ => at(path, io_error(&error)),
    })
}

/// Removes what processes that were killed while they made this book have left. What somebody still works on is locked, or
/// so young that it may not be locked yet.
fn sweep(path: &Path) {
    const YOUNG: Duration = Duration::from_secs(3600);
    let (Some(name), folder) = (path.file_name(), folder(path)) else { return };
    let Ok(entries) = fs::read_dir(folder) else { return };
    let before = [b".".as_slice(), name.as_encoded_bytes(), b"."].concat();
    for entry in entries.flatten() {
        let is_temporary = entry
            .file_name()
            .as_encoded_bytes()
            .strip_prefix(before.as_slice())
            .and_then(|rest| rest.strip_suffix(b".new"))
            .is_some_and(|random| random.len() == 16 && random.iter().all(u8::is_ascii_hexdigit));
        if !is_temporary {
            continue;
        }
        let is_old = entry.metadata().and_then(|meta| meta.modified()).is_ok_and(|at| crate::host::is_older(at, YOUNG));
        let is_free = || File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok());
        if is_old && is_free() {
            // It is in nobody's way; the next book that is made here tries again.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The folder that holds a file.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn open_new(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // Specs hold environment variables, and those hold secrets.
        options.mode(0o600);
    }
    options.open(path)
}

/// A file that goes away again unless it gets its final name.
struct Temporary(PathBuf);

impl Temporary {
    fn beside(path: &Path) -> Result<Self> {
        use crate::host::{Host as _, SystemHost};
        let name = path.file_name().ok_or_else(|| {
            Error::new(ErrorKind::InvalidArgument, format!("{} has no file name: invalid argument", shown(path)))
        })?;
        let mut random = [0; 8];
        SystemHost.random(&mut random);
        let mut temporary = std::ffi::OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{:016x}.new", u64::from_le_bytes(random)));
        Ok(Temporary(path.with_file_name(temporary)))
    }

    fn persist(&self, path: &Path, replace: &Replace) -> io::Result<()> {
        match replace {
            Replace::Always => fs::rename(&self.0, path)?,
            // A link fails where a name is taken; a rename would replace it.
            Replace::Never => match fs::hard_link(&self.0, path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists && !path.exists() => {
                    fs::rename(&self.0, path)?;
                }
                result => result?,
            },
        }
        // The name itself must survive a power cut. Systems that cannot sync a directory do it by themselves.
        File::open(folder(path)).and_then(|folder| folder.sync_all()).or_else(|error| match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => Ok(()),
            _ => Err(error),
        })
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Gone already after a rename.
        let _ = fs::remove_file(&self.0);
    }
}

/// Writes the state of `snapshot` into a new file, checking every value on the way. Writers need not stop.
///
/// # Errors
/// `AlreadyExists` when there is a file; `DataLoss` when a value is damaged; what the file system gives.
pub(crate) fn backup(snapshot: &Arc<dyn Snapshot>, to: &Path) -> Result<u64> {
    copy(snapshot, to, &Replace::Never)
}

/// How much is copied in one commit of a file that nobody sees yet, in bytes.
const COPY_BATCH_BYTES: usize = 16 << 20;

fn copy(snapshot: &Arc<dyn Snapshot>, to: &Path, replace: &Replace) -> Result<u64> {
    let mut count = 0;
    create_file(to, replace, |storage| {
        let (mut writes, mut bytes) = (WriteSet::default(), 0);
        Snapshot::scan(&**snapshot, &[], None, &mut |key, sealed| {
            // Damage is found now, and not when the backup is needed.
            seal::unseal(key, sealed)?;
            writes.put(key, sealed);
            count += 1;
            bytes += key.len() + sealed.len();
            if bytes > COPY_BATCH_BYTES {
                storage.try_commit(&std::mem::take(&mut writes))?;
                bytes = 0;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        storage.try_commit(&writes)
    })?;
    Ok(count)
}

/// Puts the book in `backup` at `path`, after checking every value of it. Gives the number of keys.
///
/// # Errors
/// `AlreadyExists` when there is a file and it is not to be replaced; `Unavailable` when a process holds it; `DataLoss`
/// when the backup is damaged.
pub fn restore(backup: &Path, path: &Path, options: &RestoreOptions) -> Result<u64> {
    let reading = OpenOptions { read_only: true, ..OpenOptions::default() };
    let storage = RedbStorage::open(backup, &reading, WriteSet::default)?;
    let snapshot = storage.snapshot()?;
    crate::store::header::check(&snapshot).map_err(|error| at(backup, error))?;
    match File::open(path) {
        Ok(_) if !options.replace => {
            Err(Error::already_exists(shown(path)).with_help("say that it is to be replaced, or choose another place"))
        }
        Ok(file) => {
            // Whoever has it open would go on writing into a file without a name.
            file.try_lock().map_err(|_| held(path, Error::unavailable("")))?;
            copy(&snapshot, path, &Replace::Always)
        }
        Err(_) => copy(&snapshot, path, &Replace::Never),
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "files have times")]
mod tests {
    use super::*;
    use std::time::SystemTime;

    #[test]
    fn what_killed_processes_have_left_goes_with_the_next_book() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, hours: u64| {
            let file = File::create(folder.path().join(name)).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(hours * 3600)).unwrap();
            file
        };
        file(".book.redb.0123456789abcdef.new", 2);
        let _held = {
            let held = file(".book.redb.1123456789abcdef.new", 2);
            held.lock().unwrap();
            held
        };
        file(".book.redb.2123456789abcdef.new", 0);
        file(".other.redb.3123456789abcdef.new", 2);
        file(".book.redb.not-a-number-at.new", 2);
        RedbStorage::open(&folder.path().join("book.redb"), &OpenOptions::default(), WriteSet::default).unwrap();
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort_unstable();
        let expected = [
            ".book.redb.1123456789abcdef.new",
            ".book.redb.2123456789abcdef.new",
            ".book.redb.not-a-number-at.new",
            ".other.redb.3123456789abcdef.new",
            "book.redb",
        ];
        assert_eq!(left, expected);
    }
}
