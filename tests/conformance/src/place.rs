//! The places that vectors are played on: the core on one of its storage engines, or a door.

use crate::operations::{Operation, Trouble};
use crate::value;
use crate::vectors::Step;
use serde_json::Value;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use stowbook::storage::{RedbStorage, Snapshot, Storage, WriteSet};
use stowbook::{ErrorKind, OpenOptions, Store, SystemHost};
use tempfile::TempDir;

/// A place that answers steps.
pub(crate) trait Place {
    /// Forgets everything: the next step finds an empty book. Cheap when nothing was stored.
    fn reset(&mut self) -> Result<(), String>;

    /// Why the operation of this name cannot be played here, if it cannot. A place may also find out when it plays it.
    fn lacks(&self, op: &str) -> Option<String>;

    /// Whether it has what a case may require: `gc`, for example.
    fn provides(&self, _what: &str) -> bool {
        false
    }

    /// Plays one step.
    fn play(&mut self, step: &Step) -> Answer;

    /// Whether the place can tell what was published.
    fn tells_events(&self) -> bool {
        false
    }

    /// What was published since the last call or the reset, as the vectors write it.
    fn published(&mut self) -> Result<Vec<Value>, String> {
        Err("this place does not tell what was published".to_owned())
    }

    /// The steps of the place's clock. Records made that long after one another have different times.
    fn tick(&self) -> Duration {
        Duration::ZERO
    }
}

/// What a place answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// The response.
    Ok(Value),
    /// The operation was refused.
    Refused { kind: ErrorKind, message: Vec<u8> },
    /// The place does not have the operation, for this reason.
    Unsupported(String),
    /// There is no answer, for this reason: a defect.
    Broken(String),
}

/// The core in this process.
pub(crate) struct Core {
    engine: Engine,
    /// Opened when the first operation of a case needs it: most cases of the rules need none.
    store: Option<Store>,
    /// The number of the last event that was compared.
    compared: u64,
}

/// What is below the core.
pub(crate) enum Engine {
    Memory,
    Redb(File),
}

/// One file for all cases: to make a file takes more syncs than the operations of most cases do.
pub(crate) struct File {
    storage: Arc<RedbStorage>,
    /// The keys that a book has from its beginning.
    first_keys: BTreeSet<Vec<u8>>,
    _folder: TempDir,
}

/// A storage that outlives its book.
#[derive(Debug)]
struct Shared(Arc<RedbStorage>);

impl Storage for Shared {
    fn snapshot(&self) -> stowbook::Result<Arc<dyn Snapshot>> {
        self.0.snapshot()
    }

    fn commit(&self, writes: &WriteSet) -> stowbook::Result<()> {
        self.0.commit(writes)
    }
}

impl File {
    fn new() -> Result<Self, Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("book.redb");
        let storage = Arc::new(RedbStorage::open(&path, &OpenOptions::default(), WriteSet::default)?);
        let mut file = File { storage, first_keys: BTreeSet::new(), _folder: folder };
        drop(file.open()?);
        file.first_keys = file.keys()?;
        Ok(file)
    }

    fn open(&self) -> stowbook::Result<Store> {
        Store::with_storage(Box::new(Shared(Arc::clone(&self.storage))), Arc::new(SystemHost))
    }

    fn keys(&self) -> stowbook::Result<BTreeSet<Vec<u8>>> {
        let mut keys = BTreeSet::new();
        self.storage.snapshot()?.scan(&[], None, &mut |key, _| {
            keys.insert(key.to_vec());
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(keys)
    }

    fn clear(&self) -> stowbook::Result<()> {
        let mut writes = WriteSet::default();
        for key in self.keys()?.difference(&self.first_keys) {
            writes.delete(key.as_slice());
        }
        if writes.is_empty() { Ok(()) } else { self.storage.commit(&writes) }
    }
}

impl Engine {
    /// A file in a new folder, which goes away with the engine.
    pub(crate) fn redb() -> Result<Self, Box<dyn std::error::Error>> {
        File::new().map(Engine::Redb)
    }
}

impl Core {
    pub(crate) fn new(engine: Engine) -> Self {
        Core { engine, store: None, compared: 0 }
    }

    fn store(&mut self) -> stowbook::Result<Store> {
        if let Some(store) = &self.store {
            return Ok(store.clone());
        }
        let store = match &self.engine {
            Engine::Memory => Store::in_memory(),
            Engine::Redb(file) => file.open()?,
        };
        self.store = Some(store.clone());
        Ok(store)
    }

    fn run(&mut self, step: &Step) -> Result<Value, Trouble> {
        match Operation::find(&step.op) {
            Some(Operation::Pure(operation)) => operation(step),
            Some(Operation::Stored(operation)) => operation(&self.store()?, step),
            None => Err(stowbook::Error::not_implemented(&*step.op).into()),
        }
    }
}

impl Place for Core {
    fn reset(&mut self) -> Result<(), String> {
        self.compared = 0;
        match (self.store.take(), &self.engine) {
            (Some(_), Engine::Redb(file)) => {
                file.clear().map_err(|error| format!("the file cannot be cleared: {error}"))
            }
            _ => Ok(()),
        }
    }

    fn lacks(&self, op: &str) -> Option<String> {
        Operation::find(op).is_none().then(|| format!("{op} is not in this place"))
    }

    fn provides(&self, what: &str) -> bool {
        matches!(what, "content" | "events" | "gc" | "snapshots")
    }

    fn tells_events(&self) -> bool {
        true
    }

    fn published(&mut self) -> Result<Vec<Value>, String> {
        let Some(store) = &self.store else { return Ok(Vec::new()) };
        let page = store.events().read(self.compared, &[""], usize::MAX);
        let page = page.map_err(|error| format!("the event log cannot be read: {error}"))?;
        self.compared = page.next.number;
        Ok(page.events.iter().filter(|event| event.is_published()).map(|event| value::event(event.to_json())).collect())
    }

    fn play(&mut self, step: &Step) -> Answer {
        match catch_unwind(AssertUnwindSafe(|| self.run(step))) {
            Ok(Ok(value)) => Answer::Ok(value),
            Ok(Err(Trouble::Refused(error))) => {
                Answer::Refused { kind: error.kind(), message: error.message_bytes().to_vec() }
            }
            Ok(Err(Trouble::Request(error))) => Answer::Broken(format!("the request cannot be read: {error}")),
            // Its text is on the standard error already.
            Err(_) => Answer::Broken("the core panicked".to_owned()),
        }
    }
}
