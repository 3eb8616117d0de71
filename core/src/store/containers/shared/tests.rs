use super::kept::KEPT_BYTES;
use super::*;
use crate::filter::Filter;
use crate::model::Any;
use crate::storage::{MemoryStorage, Read, Snapshot, Storage, seal};
use crate::{ContainerStore as _, Context};
use proptest::prelude::*;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

const NAMESPACE: &str = "default";
const IDS: [&str; 3] = ["a", "b", "c"];

/// A book in single steps: a commit that begins, shows and ends, and readers in between, as threads would have them.
struct World<'s> {
    storage: MemoryStorage,
    shared: SharedContainers,
    commit: RefCell<Option<(Arc<WriteSet>, Phase)>>,
    /// What is to happen, a step each.
    script: Cell<&'s [u8]>,
    changes: Cell<u32>,
}

#[derive(Clone, Copy)]
enum Phase {
    Begun,
    Shown,
    Failed,
}

impl World<'_> {
    fn next(&self) -> Option<u8> {
        let (first, rest) = self.script.get().split_first()?;
        self.script.set(rest);
        Some(*first)
    }

    fn snapshot(&self) -> Arc<dyn Snapshot> {
        self.storage.snapshot().unwrap()
    }

    /// The records that a snapshot shows, past everything that is shared.
    fn records(read: &dyn Read) -> BTreeMap<String, Container> {
        let records = IDS.iter().filter_map(|id| Some((*id, halves::load::<Container>(read, NAMESPACE, id).unwrap()?)));
        records.map(|(id, record)| (id.to_owned(), record)).collect()
    }

    fn step(&self) {
        let Some(step) = self.next() else { return };
        let choice = step / 16;
        match step % 16 {
            0..=4 => self.write(choice),
            5..=6 => self.get(IDS[usize::from(choice) % IDS.len()]),
            7..=8 => self.list(choice),
            // Often nothing happens in between.
            _ => {}
        }
    }

    /// The next step of a commit.
    fn write(&self, choice: u8) {
        let under_way = self.commit.borrow().clone();
        let next = match under_way {
            None => {
                let mut writes = WriteSet::default();
                // One record or two, new or changed or gone.
                for id in IDS.iter().cycle().skip(usize::from(choice % 3)).take(1 + usize::from(choice / 3 % 2)) {
                    self.changes.set(self.changes.get() + 1);
                    let record = Container { image: self.changes.get().to_string(), ..Container::new(*id, "runc") };
                    for (key, value) in halves::entries(NAMESPACE, &record) {
                        if choice >= 13 {
                            writes.delete(key);
                        } else {
                            let sealed = seal(&key, value);
                            writes.put(key, sealed);
                        }
                    }
                }
                let writes = Arc::new(writes);
                // Some changes are made behind everybody's back: nobody knows which.
                self.shared.begins((choice % 4 != 3).then_some(&writes));
                Some((writes, Phase::Begun))
            }
            Some((writes, Phase::Begun)) if choice == 7 => Some((writes, Phase::Failed)),
            Some((writes, Phase::Begun)) => {
                self.storage.commit(&writes).unwrap();
                Some((writes, Phase::Shown))
            }
            // What was made may be in doubt all the same.
            Some((_, phase)) => {
                self.shared.ends(matches!(phase, Phase::Shown) && choice != 8);
                None
            }
        };
        *self.commit.borrow_mut() = next;
    }

    fn get(&self, id: &str) {
        let was_read = Cell::new(None);
        let found = self.shared.get(NAMESPACE, id, || {
            self.step();
            let snapshot = self.snapshot();
            self.step();
            let record = halves::load::<Container>(&snapshot, NAMESPACE, id).unwrap();
            was_read.set(Some(record.clone()));
            self.step();
            record.ok_or_else(|| crate::Error::not_found(id))
        });
        // If nobody had to read it, it is what anybody would read now.
        let expected = was_read.into_inner().unwrap_or_else(|| Self::records(&self.snapshot()).remove(id));
        assert_eq!(found.ok().as_deref(), expected.as_ref());
    }

    fn list(&self, choice: u8) {
        let lister = self.shared.lister();
        self.step();
        let snapshot = self.snapshot();
        let expected: Vec<_> = Self::records(&snapshot).into_values().collect();
        self.step();
        let filter = Filter::parse([if choice.is_multiple_of(2) { "" } else { "runtime.name==runc" }]).unwrap();
        let mut found = Vec::new();
        let visit = &mut |container: Arc<Container>| {
            found.push((*container).clone());
            self.step();
            Ok(if choice == 15 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        };
        lister.list(&snapshot, NAMESPACE, &filter, visit).unwrap();
        let expected = if choice == 15 { &expected[..expected.len().min(1)] } else { &expected };
        assert_eq!(found, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn readers_see_what_their_snapshot_shows(script in prop::collection::vec(any::<u8>(), 0..400)) {
        let world = World {
            storage: MemoryStorage::new(),
            shared: SharedContainers::default(),
            commit: RefCell::default(),
            script: Cell::new(&script),
            changes: Cell::default(),
        };
        while !world.script.get().is_empty() {
            world.step();
        }
    }
}

fn large(number: usize) -> Container {
    Container { spec: Some(Any::new("spec", vec![7; 1 << 20])), ..Container::new(format!("c{number:03}"), "runc") }
}

#[test]
fn no_more_is_kept_than_there_is_room() {
    const RECORDS: usize = 150;
    let shared = SharedContainers::default();
    let read = |number: usize| shared.get(NAMESPACE, &large(number).id, || Ok(large(number))).unwrap();
    for number in 0..RECORDS {
        let first = read(number);
        assert!(Arc::ptr_eq(&first, &read(number)));
        // This one is asked for all the time, and so it stays.
        assert!(Arc::ptr_eq(&read(0), &read(0)));
        assert!(shared.lock().keeps.counted_bytes() <= KEPT_BYTES, "{number}");
    }
    assert!(shared.lock().keeps.counted_bytes() > KEPT_BYTES / 3);
    let never = || -> Result<Container> { panic!("it is kept") };
    shared.get(NAMESPACE, "c000", never).unwrap();
    shared.get(NAMESPACE, &large(RECORDS - 1).id, never).unwrap();
    let gone = shared.get(NAMESPACE, &large(1).id, || Err(crate::Error::not_found("read again")));
    assert_eq!(gone.unwrap_err().message(), "read again: not found");

    // A commit that changes a record takes it away, wherever it is kept.
    let (keys, one) = {
        let keeps = &shared.lock().keeps;
        (keeps.keys(), keeps.counted_bytes() / keeps.len())
    };
    for key in keys.into_iter().flatten() {
        let mut writes = WriteSet::default();
        writes.delete(key.clone());
        let before = shared.lock().keeps.counted_bytes();
        shared.begins(Some(&Arc::new(writes)));
        shared.ends(true);
        assert_eq!(shared.lock().keeps.counted_bytes(), before - one);
    }
    shared.begins(None);
    assert_eq!(shared.lock().keeps.counted_bytes(), 0);

    // One that is larger than all that is kept is read each time.
    let huge = || Ok(Container { spec: Some(Any::new("spec", vec![7; KEPT_BYTES])), ..Container::new("huge", "runc") });
    assert!(!Arc::ptr_eq(&shared.get(NAMESPACE, "huge", huge).unwrap(), &shared.get(NAMESPACE, "huge", huge).unwrap()));
    assert_eq!(shared.lock().keeps.counted_bytes(), 0);
}

fn store_of_large(records: usize) -> crate::Store {
    let store = crate::Store::in_memory();
    let containers = store.namespace(NAMESPACE).containers();
    (0..records).for_each(|number| drop(containers.create(&large(number)).unwrap()));
    store
}

#[test]
fn a_list_does_not_drive_out_what_was_asked_for() {
    const RECORDS: usize = 100;
    let store = store_of_large(RECORDS);
    let containers = store.namespace(NAMESPACE).containers();
    let get = |number: usize| containers.get(&large(number).id).unwrap();
    let kept = || store.containers.as_ref().unwrap().lock().keeps.counted_bytes();
    let asked_for: Vec<_> = (0..25).map(get).collect();
    for round in 0..3 {
        let all = containers.list(&[""]).unwrap();
        assert_eq!(all.len(), RECORDS);
        assert!(asked_for.iter().zip(&all).all(|(one, listed)| Arc::ptr_eq(one, listed)));
        assert!((KEPT_BYTES - (2 << 20)..=KEPT_BYTES).contains(&kept()));
        // One more, for which only those go that a list has shown.
        get(RECORDS - 1 - round);
        assert!(kept() < KEPT_BYTES - (10 << 20));
    }
    assert!(asked_for.iter().enumerate().all(|(number, one)| Arc::ptr_eq(one, &get(number))));
    assert!(!store.containers.as_ref().unwrap().lock().keeps.has_lists(), "not all of it is kept");
}

/// A list that is handed over one by one holds no more than what is kept.
#[test]
fn what_is_not_kept_is_let_go() {
    const RECORDS: usize = 200;
    let store = store_of_large(RECORDS);
    let (mut seen, mut most) = (Vec::new(), 0);
    let visit = &mut |container: Arc<Container>| {
        seen.push(Arc::downgrade(&container));
        drop(container);
        most = most.max(seen.iter().filter(|seen| seen.strong_count() > 0).count());
        Ok(ControlFlow::Continue(()))
    };
    store.share_containers(&Context::in_namespace(NAMESPACE), &[], visit).unwrap();
    assert_eq!(seen.len(), RECORDS);
    assert!(most <= (KEPT_BYTES >> 20) + 1, "{most}");
}

#[test]
fn a_list_goes_with_its_records() {
    let store = crate::Store::in_memory();
    let containers = store.namespace(NAMESPACE).containers();
    ["a", "b"].iter().for_each(|id| drop(containers.create(&Container::new(*id, "runc")).unwrap()));
    let ask_for_others = || {
        for number in 0..150 {
            store.containers.as_ref().unwrap().get(NAMESPACE, &large(number).id, || Ok(large(number))).unwrap();
        }
    };
    let has_lists = || store.containers.as_ref().unwrap().lock().keeps.has_lists();
    assert_eq!((containers.list(&[""]).unwrap().len(), has_lists()), (2, true));
    ask_for_others();
    assert!(!has_lists());
    // And is not kept where they had to go while it was made.
    let list = |_| {
        ask_for_others();
        Ok(ControlFlow::Continue(()))
    };
    store.share_containers(&Context::in_namespace(NAMESPACE), &[], &mut { list }).unwrap();
    assert!(!has_lists());
}

#[test]
fn what_is_not_there_is_not_kept() {
    let store = crate::Store::in_memory();
    for number in 0..10 {
        let containers = store.namespace(format!("none{number}"));
        assert!(containers.containers().list(&[""]).unwrap().is_empty());
        containers.containers().get("web").unwrap_err();
    }
    let shared = store.containers.as_ref().unwrap().lock();
    assert!(!shared.keeps.has_lists() && shared.keeps.is_empty());
}
