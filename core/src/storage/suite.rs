//! One suite for every engine, and for the book above them.

use super::{Book, MemoryStorage, PendingTxn, Read, Snapshot, Storage, Txn, WriteSet};
use crate::{Error, ErrorKind, Result};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex};

/// Runs a test on each engine.
fn on_each(test: impl Fn(Box<dyn Storage>)) {
    test(Box::new(MemoryStorage::new()));
    #[cfg(feature = "redb")]
    test(Box::new(super::RedbStorage::in_memory().unwrap()));
    #[cfg(feature = "file")]
    {
        let folder = tempfile::tempdir().unwrap();
        let options = super::OpenOptions::default();
        test(Box::new(
            super::RedbStorage::open(&folder.path().join("book"), &options, super::WriteSet::default).unwrap(),
        ));
    }
}

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

fn all(read: &dyn Read, start: &[u8], end: Option<&[u8]>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut out = Vec::new();
    read.scan(start, end, &mut |key, value| {
        out.push((key.to_vec(), value.to_vec()));
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    out
}

fn get(read: &dyn Read, key: &[u8]) -> Option<Vec<u8>> {
    read.decode(key, |value| Ok(value.to_vec())).unwrap()
}

fn put(book: &Book, key: &str, value: &str) -> Result<()> {
    book.update(|txn| {
        txn.put(key.into(), value.into());
        Ok(())
    })
}

#[derive(Clone, Debug)]
enum Op {
    Put(Vec<u8>, Vec<u8>),
    Delete(Vec<u8>),
    DeleteRange(Vec<u8>, Vec<u8>),
    Scan(Vec<u8>, Option<Vec<u8>>),
    Get(Vec<u8>),
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    // Short keys over few bytes, so that they meet.
    prop::collection::vec(prop::sample::select(vec![0u8, 1, b'a', b'b', 0xff]), 1..4)
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (key(), prop::collection::vec(any::<u8>(), 0..40)).prop_map(|(k, v)| Op::Put(k, v)),
        2 => key().prop_map(Op::Delete),
        1 => (key(), key()).prop_map(|(a, b)| Op::DeleteRange(a, b)),
        2 => (key(), prop::option::of(key())).prop_map(|(a, b)| Op::Scan(a, b)),
        1 => key().prop_map(Op::Get),
    ]
}

fn range_of(map: &Map, start: &[u8], end: Option<&[u8]>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let within = |key: &[u8]| key >= start && end.is_none_or(|end| key < end);
    map.iter().filter(|(key, _)| within(key)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

fn apply(op: &Op, txn: &mut Txn<'_>, map: &mut Map) {
    match op {
        Op::Put(k, v) => {
            txn.put(k.clone(), v.clone());
            map.insert(k.clone(), v.clone());
        }
        Op::Delete(k) => {
            txn.delete(k.clone());
            map.remove(k);
        }
        Op::DeleteRange(a, b) => {
            txn.delete_range(a, Some(b)).unwrap();
            map.retain(|key, _| key < a || key >= b);
        }
        Op::Scan(a, b) => assert_eq!(all(txn, a, b.as_deref()), range_of(map, a, b.as_deref())),
        Op::Get(k) => assert_eq!(get(txn, k), map.get(k).cloned()),
    }
}

#[test]
fn a_failed_savepoint_takes_back_what_inner_ones_kept() {
    on_each(|storage| {
        let book = Book::new(storage);
        put(&book, "a", "old").unwrap();
        book.update(|txn| {
            txn.put(b"b".to_vec(), b"own".to_vec());
            let outer: Result<()> = txn.savepoint(|txn| {
                txn.put(b"a".to_vec(), b"outer".to_vec());
                txn.savepoint(|txn| {
                    txn.put(b"a".to_vec(), b"inner".to_vec());
                    txn.delete(b"b".to_vec());
                    Ok(())
                })?;
                let failed: Result<()> = txn.savepoint(|txn| {
                    txn.put(b"a".to_vec(), b"failed".to_vec());
                    Err(Error::aborted("inner"))
                });
                assert!(failed.is_err());
                assert_eq!((get(txn, b"a"), get(txn, b"b")), (Some(b"inner".to_vec()), None));
                Err(Error::aborted("outer"))
            });
            assert!(outer.is_err());
            txn.savepoint(|txn| {
                txn.put(b"c".to_vec(), b"kept".to_vec());
                Ok(())
            })
        })
        .unwrap();
        let entry = |key: &str, value: &str| (key.as_bytes().to_vec(), value.as_bytes().to_vec());
        let expected = [entry("a", "old"), entry("b", "own"), entry("c", "kept")];
        assert_eq!(all(&book.snapshot().unwrap(), &[], None), expected);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Operations in savepoints in updates, some of which fail: what stays is what a map says.
    #[test]
    fn every_engine_agrees_with_a_map(
        updates in prop::collection::vec((prop::collection::vec((prop::collection::vec(op(), 0..6), any::<bool>()), 0..4), any::<bool>()), 0..12)
    ) {
        on_each(|storage| {
            let book = Book::new(storage);
            let mut map = Map::new();
            for (savepoints, succeeds) in &updates {
                let before = book.snapshot().unwrap();
                let map_before = map.clone();
                let result = book.update(|txn| {
                    map = map_before.clone();
                    for (ops, keep) in savepoints {
                        let outer = map.clone();
                        let kept = txn.savepoint(|txn| {
                            ops.iter().for_each(|op| apply(op, txn, &mut map));
                            if *keep { Ok(()) } else { Err(Error::aborted("savepoint")) }
                        });
                        if kept.is_err() {
                            map = outer;
                        }
                    }
                    if *succeeds { Ok(()) } else { Err(Error::aborted("update")) }
                });
                assert_eq!(result.is_ok(), *succeeds);
                if !succeeds {
                    map = map_before.clone();
                }
                assert_eq!(all(&before, &[], None), range_of(&map_before, &[], None), "a snapshot never changes");
                assert_eq!(all(&book.snapshot().unwrap(), &[], None), range_of(&map, &[], None));
            }
        });
    }

    /// Commits of many keys, new and old, side by side and not: engines may take such apart in other ways than small ones.
    #[test]
    fn large_commits_agree_with_a_map(
        commits in prop::collection::vec(prop::collection::vec((0u16..900, prop::option::weighted(0.8, 0usize..3000)), 0..300), 1..4)
    ) {
        on_each(|storage| {
            let book = Book::new(storage);
            let mut map = Map::new();
            for changes in &commits {
                book.update(|txn| {
                    for (number, value_bytes) in changes {
                        let key = number.to_be_bytes().to_vec();
                        let op = value_bytes.map_or(Op::Delete(key.clone()), |bytes| Op::Put(key, vec![*number as u8; bytes]));
                        apply(&op, txn, &mut map);
                    }
                    Ok(())
                })
                .unwrap();
                assert_eq!(all(&book.snapshot().unwrap(), &[], None), range_of(&map, &[], None));
            }
        });
    }

    /// Whatever a transaction reads, it commits only if a fresh one would read the same.
    #[test]
    fn a_transaction_sees_no_mixture(first in prop::collection::vec(op(), 1..8), between in op(), second in prop::collection::vec(op(), 1..8)) {
        on_each(|storage| {
            let book = Book::new(storage);
            let mut map = Map::new();
            book.update(|txn| { first.iter().for_each(|op| apply(op, txn, &mut map)); Ok(()) }).unwrap();
            let mut pending = book.begin().unwrap();
            let mut own = map.clone();
            pending.run(|txn| { second.iter().for_each(|op| apply(op, txn, &mut own)); Ok(()) }).unwrap();
            book.update(|txn| { apply(&between, txn, &mut map); Ok(()) }).unwrap();
            match book.commit(&pending, |_| Ok(())) {
                Ok(()) => second.iter().for_each(|op| {
                    // In the order "between, then second" the reads must come out as they did, and so must the end.
                    let mut txn = ReplayCheck { map: &mut map };
                    txn.apply(op);
                }),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Aborted),
            }
            assert_eq!(all(&book.snapshot().unwrap(), &[], None), range_of(&map, &[], None));
        });
    }
}

struct ReplayCheck<'a> {
    map: &'a mut Map,
}

impl ReplayCheck<'_> {
    fn apply(&mut self, op: &Op) {
        match op {
            Op::Put(k, v) => drop(self.map.insert(k.clone(), v.clone())),
            Op::Delete(k) => drop(self.map.remove(k)),
            Op::DeleteRange(a, b) => self.map.retain(|key, _| key < a || key >= b),
            Op::Scan(..) | Op::Get(_) => {}
        }
    }
}

#[test]
fn a_scan_stops_where_it_is_told_and_forgets_what_is_behind() {
    on_each(|storage| {
        let book = Book::new(storage);
        for key in ["a", "b", "c"] {
            put(&book, key, "1").unwrap();
        }
        let mut pending = book.begin().unwrap();
        let first = |pending: &mut PendingTxn| {
            pending.run(|txn| {
                let mut first = None;
                txn.scan(&[], None, &mut |key, _| {
                    first = Some(key.to_vec());
                    Ok(ControlFlow::Break(()))
                })?;
                txn.put(b"x".to_vec(), b"1".to_vec());
                Ok(first)
            })
        };
        assert_eq!(first(&mut pending).unwrap(), Some(b"a".to_vec()));
        put(&book, "c", "2").unwrap();
        book.commit(&pending, |_| Ok(())).unwrap();

        let mut pending = book.begin().unwrap();
        first(&mut pending).unwrap();
        put(&book, "a", "2").unwrap();
        let error = book.commit(&pending, |_| Ok(())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Aborted);
    });
}

#[test]
fn a_failed_operation_of_a_transaction_leaves_the_rest() {
    on_each(|storage| {
        let book = Book::new(storage);
        let mut pending = book.begin().unwrap();
        pending
            .run(|txn| {
                txn.put(b"a".to_vec(), b"1".to_vec());
                Ok(())
            })
            .unwrap();
        let failed: Result<()> = pending.run(|txn| {
            txn.put(b"b".to_vec(), b"1".to_vec());
            Err(Error::aborted("on purpose"))
        });
        assert!(failed.is_err());
        book.commit(&pending, |_| Ok(())).unwrap();
        assert_eq!(all(&book.snapshot().unwrap(), &[], None).len(), 1);
    });
}

/// A storage whose commits can be held up, counted, and made to fail.
#[derive(Debug, Default)]
struct Gate {
    inner: MemoryStorage,
    commits: AtomicUsize,
    /// The numbers of the commits that fail.
    failing: Vec<usize>,
    closed: Mutex<bool>,
    opened: Condvar,
    waiting: AtomicUsize,
}

impl Gate {
    fn set_closed(&self, closed: bool) {
        *self.closed.lock().unwrap() = closed;
        self.opened.notify_all();
    }
}

#[derive(Debug)]
struct Shared(Arc<Gate>);

impl Storage for Shared {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>> {
        self.0.inner.snapshot()
    }

    fn commit(&self, writes: &WriteSet) -> Result<()> {
        self.0.waiting.fetch_add(1, Ordering::SeqCst);
        let mut closed = self.0.closed.lock().unwrap();
        while *closed {
            closed = self.0.opened.wait(closed).unwrap();
        }
        let number = self.0.commits.fetch_add(1, Ordering::SeqCst);
        if self.0.failing.contains(&number) {
            return Err(Error::classed(ErrorKind::ResourceExhausted, "the disk is full"));
        }
        self.0.inner.commit(writes)
    }
}

fn until(condition: impl Fn() -> bool) {
    let mut turns = 0;
    while !condition() {
        #[allow(clippy::disallowed_methods, reason = "a test may wait for its threads")]
        std::thread::sleep(std::time::Duration::from_millis(1));
        turns += 1;
        assert!(turns < 30_000, "it never came true");
    }
}

#[allow(clippy::disallowed_methods, reason = "a test may start threads")]
fn thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> std::thread::JoinHandle<T> {
    std::thread::spawn(work)
}

fn open_batch_keys(book: &Book) -> usize {
    book.open_batch_keys()
}

#[test]
fn writers_that_arrive_during_a_commit_share_the_next() {
    let gate = Arc::new(Gate::default());
    let book = Arc::new(Book::new(Box::new(Shared(Arc::clone(&gate)))));
    gate.set_closed(true);
    let first = {
        let book = Arc::clone(&book);
        thread(move || put(&book, "first", "1"))
    };
    until(|| gate.waiting.load(Ordering::SeqCst) == 1);
    let others: Vec<_> = (0..31)
        .map(|n| {
            let book = Arc::clone(&book);
            thread(move || put(&book, &format!("k{n}"), "1"))
        })
        .collect();
    until(|| open_batch_keys(&book) == 31);
    assert_eq!(all(&book.snapshot().unwrap(), &[], None).len(), 0, "nothing is seen before it is durable");
    gate.set_closed(false);
    first.join().unwrap().unwrap();
    others.into_iter().for_each(|other| other.join().unwrap().unwrap());
    assert_eq!(gate.commits.load(Ordering::SeqCst), 2);
    assert_eq!(all(&book.snapshot().unwrap(), &[], None).len(), 32);
}

fn create(book: &Book, key: &'static str) -> Result<()> {
    book.update(|txn| {
        if txn.get(key.as_bytes(), &mut |_| Ok(()))? {
            return Err(Error::already_exists(key));
        }
        txn.put(key.into(), b"1".to_vec());
        Ok(())
    })
}

#[test]
fn an_operation_refused_because_of_a_commit_that_fails_runs_again() {
    let gate = Arc::new(Gate { failing: vec![0], ..Gate::default() });
    let book = Arc::new(Book::new(Box::new(Shared(Arc::clone(&gate)))));
    gate.set_closed(true);
    let first = {
        let book = Arc::clone(&book);
        thread(move || create(&book, "web"))
    };
    until(|| gate.waiting.load(Ordering::SeqCst) == 1);
    // Sees the uncommitted record and would be refused; that record never comes into being.
    let second = {
        let book = Arc::clone(&book);
        thread(move || create(&book, "web"))
    };
    // Builds upon the commit that fails.
    let third = {
        let book = Arc::clone(&book);
        thread(move || create(&book, "db"))
    };
    until(|| open_batch_keys(&book) == 1);
    gate.set_closed(false);
    assert_eq!(first.join().unwrap().unwrap_err().kind(), ErrorKind::ResourceExhausted);
    second.join().unwrap().unwrap();
    third.join().unwrap().unwrap();
    assert_eq!(all(&book.snapshot().unwrap(), &[], None).len(), 2);
}

#[test]
fn a_refusal_is_told_only_when_its_reason_is_durable() {
    let gate = Arc::new(Gate::default());
    let book = Arc::new(Book::new(Box::new(Shared(Arc::clone(&gate)))));
    gate.set_closed(true);
    let first = {
        let book = Arc::clone(&book);
        thread(move || create(&book, "web"))
    };
    until(|| gate.waiting.load(Ordering::SeqCst) == 1);
    let second = {
        let book = Arc::clone(&book);
        thread(move || create(&book, "web"))
    };
    gate.set_closed(false);
    first.join().unwrap().unwrap();
    assert_eq!(second.join().unwrap().unwrap_err().kind(), ErrorKind::AlreadyExists);
}

#[test]
fn every_acknowledged_write_of_many_threads_is_there() {
    on_each(|storage| {
        let book = Book::new(storage);
        let barrier = Barrier::new(16);
        std::thread::scope(|scope| {
            for n in 0..16 {
                let (book, barrier) = (&book, &barrier);
                #[allow(clippy::disallowed_methods, reason = "a test may start threads")]
                scope.spawn(move || {
                    barrier.wait();
                    for i in 0..20 {
                        put(book, &format!("{n}/{i}"), "1").unwrap();
                        // Every second one contends for the same key.
                        let _ = book.update(|txn| {
                            let count = get(txn, b"count").map_or(0, |value| value.len());
                            txn.put(b"count".to_vec(), vec![b'x'; count + 1]);
                            Ok(())
                        });
                    }
                });
            }
        });
        let state = book.snapshot().unwrap();
        assert_eq!(all(&state, &[], None).len(), 16 * 20 + 1);
        assert_eq!(get(&state, b"count").unwrap().len(), 16 * 20, "no update is lost");
    });
}

#[test]
fn a_write_within_a_write_is_refused_instead_of_waiting_for_itself() {
    let book = Book::new(Box::new(MemoryStorage::new()));
    let error = book.update(|_| put(&book, "a", "1")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FailedPrecondition);
    let error = book.update(|_| book.exclusively(|storage| storage.compact())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FailedPrecondition);
    put(&book, "a", "1").unwrap();
}

/// A storage that another process changes: its first commit comes too late.
#[derive(Debug, Default)]
struct Contended(MemoryStorage, AtomicUsize);

impl Storage for Contended {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>> {
        self.0.snapshot()
    }

    fn commit(&self, writes: &WriteSet) -> Result<()> {
        if self.1.fetch_add(1, Ordering::SeqCst) == 0 {
            let mut other = WriteSet::default();
            other.put(b"web".to_vec(), super::seal(b"web", b"other".to_vec()));
            self.0.commit(&other)?;
            return Err(Error::aborted("another process was faster"));
        }
        self.0.commit(writes)
    }
}

#[test]
fn an_operation_runs_again_when_the_storage_says_that_another_was_faster() {
    let book = Book::new(Box::new(Contended::default()));
    assert_eq!(create(&book, "web").unwrap_err().kind(), ErrorKind::AlreadyExists);
}

#[test]
fn an_operation_that_wrote_nothing_does_not_fail_with_its_neighbour() {
    let gate = Arc::new(Gate { failing: vec![0], ..Gate::default() });
    let book = Arc::new(Book::new(Box::new(Shared(Arc::clone(&gate)))));
    gate.set_closed(true);
    let first = {
        let book = Arc::clone(&book);
        thread(move || put(&book, "a", "1"))
    };
    until(|| gate.waiting.load(Ordering::SeqCst) == 1);
    let second = {
        let book = Arc::clone(&book);
        thread(move || book.update(|txn| Ok(get(txn, b"a").is_some())))
    };
    gate.set_closed(false);
    assert!(first.join().unwrap().is_err());
    assert!(!second.join().unwrap().unwrap(), "what it saw never came to be");
}

#[test]
fn a_panic_in_an_operation_leaves_the_book_as_it_was() {
    let book = Book::new(Box::new(MemoryStorage::new()));
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        book.update(|txn| -> Result<()> {
            txn.put(b"a".to_vec(), b"1".to_vec());
            panic!("on purpose")
        })
    }));
    assert!(result.is_err());
    assert!(all(&book.snapshot().unwrap(), &[], None).is_empty());
    put(&book, "a", "1").unwrap();
}

/// A storage of somebody else's with a mistake in it.
#[derive(Debug, Default)]
struct Panicking(MemoryStorage, AtomicUsize);

impl Storage for Panicking {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>> {
        self.0.snapshot()
    }

    fn commit(&self, writes: &WriteSet) -> Result<()> {
        assert!(self.1.fetch_add(1, Ordering::SeqCst) > 0, "on purpose");
        self.0.commit(writes)
    }
}

#[test]
fn a_panic_in_a_storage_is_an_error_for_all_who_wait() {
    let book = Arc::new(Book::new(Box::new(Panicking::default())));
    let writers: Vec<_> = (0..4)
        .map(|n| {
            let book = Arc::clone(&book);
            thread(move || put(&book, &format!("key {n}"), "1"))
        })
        .collect();
    let failed = writers.into_iter().filter_map(|writer| writer.join().unwrap().err()).collect::<Vec<_>>();
    assert!(!failed.is_empty());
    assert!(failed.iter().all(|error| error.kind() == ErrorKind::Unknown), "{failed:?}");
    put(&book, "a", "1").unwrap();
}

/// A storage that notes which threads commit, and whose every seventh commit fails.
#[derive(Debug, Default)]
struct Noting(MemoryStorage, Arc<Mutex<Vec<std::thread::ThreadId>>>);

impl Storage for Noting {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>> {
        self.0.snapshot()
    }

    fn commit(&self, writes: &WriteSet) -> Result<()> {
        let mut threads = self.1.lock().unwrap();
        threads.push(std::thread::current().id());
        if threads.len().is_multiple_of(7) {
            return Err(Error::classed(ErrorKind::ResourceExhausted, "the disk is full"));
        }
        self.0.commit(writes)
    }
}

#[test]
fn a_thread_may_commit_for_all_and_leave_it_to_them_again() {
    const PATIENCE: std::time::Duration = std::time::Duration::from_millis(10);
    let threads = Arc::default();
    let book = Arc::new(Book::new(Box::new(Noting(MemoryStorage::new(), Arc::clone(&threads)))));
    put(&book, "before", "1").unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let committer = {
        let (book, stop) = (Arc::clone(&book), Arc::clone(&stop));
        thread(move || book.commit_for_all(PATIENCE, || stop.load(Ordering::SeqCst)))
    };
    let id = committer.thread().id();
    until(|| book.has_committer());
    book.commit_for_all(PATIENCE, || unreachable!("one is enough")).unwrap();
    let writers: Vec<_> = (0..8)
        .map(|n| {
            let book = Arc::clone(&book);
            thread(move || (0..50).filter(|m| put(&book, &format!("{n}-{m}"), "1").is_ok()).count())
        })
        .collect();
    let written: usize = writers.into_iter().map(|writer| writer.join().unwrap()).sum();
    stop.store(true, Ordering::SeqCst);
    committer.join().unwrap().unwrap();
    let mut after = 0;
    while put(&book, "after", "1").is_err() {
        after += 1;
    }
    assert_eq!(all(&book.snapshot().unwrap(), &[], None).len(), written + 2);
    let mut threads = std::mem::take(&mut *threads.lock().unwrap());
    let me = std::thread::current().id();
    assert_eq!((threads.remove(0), threads.pop()), (me, Some(me)));
    threads.truncate(threads.len() - after);
    assert!(threads.len() > 7 && threads.iter().all(|thread| *thread == id));
    // Where nobody waits there is nothing to take over.
    Book::new(Box::new(MemoryStorage::new())).commit_for_all(PATIENCE, || unreachable!("nobody waits")).unwrap();
}

#[test]
fn a_changed_byte_is_lost_data_and_names_its_key() {
    on_each(|storage| {
        let mut writes = WriteSet::default();
        let key = super::layout::record(super::layout::Space::ContainerHead, b"default", b"web");
        let mut sealed = super::seal(&key, b"value".to_vec());
        sealed[1] ^= 1;
        writes.put(key.clone(), sealed);
        storage.commit(&writes).unwrap();
        let book = Book::new(storage);
        let snapshot = book.snapshot().unwrap();
        let error = Read::get(&snapshot, &key, &mut |_| Ok(())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DataLoss);
        assert!(error.message().contains(r#"container "web" in namespace "default""#), "{error}");
    });
}
