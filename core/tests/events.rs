//! The event log: numbers, resuming, retention, and that it agrees with the records whatever happens.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic")]

use proptest::prelude::*;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use stowbook::model::{Any, Container, Envelope, Namespace, Timestamp};
use stowbook::proto::generated::containerd::events::{ContainerCreate, TaskExit};
use stowbook::storage::{MemoryStorage, RedbStorage, Snapshot, Storage, WriteSet};
use stowbook::{Context, Cursor, Error, ErrorKind, Event, NamespaceStore as _, Result, Since, Store, SystemHost};

const ALL: &[&str] = &[];

fn web(id: &str) -> Container {
    Container::new(id, "runc")
}

fn on_each(test: impl Fn(Store)) {
    test(Store::in_memory());
    test(Store::with_storage(Box::new(RedbStorage::in_memory().unwrap()), Arc::new(SystemHost)).unwrap());
}

fn log(store: &Store) -> Vec<Event> {
    store.events().read(Since::Oldest, ALL, usize::MAX).unwrap().events
}

fn topics(store: &Store) -> Vec<(u64, String)> {
    log(store).into_iter().map(|event| (event.number, event.envelope.topic)).collect()
}

fn detail(error: &Error, name: &str) -> String {
    error.details().iter().find(|detail| detail.name == name).map(|detail| detail.value.clone()).unwrap()
}

/// The container records that the log says there are.
fn told(store: &Store) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for event in log(store) {
        let id = event.to_json()["payload"]["id"].as_str().unwrap_or_default().to_owned();
        match event.envelope.topic.as_str() {
            "/containers/create" => assert!(ids.insert(id), "created twice"),
            "/containers/delete" => assert!(ids.remove(&id), "deleted twice"),
            _ => {}
        }
    }
    ids
}

fn stored(store: &Store) -> BTreeSet<String> {
    store.namespace("n").containers().list(ALL).unwrap().iter().map(|container| container.id.clone()).collect()
}

#[test]
fn events_are_numbered_when_they_take_effect() {
    on_each(|store| {
        assert_eq!((store.events().bounds().unwrap().first, store.events().bounds().unwrap().last), (1, 0));
        let containers = store.namespace("n").containers();
        let transaction = store.begin().unwrap();
        transaction.namespace("n").containers().create(&web("late")).unwrap();
        store
            .write(|txn| {
                txn.namespaces().create(&Namespace::new("first"))?;
                let inside = txn.namespace("n").containers();
                inside.create(&web("a"))?;
                // Refused, so it tells nothing, although the transaction goes on.
                assert_eq!(inside.create(&web("a")).unwrap_err().kind(), ErrorKind::AlreadyExists);
                inside.update(&web("a"), &[])
            })
            .unwrap();
        assert!(
            store
                .write(|txn| {
                    txn.namespace("n").containers().create(&web("never"))?;
                    Err::<(), _>(Error::internal("no"))
                })
                .is_err()
        );
        assert!(containers.delete("never").is_err());
        // What began first and is committed last comes last: it conflicts here, so it tells nothing at all.
        assert_eq!(transaction.commit().unwrap_err().kind(), ErrorKind::Aborted);
        let transaction = store.begin().unwrap();
        transaction.namespace("n").containers().create(&web("late")).unwrap();
        assert_eq!(log(&store).len(), 3, "nothing is told before the commit");
        transaction.events().publish(&Context::in_namespace("n"), "/mine", &Any::default()).unwrap();
        transaction.commit().unwrap();
        transaction.rollback().unwrap();
        let numbered: Vec<_> =
            ["/namespaces/create", "/containers/create", "/containers/update", "/containers/create", "/mine"]
                .iter()
                .enumerate()
                .map(|(at, topic)| (at as u64 + 1, (*topic).to_owned()))
                .collect();
        assert_eq!(topics(&store), numbered);
        assert_eq!(store.check().unwrap(), []);
    });
}

#[test]
fn numbers_rise_without_gaps_in_the_order_of_the_commits() {
    on_each(|store| {
        let mut follower = store.events().subscribe(Since::Now, ALL).unwrap();
        let followed = std::thread::scope(|scope| {
            for thread in 0..32 {
                let store = &store;
                scope.spawn(move || {
                    let containers = store.namespace("n").containers();
                    for round in 0..4 {
                        // Half of them collide with a neighbour's.
                        let id = format!("c{}-{round}", thread / 2);
                        let _ = containers.create(&web(&id));
                        let _ = containers.delete(&id);
                    }
                    containers.create(&web(&format!("own{thread}"))).unwrap();
                });
            }
            let mut followed: Vec<Event> = Vec::new();
            let mut own = 0;
            while own < 32 {
                let Some(event) = follower.next(None).unwrap() else { continue };
                let payload = event.to_json();
                own += usize::from(payload["payload"]["id"].as_str().unwrap().starts_with("own"));
                followed.push(event);
            }
            followed
        });
        let mut rest = followed;
        while let Some(event) = follower.try_next().unwrap() {
            rest.push(event);
        }
        assert_eq!(rest, log(&store), "a follower sees what a reader sees");
        assert!(rest.iter().zip(1..).all(|(event, number)| event.number == number), "no gaps");
        // Only the order of the commits explains each creation and deletion.
        assert_eq!(told(&store), stored(&store));
        assert_eq!(store.check().unwrap(), []);
    });
}

#[test]
fn a_reader_goes_on_where_it_was() {
    let store = Store::in_memory();
    let containers = store.namespace("n").containers();
    for number in 0..10 {
        containers.create(&web(&format!("c{number}"))).unwrap();
    }
    let mut since = Since::Oldest;
    let mut seen = Vec::new();
    loop {
        let page = store.events().read(since, ALL, 3).unwrap();
        since = page.next.into();
        if page.events.is_empty() {
            break;
        }
        seen.extend(page.events);
    }
    assert_eq!(seen, log(&store));
    let last = store.events().read(Since::Oldest, &["event.id==c9"], 1).unwrap();
    assert_eq!((last.events.len(), last.next.number), (1, 10));
    let none = store.events().read(Since::Oldest, &["topic==nothing"], 1).unwrap();
    assert_eq!((none.events.len(), none.next.number), (0, 10), "what was looked at is not looked at again");

    let mut subscription = store.events().subscribe(4, &["event.id~=[5-7]"]).unwrap();
    let mut next = || subscription.try_next().unwrap().map(|event| event.number);
    assert_eq!([next(), next(), next(), next()], [Some(6), Some(7), Some(8), None]);
    assert_eq!(subscription.cursor(), store.events().cursor(10).unwrap());
    assert!(subscription.next(Some(Duration::ZERO)).unwrap().is_none());
    let resumed: Since = subscription.cursor().to_string().parse().unwrap();
    assert!(store.events().subscribe(resumed, ALL).unwrap().try_next().unwrap().is_none());
}

#[test]
fn a_place_outside_the_log_is_refused() {
    let store = Store::in_memory().with_retained_events(3);
    let containers = store.namespace("n").containers();
    let mut slow = store.events().subscribe(Since::Now, ALL).unwrap();
    for number in 1..=5 {
        containers.create(&web(&format!("c{number}"))).unwrap();
    }
    for since in [3, 4] {
        assert_eq!(store.events().read(since, ALL, 9).unwrap().events.len() as u64, 5 - since, "after {since}");
    }
    assert_eq!(store.events().read(2, ALL, 9).unwrap().events.len(), 3, "3 is the oldest that is kept");
    assert!(store.events().read(5, ALL, 9).unwrap().events.is_empty());
    for (since, message) in [
        (1, "event 2 is not kept any more: the oldest is event 3: out of range"),
        (0, "event 1 is not kept any more: the oldest is event 3: out of range"),
        (6, "event 6 has not happened yet: the newest is event 5: out of range"),
        (u64::MAX, "event 18446744073709551615 has not happened yet: the newest is event 5: out of range"),
    ] {
        let error = store.events().read(since, ALL, 9).unwrap_err();
        assert_eq!((error.kind(), &*error.message()), (ErrorKind::OutOfRange, message));
        assert_eq!((detail(&error, "oldest"), detail(&error, "newest")), ("3".to_owned(), "5".to_owned()));
        assert_eq!(store.events().subscribe(since, ALL).unwrap_err().message(), message);
    }
    assert_eq!(slow.try_next().unwrap_err().kind(), ErrorKind::OutOfRange);
    let foreign = Store::in_memory().events().cursor(5).unwrap();
    let error = store.events().read(foreign, ALL, 9).unwrap_err();
    assert_eq!(error.message(), "the cursor belongs to another book: failed precondition");
    assert_eq!(detail(&error, "newest"), store.events().cursor(5).unwrap().to_string());
    for text in ["", "x", "+1", ":1", "00:1", &format!("{}:", "0".repeat(32)), &format!("+{}:1", "0".repeat(31))] {
        assert_eq!(text.parse::<Cursor>().unwrap_err().kind(), ErrorKind::InvalidArgument, "{text}");
    }
}

#[test]
fn the_log_keeps_the_newest() {
    on_each(|store| {
        let store = store.with_retained_events(3);
        for number in 1..=5 {
            store.namespace("n").containers().create(&web(&format!("c{number}"))).unwrap();
        }
        assert_eq!(topics(&store).iter().map(|(number, _)| *number).collect::<Vec<_>>(), [3, 4, 5]);
        // A transaction with more events than are kept, then a smaller log.
        store
            .write(|txn| {
                (6..=10).try_for_each(|n| txn.namespace("n").containers().create(&web(&format!("c{n}"))).map(drop))
            })
            .unwrap();
        assert_eq!(store.events().bounds().unwrap().first, 8);
        assert_eq!(store.check().unwrap(), []);
        let none = store.with_retained_events(0);
        none.namespace("n").containers().delete("c1").unwrap();
        let bounds = none.events().bounds().unwrap();
        assert_eq!((bounds.first, bounds.last, log(&none).len()), (12, 11, 0));
        assert_eq!(none.check().unwrap(), []);
    });
}

#[test]
fn waiting_ends_with_a_commit_or_with_the_time() {
    let store = Store::in_memory();
    let mut events = store.events().subscribe(Since::Now, &["topic==nothing"]).unwrap();
    assert!(events.next(Some(Duration::from_millis(1))).unwrap().is_none());
    // A commit without an event for it ends the wait too.
    std::thread::scope(|scope| {
        scope.spawn(|| store.namespace("n").containers().create(&web("a")).unwrap());
        assert!(events.next(Some(Duration::from_secs(60))).unwrap().is_none());
    });
    let inside = store.write(|_| store.events().subscribe(Since::Now, ALL)?.next(None));
    assert_eq!(inside.unwrap_err().kind(), ErrorKind::FailedPrecondition);
}

/// A storage whose next commits fail.
#[derive(Clone, Debug)]
struct Failing(Arc<MemoryStorage>, Arc<std::sync::atomic::AtomicUsize>);

impl Storage for Failing {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>> {
        self.0.snapshot()
    }

    fn commit(&self, writes: &WriteSet) -> Result<()> {
        use std::sync::atomic::Ordering::SeqCst;
        if self.1.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok() {
            return Err(Error::new(ErrorKind::ResourceExhausted, "disk full"));
        }
        self.0.commit(writes)
    }
}

#[test]
fn a_commit_that_fails_tells_nothing_and_leaves_no_gap() {
    let failures = Arc::default();
    let storage = Failing(Arc::default(), Arc::clone(&failures));
    let store = Store::with_storage(Box::new(storage), Arc::new(SystemHost)).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (store, failures) = (&store, &failures);
            scope.spawn(move || {
                for round in 0..20 {
                    if round % 5 == 0 {
                        failures.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    }
                    let _ = store.namespace("n").containers().create(&web(&format!("c{thread}-{round}")));
                }
            });
        }
    });
    failures.store(0, std::sync::atomic::Ordering::SeqCst);
    assert!(stored(&store).len() < 160, "some did fail");
    assert_eq!(told(&store), stored(&store));
    assert_eq!(log(&store).len() as u64, store.events().bounds().unwrap().last);
    assert_eq!(store.check().unwrap(), []);
}

#[test]
fn what_containerd_cannot_publish_is_in_the_log_and_not_shown() {
    let store = Store::in_memory();
    let odd = Namespace { labels: [("a".to_owned(), "1".to_owned())].into(), ..Namespace::new("a//b") };
    assert_eq!(store.update_namespace(&odd, &[]).unwrap_err().kind(), ErrorKind::Unknown);
    store.namespace("n").containers().create(&web("c")).unwrap();
    let shown: Vec<_> = log(&store).iter().map(Event::is_published).collect();
    assert_eq!(shown, [false, true]);
    let error = store.events().publish(&Context::in_namespace("n"), "/stowbook/x", &Any::default()).unwrap_err();
    assert_eq!(
        error.message(),
        r#"envelope topic "/stowbook/x": is kept for what the book itself tells: invalid argument"#
    );
    let zero = Envelope {
        timestamp: Some(Timestamp::YEAR_ONE),
        namespace: "n".into(),
        topic: "/a".into(),
        ..Envelope::default()
    };
    let error = store.events().forward(&zero).unwrap_err();
    assert_eq!(error.message(), "timestamp must be set on forwarded event: invalid argument");
    store.events().forward(&Envelope { timestamp: None, ..zero }).unwrap();
    assert_eq!(log(&store)[2].envelope.timestamp, Some(Timestamp::new(0, 0).unwrap()));
}

/// Source: containerd 2.3's `Envelope.Field` and the accessors generated for its event messages.
#[test]
fn filters_see_what_containerds_see() {
    use stowbook::proto::generated::containerd::events::container_create::Runtime;
    let store = Store::in_memory();
    let publish = |event: Any| store.events().publish(&Context::in_namespace("n"), "/t/x", &event).unwrap();
    let runtime =
        Runtime { name: "rt".into(), options: Some(prost_types::Any { type_url: "o".into(), value: vec![] }) };
    let create = ContainerCreate { id: "c".into(), image: String::new(), runtime: Some(runtime) };
    publish(Any::new("type.googleapis.com/containerd.events.ContainerCreate", prost::Message::encode_to_vec(&create)));
    let labelled = b"\x0a\x01i\x12\x08\x0a\x03a.b\x12\x011\x12\x03\x0a\x01e".to_vec();
    publish(Any::new("containerd.services.images.v1.ImageUpdate", labelled));
    let exit = TaskExit { container_id: "c".into(), pid: 7, ..TaskExit::default() };
    publish(Any::new("containerd.events.TaskExit", prost::Message::encode_to_vec(&exit)));
    publish(Any::new("containerd.services.leases.v1.Lease", b"\x0a\x01c".to_vec()));
    publish(Any::new("containerd.events.ContainerDelete", b"\x0a\x01c\x0a\x01\xff".to_vec()));
    publish(Any::new("nobody.knows", b"\x0a\x01c".to_vec()));
    for (filter, numbers) in [
        ("event.id==c", &[1][..]),
        ("event.id", &[1]),
        ("event.image", &[]),
        ("event.image!=x", &[1, 2, 3, 4, 5, 6]),
        ("event.runtime.name==rt", &[1]),
        ("event.runtime", &[]),
        ("event.runtime.options.type_url", &[]),
        ("event.name==i", &[2]),
        ("event.labels.a.b==1", &[2]),
        (r#"event.labels."a.b"==1"#, &[2]),
        ("event.labels.e", &[2]),
        ("event.labels", &[]),
        ("event.container_id==c", &[3]),
        ("event.pid", &[]),
        ("event.exited_at", &[]),
        ("event", &[]),
        ("timestamp", &[]),
        (r#"topic=="/t/x",namespace==n,event.id"#, &[1]),
        ("namespace.x==n", &[1, 2, 3, 4, 5, 6]),
    ] {
        let found = store.events().read(Since::Oldest, &[filter], 99).unwrap().events;
        assert_eq!(found.iter().map(|event| event.number).collect::<Vec<_>>(), numbers, "{filter}");
    }
    let error = store.events().read(Since::Now, &["topic==/tasks/exit"], 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unknown);
    assert!(
        error.message().starts_with("subscription error: failed parsing subscription filters: filters: parse error: ")
    );
}

/// All of containerd's metadata events that were recorded have the JSON that was recorded.
#[test]
fn recorded_messages_are_read() {
    use stowbook::proto::generated::containerd::{events as e, services::images::v1 as i};
    use stowbook::proto::json::from_json;
    use stowbook::proto::schema::{Described, Schema};
    fn schema<M: Described>() -> &'static Schema {
        M::SCHEMA
    }
    let schemas = [
        schema::<e::ContainerCreate>(),
        schema::<e::ContainerUpdate>(),
        schema::<e::ContainerDelete>(),
        schema::<i::ImageCreate>(),
        schema::<i::ImageUpdate>(),
        schema::<i::ImageDelete>(),
        schema::<e::NamespaceCreate>(),
        schema::<e::NamespaceUpdate>(),
        schema::<e::NamespaceDelete>(),
        schema::<e::ContentCreate>(),
        schema::<e::ContentDelete>(),
        schema::<e::SnapshotPrepare>(),
        schema::<e::SnapshotCommit>(),
        schema::<e::SnapshotRemove>(),
    ];
    let mut seen = BTreeSet::new();
    for file in ["events", "sequences"] {
        let path = format!("{}/../tests/vectors/{file}.json", env!("CARGO_MANIFEST_DIR"));
        let suite: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let steps = suite["cases"].as_array().unwrap().iter().flat_map(|case| case["steps"].as_array().unwrap());
        let outcomes = steps.flat_map(|step| step["expect"].as_object().unwrap().values());
        for event in outcomes.filter_map(|outcome| outcome["events"].as_array()).flatten() {
            let Some(payload) = event.get("payload") else { continue };
            let name = event["type_url"].as_str().unwrap();
            let schema = schemas.iter().find(|schema| schema.name == name).unwrap();
            let store = Store::in_memory();
            let message = Any::new(name, from_json(schema, payload).unwrap());
            store.events().publish(&Context::in_namespace("n"), "/t", &message).unwrap();
            assert_eq!(log(&store)[0].to_json()["payload"], *payload);
            seen.insert(name.to_owned());
        }
    }
    assert_eq!(seen.len(), schemas.len(), "{seen:?}");
}

/// The entries of a storage as they are stored.
fn entries(storage: &dyn Storage) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut out = Vec::new();
    let mut visit = |key: &[u8], value: &[u8]| {
        out.push((key.to_vec(), value.to_vec()));
        Ok(ControlFlow::Continue(()))
    };
    storage.snapshot().unwrap().scan(&[], None, &mut visit).unwrap();
    out
}

#[test]
fn a_check_finds_what_is_missing_and_what_is_too_much() {
    let storage = Failing(Arc::default(), Arc::default());
    let store = Store::with_storage(Box::new(storage.clone()), Arc::new(SystemHost)).unwrap();
    for number in 1..=5 {
        store.namespace("n").containers().create(&web(&format!("c{number}"))).unwrap();
    }
    let events: Vec<_> = entries(&storage).into_iter().filter(|(key, _)| key[0] == b'e').collect();
    let without = |key: &[u8]| {
        let mut writes = WriteSet::default();
        entries(&storage).into_iter().filter(|(other, _)| other != key).for_each(|(key, value)| writes.put(key, value));
        Store::with_storage(Box::new(MemoryStorage::with_entries(&writes)), Arc::new(SystemHost)).unwrap()
    };
    for (key, _) in &events {
        let damaged = without(key);
        let findings: Vec<_> = damaged.check().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(findings, ["the event log: 1 of its events are missing"]);
        assert_eq!(damaged.events().read(Since::Oldest, ALL, 99).unwrap_err().kind(), ErrorKind::DataLoss);
    }
    let findings = without(b"f").check().unwrap();
    assert_eq!(
        (findings.len(), findings[0].to_string()),
        (5, "event 1: the event log does not reach to it: data loss".into())
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn pages_of_any_size_from_any_place_agree(events in 0u64..20, kept in 0u64..20, limit in 1usize..9, since in 0u64..22) {
        let store = Store::in_memory().with_retained_events(kept);
        for number in 0..events {
            let topic = if number % 3 == 0 { "/third" } else { "/other" };
            store.events().publish(&Context::in_namespace("n"), topic, &Any::default()).unwrap();
        }
        let bounds = store.events().bounds().unwrap();
        prop_assert_eq!((bounds.first, bounds.last), (events.saturating_sub(kept) + 1, events));
        match store.events().read(since, &[r#"topic=="/third""#], limit) {
            Ok(page) => {
                prop_assert!((bounds.first - 1..=bounds.last).contains(&since));
                let expected = (since + 1..=events).filter(|number| (number - 1) % 3 == 0).take(limit);
                prop_assert_eq!(page.events.iter().map(|event| event.number).collect::<Vec<_>>(), expected.collect::<Vec<_>>());
            }
            Err(error) => {
                prop_assert_eq!(error.kind(), ErrorKind::OutOfRange);
                prop_assert!(!(bounds.first - 1..=bounds.last).contains(&since));
            }
        }
    }
}
