//! Typed operations on records: containerd's rules, written once, over any storage.

mod access;
mod backends;
mod check;
mod containers;
mod content;
mod context;
pub(crate) mod events;
mod export;
mod fields;
pub(crate) mod filters;
pub mod gc;
mod halves;
pub(crate) mod header;
mod images;
mod in_namespace;
mod keep;
pub(crate) mod labels;
mod leases;
#[cfg(feature = "bolt")]
pub(crate) mod metadb_import;
mod namespaces;
mod sandboxes;
mod snapshots;
mod transaction;

pub use backends::CleanUp;
pub use check::Finding;
pub use containers::{
    AnyView, ContainerStore, ContainerView, Containers, LookAtContainer, VisitContainer, VisitContainerView,
    VisitSharedContainer,
};
pub use content::{
    CommitContent, Content, ContentReader, ContentStore, ContentStream, ContentWriter, OpenContent, SharingPolicy,
    WriteContent,
};
pub use context::Context;
pub use events::{Cursor, Event, EventBounds, EventPage, EventStore, Events, RETAINED_EVENTS, Since, Subscription};
pub use export::{ImportOptions, ImportReport};
pub use gc::{Owned, Owner};
pub use header::Header;
pub use images::{DeleteImage, ImageStore, Images, VisitImage};
pub use in_namespace::InNamespace;
pub(crate) use keep::Dated;
pub use leases::{LeaseStore, Leases};
pub use namespaces::{NamespaceStore, Namespaces};
pub use sandboxes::{SandboxStore, Sandboxes, VisitSandbox};
pub(crate) use snapshots::concluded_kind;
pub use snapshots::{CreateSnapshot, SnapshotStore, Snapshots};
pub use transaction::{Transaction, WriteTxn};
#[cfg(feature = "bolt")]
pub(crate) use {
    backends::no_such_snapshotter, containers::no_such_container, content::check_digest, content::no_such_blob,
    content::no_such_ingest, images::no_such_image, leases::no_such_lease, sandboxes::no_such_sandbox,
    snapshots::no_such_snapshot,
};

use crate::model::Timestamp;
use crate::storage::{Book, MemoryStorage, Read, Storage, Txn, WatchCommits, layout};
use crate::{Error, ErrorKind, Host, Result};
use access::Access;
use backends::Backends;
use containers::SharedContainers;
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

/// Whether records are kept for other readers. In a browser memory and code are dear.
const SHARES: bool = !cfg!(target_family = "wasm");

/// A book of container metadata, embedded in this process: in a file, or in memory.
///
/// It may be cloned and used from many threads; the clones are the same book. Readers never wait for a commit, and share the container
/// records that they have read ([`Containers::get`]); writers that arrive together share a durable commit.
///
/// ```
/// use stowbook::{Store, model::Container};
/// let folder = tempfile::tempdir()?;
/// let store = Store::open(folder.path().join("book.redb"))?;
/// store.namespace("default").containers().create(&Container::new("web", "io.containerd.runc.v2"))?;
/// drop(store);
///
/// let store = Store::open(folder.path().join("book.redb"))?;
/// assert_eq!(store.namespace("default").containers().get("web")?.id, "web");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Store {
    book: Arc<Book>,
    /// What readers share, if they may.
    containers: Option<Arc<SharedContainers>>,
    host: Arc<dyn Host>,
    backends: Arc<Backends>,
    retained_events: u64,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.book).finish()
    }
}

impl Store {
    /// A book on this storage, with the host's clock and randomness. An empty storage becomes a new book.
    ///
    /// # Errors
    /// `FailedPrecondition` when the storage holds something else or was written by a newer stowbook, `DataLoss` when its
    /// header is damaged, and what the storage gives.
    pub fn with_storage(storage: Box<dyn Storage>, host: Arc<dyn Host>) -> Result<Self> {
        let store = Self::of(storage, host);
        if header::read(&store.book.snapshot()?)?.is_none() {
            let header = header::new_book(&*store.host);
            store.book.update(|txn| {
                txn.absorb(header.clone());
                Ok(())
            })?;
        }
        Ok(store)
    }

    fn of(storage: Box<dyn Storage>, host: Arc<dyn Host>) -> Self {
        let containers = (SHARES && storage.is_exclusive()).then(Arc::<SharedContainers>::default);
        let watcher =
            containers.as_ref().map_or_else(|| Arc::new(()) as Arc<dyn WatchCommits>, |shared| Arc::clone(shared) as _);
        let (book, backends) = (Arc::new(Book::watched(storage, watcher)), Arc::default());
        Store { book, containers, host, backends, retained_events: events::RETAINED_EVENTS }
    }

    /// A new book in memory, with this clock and randomness. It is gone when the last clone is dropped.
    #[must_use]
    pub fn in_memory_with(host: Arc<dyn Host>) -> Self {
        let storage = MemoryStorage::with_entries(&header::new_book(&*host));
        Self::of(Box::new(storage), host)
    }

    /// The same book, whose log is cut to the newest `count` events by each change that is made through this handle. Without
    /// it the log keeps [`RETAINED_EVENTS`](crate::RETAINED_EVENTS). The book does not remember it: say it each time.
    #[must_use]
    pub fn with_retained_events(mut self, count: u64) -> Self {
        self.retained_events = count;
        self
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

    /// What happened to the book: the event log.
    #[must_use]
    pub fn events(&self) -> Events<'_, Self> {
        Events::new(self)
    }

    /// Runs several operations that take effect together, or not at all when `operations` fails. It may run more than once,
    /// and no other writer gets its turn while it runs: do not wait for anything in it.
    ///
    /// # Errors
    /// What `operations` gives, and what the storage gives; `FailedPrecondition` when called from inside another write of
    /// this book.
    ///
    /// ```
    /// use stowbook::{Store, model::Container};
    /// let store = Store::in_memory();
    /// store.write(|txn| {
    ///     let containers = txn.namespace("default").containers();
    ///     containers.create(&Container::new("web-1", "runc"))?;
    ///     containers.create(&Container::new("web-2", "runc"))
    /// })?;
    /// # Ok::<(), stowbook::Error>(())
    /// ```
    pub fn write<T>(&self, operations: impl Fn(&WriteTxn<'_, '_>) -> Result<T>) -> Result<T> {
        let now = self.host.now();
        let pins = RefCell::default();
        self.book.update(|txn| {
            let out = operations(&WriteTxn::new(txn, now, self, &pins))?;
            events::append(txn, self.retained_events)?;
            Ok(out)
        })
    }

    /// Commits in this thread what other threads write, until `stop` gives `true`, which is asked between commits and at least once
    /// in `patience`. For a server: without it each writer commits in its turn, for all, and what an engine allocates for that lies in as
    /// many heaps as there are threads. Writers commit for themselves before and after. Returns at once for a book in memory, and when
    /// another thread does it already.
    ///
    /// # Errors
    /// `FailedPrecondition` when called from inside a write of this book.
    pub fn commit_for_all(&self, patience: std::time::Duration, stop: impl Fn() -> bool) -> Result<()> {
        self.book.commit_for_all(patience, stop)
    }

    /// Begins a transaction that outlives this call: for callers that cannot hand over a closure.
    ///
    /// # Errors
    /// What the storage gives.
    pub fn begin(&self) -> Result<Transaction> {
        Ok(Transaction::new(self.clone(), self.book.begin()?))
    }

    /// What the book says about itself.
    ///
    /// # Errors
    /// What the storage gives.
    pub fn header(&self) -> Result<Header> {
        header::check(&self.book.snapshot()?)
    }

    /// Looks at every page and every value, and tells what is wrong. Nothing is changed, but that redb repairs what it can
    /// of its own pages.
    ///
    /// # Errors
    /// When the check itself cannot be made.
    pub fn check(&self) -> Result<Vec<Finding>> {
        let pages = self.book.exclusively(|storage| storage.check())?;
        let mut findings = check::values(&self.book.snapshot()?)?;
        findings.splice(0..0, pages.into_iter().map(Finding::of_pages));
        Ok(findings)
    }

    /// Gives unused space of the file back to the system.
    ///
    /// # Errors
    /// `FailedPrecondition` while the book is being read.
    pub fn compact(&self) -> Result<()> {
        self.book.exclusively(|storage| storage.compact())
    }
}

impl Access for Store {
    fn read<T>(&self, operation: impl FnOnce(&dyn Read) -> Result<T>) -> Result<T> {
        operation(&self.book.snapshot()?)
    }

    fn write<T>(&self, operation: impl Fn(&mut Txn<'_>, Timestamp) -> Result<T>) -> Result<T> {
        let now = self.host.now();
        self.book.update(|txn| {
            let out = operation(txn, now)?;
            events::append(txn, self.retained_events)?;
            Ok(out)
        })
    }

    fn random(&self, out: &mut [u8]) {
        self.host.random(out);
    }

    fn store(&self) -> &Store {
        self
    }

    fn shared_containers(&self) -> Option<&SharedContainers> {
        // None anyway, but the compiler has to see it: else the browser's module has the code and never runs it.
        self.containers.as_deref().filter(|_| SHARES)
    }

    fn clean_up(&self) -> Result<()> {
        Store::clean_up(self).map(drop)
    }

    fn publish(&self, namespace: &str) -> Result<()> {
        Context::in_namespace(namespace).require_namespace().map(drop).map_err(|error| {
            error
                .context("failed publishing event: ")
                .with_kind(ErrorKind::Unknown)
                .with_help("the change itself was made: only its event has no namespace to be told in")
        })
    }
}

/// What is told when the value of a key should be there and is not.
fn value_missing(key: &[u8]) -> Error {
    Error::data_loss(format!("{} is missing", layout::describe(key)))
        .with_help("restore a backup, or check the book to see what else is missing")
}

#[cfg(feature = "file")]
mod file {
    use super::{Store, header};
    use crate::content::DirectoryBlobs;
    use crate::storage::{self, OpenOptions, RedbStorage};
    use crate::{Result, SystemHost};
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    /// Where the bytes of a book's content lie.
    fn content_path(book: &Path) -> PathBuf {
        let mut name = book.as_os_str().to_owned();
        name.push(".content");
        name.into()
    }

    impl Store {
        /// Opens the book in this file; where there is none, makes one. The bytes of its content lie beside it, in the
        /// directory `‹file›.content`, which is made when there are some.
        ///
        /// # Errors
        /// `Unavailable`, with who holds it, when another process has it open; `DataLoss` when it is damaged;
        /// `FailedPrecondition` when it is no book or was written by a newer stowbook; `PermissionDenied`.
        pub fn open(path: impl AsRef<Path>) -> Result<Self> {
            Self::open_with(path, &OpenOptions::default())
        }

        /// Opens the book in this file.
        ///
        /// # Errors
        /// As [`Store::open`], and `NotFound` when there is no file and none is to be made.
        pub fn open_with(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Self> {
            let storage = RedbStorage::open(path.as_ref(), options, || header::new_book(&SystemHost))?;
            let snapshot = storage::Storage::snapshot(&storage)?;
            header::check(&snapshot).map_err(|error| error.with_detail("path", path.as_ref().display()))?;
            drop(snapshot);
            let content = content_path(path.as_ref());
            let blobs =
                if options.read_only { DirectoryBlobs::read_only(content) } else { DirectoryBlobs::new(content) };
            Ok(Self::with_storage(Box::new(storage), Arc::new(SystemHost))?.with_blobs(Arc::new(blobs)))
        }

        /// A new book in memory, with the system's clock. It is gone when the last clone is dropped.
        #[must_use]
        pub fn in_memory() -> Self {
            Self::in_memory_with(Arc::new(SystemHost))
        }

        /// Copies the book as it is now into a new file, checking every value on the way. Writers need not stop. Gives the
        /// number of keys. The bytes of content are not in the book: copy their directory after the book, with no collection
        /// in between, and what the copy of the book names is there.
        ///
        /// # Errors
        /// `AlreadyExists` when there is a file; `DataLoss` when a value is damaged; what the file system gives.
        pub fn backup(&self, to: impl AsRef<Path>) -> Result<u64> {
            storage::backup(&self.book.snapshot()?, to.as_ref())
        }
    }
}
