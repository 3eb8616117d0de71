//! The bytes of content: where they lie, how they grow, how a digest is checked. What is known about them stands in the
//! book; see [`crate::ContentStore`].

mod digester;
#[cfg(feature = "file")]
mod directory;
mod ingest;
mod memory;

pub(crate) use digester::Digester;
#[cfg(feature = "file")]
pub use directory::DirectoryBlobs;
pub(crate) use ingest::OpenIngest;
pub use memory::MemoryBlobs;

use crate::model::{IngestStatus, Timestamp};
use crate::{Error, Result};
use std::fmt::Debug;

/// The refusal to read bytes that are not here. Whoever asks has found the record of them.
fn no_bytes(digest: &str) -> Error {
    Error::not_found(format!("content {digest}"))
        .with_help("its record is here, its bytes are not: an import or a backup brings records only")
}

/// A place for bytes: *blobs*, which are found by the digest of what is in them and never change, and *ingests*, which
/// grow until they become blobs.
///
/// It knows nothing of namespaces, labels or leases, and computes no digests: the store does. One store at a time works on
/// a place.
pub trait BlobStore: Send + Sync + Debug {
    /// The size of a blob in bytes; none when there is no such blob, or what is asked for is no digest.
    ///
    /// # Errors
    /// What the place gives.
    fn size(&self, digest: &str) -> Result<Option<u64>>;

    /// Reads a blob from this position until `buffer` is full or the blob ends. Gives the number of bytes.
    ///
    /// # Errors
    /// `NotFound`, and what the place gives.
    fn read_at(&self, digest: &str, offset: u64, buffer: &mut [u8]) -> Result<usize>;

    /// Removes a blob, if it is there.
    ///
    /// # Errors
    /// What the place gives.
    fn delete(&self, digest: &str) -> Result<()>;

    /// The digests of all blobs.
    ///
    /// # Errors
    /// What the place gives.
    fn list(&self) -> Result<Vec<String>>;

    /// Begins the ingest of this reference, or goes on with it. The reference is any text. `total` is how many bytes are
    /// expected, 0 when that is not known; an ingest that was begun with another total begins again.
    ///
    /// # Errors
    /// What the place gives.
    fn open(&self, reference: &str, total: i64, now: Timestamp) -> Result<(IngestStatus, Box<dyn IngestBytes>)>;

    /// How far the ingest of this reference is; none when there is no such ingest.
    ///
    /// # Errors
    /// What the place gives.
    fn status(&self, reference: &str) -> Result<Option<IngestStatus>>;

    /// Removes an ingest, if it is there.
    ///
    /// # Errors
    /// What the place gives.
    fn abort(&self, reference: &str) -> Result<()>;

    /// The references of all ingests.
    ///
    /// # Errors
    /// What the place gives.
    fn list_ingests(&self) -> Result<Vec<String>>;
}

/// The bytes of an ingest that is open.
pub trait IngestBytes: Send + Debug {
    /// Adds bytes at the end: all of them, or none.
    ///
    /// # Errors
    /// What the place gives.
    fn append(&mut self, bytes: &[u8], now: Timestamp) -> Result<()>;

    /// Removes all bytes.
    ///
    /// # Errors
    /// What the place gives.
    fn clear(&mut self, now: Timestamp) -> Result<()>;

    /// Reads from this position until `buffer` is full or the bytes end. Gives the number of bytes.
    ///
    /// # Errors
    /// What the place gives.
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize>;

    /// Makes the bytes the blob of this digest, which they have, and ends the ingest. When it returns, the blob survives a
    /// crash, as far as the place is durable at all. A blob that is there already stays.
    ///
    /// # Errors
    /// What the place gives; the ingest is as it was then.
    fn publish(&mut self, digest: &str) -> Result<()>;
}
