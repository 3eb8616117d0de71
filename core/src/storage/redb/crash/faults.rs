//! Full disks and failing ones.

use super::disk::{Disk, Fault};
use super::{Shared, Ticks, open};
use crate::model::{Any, Container};
use crate::storage::RedbStorage;
use crate::{Error, ErrorKind, Result, Store};
use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

/// What the records of the book are, by id: the image of each.
type Records = BTreeMap<String, String>;

const OPERATIONS: usize = 6;

/// The operation of this number: a few that need more of the disk than there was, a few that do not. Gives the records
/// after it.
fn operate(store: &Store, number: usize, before: &Records) -> (Records, Result<()>) {
    let mut after = before.clone();
    let containers = store.namespace("default").containers();
    let mut container = Container::new(format!("c{number}"), "runc");
    container.image = format!("image {number}");
    // Every fourth is so large that the file must grow.
    container.spec = Some(Any::new("spec", vec![7; if number % 4 == 2 { 200_000 } else { 2000 }]));
    let result = match number % 4 {
        3 => {
            container.id = format!("c{}", number - 1);
            after.remove(&container.id);
            containers.delete(&container.id)
        }
        1 if number > 1 => {
            container.id = format!("c{}", number - 1);
            after.insert(container.id.clone(), container.image.clone());
            containers.update(&container, &["image", "spec"]).map(drop)
        }
        _ => {
            after.insert(container.id.clone(), container.image.clone());
            containers.create(&container).map(drop)
        }
    };
    (after, result)
}

fn records(store: &Store) -> Result<Records> {
    let containers = store.namespace("default").containers();
    let mut records = Records::new();
    containers.each(&[""], |container| {
        records.insert(container.id, container.image);
        Ok(ControlFlow::Continue(()))
    })?;
    // What readers share was read from the same disk.
    let shared = containers.list(&[""])?;
    assert!(shared.iter().map(|container| (&container.id, &container.image)).eq(&records), "{shared:?} {records:?}");
    Ok(records)
}

fn open_store(disk: &Disk) -> Store {
    Store::with_storage(Box::new(Shared(Arc::new(open(disk).unwrap()))), Arc::new(Ticks::default())).unwrap()
}

/// How many writes of a commit are made at once: pages are held back, as in a large commit, or none are, as in a small one.
const AT_ONCE: [usize; 2] = [0, usize::MAX];

#[derive(Default)]
struct Outcomes {
    faults: usize,
    failed_operations: usize,
    /// Failed, and said so: the change may be there, and is.
    visible: usize,
    /// Operations that failed because the storage could not be opened again as long as the fault lasted.
    closed: usize,
    /// Failed in a process that was killed then; the next one found the change.
    found_after_kill: usize,
    kinds: BTreeMap<ErrorKind, usize>,
}

/// Runs the operations on a disk that fails once, or for the time of one operation. Answers whether it came to that.
fn run(fault: Fault, remembers: bool, at_once: usize, outcomes: &mut Outcomes) -> bool {
    let remembering = if remembers { " where the system remembers what is lost" } else { "" };
    let what = format!("{fault:?}{remembering}, {at_once} writes at once");
    let disk = Disk::default();
    disk.write_at_once(at_once);
    if remembers {
        disk.remember();
    }
    let store = open_store(&disk);
    let mut model = Records::new();
    disk.fail(fault);
    let mut healed = false;
    let mut number = 0;
    while number < OPERATIONS {
        let (after, result) = operate(&store, number, &model);
        match result {
            Ok(()) => model = after,
            Err(error) => {
                assert!(!healed, "{what}: operation {number} fails after the disk is well: {error:?}");
                outcomes.failed_operations += 1;
                *outcomes.kinds.entry(error.kind()).or_default() += 1;
                check_while_failing(&store, &error, &model, &after, outcomes, &what);
                if !remembers {
                    check_after_a_kill(&disk.after_a_kill(), number, &model, &after, outcomes, &what);
                }
                healed = disk.heal();
                assert!(healed, "{what}: {error:?}");
                let found = records(&store).unwrap();
                if error.kind() == ErrorKind::Unknown && found == after {
                    model = after;
                } else {
                    assert_eq!(found, model, "{what}: something of a failed operation is visible: {error:?}");
                    // The same operation again, as a caller would.
                    continue;
                }
            }
        }
        number += 1;
    }
    let failed = disk.heal() && (healed || !fault.lasting);
    assert_eq!(records(&store).unwrap(), model, "{what}");
    // Everything acknowledged is on the disk itself, whatever the failed syncs have lost.
    let storage = RedbStorage::from_bytes(disk.durable()).unwrap_or_else(|error| panic!("{what}: {error:?}"));
    let left = Store::with_storage(Box::new(storage), Arc::new(Ticks::default())).unwrap();
    assert_eq!(records(&left).unwrap(), model, "{what}: after a power cut");
    assert_eq!(left.check().unwrap(), [], "{what}");
    assert_eq!(store.check().unwrap(), [], "{what}");
    drop(store);
    assert_eq!(records(&open_store(&disk)).unwrap(), model, "{what}: after closing");
    failed
}

fn check_while_failing(
    store: &Store,
    error: &Error,
    before: &Records,
    after: &Records,
    outcomes: &mut Outcomes,
    what: &str,
) {
    match records(store) {
        Ok(found) if error.kind() == ErrorKind::Unknown => {
            assert_eq!(&found, after, "{what}: it could be read, so there is no doubt");
            outcomes.visible += 1;
        }
        Ok(found) => {
            assert_eq!(&found, before, "{what}: something of a failed operation is visible: {error:?}");
            let expected = [ErrorKind::ResourceExhausted, ErrorKind::Unavailable];
            assert!(expected.contains(&error.kind()), "{what}: {error:?}");
        }
        Err(closed) => {
            assert_eq!(closed.kind(), ErrorKind::Unavailable, "{what}: {closed:?}");
            outcomes.closed += 1;
        }
    }
}

/// The process that met the failure is killed. The next one works on what it finds, and then the power is cut.
fn check_after_a_kill(
    disk: &Disk,
    number: usize,
    before: &Records,
    after: &Records,
    outcomes: &mut Outcomes,
    what: &str,
) {
    let store = open_store(disk);
    let found = records(&store).unwrap();
    assert!(found == *before || found == *after, "{what}: {found:?} after a kill");
    outcomes.found_after_kill += usize::from(found == *after);
    let mut model = found;
    // Enough to use the pages again that the failed commit had taken.
    for number in number + 100..number + 104 {
        let result;
        (model, result) = operate(&store, number, &model);
        match result {
            Ok(()) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound, "{what}: after a kill: {error:?}"),
        }
    }
    let model = records(&store).unwrap();
    let storage = RedbStorage::from_bytes(disk.durable()).unwrap_or_else(|error| panic!("{what}, killed: {error:?}"));
    let left = Store::with_storage(Box::new(storage), Arc::new(Ticks::default())).unwrap();
    assert_eq!(records(&left).unwrap(), model, "{what}: after a kill and a power cut");
    assert_eq!(left.check().unwrap(), [], "{what}: after a kill and a power cut");
}

/// Lets the disk fail at every place in turn, where pages are held back and where none are. What `fault` is to come after does not count.
fn run_everywhere(fault: Fault, remembers: bool, outcomes: &mut Outcomes) {
    for at_once in AT_ONCE {
        let mut after = 0;
        while run(Fault { after, ..fault }, remembers, at_once, outcomes) {
            outcomes.faults += 1;
            after += 1;
        }
    }
}

#[test]
fn a_failing_disk_fails_the_operation_and_nothing_else() {
    let mut outcomes = Outcomes::default();
    for kind in [io::ErrorKind::StorageFull, io::ErrorKind::Other] {
        for lasting in [false, true] {
            run_everywhere(Fault { after: 0, kind, lasting, of_space: false }, false, &mut outcomes);
        }
    }
    println!(
        "{} faults: {} operations failed {:?}, {} were visible all the same and said so, {} closed the book for their time, \
         {} were there after a kill",
        outcomes.faults,
        outcomes.failed_operations,
        outcomes.kinds,
        outcomes.visible,
        outcomes.closed,
        outcomes.found_after_kill
    );
}

/// Not every system can be made to read the disk again. What the failed sync has lost is written again then.
#[test]
fn what_one_failed_sync_has_lost_is_written_again() {
    let mut outcomes = Outcomes::default();
    let fault = Fault { after: 0, kind: io::ErrorKind::Other, lasting: false, of_space: false };
    run_everywhere(fault, true, &mut outcomes);
    println!("{} faults: {} operations failed {:?}", outcomes.faults, outcomes.failed_operations, outcomes.kinds);
}

#[test]
fn a_full_disk_fails_what_needs_space_and_nothing_else() {
    let mut outcomes = Outcomes::default();
    let fault = Fault { after: 0, kind: io::ErrorKind::StorageFull, lasting: true, of_space: true };
    run_everywhere(fault, false, &mut outcomes);
    assert!(outcomes.kinds.keys().eq([&ErrorKind::ResourceExhausted]), "{:?}", outcomes.kinds);
    assert_eq!(outcomes.closed, 0, "reading needs no space");
    println!("{} full disks: {} operations failed {:?}", outcomes.faults, outcomes.failed_operations, outcomes.kinds);
}
