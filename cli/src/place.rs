//! Which book a command works on.

use crate::args::Global;
use std::path::PathBuf;
use stowbook::{Error, ErrorKind, OpenOptions, Result, Store};

/// Opens the book for a command that adds to it; where there is none, it is made.
pub(crate) fn open(global: &Global) -> Result<Store> {
    make_default_folder(global)?;
    Store::open_with(path(global)?, &options(global)?)
}

/// Opens a book that has to be there: for commands that change what is in it, or look at the file itself.
pub(crate) fn open_existing(global: &Global) -> Result<Store> {
    let mut options = options(global)?;
    options.create = false;
    Store::open_with(path(global)?, &options)
}

/// Opens the book for a command that shows records. In the default place, no book is an empty one; a file that the user
/// names has to be there.
pub(crate) fn open_or_empty(global: &Global) -> Result<Store> {
    match open_existing(global) {
        Err(error) if error.kind() == ErrorKind::NotFound && global.db.is_none() => Ok(Store::in_memory()),
        result => result,
    }
}

/// The default place may not exist yet. The folder of a file that the user names should.
pub(crate) fn make_default_folder(global: &Global) -> Result<()> {
    let path = path(global)?;
    match path.parent() {
        Some(folder) if global.db.is_none() => std::fs::create_dir_all(folder).map_err(|error| {
            Error::unavailable(format!("cannot make the folder {}: {error}", folder.display()))
                .with_help("name a file elsewhere with --db")
        }),
        _ => Ok(()),
    }
}

fn options(global: &Global) -> Result<OpenOptions> {
    let mut options = OpenOptions::default();
    options.read_only = global.read_only;
    options.lock_timeout = global.lock_timeout;
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
