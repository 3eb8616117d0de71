//! The socket that is listened on: made without a moment in which others may connect, never in the place of a live one.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use stowbook::{Error, ErrorKind, Result};
use tokio::net::{UnixListener, UnixStream};

/// Who may connect.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SocketOptions {
    /// The socket's permissions. Default: the owner only, `0o600`.
    pub mode: u32,
    /// The socket's user and group by number. Default: those of the process.
    pub owner: Option<(u32, u32)>,
}

impl Default for SocketOptions {
    fn default() -> Self {
        SocketOptions { mode: 0o600, owner: None }
    }
}

/// A unix socket that listens. Its file goes when it is dropped, unless systemd made it.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    file: Option<Made>,
}

/// The file of a socket that was made here.
#[derive(Debug)]
struct Made {
    path: PathBuf,
    /// Device and inode: another server may have put its own in the place.
    identity: (u64, u64),
}

impl Drop for Made {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|identity| identity == self.identity) {
            // Nobody is left to tell; the next server takes a dead socket away.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Socket {
    /// Listens at this path. The folder is made if it is missing, for its owner only; a dead socket is replaced. Needs a
    /// tokio runtime.
    ///
    /// # Errors
    /// `AlreadyExists` when a server answers there, or when it is no socket; what the file system gives.
    pub fn bind(path: impl AsRef<Path>, options: &SocketOptions) -> Result<Self> {
        let path = path.as_ref();
        make_room(path)?;
        bind(path, options).map_err(|error| {
            let kind = match error.kind() {
                io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
                io::ErrorKind::InvalidInput => ErrorKind::InvalidArgument,
                _ => ErrorKind::Unavailable,
            };
            Error::classed(kind, format!("cannot listen on {}: {error}", path.display()))
                .with_help("name another socket; a path has at most 107 bytes")
        })
    }

    /// The socket that systemd listens on for this process, if there is one. Needs a tokio runtime.
    ///
    /// # Errors
    /// `InvalidArgument` when what systemd passes is no unix socket that listens.
    pub fn inherited() -> Result<Option<Self>> {
        let wrong = |error: io::Error| {
            Error::invalid_argument(format!("the socket that systemd passes cannot be used: {error}"))
                .with_help("the socket unit needs ListenStream= with a path")
        };
        let Some(listener) = listenfd::ListenFd::from_env().take_unix_listener(0).map_err(wrong)? else {
            return Ok(None);
        };
        listener.set_nonblocking(true).map_err(wrong)?;
        let listener = UnixListener::from_std(listener).map_err(wrong)?;
        Ok(Some(Socket { listener, file: None }))
    }

    /// Where it listens.
    #[must_use]
    pub fn path(&self) -> Option<PathBuf> {
        match &self.file {
            Some(file) => Some(file.path.clone()),
            None => self.listener.local_addr().ok()?.as_pathname().map(Path::to_owned),
        }
    }

    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        Ok(self.listener.accept().await?.0)
    }
}

/// Makes the folder, and sees to it that no server answers at the path.
fn make_room(path: &Path) -> Result<()> {
    let taken = |what: &str| {
        Error::already_exists(format!("cannot listen on {}: {what}", path.display()))
            .with_help("stop that server, or name another socket")
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| Error::unavailable(format!("cannot make the folder {}: {error}", folder.display())))?;
    }
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => Err(taken("it is a file and no socket")),
        // Whoever refuses is dead. Anything else, no right to connect say, may be alive.
        Ok(_) => match std::os::unix::net::UnixStream::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(taken(&format!("a socket is there that may be in use ({error})"))),
            Ok(_) => Err(taken("a server answers there")),
        },
        Err(_) => Ok(()),
    }
}

/// Makes the socket in a folder that nobody else can enter, and moves it to its place when its mode and owner are right.
fn bind(path: &Path, options: &SocketOptions) -> io::Result<Socket> {
    // Short, because a path of a socket has few bytes.
    let mut folder = path.as_os_str().to_owned();
    folder.push(format!(".{}", std::process::id()));
    let folder = PathBuf::from(folder);
    // Left by a process of the same number that was killed.
    let _ = fs::remove_dir_all(&folder);
    fs::DirBuilder::new().mode(0o700).create(&folder)?;
    let made = bind_in(&folder, path, options);
    let _ = fs::remove_dir_all(&folder);
    made
}

fn bind_in(folder: &Path, path: &Path, options: &SocketOptions) -> io::Result<Socket> {
    let inner = folder.join("s");
    let listener = UnixListener::bind(&inner)?;
    fs::set_permissions(&inner, fs::Permissions::from_mode(options.mode))?;
    if let Some((user, group)) = options.owner {
        std::os::unix::fs::chown(&inner, Some(user), Some(group))?;
    }
    let identity = identity(&inner)?;
    fs::rename(&inner, path)?;
    Ok(Socket { listener, file: Some(Made { path: path.to_owned(), identity }) })
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()))
}
