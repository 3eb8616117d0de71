//! The first record of a book: which format it has, and which book it is.

use crate::model::Timestamp;
use crate::storage::layout::{self, FORMAT_VERSION};
use crate::storage::{Read, Snapshot, WriteSet, seal};
use crate::{Error, Host, Result};
use std::sync::Arc;

/// What a book says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// The version of the file format.
    pub format_version: u32,
    /// Random bytes that tell this book from any other. A restored backup is the same book.
    pub id: [u8; 16],
    /// When the book was made.
    pub created_at: Timestamp,
}

impl Header {
    fn new(host: &dyn Host) -> Self {
        let mut id = [0; 16];
        host.random(&mut id);
        Header { format_version: FORMAT_VERSION, id, created_at: host.now() }
    }

    /// The version comes first in every version, so that an older stowbook can name it.
    fn encode(&self) -> Vec<u8> {
        let mut out = self.format_version.to_le_bytes().to_vec();
        out.extend_from_slice(&self.id);
        out.extend_from_slice(&self.created_at.seconds().to_le_bytes());
        out.extend_from_slice(&self.created_at.nanos().to_le_bytes());
        out
    }

    fn decode(value: &[u8]) -> Result<Self> {
        let damaged = || Error::data_loss("the book's header is damaged").with_help("restore a backup");
        let (version, rest) = value.split_first_chunk().ok_or_else(damaged)?;
        let format_version = u32::from_le_bytes(*version);
        if format_version > FORMAT_VERSION {
            return Err(Error::failed_precondition(format!(
                "the book was written by a newer stowbook: it has file format {format_version}, this one reads up to {FORMAT_VERSION}"
            ))
            .with_help("update stowbook"));
        }
        let (id, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
        let (seconds, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
        let nanos: &[u8; 4] = rest.try_into().map_err(|_| damaged())?;
        let created_at = Timestamp::new(i64::from_le_bytes(*seconds), u32::from_le_bytes(*nanos));
        Ok(Header { format_version, id: *id, created_at: created_at.map_err(|_| damaged())? })
    }
}

/// What a new book begins with.
pub(super) fn new_book(host: &dyn Host) -> WriteSet {
    as_writes(&Header::new(host))
}

/// What makes a book the one of this header.
pub(super) fn as_writes(header: &Header) -> WriteSet {
    let (key, value) = (layout::book(), header.encode());
    let sealed = seal(&key, value);
    let mut writes = WriteSet::default();
    writes.put(key, sealed);
    writes
}

/// The header of the book that `snapshot` shows; none if nothing was ever written there.
///
/// # Errors
/// `FailedPrecondition` for a newer format or for a database that is not a book, `DataLoss` for a damaged header.
pub(crate) fn read(snapshot: &Arc<dyn Snapshot>) -> Result<Option<Header>> {
    let read: &dyn Read = snapshot;
    if let Some(header) = read.decode(&layout::book(), Header::decode)? {
        return Ok(Some(header));
    }
    if read.any(&[], None)? {
        return Err(Error::data_loss("the book has no header").with_help("restore a backup"));
    }
    Ok(None)
}

/// The header of the book that `snapshot` shows.
///
/// # Errors
/// As [`read`], and `FailedPrecondition` when there is none.
pub(crate) fn check(snapshot: &Arc<dyn Snapshot>) -> Result<Header> {
    read(snapshot)?.ok_or_else(|| Error::failed_precondition("the file is a redb database, but not a book"))
}
