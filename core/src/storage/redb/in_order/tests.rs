use super::*;
use crate::storage::redb::backend::Bytes;
use crate::storage::{OpenOptions, RedbStorage, Storage as _, WriteSet};
use proptest::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

const PAGE: usize = 4096;
const PAGES: usize = 24;

/// A disk that says what was written to it in runs, and can refuse them.
struct Disk {
    in_order: InOrder<Bytes>,
    /// Offset and length of each run.
    runs: Arc<Mutex<Vec<(u64, usize)>>>,
    is_failing: Arc<AtomicBool>,
}

fn disk(at_once: usize) -> Disk {
    let bytes = Bytes::new(vec![0; PAGE * PAGES]);
    let (runs, is_failing): (Arc<Mutex<Vec<_>>>, Arc<AtomicBool>) = Default::default();
    let write_run = {
        let (bytes, runs, is_failing) = (bytes.clone(), Arc::clone(&runs), Arc::clone(&is_failing));
        move |offset, slices: &mut [IoSlice<'_>]| {
            let whole: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
            if is_failing.load(Ordering::Relaxed) {
                // A part comes through.
                bytes.write(offset, &whole[..whole.len() / 2])?;
                return Err(io::ErrorKind::StorageFull.into());
            }
            runs.lock().unwrap().push((offset, whole.len()));
            bytes.write(offset, &whole)
        }
    };
    Disk { in_order: InOrder::new(bytes, at_once, Box::new(write_run)), runs, is_failing }
}

impl Disk {
    fn write(&self, page: usize, len: usize, byte: u8) -> io::Result<()> {
        self.in_order.write((page * PAGE) as u64, &vec![byte; len])
    }

    fn read(&self, page: usize, len: usize) -> io::Result<Vec<u8>> {
        let mut out = vec![0; len];
        self.in_order.read((page * PAGE) as u64, &mut out).map(|()| out)
    }

    fn take_runs(&self) -> Vec<(u64, usize)> {
        std::mem::take(&mut self.runs.lock().unwrap())
    }
}

fn run(page: usize, pages: usize) -> (u64, usize) {
    ((page * PAGE) as u64, pages * PAGE)
}

#[test]
fn what_is_scattered_is_written_in_long_runs() {
    let disk = disk(2);
    for page in [9, 5, 2, 7, 4, 3, 1, 6] {
        disk.write(page, PAGE, 1).unwrap();
    }
    assert_eq!(disk.take_runs(), [], "nobody has asked for it yet");
    disk.in_order.sync_data().unwrap();
    assert_eq!(disk.take_runs(), [run(1, 4), run(6, 2)], "9 and 5 were written at once");
    disk.write(5, PAGE, 2).unwrap();
    disk.in_order.sync_data().unwrap();
    assert_eq!(disk.take_runs(), [], "after a sync the count begins anew");
}

#[test]
fn a_run_ends_where_it_is_long() {
    let disk = disk(0);
    let pages = 3 * RUN_BYTES / PAGE;
    disk.in_order.set_len(((pages + 1) * PAGE) as u64).unwrap();
    (1..=pages).rev().for_each(|page| disk.write(page, PAGE, 1).unwrap());
    disk.in_order.sync_data().unwrap();
    let each = RUN_BYTES / PAGE;
    assert_eq!(disk.take_runs(), [run(1, each), run(1 + each, each), run(1 + 2 * each, each)]);
}

#[test]
fn what_redb_wrote_before_its_header_is_written_before_it() {
    let disk = disk(0);
    let header = || disk.in_order.inner.copy(u64::MAX).unwrap()[..320].to_vec();
    disk.write(3, PAGE, 1).unwrap();
    disk.is_failing.store(true, Ordering::Relaxed);
    disk.write(0, 320, 2).unwrap_err();
    assert_eq!(header(), [0; 320], "page 3 goes first");
    disk.is_failing.store(false, Ordering::Relaxed);
    disk.write(0, 320, 2).unwrap();
    assert_eq!(disk.take_runs(), [run(3, 1)]);
    assert_eq!(header(), [2; 320], "the header is not held back");
    disk.write(4, PAGE, 3).unwrap();
    assert_eq!(disk.take_runs(), []);
}

#[test]
fn a_read_of_other_pages_writes_nothing() {
    let disk = disk(0);
    disk.write(3, PAGE + 1, 1).unwrap();
    assert_eq!(disk.read(2, PAGE).unwrap(), [0; PAGE]);
    assert_eq!(disk.read(5, PAGE).unwrap(), [0; PAGE]);
    assert_eq!(disk.take_runs(), []);
    assert_eq!(disk.read(4, 2).unwrap(), [1, 0], "one byte of it is held back");
    assert_eq!(disk.take_runs(), [((3 * PAGE) as u64, PAGE + 1)]);
}

/// While a page is written, on a disk that takes its time, another thread reads: what the file holds, and what is held back.
#[test]
fn who_reads_other_pages_does_not_wait_for_a_write() {
    let bytes = Bytes::new(vec![0; PAGE * PAGES]);
    let (begun, has_begun) = mpsc::channel();
    let (read, was_read) = mpsc::channel();
    let was_read = Mutex::new(was_read);
    let write_run = {
        let bytes = bytes.clone();
        move |offset, slices: &mut [IoSlice<'_>]| {
            begun.send(()).unwrap();
            was_read.lock().unwrap().recv_timeout(Duration::from_secs(20)).expect("the reader waits");
            bytes.write(offset, &slices[0])
        }
    };
    let in_order = InOrder::new(bytes, 0, Box::new(write_run));
    in_order.write(3 * PAGE as u64, &[1; PAGE]).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| in_order.sync_data().unwrap());
        has_begun.recv().unwrap();
        let mut out = [1; PAGE];
        in_order.read(2 * PAGE as u64, &mut out).unwrap();
        read.send(()).unwrap();
        assert_eq!(out, [0; PAGE]);
        in_order.read(3 * PAGE as u64, &mut out).unwrap();
        assert_eq!(out, [1; PAGE]);
    });
}

#[test]
fn what_cannot_be_written_at_the_end_is_told() {
    let disk = disk(0);
    disk.write(3, PAGE, 1).unwrap();
    disk.is_failing.store(true, Ordering::Relaxed);
    assert_eq!(disk.in_order.close().unwrap_err().kind(), io::ErrorKind::StorageFull);
}

#[test]
fn no_more_is_held_than_redb_holds() {
    let disk = disk(0);
    let (pages, len) = (HELD_BYTES / (RUN_BYTES / 2) + 1, RUN_BYTES / 2);
    disk.in_order.set_len((PAGE + pages * len) as u64).unwrap();
    for page in 0..pages {
        assert_eq!(disk.take_runs(), []);
        disk.in_order.write((PAGE + page * len) as u64, &vec![1; len]).unwrap();
        assert!(disk.in_order.held().bytes <= HELD_BYTES);
    }
    assert_eq!(disk.take_runs().len(), HELD_BYTES / RUN_BYTES, "the last did not fit");
}

#[test]
fn what_is_long_by_itself_is_not_copied() {
    let disk = disk(0);
    disk.in_order.set_len((PAGE + 2 * RUN_BYTES) as u64).unwrap();
    disk.write(2, PAGE, 1).unwrap();
    disk.write(1, RUN_BYTES, 2).unwrap();
    assert_eq!(disk.read(2, PAGE).unwrap(), [2; PAGE], "page 2 was written before");
    disk.write(2, PAGE, 3).unwrap();
    disk.write(3, RUN_BYTES, 4).unwrap();
    assert_eq!(disk.in_order.held().bytes, PAGE);
    assert_eq!(disk.read(2, 2 * PAGE).unwrap(), [[3; PAGE], [4; PAGE]].concat());
}

/// More than redb keeps in memory: it writes pages before it commits, reads them again, and writes them again.
#[test]
fn a_transaction_larger_than_the_cache_arrives_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.redb");
    let value = |key: u32| {
        let text = key.to_string().into_bytes();
        text.repeat(3000 / text.len())
    };
    let keys = 0..u32::try_from(3 * HELD_BYTES / 2 / PAGE).unwrap();
    let mut writes = WriteSet::default();
    // Neighbours do not lie side by side.
    keys.clone().for_each(|key| writes.put(key.reverse_bits().to_be_bytes(), value(key)));
    let open = || RedbStorage::open(&path, &OpenOptions::default(), WriteSet::default).unwrap();
    open().commit(&writes).unwrap();
    let storage = open();
    assert_eq!(storage.check().unwrap(), [""; 0]);
    let snapshot = storage.snapshot().unwrap();
    for key in keys {
        let found = snapshot.get(&key.reverse_bits().to_be_bytes(), &mut |found| {
            assert_eq!(found, value(key), "{key}");
            Ok(())
        });
        assert!(found.unwrap(), "{key}");
    }
}

proptest! {
    /// Whatever is held back, and whatever fails meanwhile, what is read is what was written; and a sync that went well has
    /// left nothing behind.
    #[test]
    fn nothing_is_lost_or_out_of_order(steps in prop::collection::vec((0u8..16, 0..PAGES, 1..4usize, any::<u8>()), 1..80)) {
        let disk = disk(1);
        let mut model = vec![0; PAGE * PAGES];
        for (what, page, pages, byte) in steps {
            let (begin, len) = (page * PAGE, (pages * PAGE).min(model.len() - page * PAGE));
            match what {
                0..9 => if disk.write(page, len, byte).is_ok() {
                    model[begin..begin + len].fill(byte);
                },
                9..12 => if let Ok(read) = disk.read(page, len) {
                    prop_assert_eq!(&read, &model[begin..begin + len]);
                },
                12 => if disk.in_order.sync_data().is_ok() {
                    prop_assert_eq!(disk.in_order.inner.copy(u64::MAX).unwrap(), model.clone());
                },
                13 => if disk.in_order.set_len(begin as u64).is_ok() {
                    disk.in_order.set_len(model.len() as u64).unwrap();
                    model[begin..].fill(0);
                },
                _ => disk.is_failing.store(what == 14, Ordering::Relaxed),
            }
        }
        disk.is_failing.store(false, Ordering::Relaxed);
        disk.in_order.close().unwrap();
        prop_assert_eq!(disk.in_order.inner.copy(u64::MAX).unwrap(), model);
    }
}
