use super::{BlobStore, IngestBytes};
use crate::content::Digester;
use crate::host::timestamp;
use crate::model::{IngestStatus, Timestamp};
use crate::rules::validate_digest;
use crate::storage::io_error;
use crate::{Error, ErrorKind, Result};
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Blobs in the files of a directory, laid out as containerd lays out its own.
///
/// ```text
/// blobs/‹algorithm›/‹hash›           a blob
/// ingest/‹sha256 of the reference›/  an ingest
///     ref, total, startedat          what its names say, as text
///     data                           the bytes so far
/// ```
///
/// No name in it comes from a caller: a digest is checked first, a reference is hashed. A blob gets its name when its bytes
/// are on the disk, so a crash leaves whole blobs and unfinished ingests, which go on where their bytes end. The directory
/// is made by the first write.
#[derive(Debug)]
pub struct DirectoryBlobs {
    root: PathBuf,
    read_only: bool,
}

impl DirectoryBlobs {
    /// The blobs in this directory.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        DirectoryBlobs { root: root.into(), read_only: false }
    }

    /// The blobs in this directory, which is not written to.
    pub fn read_only(root: impl Into<PathBuf>) -> Self {
        DirectoryBlobs { root: root.into(), read_only: true }
    }

    fn writable(&self) -> Result<()> {
        if self.read_only {
            return Err(Error::classed(
                ErrorKind::PermissionDenied,
                format!("content in {} is open for reading only", self.root.display()),
            )
            .with_help("open the book for writing"));
        }
        Ok(())
    }

    /// The file of a blob; none for what is no digest. A digest has nothing in it that could leave the directory.
    fn blob_path(&self, digest: &str) -> Option<PathBuf> {
        validate_digest(digest).ok()?;
        let (algorithm, hash) = digest.split_once(':')?;
        Some(self.root.join("blobs").join(algorithm).join(hash))
    }

    fn ingest_path(&self, reference: &str) -> PathBuf {
        let mut digester = Digester::canonical();
        digester.update(reference.as_bytes());
        let digest = digester.digest();
        self.root.join("ingest").join(digest.split_once(':').map_or("", |(_, hash)| hash))
    }

    fn read_status(&self, path: &Path) -> io::Result<IngestStatus> {
        let data = fs::metadata(path.join("data"))?;
        let total = match fs::read_to_string(path.join("total")) {
            Ok(text) => text.trim().parse().map_err(io::Error::other)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        let started = fs::read_to_string(path.join("startedat"))?;
        Ok(IngestStatus {
            reference: fs::read_to_string(path.join("ref"))?,
            offset: i64::try_from(data.len()).unwrap_or(i64::MAX),
            total,
            expected: String::new(),
            started_at: Some(Timestamp::parse(started.trim()).map_err(io::Error::other)?),
            updated_at: data.modified().ok().map(timestamp),
        })
    }
}

impl BlobStore for DirectoryBlobs {
    fn size(&self, digest: &str) -> Result<Option<u64>> {
        let Some(path) = self.blob_path(digest) else { return Ok(None) };
        if_there(fs::metadata(&path)).map(|found| found.map(|meta| meta.len())).map_err(|error| at(&path, &error))
    }

    fn read_at(&self, digest: &str, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let missing = || super::no_bytes(digest);
        let path = self.blob_path(digest).ok_or_else(missing)?;
        let file = if_there(File::open(&path)).map_err(|error| at(&path, &error))?.ok_or_else(missing)?;
        read_at(&file, offset, buffer).map_err(|error| at(&path, &error))
    }

    fn delete(&self, digest: &str) -> Result<()> {
        self.writable()?;
        let Some(path) = self.blob_path(digest) else { return Ok(()) };
        if_there(fs::remove_file(&path)).map(drop).map_err(|error| at(&path, &error))
    }

    fn list(&self) -> Result<Vec<String>> {
        let blobs = self.root.join("blobs");
        let mut out = Vec::new();
        for algorithm in names(&blobs)? {
            for hash in names(&blobs.join(&algorithm))? {
                let digest = format!("{algorithm}:{hash}");
                // What else lies there was not put there by us.
                if validate_digest(&digest).is_ok() {
                    out.push(digest);
                }
            }
        }
        Ok(out)
    }

    fn open(&self, reference: &str, total: i64, now: Timestamp) -> Result<(IngestStatus, Box<dyn IngestBytes>)> {
        self.writable()?;
        let path = self.ingest_path(reference);
        let failed = |error: io::Error| at(&path, &error);
        let there = self.read_status(&path).ok().filter(|status| {
            status.reference == reference && (total <= 0 || status.total <= 0 || status.total == total)
        });
        let status = match there {
            Some(status) => status,
            // New, begun with another total, or left half made by a crash.
            None => {
                if_there(fs::remove_dir_all(&path)).map_err(failed)?;
                fs::create_dir_all(&path).map_err(failed)?;
                fs::write(path.join("ref"), reference).map_err(failed)?;
                fs::write(path.join("startedat"), now.to_string()).map_err(failed)?;
                if total > 0 {
                    fs::write(path.join("total"), total.to_string()).map_err(failed)?;
                }
                IngestStatus::begin(reference, total, now)
            }
        };
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.open(path.join("data")).map_err(failed)?;
        let bytes = DirectoryIngest { root: self.root.clone(), path, file, end: status.offset.cast_unsigned() };
        Ok((status, Box::new(bytes)))
    }

    fn status(&self, reference: &str) -> Result<Option<IngestStatus>> {
        let path = self.ingest_path(reference);
        if_there(self.read_status(&path)).map_err(|error| at(&path, &error))
    }

    fn abort(&self, reference: &str) -> Result<()> {
        self.writable()?;
        let path = self.ingest_path(reference);
        if_there(fs::remove_dir_all(&path)).map(drop).map_err(|error| at(&path, &error))
    }

    fn list_ingests(&self) -> Result<Vec<String>> {
        let ingests = self.root.join("ingest");
        // One without a name was left by a crash in the moment of its making. It goes when its name comes again.
        let named =
            names(&ingests)?.into_iter().filter_map(|name| fs::read_to_string(ingests.join(name).join("ref")).ok());
        Ok(named.collect())
    }
}

#[derive(Debug)]
struct DirectoryIngest {
    root: PathBuf,
    /// The ingest's own directory.
    path: PathBuf,
    file: File,
    /// Where the bytes end that were written whole.
    end: u64,
}

impl IngestBytes for DirectoryIngest {
    fn append(&mut self, bytes: &[u8], _now: Timestamp) -> Result<()> {
        let end = self.end;
        let mut write = || {
            self.file.seek(SeekFrom::Start(end))?;
            self.file.write_all(bytes)
        };
        match write() {
            Ok(()) => {
                self.end = end.saturating_add(bytes.len() as u64);
                Ok(())
            }
            Err(error) => {
                // Half a write would look like bytes of the caller. If that fails too, the check below finds it.
                let _ = self.file.set_len(end);
                Err(at(&self.path, &error))
            }
        }
    }

    fn clear(&mut self, _now: Timestamp) -> Result<()> {
        self.file.set_len(0).map_err(|error| at(&self.path, &error))?;
        self.end = 0;
        Ok(())
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        read_at(&self.file, offset, buffer).map_err(|error| at(&self.path, &error))
    }

    fn publish(&mut self, digest: &str) -> Result<()> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error: io::Error| at(&path, &error)
        };
        let length = self.file.metadata().map_err(failed(&self.path))?.len();
        if length != self.end {
            return Err(Error::data_loss(format!("the ingest has {length} bytes, but {} were written", self.end))
                .with_help("abort the ingest and begin it again"));
        }
        self.file.sync_all().map_err(failed(&self.path))?;
        let place = DirectoryBlobs::new(&self.root);
        let target = place.blob_path(digest).ok_or_else(|| Error::internal(format!("{digest} is no digest")))?;
        let folder = target.parent().unwrap_or(&self.root);
        if !folder.is_dir() {
            fs::create_dir_all(folder).map_err(failed(folder))?;
            // The names of the new directories have to be on the disk as well.
            for above in folder.ancestors().skip(1).take(3) {
                sync_directory(above).map_err(failed(above))?;
            }
        }
        // A blob of the same length is the same: it was checked when it came. One that a failing disk cut short is replaced.
        if !fs::metadata(&target).is_ok_and(|meta| meta.len() == length) {
            fs::rename(self.path.join("data"), &target).map_err(failed(&target))?;
        }
        sync_directory(folder).map_err(failed(folder))?;
        // The blob is there. What is left of the ingest is swept up with other garbage if it cannot be removed now.
        let _ = fs::remove_dir_all(&self.path);
        Ok(())
    }
}

fn read_at(mut file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    if i64::try_from(offset).is_err() {
        // No file is so long, and the system calls such a position an error.
        return Ok(0);
    }
    file.seek(SeekFrom::Start(offset))?;
    let mut read = 0;
    while let Some(rest) = buffer.get_mut(read..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(bytes) => read += bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// Makes names in a directory survive a crash.
#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    // What is above a relative name of one part is the working directory.
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path)?.sync_all()
}

/// Elsewhere a directory cannot be opened, and its names are written with the file.
#[cfg(not(unix))]
fn sync_directory(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// The names in a directory; none when it does not exist.
fn names(path: &Path) -> Result<Vec<String>> {
    let failed = |error: io::Error| at(path, &error);
    let Some(entries) = if_there(fs::read_dir(path)).map_err(failed)? else { return Ok(Vec::new()) };
    let mut out = Vec::new();
    for entry in entries {
        // A name that is not text is not ours.
        out.extend(entry.map_err(failed)?.file_name().into_string());
    }
    out.sort_unstable();
    Ok(out)
}

fn if_there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

fn at(path: &Path, error: &io::Error) -> Error {
    io_error(error).context(format!("content in {}: ", path.display()))
}
