use ::redb::{BackendError, StorageBackend};
use std::io;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock};

/// A database in a byte vector. redb's own one cannot begin with bytes, nor give them back.
#[derive(Clone, Debug, Default)]
pub(super) struct Bytes(Arc<RwLock<Vec<u8>>>);

impl Bytes {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Bytes(Arc::new(RwLock::new(bytes)))
    }

    /// The bytes as they are now, unless they are more than this.
    pub(super) fn copy(&self, limit_bytes: u64) -> Option<Vec<u8>> {
        let bytes = self.0.read().unwrap_or_else(PoisonError::into_inner);
        (bytes.len() as u64 <= limit_bytes).then(|| bytes.clone())
    }
}

fn span(offset: u64, len: usize) -> io::Result<std::ops::Range<usize>> {
    let start = usize::try_from(offset).map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))?;
    let end = start.checked_add(len).ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(start..end)
}

impl StorageBackend for Bytes {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.read().unwrap_or_else(PoisonError::into_inner).len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let bytes = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let from = bytes.get(span(offset, out.len())?).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(from);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        let mut bytes = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let more = len.saturating_sub(bytes.len());
        bytes.try_reserve_exact(more).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        bytes.resize(len, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut bytes = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let to = bytes.get_mut(span(offset, data.len())?).ok_or(io::ErrorKind::UnexpectedEof)?;
        to.copy_from_slice(data);
        Ok(())
    }

    // One process, one instance: nobody else can hold the bytes.
    fn try_lock_range(&self, _start: Bound<u64>, _end: Bound<u64>) -> Result<bool, BackendError> {
        Ok(true)
    }

    fn try_lock_shared_range(&self, _start: Bound<u64>, _end: Bound<u64>) -> Result<bool, BackendError> {
        Ok(true)
    }

    fn unlock_range(&self, _start: Bound<u64>, _end: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }
}
