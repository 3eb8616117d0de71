use crate::model::Timestamp;
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What this process works on at the moment: a clean-up leaves it alone, and two writers do not write to one ingest.
///
/// The bytes of content are in their place before its record is. In between nothing but a pin tells that they are wanted.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct InUse(Arc<Mutex<State>>);

#[derive(Debug, Default)]
pub(super) struct State {
    /// Digests, and how many operations rely on each.
    pinned: BTreeMap<String, usize>,
    /// References that the blob store knows, and since when a writer has them open.
    open: BTreeMap<String, Timestamp>,
}

impl State {
    pub(super) fn is_pinned(&self, digest: &str) -> bool {
        self.pinned.contains_key(digest)
    }

    pub(super) fn is_open(&self, reference: &str) -> bool {
        self.open.contains_key(reference)
    }
}

impl InUse {
    /// Nobody begins to use anything as long as this is held. Whoever holds it must not wait for a write of the book: a
    /// running write may wait for it.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a blob's bytes from being cleaned up.
    pub(super) fn pin(&self, digest: &str) -> Pin {
        *self.lock().pinned.entry(digest.to_owned()).or_default() += 1;
        Pin { in_use: self.clone(), digest: digest.to_owned() }
    }

    /// Takes an ingest for one writer.
    ///
    /// # Errors
    /// `Unavailable` when another has it.
    pub(super) fn take(&self, reference: &str, now: Timestamp) -> Result<Taken> {
        let mut state = self.lock();
        if let Some(since) = state.open.get(reference) {
            let nanos = i128::from(now.nanos()) - i128::from(since.nanos());
            let nanos = (i128::from(now.seconds()) - i128::from(since.seconds())) * 1_000_000_000 + nanos;
            let milliseconds = nanos.max(0) / 1_000_000;
            return Err(Error::unavailable(format!("ref {reference} locked for {milliseconds}ms (since {since})"))
                .with_help("wait until the other writer has committed or closed it"));
        }
        state.open.insert(reference.to_owned(), now);
        Ok(Taken { in_use: self.clone(), reference: reference.to_owned() })
    }
}

/// A blob that is not cleaned up as long as this lives.
#[derive(Debug)]
pub struct Pin {
    in_use: InUse,
    digest: String,
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut state = self.in_use.lock();
        if let Some(count) = state.pinned.get_mut(&self.digest) {
            *count -= 1;
            if *count == 0 {
                state.pinned.remove(&self.digest);
            }
        }
    }
}

/// An ingest that nobody else opens as long as this lives.
#[derive(Debug)]
pub(super) struct Taken {
    in_use: InUse,
    reference: String,
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.in_use.lock().open.remove(&self.reference);
    }
}
