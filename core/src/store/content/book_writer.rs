use super::in_use::{Pin, Taken};
use crate::content::OpenIngest;
use crate::model::{IngestStatus, Timestamp};
use crate::store::{Context, Store};
use crate::{Error, Result};

/// How much is copied at a time from a blob of another namespace.
const CHUNK_BYTES: usize = 64 * 1024;

/// What a [`ContentWriter`](super::ContentWriter) of a book is. Bytes go to their place as they come; the book learns of them
/// when the content is committed.
#[derive(Debug)]
pub(in crate::store) struct BookWriter {
    pub(super) store: Store,
    pub(super) context: Context,
    pub(super) reference: String,
    pub(super) backend_reference: String,
    pub(super) state: State,
}

#[derive(Debug)]
pub(super) enum State {
    /// The blob of another namespace, until somebody writes.
    Shared {
        status: IngestStatus,
        pin: Pin,
    },
    Open {
        ingest: Box<OpenIngest>,
        taken: Taken,
    },
    /// Committed, or a commit was refused.
    Closed,
}

impl BookWriter {
    /// What the client calls the ingest.
    pub(super) fn reference(&self) -> &str {
        &self.reference
    }

    /// How far it is.
    pub(super) fn status(&self) -> Result<IngestStatus> {
        let status = match &self.state {
            State::Shared { status, .. } => status,
            State::Open { ingest, .. } => ingest.status(),
            State::Closed => return Err(closed()),
        };
        Ok(IngestStatus { reference: self.reference.clone(), ..status.clone() })
    }

    /// The digest of the bytes so far.
    pub(super) fn digest(&mut self) -> Result<String> {
        match &mut self.state {
            State::Shared { status, .. } => Ok(status.expected.clone()),
            State::Open { ingest, .. } => ingest.digest(),
            State::Closed => Err(closed()),
        }
    }

    /// Adds bytes at the end.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let now = self.store.host.now();
        self.unshare(true, now)?.append(bytes, now)
    }

    /// Removes all bytes, to begin again.
    pub(super) fn clear(&mut self) -> Result<()> {
        let now = self.store.host.now();
        self.unshare(false, now)?.clear(now)
    }

    /// An ingest with bytes of its own. What was shared is copied into it, if it is to be kept.
    fn unshare(&mut self, keep: bool, now: Timestamp) -> Result<&mut OpenIngest> {
        if let State::Shared { status, .. } = &self.state {
            let backends = &self.store.backends;
            let taken = backends.in_use.take(&self.backend_reference, now)?;
            // Something from an earlier writer may be there.
            backends.blobs.abort(&self.backend_reference)?;
            let (begun, bytes) =
                backends.blobs.open(&self.backend_reference, if keep { status.total } else { 0 }, now)?;
            let mut ingest = Box::new(OpenIngest::new(begun, bytes));
            let mut buffer = vec![0; if keep { CHUNK_BYTES } else { 0 }];
            loop {
                let at = ingest.status().offset.cast_unsigned();
                let read = backends.blobs.read_at(&status.expected, at, &mut buffer)?;
                if read == 0 {
                    break;
                }
                ingest.append(buffer.get(..read).unwrap_or_default(), now)?;
            }
            self.state = State::Open { ingest, taken };
        }
        match &mut self.state {
            State::Open { ingest, .. } => Ok(ingest),
            State::Shared { .. } | State::Closed => Err(closed()),
        }
    }

    /// Puts the bytes in their place, and gives their digest and size. The pin keeps them there until there is a record.
    ///
    /// # Errors
    /// `FailedPrecondition` when size or digest are not as expected. The writer is closed then; the ingest stays.
    pub(super) fn publish(&mut self, size: i64, expected: &str) -> Result<(String, i64, Pin)> {
        let reference = crate::text::quote(&self.reference);
        let check_size = |have: i64| {
            if size == 0 || size == have {
                return Ok(());
            }
            Err(Error::failed_precondition(format!("{reference} failed size validation: {have} != {size}"))
                .with_help("write what is missing, or abort the ingest"))
        };
        match std::mem::replace(&mut self.state, State::Closed) {
            State::Shared { status, pin } => {
                check_size(status.total)?;
                if !expected.is_empty() && expected != status.expected {
                    return Err(Error::failed_precondition(format!("{reference} unexpected digest"))
                        .with_detail("digest", &status.expected)
                        .with_detail("expected", expected));
                }
                Ok((status.expected, status.total, pin))
            }
            State::Open { mut ingest, taken } => {
                let have = ingest.status().offset;
                check_size(have)?;
                // Which digest it will be is known only when the bytes are hashed with the algorithm that is expected, so
                // both are kept.
                let canonical = self.store.backends.in_use.pin(&ingest.digest()?);
                let pin = if expected.is_empty() { canonical } else { self.store.backends.in_use.pin(expected) };
                let digest = ingest.publish(expected)?;
                drop(taken);
                Ok((digest, have, pin))
            }
            State::Closed => Err(closed()),
        }
    }
}

fn closed() -> Error {
    Error::failed_precondition("cannot commit on closed writer").with_help("open the ingest again")
}
