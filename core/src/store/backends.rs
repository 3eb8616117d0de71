use super::content::SharingPolicy;
use super::content::in_use::InUse;
use super::{Store, snapshots};
use crate::content::{BlobStore, MemoryBlobs};
use crate::snapshot::{MetadataOnly, Snapshotter};
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What lies outside of the book, but belongs to it: the bytes of content, and the snapshotters.
#[derive(Clone, Debug)]
pub(super) struct Backends {
    pub(super) blobs: Arc<dyn BlobStore>,
    pub(super) sharing: SharingPolicy,
    pub(super) in_use: InUse,
    snapshotters: BTreeMap<String, Arc<dyn Snapshotter>>,
}

impl Default for Backends {
    fn default() -> Self {
        let both: [MetadataOnly; 2] = [MetadataOnly::native(), MetadataOnly::overlayfs()];
        let snapshotters = both.map(|snapshotter| (snapshotter.name().to_owned(), Arc::new(snapshotter) as Arc<_>));
        Backends {
            blobs: Arc::new(MemoryBlobs::new()),
            sharing: SharingPolicy::default(),
            in_use: InUse::default(),
            snapshotters: snapshotters.into(),
        }
    }
}

impl Backends {
    /// The snapshotter of this name. The service looks before anything else. Source: containerd-metadata §6.3.
    ///
    /// # Errors
    /// `InvalidArgument` for no name, and for one that nobody has.
    pub(super) fn snapshotter(&self, name: &str) -> Result<Arc<dyn Snapshotter>> {
        if name.is_empty() {
            return Err(no_such_snapshotter());
        }
        self.snapshotters.get(name).map(Arc::clone).ok_or_else(|| {
            let known = self.snapshotters.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            Error::invalid_argument(format!("snapshotter not loaded: {name}")).with_detail("loaded", known)
        })
    }

    pub(super) fn snapshotters(&self) -> impl Iterator<Item = (&str, &dyn Snapshotter)> {
        self.snapshotters.iter().map(|(name, snapshotter)| (name.as_str(), &**snapshotter))
    }
}

/// The refusal of an operation that names no snapshotter.
pub(crate) fn no_such_snapshotter() -> Error {
    Error::invalid_argument("snapshotter argument missing").with_help("name one, for example native")
}

/// What a clean-up removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CleanUp {
    /// The digests of the blobs.
    pub blobs: Vec<String>,
    /// The ingests, as the blob store calls them.
    pub ingests: Vec<String>,
    /// The snapshots, as their snapshotters call them, each with its snapshotter before it.
    pub snapshots: Vec<(String, String)>,
}

impl Store {
    /// The same book with the bytes of its content in this place, which no other store uses. A book in memory keeps them in
    /// memory, a book in a file in a directory beside it. Clones that were made before keep their place.
    #[must_use]
    pub fn with_blobs(mut self, blobs: Arc<dyn BlobStore>) -> Self {
        Arc::make_mut(&mut self.backends).blobs = blobs;
        self
    }

    /// The same book under this policy. Clones that were made before keep theirs.
    #[must_use]
    pub fn with_sharing(mut self, policy: SharingPolicy) -> Self {
        Arc::make_mut(&mut self.backends).sharing = policy;
        self
    }

    /// The same book with one more snapshotter, or with another one of this name. From the start there are `native` and
    /// `overlayfs`, which have no files ([`MetadataOnly`]). Clones that were made before do not have it.
    #[must_use]
    pub fn with_snapshotter(mut self, name: impl Into<String>, snapshotter: Arc<dyn Snapshotter>) -> Self {
        Arc::make_mut(&mut self.backends).snapshotters.insert(name.into(), snapshotter);
        self
    }

    /// Removes what no record names any more: the bytes of blobs and ingests, and the snapshotters' snapshots. It is the
    /// second half of a collection, of which the first removes records; on its own it removes what deletions left. What a
    /// running operation uses stays. Source: containerd-metadata §10.6.
    ///
    /// # Errors
    /// What the places give. What was removed until then stays so.
    pub fn clean_up(&self) -> Result<CleanUp> {
        let (blobs, ingests) = self.clean_up_content()?;
        let snapshots = super::access::Access::write(self, |txn, _| snapshots::clean_up(txn, &self.backends))?;
        Ok(CleanUp { blobs, ingests, snapshots })
    }
}
