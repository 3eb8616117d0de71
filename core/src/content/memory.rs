use super::{BlobStore, IngestBytes};
use crate::model::{IngestStatus, Timestamp};
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Blobs in memory. They are gone when the last clone is dropped.
#[derive(Clone, Debug, Default)]
pub struct MemoryBlobs(Arc<Mutex<Bytes>>);

#[derive(Default)]
struct Bytes {
    blobs: BTreeMap<String, Arc<[u8]>>,
    ingests: BTreeMap<String, (IngestStatus, Vec<u8>)>,
}

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bytes {{ {} blobs, {} ingests }}", self.blobs.len(), self.ingests.len())
    }
}

impl MemoryBlobs {
    /// A place without blobs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A panic elsewhere cannot leave the maps half changed.
    fn lock(&self) -> MutexGuard<'_, Bytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BlobStore for MemoryBlobs {
    fn size(&self, digest: &str) -> Result<Option<u64>> {
        Ok(self.lock().blobs.get(digest).map(|bytes| bytes.len() as u64))
    }

    fn read_at(&self, digest: &str, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let found = self.lock().blobs.get(digest).map(Arc::clone);
        let bytes = found.ok_or_else(|| super::no_bytes(digest))?;
        Ok(copy(&bytes, offset, buffer))
    }

    fn delete(&self, digest: &str) -> Result<()> {
        self.lock().blobs.remove(digest);
        Ok(())
    }

    fn list(&self) -> Result<Vec<String>> {
        Ok(self.lock().blobs.keys().cloned().collect())
    }

    fn open(&self, reference: &str, total: i64, now: Timestamp) -> Result<(IngestStatus, Box<dyn IngestBytes>)> {
        let mut bytes = self.lock();
        let there = bytes.ingests.get(reference).map(|(status, _)| status.clone());
        let status = match there {
            Some(status) if total <= 0 || status.total <= 0 || status.total == total => status,
            _ => {
                let status = IngestStatus::begin(reference, total, now);
                bytes.ingests.insert(reference.to_owned(), (status.clone(), Vec::new()));
                status
            }
        };
        Ok((status, Box::new(MemoryIngest { place: self.clone(), reference: reference.to_owned() })))
    }

    fn status(&self, reference: &str) -> Result<Option<IngestStatus>> {
        Ok(self.lock().ingests.get(reference).map(|(status, _)| status.clone()))
    }

    fn abort(&self, reference: &str) -> Result<()> {
        self.lock().ingests.remove(reference);
        Ok(())
    }

    fn list_ingests(&self) -> Result<Vec<String>> {
        Ok(self.lock().ingests.keys().cloned().collect())
    }
}

fn copy(bytes: &[u8], offset: u64, buffer: &mut [u8]) -> usize {
    let from = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
    buffer.iter_mut().zip(from).map(|(to, from)| *to = *from).count()
}

/// An open ingest. The bytes are in the map, so that an abort by somebody else removes them.
#[derive(Debug)]
struct MemoryIngest {
    place: MemoryBlobs,
    reference: String,
}

impl MemoryIngest {
    fn with<T>(&self, work: impl FnOnce(&mut IngestStatus, &mut Vec<u8>) -> T) -> Result<T> {
        let mut bytes = self.place.lock();
        let (status, data) = bytes.ingests.get_mut(&self.reference).ok_or_else(aborted)?;
        Ok(work(status, data))
    }
}

fn aborted() -> Error {
    Error::not_found("the ingest was aborted").with_help("open it again")
}

impl IngestBytes for MemoryIngest {
    fn append(&mut self, bytes: &[u8], now: Timestamp) -> Result<()> {
        self.with(|status, data| {
            data.extend_from_slice(bytes);
            status.offset = i64::try_from(data.len()).unwrap_or(i64::MAX);
            status.updated_at = Some(now);
        })
    }

    fn clear(&mut self, now: Timestamp) -> Result<()> {
        self.with(|status, data| {
            data.clear();
            status.offset = 0;
            status.updated_at = Some(now);
        })
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        self.with(|_, data| copy(data, offset, buffer))
    }

    fn publish(&mut self, digest: &str) -> Result<()> {
        let mut bytes = self.place.lock();
        let (_, data) = bytes.ingests.remove(&self.reference).ok_or_else(aborted)?;
        bytes.blobs.entry(digest.to_owned()).or_insert_with(|| data.into());
        Ok(())
    }
}
