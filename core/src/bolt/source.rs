use crate::{Error, Result};

/// Bytes that can be read at any place: a slice, or a file.
pub trait ReadAt: Send + Sync {
    /// How many bytes there are now.
    ///
    /// # Errors
    /// `Unavailable` when the place cannot tell.
    fn size(&self) -> Result<u64>;

    /// Fills `out` with the bytes from `offset` on.
    ///
    /// # Errors
    /// `DataLoss` when there are not so many bytes, and what the place gives.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<()>;
}

fn too_short(offset: u64, wanted: usize) -> Error {
    Error::data_loss(format!("the file ends within the {wanted} bytes from byte {offset} on"))
}

impl ReadAt for [u8] {
    fn size(&self) -> Result<u64> {
        Ok(self.len() as u64)
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        let from = usize::try_from(offset).ok();
        let found = from.and_then(|from| self.get(from..from.checked_add(out.len())?));
        out.copy_from_slice(found.ok_or_else(|| too_short(offset, out.len()))?);
        Ok(())
    }
}

impl<T: ReadAt + ?Sized> ReadAt for &T {
    fn size(&self) -> Result<u64> {
        (**self).size()
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        (**self).read_at(offset, out)
    }
}

impl ReadAt for Vec<u8> {
    fn size(&self) -> Result<u64> {
        self.as_slice().size()
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        self.as_slice().read_at(offset, out)
    }
}

#[cfg(feature = "file")]
mod file {
    use super::{ReadAt, too_short};
    use crate::{Error, ErrorKind, Result};
    use std::fs::File;
    use std::io;
    use std::path::Path;

    /// A file that is only read, and never locked: a daemon may hold it.
    #[derive(Debug)]
    pub struct FileSource(File);

    impl FileSource {
        /// Opens a file for reading.
        ///
        /// # Errors
        /// `NotFound`, `PermissionDenied`, `FailedPrecondition` for what is not a file, `Unavailable`.
        pub fn open(path: &Path) -> Result<Self> {
            let refused = |error: &io::Error| {
                let (kind, help) = match error.kind() {
                    io::ErrorKind::NotFound => (ErrorKind::NotFound, "check the path"),
                    io::ErrorKind::PermissionDenied => {
                        (ErrorKind::PermissionDenied, "ask the owner for the right to read it, or for a copy")
                    }
                    _ => (ErrorKind::Unavailable, "try again, or read a copy"),
                };
                Error::new(kind, format!("cannot open {}: {error}", path.display())).with_help(help)
            };
            // Opening a pipe would wait for somebody to write to it.
            let kind = std::fs::metadata(path).map_err(|error| refused(&error))?;
            if !kind.is_file() {
                return Err(Error::failed_precondition(format!("{} is not a file", path.display()))
                    .with_help("name the database's file, usually called meta.db"));
            }
            File::open(path).map(FileSource).map_err(|error| refused(&error))
        }
    }

    #[cfg(unix)]
    fn read_some(file: &File, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(file, out, offset)
    }

    #[cfg(windows)]
    fn read_some(file: &File, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(file, out, offset)
    }

    impl ReadAt for FileSource {
        fn size(&self) -> Result<u64> {
            let meta = self.0.metadata();
            meta.map(|meta| meta.len()).map_err(|error| Error::unavailable(format!("cannot read the file: {error}")))
        }

        fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<()> {
            let wanted = out.len();
            let (mut at, mut rest) = (offset, out);
            while !rest.is_empty() {
                match read_some(&self.0, at, rest) {
                    Ok(0) => return Err(too_short(offset, wanted)),
                    Ok(count) => {
                        at = at.saturating_add(count as u64);
                        rest = rest.split_at_mut_checked(count).map_or(&mut [][..], |(_, rest)| rest);
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => {
                        return Err(Error::unavailable(format!("cannot read the file at byte {at}: {error}")));
                    }
                }
            }
            Ok(())
        }
    }
}

#[cfg(feature = "file")]
pub use file::FileSource;
