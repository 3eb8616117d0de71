//! Writing a repaired text back.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use stowbook::{Error, ErrorKind, Result};

/// Puts a repaired text in the place of the file, whole or not at all; standard input's goes to standard output. A link still
/// leads to the file, which keeps its owner and its permissions. What may not be written is left alone.
pub(super) fn back(file: &Path, text: &[u8]) -> Result<()> {
    let failed = |error: io::Error| Error::unavailable(format!("cannot write {}: {error}", file.display()));
    if file.as_os_str() == "-" {
        return io::stdout().write_all(text).map_err(failed);
    }
    let target = file.canonicalize().map_err(failed)?;
    let metadata = fs::metadata(&target).map_err(failed)?;
    if metadata.permissions().readonly() {
        let message = format!("cannot write {}: it is read-only; nothing in it was changed", file.display());
        return Err(Error::new(ErrorKind::PermissionDenied, message));
    }
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let beside = target.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = create(&beside).and_then(|mut new| {
        new.write_all(text)?;
        keep(&new, &metadata)?;
        new.sync_all()?;
        fs::rename(&beside, &target)
    });
    written.map_err(|error| {
        // It may never have been made.
        let _ = fs::remove_file(&beside);
        failed(error)
    })
}

/// Makes a file that nobody else can read before it has the permissions of the old one.
fn create(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Gives a new file the owner and the permissions of the old one.
fn keep(new: &File, old: &fs::Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, fchown};
        let own = new.metadata()?;
        if (own.uid(), own.gid()) != (old.uid(), old.gid()) {
            fchown(new, Some(old.uid()), Some(old.gid()))?;
        }
    }
    new.set_permissions(old.permissions())
}
