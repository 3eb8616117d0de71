//! containerd's own databases: `meta.db`, of a daemon that runs, of one that is gone, or a copy of its bytes. They are read
//! only, without the daemon, without locking, and never as a whole into memory.
//!
//! ```no_run
//! use stowbook::metadb::MetaDb;
//! let metadb = MetaDb::open("/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db")?;
//! for container in metadb.namespace("k8s.io").containers().list(&["labels.role==web"])? {
//!     println!("{} from {}", container.id, container.image);
//! }
//! # Ok::<(), stowbook::Error>(())
//! ```
//!
//! # Texts that are not UTF-8
//!
//! Names and labels in the file are bytes, and containerd 1.6 stored any. The models show each byte that belongs to no
//! letter as U+FFFD, as containerd's errors do. Filters compare the bytes. [`MetaDb::dump`] is exact: it has base64 instead.
//!
//! Source: containerd-metadata §9.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::expect_used
)]

mod adaptor;
mod base64;
mod check;
mod decode;
mod dump;
mod encoding;
mod finding;
mod json;
mod kind;
mod node;
mod owners;
mod portable;
mod records;
mod salvage;
mod store;
mod survey;
#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]
mod tests;

pub use crate::store::metadb_import::{ImportOptions, ImportReport};
pub use check::check;
pub use finding::{Finding, Severity};
pub use kind::Kind;
pub(crate) use portable::{Portable, PortableRecord};
pub use salvage::{Origin, Salvage, salvage};
pub use store::read_only;

#[cfg(feature = "file")]
use crate::bolt::FileSource;
use crate::bolt::{Metas, ReadAt, View};
use crate::store::{Context, InNamespace, Namespaces};
use crate::{Error, ErrorKind, Result};
use std::cell::Cell;
use std::fmt;
#[cfg(feature = "file")]
use std::path::Path;

/// How often a file that changes is read again. A daemon would have to commit between any two looks at the file.
const ATTEMPTS: usize = 32;

/// A database of containerd, opened for reading.
pub struct MetaDb {
    source: Box<dyn ReadAt>,
}

impl fmt::Debug for MetaDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MetaDb")
    }
}

/// What a database says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// Bytes.
    pub page_size: u32,
    /// The number of the last transaction.
    pub txid: u64,
    /// The version of the records' layout: 1 to 4 (§9.1). None where containerd has not written it yet.
    pub version: Option<i64>,
}

impl MetaDb {
    /// Opens a file. The daemon that it belongs to may run.
    ///
    /// # Errors
    /// `NotFound`, `PermissionDenied`, `FailedPrecondition` for what is no bbolt database, `DataLoss` when both of its
    /// meta pages are damaged, `Unavailable`.
    #[cfg(feature = "file")]
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let source = FileSource::open(path)?;
        Self::new(Box::new(source)).map_err(|error| error.with_detail("path", path.display()))
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// As [`MetaDb::new`].
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Result<Self> {
        Self::new(Box::new(bytes.into()))
    }

    /// Reads what can be read at any place.
    ///
    /// # Errors
    /// `FailedPrecondition` for what is no bbolt database, `DataLoss` when both of its meta pages are damaged.
    pub fn new(source: Box<dyn ReadAt>) -> Result<Self> {
        Metas::read(&*source).newest()?;
        Ok(MetaDb { source })
    }

    /// A namespace, to reach the records in it.
    pub fn namespace(&self, name: impl Into<String>) -> InNamespace<'_, Self> {
        InNamespace::new(self, Context::in_namespace(name))
    }

    /// The namespaces themselves.
    #[must_use]
    pub fn namespaces(&self) -> Namespaces<'_, Self> {
        Namespaces::new(self)
    }

    /// What the database says about itself.
    ///
    /// # Errors
    /// `DataLoss` where it is damaged, and what the place gives.
    pub fn info(&self) -> Result<Info> {
        self.read(|state| {
            let meta = state.metas.newest()?;
            Ok(Info { page_size: meta.page_size, txid: meta.txid, version: survey::version(&state.view)? })
        })
    }

    /// Reads from one state of the file. While a daemon commits, pages of that state may be written over: what was read is
    /// right if both meta pages are still the same afterwards, and is read again if not.
    fn read<T>(&self, mut operation: impl FnMut(&State<'_>) -> Result<T>) -> Result<T> {
        for _ in 0..ATTEMPTS {
            let metas = Metas::read(&*self.source);
            let view = metas.newest().and_then(|meta| View::new(&*self.source, &meta));
            let state = match view {
                Ok(view) => State { source: &*self.source, metas, view, shown: Cell::new(false) },
                // A meta page that is being written.
                Err(_) if Metas::read(&*self.source) != metas => continue,
                Err(error) => return Err(error),
            };
            let result = operation(&state);
            if state.shown.get() || state.is_unchanged() {
                return result;
            }
        }
        Err(changing())
    }
}

/// One state of the file, as long as it lasts.
struct State<'a> {
    source: &'a dyn ReadAt,
    metas: Metas,
    view: View<'a>,
    /// Whether the caller was shown something, which cannot be taken back by reading again.
    shown: Cell<bool>,
}

impl State<'_> {
    fn is_unchanged(&self) -> bool {
        Metas::read(self.source) == self.metas
    }

    /// To be called before something is shown to the caller.
    ///
    /// # Errors
    /// `Aborted` when what was read may be wrong.
    fn settle(&self) -> Result<()> {
        if !self.is_unchanged() {
            return Err(changing());
        }
        self.shown.set(true);
        Ok(())
    }
}

/// Reads from a file until both meta pages stayed the same meanwhile.
fn settled<T>(source: &dyn ReadAt, mut operation: impl FnMut() -> Result<T>) -> Result<T> {
    for _ in 0..ATTEMPTS {
        let before = Metas::read(source);
        let result = operation();
        if Metas::read(source) == before {
            return result;
        }
    }
    Err(changing())
}

fn changing() -> Error {
    Error::classed(ErrorKind::Aborted, "the database changed while it was read")
        .with_help("try again, or read a copy of the file")
}
