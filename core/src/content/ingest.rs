use super::{Digester, IngestBytes};
use crate::model::{IngestStatus, Timestamp};
use crate::{Error, Result};

/// How much is read at a time when bytes are hashed again.
const CHUNK_BYTES: usize = 64 * 1024;

/// An ingest that is being written: its bytes, and the digest of them.
#[derive(Debug)]
pub(crate) struct OpenIngest {
    status: IngestStatus,
    bytes: Box<dyn IngestBytes>,
    digester: Digester,
    /// How many bytes the digest covers. An ingest that goes on is hashed when somebody wants to know, not when it is
    /// opened: that happens in a transaction, and other writers wait for it.
    hashed: i64,
}

impl OpenIngest {
    pub(crate) fn new(status: IngestStatus, bytes: Box<dyn IngestBytes>) -> Self {
        OpenIngest { status, bytes, digester: Digester::canonical(), hashed: 0 }
    }

    pub(crate) fn status(&self) -> &IngestStatus {
        &self.status
    }

    /// The digest of the bytes so far.
    pub(crate) fn digest(&mut self) -> Result<String> {
        self.catch_up()?;
        Ok(self.digester.digest())
    }

    pub(crate) fn append(&mut self, bytes: &[u8], now: Timestamp) -> Result<()> {
        let length = i64::try_from(bytes.len()).ok();
        let end = length.and_then(|length| self.status.offset.checked_add(length));
        let end = end.ok_or_else(|| Error::invalid_argument("content is too large"))?;
        self.catch_up()?;
        self.bytes.append(bytes, now)?;
        self.digester.update(bytes);
        self.status.offset = end;
        self.hashed = end;
        self.status.updated_at = Some(now);
        Ok(())
    }

    pub(crate) fn clear(&mut self, now: Timestamp) -> Result<()> {
        self.bytes.clear(now)?;
        (self.digester, self.hashed) = (Digester::canonical(), 0);
        self.status.offset = 0;
        self.status.updated_at = Some(now);
        Ok(())
    }

    /// Makes a blob of the bytes and gives its digest: the canonical one, or one like `expected`, if that is a digest of
    /// another algorithm.
    ///
    /// # Errors
    /// `FailedPrecondition` when the bytes have not the digest that was expected. The ingest is as it was then.
    pub(crate) fn publish(mut self, expected: &str) -> Result<String> {
        let canonical = self.digest()?;
        let algorithm = |digest: &str| digest.split_once(':').map(|(algorithm, _)| algorithm.to_owned());
        let digest = match Digester::like(expected) {
            Some(other) if algorithm(expected) != algorithm(&canonical) => self.hash(other, 0)?.digest(),
            _ => canonical,
        };
        if !expected.is_empty() && expected != digest {
            return Err(Error::failed_precondition(format!("unexpected commit digest {digest}, expected {expected}"))
                .with_help("begin the ingest again with the right bytes, or abort it"));
        }
        self.bytes.publish(&digest)?;
        Ok(digest)
    }

    fn catch_up(&mut self) -> Result<()> {
        if self.hashed < self.status.offset {
            self.digester = self.hash(self.digester.clone(), self.hashed)?;
            self.hashed = self.status.offset;
        }
        Ok(())
    }

    /// Hashes the bytes from a position to the end.
    fn hash(&mut self, mut digester: Digester, from: i64) -> Result<Digester> {
        let mut buffer = vec![0; CHUNK_BYTES];
        let (mut at, end) = (from.cast_unsigned(), self.status.offset.cast_unsigned());
        while at < end {
            let wanted = usize::try_from(end - at).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
            let read = self.bytes.read_at(at, buffer.get_mut(..wanted).unwrap_or_default())?;
            if read == 0 {
                return Err(Error::data_loss(format!("the ingest ends at byte {at}, before byte {end}"))
                    .with_help("abort the ingest and begin it again"));
            }
            digester.update(buffer.get(..read).unwrap_or_default());
            at += read as u64;
        }
        Ok(digester)
    }
}
