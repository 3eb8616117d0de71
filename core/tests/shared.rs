//! Records that readers share: the same value for all who read it, until somebody changes it.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use stowbook::model::Container;
use stowbook::storage::RedbStorage;
use stowbook::{Store, SystemHost};

fn on_each(test: impl Fn(Store)) {
    test(Store::in_memory());
    test(Store::with_storage(Box::new(RedbStorage::in_memory().unwrap()), Arc::new(SystemHost)).unwrap());
    let folder = tempfile::tempdir().unwrap();
    test(Store::open(folder.path().join("book.redb")).unwrap());
}

#[test]
fn a_record_is_shared_until_it_is_changed() {
    on_each(|store| {
        let containers = store.namespace("default").containers();
        for id in ["api", "web"] {
            containers.create(&Container::new(id, "runc")).unwrap();
            // Of another namespace.
            store.namespace("other").containers().create(&Container::new(id, "kata")).unwrap();
        }
        let (api, web) = (containers.get("api").unwrap(), containers.get("web").unwrap());
        assert!(Arc::ptr_eq(&web, &containers.get("web").unwrap()));
        let list = containers.list(&[""]).unwrap();
        assert!(Arc::ptr_eq(&list[0], &api) && Arc::ptr_eq(&list[1], &web));
        let again = containers.list(&["id==web"]).unwrap();
        assert!(Arc::ptr_eq(&again[0], &web));

        let mut changed = Arc::unwrap_or_clone(Arc::clone(&web));
        changed.image = "nginx".to_owned();
        let changed = containers.update(&changed, &["image"]).unwrap();
        assert_eq!(web.image, "", "who holds a record keeps what was read");
        assert_eq!(*containers.get("web").unwrap(), changed);
        let list = containers.list(&[""]).unwrap();
        assert!(Arc::ptr_eq(&list[0], &api), "nobody has changed this one");
        assert_eq!(*list[1], changed);

        containers.create(&Container::new("job", "runc")).unwrap();
        containers.delete("api").unwrap();
        let ids = |list: Vec<Arc<Container>>| list.iter().map(|container| container.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(containers.list(&[""]).unwrap()), ["job", "web"]);
        containers.get("api").unwrap_err();
        assert_eq!(store.namespace("other").containers().list(&[""]).unwrap().len(), 2);
        assert_eq!(store.namespace("other").containers().get("api").unwrap().runtime.name, "kata");
    });
}

#[test]
fn a_transaction_sees_its_own_records() {
    on_each(|store| {
        let containers = store.namespace("default").containers();
        containers.create(&Container::new("web", "runc")).unwrap();
        let before = containers.get("web").unwrap();
        let transaction = store.begin().unwrap();
        let mut web = (*before).clone();
        web.image = "nginx".to_owned();
        let inside = transaction.namespace("default").containers();
        inside.update(&web, &["image"]).unwrap();
        assert_eq!(inside.get("web").unwrap().image, "nginx");
        assert_eq!(inside.list(&[""]).unwrap()[0].image, "nginx");
        assert!(Arc::ptr_eq(&before, &containers.get("web").unwrap()), "nothing has happened yet");
        transaction.commit().unwrap();
        assert_eq!(containers.get("web").unwrap().image, "nginx");
    });
}

/// Writers change all records together, and a second time each alone; readers never see a state that was none, and never go back.
#[test]
fn readers_see_one_state() {
    const RECORDS: usize = 150;
    const ROUNDS: u64 = 50;
    on_each(|store| {
        let change = |number: usize, round: u64| {
            let image = round.to_string();
            Container { image, ..Container::new(format!("c{number:03}"), "runc") }
        };
        store
            .write(|txn| {
                let containers = txn.namespace("default").containers();
                (0..RECORDS).try_for_each(|number| containers.create(&change(number, 0)).map(drop))
            })
            .unwrap();
        let (acknowledged, done) = (AtomicU64::new(0), AtomicBool::new(false));
        let round_of = |container: &Container| container.image.parse::<u64>().unwrap();
        std::thread::scope(|scope| {
            for reader in 0..3_usize {
                let (store, acknowledged, done) = (&store, &acknowledged, &done);
                scope.spawn(move || {
                    let containers = store.namespace("default").containers();
                    let mut last = 0;
                    let mut number = reader;
                    while !done.load(Ordering::SeqCst) {
                        let least = acknowledged.load(Ordering::SeqCst);
                        let all = containers.list(&[""]).unwrap();
                        let round = round_of(&all[0]);
                        assert!(all.iter().all(|container| round_of(container) == round), "{reader}");
                        assert!(round >= least && round >= last, "{round} {least} {last}");
                        last = round;
                        for _ in 0..20 {
                            number = (number + 7) % RECORDS;
                            let least = acknowledged.load(Ordering::SeqCst);
                            let round = round_of(&containers.get(&format!("c{number:03}")).unwrap());
                            assert!(round >= least && round >= last, "{round} {least} {last}");
                            last = round;
                        }
                    }
                });
            }
            // Of no interest to the readers, but commits all the same.
            let (other, done) = (&store, &done);
            scope.spawn(move || {
                let containers = other.namespace("other").containers();
                containers.create(&Container::new("noise", "runc")).unwrap();
                while !done.load(Ordering::SeqCst) {
                    containers.update(&Container::new("noise", "runc"), &["image"]).unwrap();
                }
            });
            for round in 1..=ROUNDS {
                let written = store.write(|txn| {
                    let containers = txn.namespace("default").containers();
                    (0..RECORDS).try_for_each(|number| containers.update(&change(number, round), &["image"]).map(drop))
                });
                written.unwrap();
                acknowledged.store(round, Ordering::SeqCst);
            }
            done.store(true, Ordering::SeqCst);
        });
    });
}
