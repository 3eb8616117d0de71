use super::read_log::ReadLog;
use super::watch::Watched;
use super::{Snapshot, Storage, Txn, WatchCommits, WriteSet};
use crate::model::Envelope;
use crate::{Error, ErrorKind, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

/// A storage with many writers in one process, who share durable commits.
///
/// Each operation takes its turn on the *open batch*: it sees the last committed state under the batch that is being
/// committed and under what earlier operations of the open batch wrote, and its own changes join the open batch when it
/// succeeds. Then its thread waits until that batch is durable. Whoever finds no commit under way commits the open batch
/// for all; while the disk works, the next batch fills. So with one writer every operation is one commit, and with many a
/// commit carries as many operations as arrived during the one before. A thread may take over the commits of all
/// (`commit_for_all`): what an engine allocates for them then lies in one place, not in a heap of each writer.
///
/// An answer is given only when everything that it rests on is durable: an operation that was *refused* because of a
/// neighbour's uncommitted change waits for that commit too. When a commit fails, the operations in it fail with its error,
/// and those that had built upon it run again.
#[derive(Debug)]
pub struct Book {
    storage: Box<dyn Storage>,
    watcher: Arc<dyn WatchCommits>,
    state: Mutex<State>,
    /// Signalled when a batch has its outcome.
    settled: Condvar,
    /// Signalled when a batch was committed, for those who only watch: writers and watchers do not wake each other in vain.
    committed: Condvar,
    /// Signalled when there is something to commit, for the thread that commits for all.
    joined: Condvar,
    /// The thread whose operation is running, so that it does not wait for itself.
    running: Mutex<Option<ThreadId>>,
}

struct State {
    /// The last committed state; taken anew after an engine's failure.
    committed: Option<Arc<dyn Snapshot>>,
    /// The batch that a thread is committing.
    in_flight: Option<Batch>,
    /// The batch that operations join.
    open: Batch,
    /// How many batches were committed.
    commits: u64,
    /// Whether there is a thread that commits for all.
    has_committer: bool,
}

#[derive(Clone, Default)]
struct Batch {
    writes: Arc<WriteSet>,
    outcome: Arc<OnceLock<Outcome>>,
}

enum Outcome {
    Committed,
    Failed(Error),
    /// It rested on a batch that failed, and was never tried.
    Discarded,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "State {{ {} keys in the open batch }}", self.open.writes.len())
    }
}

impl Book {
    /// A book on this storage.
    #[must_use]
    pub fn new(storage: Box<dyn Storage>) -> Self {
        Self::watched(storage, Arc::new(()))
    }

    /// A book on this storage, whose commits somebody watches.
    pub(crate) fn watched(storage: Box<dyn Storage>, watcher: Arc<dyn WatchCommits>) -> Self {
        let state =
            State { committed: None, in_flight: None, open: Batch::default(), commits: 0, has_committer: false };
        Book {
            storage,
            watcher,
            state: Mutex::new(state),
            settled: Condvar::new(),
            committed: Condvar::new(),
            joined: Condvar::new(),
            running: Mutex::new(None),
        }
    }

    /// The state after the last durable commit. Readers never wait for writers.
    ///
    /// # Errors
    /// What the storage gives.
    pub fn snapshot(&self) -> Result<Arc<dyn Snapshot>> {
        self.storage.snapshot()
    }

    /// Runs `operation` on the newest state and makes its changes durable. It may run more than once; when it fails, or the
    /// commit does, nothing of it stays.
    ///
    /// # Errors
    /// What `operation` gives, or the storage. `FailedPrecondition` when called from inside another update of this book.
    pub fn update<T>(&self, mut operation: impl FnMut(&mut Txn<'_>) -> Result<T>) -> Result<T> {
        let mut out = None;
        self.apply(&mut |txn| {
            out = Some(operation(txn)?);
            Ok(())
        })?;
        out.ok_or_else(|| Error::internal("an operation was not run"))
    }

    /// The part that does not depend on what an operation gives: it is compiled once.
    fn apply(&self, operation: &mut dyn FnMut(&mut Txn<'_>) -> Result<()>) -> Result<()> {
        let me = self.not_within_a_write()?;
        loop {
            let mut state = lock(&self.state);
            let committed = match &state.committed {
                Some(committed) => Arc::clone(committed),
                None => Arc::clone(state.committed.insert(self.storage.snapshot()?)),
            };
            let in_flight = state.in_flight.clone();
            let below = [in_flight.as_ref().map(|batch| &*batch.writes), Some(&*state.open.writes)];
            let mut txn = Txn::new(&committed, below);
            let result = {
                let _running = Running::begin(&self.running, me);
                operation(&mut txn)
            };
            let (writes, _, _) = txn.into_parts();
            let (result, writes) = match result {
                Ok(()) => (Ok(()), writes),
                Err(error) => (Err(error), WriteSet::default()),
            };
            let wrote = !writes.is_empty();
            let batch = if wrote || !state.open.writes.is_empty() {
                // Nobody else holds the open batch's writes, so this does not copy.
                Arc::make_mut(&mut state.open.writes).merge(writes);
                state.open.clone_outcome()
            } else if let Some(batch) = &state.in_flight {
                Arc::clone(&batch.outcome)
            } else {
                return result;
            };
            drop((in_flight, committed));
            match self.settle(state, &batch) {
                Outcome::Committed => return result,
                Outcome::Failed(error) if wrote => return Err(error.clone()),
                // It was refused because of changes that are not there any more, or has seen them.
                Outcome::Failed(_) | Outcome::Discarded => {}
            }
        }
    }

    /// A thread that runs an operation holds the state, and would wait for itself.
    fn not_within_a_write(&self) -> Result<ThreadId> {
        let me = thread::current().id();
        if *lock(&self.running) == Some(me) {
            return Err(Error::failed_precondition("a write of this book is already running in this thread")
                .with_help("use the transaction that the running write was given"));
        }
        Ok(me)
    }

    /// Waits until a batch has its outcome, committing it if nobody else does.
    fn settle<'b, 'o>(&'b self, mut state: MutexGuard<'b, State>, outcome: &'o Arc<OnceLock<Outcome>>) -> &'o Outcome {
        loop {
            if let Some(outcome) = outcome.get() {
                return outcome;
            }
            if state.in_flight.is_some() || state.has_committer {
                if state.in_flight.is_none() {
                    self.joined.notify_one();
                }
                state = self.settled.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            // The batch has no outcome and none is under way, so it is the open one: commit it for all.
            state = self.commit_open(state);
        }
    }

    /// Commits the open batch, while none is under way.
    fn commit_open<'b>(&'b self, mut state: MutexGuard<'b, State>) -> MutexGuard<'b, State> {
        let batch = std::mem::take(&mut state.open);
        state.in_flight = Some(batch.clone());
        drop(state);
        let mut watched = Watched::begin(&*self.watcher, Some(&batch.writes));
        // Others wait for the outcome, so there is one also when the storage panics.
        let (result, committed) = catch_unwind(AssertUnwindSafe(|| {
            let result = self.storage.commit(&batch.writes);
            let committed = result.as_ref().ok().and_then(|()| self.storage.snapshot().ok());
            (result, committed)
        }))
        .unwrap_or_else(|_| (Err(panicked()), None));
        watched.made = result.is_ok();
        drop(watched);
        let mut state = lock(&self.state);
        state.in_flight = None;
        state.committed = committed;
        let outcome = match result {
            Ok(()) => {
                state.commits = state.commits.wrapping_add(1);
                self.committed.notify_all();
                Outcome::Committed
            }
            Err(error) => {
                // The open batch was built upon what did not happen.
                let open = std::mem::take(&mut state.open);
                let _ = open.outcome.set(Outcome::Discarded);
                // Another process was faster: everything runs again, on what that one wrote.
                if error.kind() == ErrorKind::Aborted { Outcome::Discarded } else { Outcome::Failed(error) }
            }
        };
        let _ = batch.outcome.set(outcome);
        self.settled.notify_all();
        state
    }

    /// Commits in this thread what others write, until `stop` gives `true`, which is asked between commits and at least once in
    /// `patience`. Writers commit for themselves before and after. Returns at once when a commit waits for nothing, or when another
    /// thread does it already.
    ///
    /// # Errors
    /// `FailedPrecondition` when called from inside a write of this book, which would wait for itself.
    pub(crate) fn commit_for_all(&self, patience: Duration, stop: impl Fn() -> bool) -> Result<()> {
        self.not_within_a_write()?;
        if !self.storage.waits() || std::mem::replace(&mut lock(&self.state).has_committer, true) {
            return Ok(());
        }
        let _committer = Committer(self);
        while !stop() {
            // A writer that began before us may be committing; those who wait for the next batch tell us when it has.
            let nothing = |state: &mut State| state.in_flight.is_some() || state.open.writes.is_empty();
            let waited = self.joined.wait_timeout_while(lock(&self.state), patience, nothing);
            let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if !nothing(&mut state) {
                drop(self.commit_open(state));
            }
        }
        Ok(())
    }

    /// How many commits this book has made since it was opened. A snapshot that is taken afterwards shows them all.
    ///
    /// # Errors
    /// `FailedPrecondition` when called from inside a write of this book, which would wait for itself.
    pub(crate) fn commits(&self) -> Result<u64> {
        self.not_within_a_write()?;
        Ok(lock(&self.state).commits)
    }

    /// Waits until there are other commits than the first `seen`, but no longer than `timeout` (none: without end), and
    /// tells whether there are. Where threads cannot wait (in a browser) it returns at once.
    ///
    /// # Errors
    /// As [`Book::commits`].
    pub(crate) fn wait_for_commit(&self, seen: u64, timeout: Option<Duration>) -> Result<bool> {
        self.not_within_a_write()?;
        let state = lock(&self.state);
        if cfg!(target_family = "wasm") || timeout == Some(Duration::ZERO) {
            return Ok(state.commits != seen);
        }
        let unchanged = |state: &mut State| state.commits == seen;
        let state = match timeout {
            None => self.committed.wait_while(state, unchanged).unwrap_or_else(PoisonError::into_inner),
            Some(timeout) => {
                let waited = self.committed.wait_timeout_while(state, timeout, unchanged);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        Ok(state.commits != seen)
    }

    /// Begins a transaction that outlives this call: see [`PendingTxn`].
    pub(crate) fn begin(&self) -> Result<PendingTxn> {
        Ok(PendingTxn {
            base: self.snapshot()?,
            writes: WriteSet::default(),
            events: Vec::new(),
            log: ReadLog::default(),
        })
    }

    /// Commits a transaction, if nothing that it read has changed since. `finish` may add to it what depends on the moment
    /// of the commit.
    pub(crate) fn commit(&self, txn: &PendingTxn, finish: impl Fn(&mut Txn<'_>) -> Result<()>) -> Result<()> {
        self.update(|now| {
            txn.log.check(now)?;
            now.absorb(txn.writes.clone());
            for event in &txn.events {
                now.notify(event.clone());
            }
            finish(now)
        })
    }

    /// Runs `work` on the storage while no operation runs and no commit is under way, and without the snapshot that the
    /// book keeps for itself.
    pub(crate) fn exclusively<T>(&self, work: impl FnOnce(&dyn Storage) -> Result<T>) -> Result<T> {
        self.not_within_a_write()?;
        let mut state = lock(&self.state);
        loop {
            if let Some(batch) = &state.in_flight {
                let outcome = Arc::clone(&batch.outcome);
                self.settle(state, &outcome);
            } else if !state.open.writes.is_empty() {
                // Its writers have not been woken yet. They wait for its outcome and nothing else, so it may come from here.
                let outcome = state.open.clone_outcome();
                self.settle(state, &outcome);
            } else {
                break;
            }
            state = lock(&self.state);
        }
        state.committed = None;
        // It may mend what readers saw before.
        let _watched = Watched::begin(&*self.watcher, None);
        work(&*self.storage)
    }
}

#[cfg(test)]
impl Book {
    /// How many keys wait for the next commit.
    pub(super) fn open_batch_keys(&self) -> usize {
        lock(&self.state).open.writes.len()
    }

    pub(super) fn has_committer(&self) -> bool {
        lock(&self.state).has_committer
    }
}

impl Batch {
    fn clone_outcome(&self) -> Arc<OnceLock<Outcome>> {
        Arc::clone(&self.outcome)
    }
}

/// A transaction that is not bound to a call: a snapshot, the changes so far, and what was read.
///
/// It holds no lock, so it may wait for a user. At commit it is checked against what others committed meanwhile.
pub(crate) struct PendingTxn {
    base: Arc<dyn Snapshot>,
    writes: WriteSet,
    events: Vec<Envelope>,
    log: ReadLog,
}

impl PendingTxn {
    /// Runs one operation in the transaction. When it fails, its changes are taken back and the transaction goes on.
    pub(crate) fn run<T>(&mut self, operation: impl FnOnce(&mut Txn<'_>) -> Result<T>) -> Result<T> {
        let (writes, events) = (std::mem::take(&mut self.writes), std::mem::take(&mut self.events));
        let mut txn = Txn::resume(&self.base, writes, events, std::mem::take(&mut self.log));
        let result = txn.savepoint(operation);
        (self.writes, self.events, self.log) = txn.into_parts();
        result
    }
}

fn panicked() -> Error {
    Error::new(ErrorKind::Unknown, "the storage panicked during the commit: the change may have been made")
        .with_help("read the record again before you repeat the change")
}

/// Leaves the commits to the writers again when it is dropped.
struct Committer<'a>(&'a Book);

impl Drop for Committer<'_> {
    fn drop(&mut self) {
        lock(&self.0.state).has_committer = false;
        self.0.settled.notify_all();
    }
}

/// Marks which thread runs an operation, also when the operation panics.
struct Running<'a>(&'a Mutex<Option<ThreadId>>);

impl<'a> Running<'a> {
    fn begin(running: &'a Mutex<Option<ThreadId>>, me: ThreadId) -> Self {
        *lock(running) = Some(me);
        Running(running)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        *lock(self.0) = None;
    }
}

/// A panic in an operation cannot leave the state half changed: its changes join the batch only when it has returned.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
