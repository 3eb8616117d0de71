//! Power cuts and failing disks: nothing that was acknowledged is lost, and nothing is half done.
//!
//! A commit is durable because of the order in which redb writes pages, syncs them, and then switches its header. A sync
//! that stands in the wrong place is seen by no other test: the operating system keeps what a killed process has written. So
//! here redb works on a disk that notes every write and sync; from that log the disk is rebuilt as a power cut at any moment
//! could have left it, with what was not synced lost, kept, in another order, or torn apart; and each such disk is opened.

mod disk;
mod faults;

pub(super) use disk::Disk;
use disk::{Images, Luck};

use super::{Place, RedbStorage};
use crate::model::{Any, Container, Timestamp};
use crate::storage::{Book, Read as _, Snapshot, Storage, WriteSet};
use crate::{Error, ErrorKind, Host, Result, Since, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, RwLock};

/// Numbers that are the same in every run.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, end: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32).unwrap() % end
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| u8::try_from(self.below(256)).unwrap()).collect()
    }
}

#[derive(Debug, Default)]
struct Ticks(AtomicI64);

impl Host for Ticks {
    fn now(&self) -> Timestamp {
        Timestamp::new(self.0.fetch_add(1, Ordering::Relaxed), 0).unwrap()
    }

    fn random(&self, out: &mut [u8]) {
        out.fill(7);
    }
}

fn open(disk: &Disk) -> Result<RedbStorage> {
    let place = Place::Disk(disk.clone());
    let syncs = Arc::default();
    let database = place.open(&syncs)?;
    Ok(RedbStorage { database: RwLock::new(Some(database)), place, syncs })
}

/// A storage that the test holds too, to look below the book.
#[derive(Clone, Debug)]
struct Shared(Arc<RedbStorage>);

impl Storage for Shared {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>> {
        self.0.snapshot()
    }

    fn commit(&self, writes: &WriteSet) -> Result<()> {
        self.0.commit(writes)
    }

    fn check(&self) -> Result<Vec<String>> {
        self.0.check()
    }

    fn compact(&self) -> Result<()> {
        self.0.compact()
    }
}

/// Everything that a storage holds, as it is stored.
type Content = BTreeMap<Vec<u8>, Vec<u8>>;

fn content(storage: &dyn Storage) -> Content {
    let mut out = Content::new();
    let snapshot = storage.snapshot().unwrap();
    Snapshot::scan(&*snapshot, &[], None, &mut |key, value| {
        out.insert(key.to_vec(), value.to_vec());
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    out
}

/// What a workload writes through.
enum Door {
    Book(Book),
    Store(Store),
}

impl Door {
    fn open(disk: &Disk, of_a_store: bool, clock: &Arc<Ticks>) -> (Self, Shared) {
        let storage = Shared(Arc::new(open(disk).unwrap()));
        let boxed: Box<dyn Storage> = Box::new(storage.clone());
        let door = if of_a_store {
            Door::Store(Store::with_storage(boxed, Arc::clone(clock) as Arc<dyn Host>).unwrap())
        } else {
            Door::Book(Book::new(boxed))
        };
        (door, storage)
    }

    /// One random operation. A refusal is an answer like any other.
    fn operate(&self, random: &mut Random) {
        let result = match self {
            Door::Book(book) => {
                let (count, seed) = (1 + random.below(5), random.below(1 << 30));
                book.update(|txn| {
                    let mut random = Random::new(seed as u64);
                    for _ in 0..count {
                        let key = vec![b'k', u8::try_from(random.below(40)).unwrap()];
                        match random.below(4) {
                            0 => txn.delete(key),
                            1 => txn.delete_range(&key, Some(&[b'k', key[1].saturating_add(3)]))?,
                            _ => {
                                let len = [10, 300, 3000, 20_000][random.below(4)];
                                txn.put(key, random.bytes(len));
                            }
                        }
                    }
                    if random.below(12) == 0 { Err(Error::aborted("on purpose")) } else { Ok(()) }
                })
            }
            Door::Store(store) if random.below(6) == 0 => {
                let (count, seed) = (2 + random.below(4), random.below(1 << 30));
                store.write(|txn| {
                    let mut random = Random::new(seed as u64);
                    (0..count).try_for_each(|_| change(&txn.namespace("default").containers(), &mut random))
                })
            }
            Door::Store(store) => {
                let namespace = ["default", "k8s.io", "moby"][random.below(3)];
                change(&store.namespace(namespace).containers(), random)
            }
        };
        if let Err(error) = result {
            let refused = [ErrorKind::Aborted, ErrorKind::NotFound, ErrorKind::AlreadyExists];
            assert!(refused.contains(&error.kind()), "{error:?}");
        }
    }

    fn compact(&self, storage: &Shared) {
        match self {
            Door::Book(book) => book.exclusively(|storage| storage.compact()).unwrap(),
            Door::Store(store) => store.compact().unwrap(),
        }
        storage.check().unwrap();
    }
}

fn change<S: crate::ContainerStore>(containers: &crate::Containers<'_, S>, random: &mut Random) -> Result<()> {
    let mut container = Container::new(format!("c{}", random.below(12)), "runc");
    container.image = format!("image {}", random.below(1000));
    let len = [10, 400, 3000, 12_000][random.below(4)];
    container.spec = Some(Any::new("spec", random.bytes(len)));
    match random.below(5) {
        0 | 1 => containers.create(&container).map(drop),
        2 => containers.update(&container, &["image"]).map(drop),
        3 => containers.update(&container, &["spec", "image"]).map(drop),
        _ => containers.delete(&container.id),
    }
}

/// How many containers there are as the event log tells it.
fn told(store: &Store) -> usize {
    let mut there = BTreeSet::new();
    for event in store.events().read(Since::Oldest, &[""], usize::MAX).unwrap().events {
        let id = event.to_json().get("payload").unwrap().get("id").unwrap().to_string();
        let record = (event.envelope.namespace, id);
        match event.envelope.topic.as_str() {
            "/containers/create" => assert!(there.insert(record)),
            "/containers/delete" => assert!(there.remove(&record)),
            topic => assert!(topic == "/containers/update" && there.contains(&record)),
        }
    }
    there.len()
}

/// One state of the book, and the positions in the disk's log that belong to it.
struct Step {
    /// Where the log stood when the operation began that made this state.
    begun: usize,
    /// Where it stood when that operation was acknowledged.
    acknowledged: usize,
    content: Content,
}

struct History {
    steps: Vec<Step>,
    images: Images,
    of_a_store: bool,
}

fn record(seed: u64, operations: usize) -> History {
    let mut random = Random::new(seed);
    let of_a_store = seed.is_multiple_of(2);
    let clock = Arc::default();
    let disk = Disk::default();
    // Small commits write their pages at once, large ones hold them back.
    disk.write_at_once(if seed % 4 < 2 { 0 } else { usize::MAX });
    let (mut door, mut storage) = Door::open(&disk, of_a_store, &clock);
    let mut steps = vec![Step { begun: 0, acknowledged: disk.position(), content: content(&storage) }];
    for _ in 0..operations {
        let begun = disk.position();
        match random.below(30) {
            0 => {
                drop((door, storage));
                (door, storage) = Door::open(&disk, of_a_store, &clock);
            }
            1 => door.compact(&storage),
            _ => door.operate(&mut random),
        }
        steps.push(Step { begun, acknowledged: disk.position(), content: content(&storage) });
    }
    drop((door, storage));
    History { steps, images: Images::new(Vec::new(), disk.log()), of_a_store }
}

impl History {
    /// The states that a power cut at `position` may leave: from the last one acknowledged to the last one begun.
    fn allowed(&self, position: usize) -> &[Step] {
        let first = self.steps.iter().rposition(|step| step.acknowledged <= position).unwrap();
        let last = self.steps.iter().rposition(|step| step.begun < position || step.begun == 0).unwrap();
        &self.steps[first..=last.max(first)]
    }

    fn check(&self, position: usize, image: Vec<u8>, random: &mut Random, what: &str) {
        let allowed = self.allowed(position);
        let disk = Disk::new(image.clone());
        let storage = open(&disk).unwrap_or_else(|error| panic!("{what}: {error:?}"));
        let recovered = disk.position();
        let found = content(&storage);
        assert!(allowed.iter().any(|step| step.content == found), "{what}: the state is none of {}", allowed.len());
        self.check_use(storage, &found, what);

        // The power may be cut again while the book is being repaired, and after.
        let second = random.below(disk.position() + 1);
        let luck = Luck::ALL[random.below(Luck::ALL.len())];
        let image = Images::new(image, disk.log()).at(second.min(recovered), luck, random);
        let what = format!("{what}, and again at {second} of {recovered} with {luck:?}");
        let storage = RedbStorage::from_bytes(image).unwrap_or_else(|error| panic!("{what}: {error:?}"));
        let again = content(&storage);
        if second >= recovered {
            assert_eq!(again, found, "{what}: what was seen after a crash is gone after the next");
        }
        assert!(allowed.iter().any(|step| step.content == again), "{what}");
    }

    /// What a crash leaves is a book without faults that can be written on.
    fn check_use(&self, storage: RedbStorage, content: &Content, what: &str) {
        if self.of_a_store {
            let store = Store::with_storage(Box::new(storage), Arc::new(Ticks::default())).unwrap();
            assert_eq!(store.check().unwrap(), [], "{what}");
            let listed: usize = ["default", "k8s.io", "moby"]
                .map(|namespace| store.namespace(namespace).containers().list(&[""]).unwrap().len())
                .iter()
                .sum();
            assert_eq!(listed, content.keys().filter(|key| key[0] == b'c').count(), "{what}");
            assert_eq!(told(&store), listed, "{what}: the event log tells of other records");
            let new = Container::new("after", "runc");
            store.namespace("default").containers().create(&new).unwrap();
            assert_eq!(store.namespace("default").containers().get("after").unwrap().id, "after", "{what}");
        } else {
            assert_eq!(storage.check().unwrap(), [""; 0], "{what}");
            let book = Book::new(Box::new(storage));
            book.update(|txn| {
                txn.put(b"after".to_vec(), b"1".to_vec());
                Ok(())
            })
            .unwrap();
            assert!(book.snapshot().unwrap().get(b"after", &mut |_| Ok(())).unwrap(), "{what}");
        }
    }
}

/// How many disks are looked at: more than the default only in ci/long.
#[allow(clippy::disallowed_methods, reason = "ci/long asks a test for more")]
fn image_count() -> usize {
    std::env::var("STOWBOOK_CRASH_IMAGES").map_or(2000, |count| count.parse().unwrap())
}

#[test]
fn a_power_cut_leaves_a_state_between_the_last_acknowledged_and_the_last_begun() {
    let mut left = image_count();
    let (mut cuts_at_syncs, mut cuts_between) = (0, 0);
    for seed in 1.. {
        if left == 0 {
            break;
        }
        let mut history = record(seed, 24);
        let mut random = Random::new(seed + 1000);
        let first = history.steps[0].acknowledged;
        let end = history.images.log_len();
        let mut positions: Vec<(usize, Luck)> = Vec::new();
        for sync in history.images.syncs().into_iter().filter(|sync| *sync >= first) {
            // Just before the sync nothing, all, or something of what it was for is there.
            let any = Luck::ALL[2 + random.below(4)];
            positions.extend([(sync, Luck::AllLost), (sync, Luck::AllKept), (sync, any)]);
            cuts_at_syncs += 3;
        }
        for _ in 0..positions.len() / 2 {
            positions.push((first + random.below(end - first + 1), Luck::ALL[random.below(6)]));
            cuts_between += 1;
        }
        // The last run is cut short evenly, not at its end.
        while positions.len() > left {
            positions.swap_remove(random.below(positions.len()));
        }
        positions.sort_by_key(|(position, _)| *position);
        left -= positions.len();
        for (position, luck) in positions {
            let image = history.images.at(position, luck, &mut random);
            history.check(
                position,
                image,
                &mut random,
                &format!("seed {seed}, cut at {position} of {end} with {luck:?}"),
            );
        }
    }
    println!(
        "{} disks opened, each cut once more: {cuts_at_syncs} cut at syncs, {cuts_between} between",
        image_count()
    );
}

#[test]
fn a_disk_that_does_not_sync_is_found_out() {
    let mut history = record(2, 24);
    history.images.forget_syncs();
    let end = history.images.log_len();
    let mut random = Random::new(1);
    let found = (0..20).any(|_| {
        let image = history.images.at(end, Luck::SomeKept, &mut random);
        let Ok(storage) = RedbStorage::from_bytes(image) else { return true };
        let last = &history.allowed(end)[0].content;
        storage.snapshot().is_err() || std::panic::catch_unwind(|| content(&storage) != *last).unwrap_or(true)
    });
    assert!(found, "these tests would not notice a missing sync");
}
