//! What only a host knows.

use crate::content::Digester;
use std::io::Read;

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum PathKind {
    Missing,
    File,
    /// A file that may be executed.
    Executable,
    Directory,
    /// A symbolic link, or a path through one.
    Symlink,
    Device,
}

/// Facts about a host. A fact that is not known is `None`; the rules that need it are then listed as skipped.
///
/// Relative paths are relative to the bundle, the directory of the config.
pub trait Host {
    /// What stands at a path of the host.
    fn path(&self, path: &str) -> Option<PathKind> {
        let _ = path;
        None
    }

    /// The file systems that the kernel knows.
    fn filesystems(&self) -> Option<Vec<String>> {
        None
    }

    /// Whether AppArmor is on.
    fn apparmor(&self) -> Option<bool> {
        None
    }

    /// Whether SELinux is on.
    fn selinux(&self) -> Option<bool> {
        None
    }

    /// Whether standard input is a terminal.
    fn terminal(&self) -> Option<bool> {
        None
    }

    /// How many files a process may be allowed to have open.
    fn most_open_files(&self) -> Option<u64> {
        None
    }

    /// How many processors there are.
    fn processors(&self) -> Option<u64> {
        None
    }

    /// The sizes of huge pages, as in `2MB`.
    fn huge_page_sizes(&self) -> Option<Vec<String>> {
        None
    }

    /// The size of a blob in bytes and whether its content has the digest; `Some(None)` if it is missing.
    fn blob(&self, digest: &str) -> Option<Option<(u64, bool)>> {
        let _ = digest;
        None
    }

    /// The content of a small blob: a manifest, an index or a config.
    fn content(&self, digest: &str) -> Option<Vec<u8>> {
        let _ = digest;
        None
    }

    /// The digests of all blobs that are there, as in `sha256:44136f…`.
    fn blobs(&self) -> Option<Vec<String>> {
        None
    }
}

/// The size of a blob in bytes, and whether it has this digest: what [`Host::blob`] answers. A digest whose algorithm is not
/// known is taken for right.
///
/// # Errors
/// What the reader gives.
pub fn measure(content: &mut dyn Read, digest: &str) -> std::io::Result<(u64, bool)> {
    let mut digester = Digester::like(digest);
    let mut buffer = vec![0; 64 << 10];
    let mut size = 0;
    loop {
        let read = match content.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        size += read as u64;
        if let (Some(digester), Some(bytes)) = (&mut digester, buffer.get(..read)) {
            digester.update(bytes);
        }
    }
    Ok((size, digester.is_none_or(|digester| digester.digest() == digest)))
}
