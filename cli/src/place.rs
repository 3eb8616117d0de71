//! Which book a command works on.

use crate::args::Global;
use std::path::PathBuf;
use std::time::Duration;
use stowbook::{Error, ErrorKind, OpenOptions, Result, Store};

/// Opens the book for a command that changes it; where there is none, it is made.
pub(crate) fn open(global: &Global) -> Result<Store> {
    let path = path(global)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
        // The default place may not exist yet; the folder of a file that the user names should.
        if global.db.is_none() {
            std::fs::create_dir_all(folder).map_err(|error| {
                Error::unavailable(format!("cannot make the folder {}: {error}", folder.display()))
                    .with_help("name a file elsewhere with --db")
            })?;
        }
    }
    Store::open_with(path, &options(global)?)
}

/// Opens the book for a command that only reads it. In the default place, no book is an empty one; a file that the user
/// names has to be there.
pub(crate) fn open_existing(global: &Global) -> Result<Store> {
    let mut options = options(global)?;
    options.create = false;
    match Store::open_with(path(global)?, &options) {
        Err(error) if error.kind() == ErrorKind::NotFound && global.db.is_none() => Ok(Store::in_memory()),
        result => result,
    }
}

fn options(global: &Global) -> Result<OpenOptions> {
    let mut options = OpenOptions::default();
    options.read_only = global.read_only;
    options.lock_timeout = Duration::try_from_secs_f64(global.lock_timeout).map_err(|_| {
        Error::invalid_argument(format!("lock timeout {} is not a number of seconds", global.lock_timeout))
    })?;
    Ok(options)
}

/// The book's file.
pub(crate) fn path(global: &Global) -> Result<PathBuf> {
    if let Some(path) = &global.db {
        return Ok(path.clone());
    }
    let folder = data_folder().ok_or_else(|| {
        Error::failed_precondition("there is no data directory: neither XDG_DATA_HOME nor HOME is set")
            .with_help("name the book's file with --db or STOWBOOK_DB")
    })?;
    Ok(folder.join("stowbook").join("book.redb"))
}

fn data_folder() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if cfg!(windows) {
        return variable("LOCALAPPDATA");
    }
    // The XDG specification says to ignore relative paths.
    let named = variable("XDG_DATA_HOME").filter(|path| path.is_absolute());
    let home = variable("HOME");
    if cfg!(target_os = "macos") {
        return named.or_else(|| Some(home?.join("Library/Application Support")));
    }
    named.or_else(|| Some(home?.join(".local/share")))
}
