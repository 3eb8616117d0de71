use super::{Snapshot, Storage, Visit, WriteSet};
use crate::Result;
use std::sync::{Arc, Mutex, PoisonError};

/// A storage in memory. It is gone with the process; a commit is durable only as long as that.
///
/// The entries lie in chunks behind shared pointers. A commit copies the list of pointers and the chunks it changes; a
/// snapshot is one pointer to the list. So a reader never waits for a writer, nor the other way round.
#[derive(Debug, Default)]
pub struct MemoryStorage {
    /// Held only as long as it takes to read or replace a pointer.
    state: Mutex<Arc<Chunks>>,
    /// Held by the thread that commits.
    commit: Mutex<()>,
}

/// Chunks in ascending order, none of them empty.
type Chunks = Vec<Arc<Chunk>>;
type Chunk = Vec<(Box<[u8]>, Arc<[u8]>)>;

/// A chunk that grows beyond this is split. Small enough to copy in a microsecond, large enough to keep the list short.
const MAX_CHUNK_ENTRIES: usize = 128;

impl MemoryStorage {
    /// An empty storage.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A storage that begins with these entries.
    #[must_use]
    pub fn with_entries(writes: &WriteSet) -> Self {
        MemoryStorage { state: Mutex::new(Arc::new(apply(&Chunks::new(), writes))), commit: Mutex::default() }
    }

    fn state(&self) -> Arc<Chunks> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Storage for MemoryStorage {
    fn waits(&self) -> bool {
        false
    }

    fn snapshot(&self) -> Result<Arc<dyn Snapshot>> {
        Ok(Arc::new(MemorySnapshot { chunks: self.state() }))
    }

    fn commit(&self, writes: &WriteSet) -> Result<()> {
        let _commit = self.commit.lock().unwrap_or_else(PoisonError::into_inner);
        let next = Arc::new(apply(&self.state(), writes));
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }
}

fn apply(chunks: &Chunks, writes: &WriteSet) -> Chunks {
    let mut out = Chunks::with_capacity(chunks.len() + 1);
    let mut writes = writes.iter().peekable();
    for (at, chunk) in chunks.iter().enumerate() {
        // Keys before the next chunk's first belong to this one, and so do all keys behind the last chunk.
        let next_first = chunks.get(at + 1).and_then(|next| next.first()).map(|(key, _)| &**key);
        let belongs = |key: &[u8]| next_first.is_none_or(|first| key < first);
        if !writes.peek().is_some_and(|(key, _)| belongs(key)) {
            out.push(Arc::clone(chunk));
            continue;
        }
        let mut mine = std::iter::from_fn(|| writes.next_if(|(key, _)| belongs(key))).peekable();
        let mut merged = Chunk::with_capacity(chunk.len() + 1);
        for (key, value) in chunk.iter() {
            while let Some((new_key, new_value)) = mine.next_if(|(new_key, _)| *new_key < &**key) {
                push(&mut merged, new_key, new_value);
            }
            match mine.next_if(|(new_key, _)| *new_key == &**key) {
                Some((_, new_value)) => push(&mut merged, key, new_value),
                None => merged.push((key.clone(), Arc::clone(value))),
            }
        }
        for (new_key, new_value) in mine {
            push(&mut merged, new_key, new_value);
        }
        push_split(&mut out, merged);
    }
    if chunks.is_empty() {
        let mut merged = Chunk::new();
        for (key, value) in writes {
            push(&mut merged, key, value);
        }
        push_split(&mut out, merged);
    }
    out
}

fn push(chunk: &mut Chunk, key: &[u8], value: Option<&[u8]>) {
    if let Some(value) = value {
        chunk.push((key.into(), value.into()));
    }
}

fn push_split(out: &mut Chunks, entries: Chunk) {
    if entries.is_empty() {
        return;
    }
    // Deletions leave small chunks; joining them keeps the list short.
    if let Some(before) = out.pop_if(|before| before.len() + entries.len() <= MAX_CHUNK_ENTRIES / 4) {
        out.push(Arc::new(before.iter().cloned().chain(entries).collect()));
        return;
    }
    if entries.len() <= MAX_CHUNK_ENTRIES {
        out.push(Arc::new(entries));
        return;
    }
    // Half full, so that the next insertions find room.
    let mut entries = entries.into_iter().peekable();
    while entries.peek().is_some() {
        out.push(Arc::new(entries.by_ref().take(MAX_CHUNK_ENTRIES / 2).collect()));
    }
}

struct MemorySnapshot {
    chunks: Arc<Chunks>,
}

impl MemorySnapshot {
    /// The chunks that may hold `key` and the keys behind it.
    fn from(&self, key: &[u8]) -> &[Arc<Chunk>] {
        let before = self.chunks.partition_point(|chunk| chunk.first().is_some_and(|(first, _)| &**first <= key));
        self.chunks.get(before.saturating_sub(1)..).unwrap_or_default()
    }
}

impl Snapshot for MemorySnapshot {
    fn get(&self, key: &[u8], found: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<bool> {
        let entry = self.from(key).first().and_then(|chunk| {
            let at = chunk.binary_search_by(|(candidate, _)| (**candidate).cmp(key)).ok()?;
            chunk.get(at)
        });
        entry.map_or(Ok(false), |(_, value)| found(value).map(|()| true))
    }

    fn scan(&self, start: &[u8], end: Option<&[u8]>, visit: &mut Visit<'_>) -> Result<()> {
        for chunk in self.from(start) {
            let skip = chunk.partition_point(|(key, _)| &**key < start);
            for (key, value) in chunk.iter().skip(skip) {
                if end.is_some_and(|end| &**key >= end) || visit(key, value)?.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
