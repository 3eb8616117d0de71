//! Events over a connection that does not hold: the subscriber goes on where it was.

#![allow(clippy::unwrap_used)]

mod common;

use common::Running;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use stowbook::model::{Any, Container};
use stowbook::{Context, ErrorKind, EventStore as _, Since, Store};
use stowbook_grpc::Remote;
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::Runtime;
use tokio::task::AbortHandle;

/// How long a test waits for an event: much longer than one takes.
const PATIENCE: Option<Duration> = Some(Duration::from_secs(30));

/// A socket before the server's, whose connections can be broken.
struct Wire {
    path: PathBuf,
    connections: Arc<Mutex<Vec<AbortHandle>>>,
}

impl Wire {
    fn lay(runtime: &Runtime, folder: &Path, server: PathBuf) -> Self {
        let path = folder.join("wire");
        let connections: Arc<Mutex<Vec<AbortHandle>>> = Arc::default();
        let laid = Arc::clone(&connections);
        let listener = {
            let _inside = runtime.enter();
            UnixListener::bind(&path).unwrap()
        };
        runtime.spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let server = server.clone();
                let connection = tokio::spawn(async move {
                    if let Ok(mut server) = UnixStream::connect(&server).await {
                        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                    }
                });
                laid.lock().unwrap().push(connection.abort_handle());
            }
        });
        Wire { path, connections }
    }

    fn cut(&self) -> usize {
        self.connections.lock().unwrap().drain(..).map(|connection| connection.abort()).count()
    }
}

fn publish(store: &Store, number: usize) {
    let topic = format!("/t/{number}");
    store.publish_event(&Context::in_namespace("default"), &topic, &Any::new("t", vec![0; 100])).unwrap();
}

#[test]
fn nothing_is_missed_when_connections_and_servers_come_and_go() {
    const EVENTS: usize = 600;
    let runtime = Runtime::new().unwrap();
    let store = Store::in_memory();
    let mut server = Some(runtime.block_on(async { Running::start(store.clone()) }));
    let wires = tempfile::tempdir().unwrap();
    let wire = Wire::lay(&runtime, wires.path(), server.as_ref().unwrap().path.clone());
    let remote = Remote::new(&wire.path).unwrap();
    assert!(remote.capabilities().unwrap().replay);
    let mut events = remote.events(Since::Now, &["topic~=|^/t/|"]).unwrap();
    let seen = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&seen);
    let subscriber = std::thread::spawn(move || {
        let mut last = 0;
        for number in 0..EVENTS {
            let event = events.next(PATIENCE).unwrap().unwrap();
            assert_eq!(event.envelope.topic, format!("/t/{number}"));
            assert!(event.number > last);
            last = event.number;
            counted.fetch_add(1, Ordering::Relaxed);
        }
        assert!(events.cursor().unwrap().number >= last);
        assert!(events.next(Some(Duration::from_millis(10))).unwrap().is_none());
    });
    let mut cuts = 0;
    for number in 0..EVENTS {
        publish(&store, number);
        match number % 100 {
            20 | 60 => {
                // In the middle of what it reads, not before.
                while (seen.load(Ordering::Relaxed) as usize) + 40 < number && !subscriber.is_finished() {
                    std::thread::sleep(Duration::from_millis(1));
                }
                cuts += wire.cut();
            }
            80 => {
                let folder = runtime.block_on(server.take().unwrap().stop());
                for more in 0..3 {
                    // Told of while nobody serves, by another topic.
                    let topic = format!("/other/{more}");
                    store.publish_event(&Context::in_namespace("default"), &topic, &Any::default()).unwrap();
                    store
                        .namespace("default")
                        .containers()
                        .create(&Container::new(format!("c{number}-{more}"), "r"))
                        .unwrap();
                }
                server = Some(runtime.block_on(async { Running::start_in(folder, store.clone()) }));
            }
            _ => {}
        }
    }
    let joined = subscriber.join();
    assert!(cuts >= 6, "{cuts}");
    joined.unwrap();
    drop(runtime.block_on(server.unwrap().stop()));
}

#[test]
fn a_place_that_is_not_kept_any_more_is_told_with_the_oldest() {
    let runtime = Runtime::new().unwrap();
    let store = Store::in_memory().with_retained_events(10);
    let server = runtime.block_on(async { Running::start(store.clone()) });
    (0..30).for_each(|number| publish(&store, number));
    let remote = Remote::new(&server.path).unwrap();

    let error = remote.events(5, &[""]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfRange);
    assert_eq!(error.message(), "event 6 is not kept any more: the oldest is event 21: out of range");
    let details: Vec<_> = error.details().iter().map(|detail| (detail.name, detail.value.as_str())).collect();
    assert_eq!(details, [("oldest", "21"), ("newest", "30")]);
    assert_eq!(remote.events(31, &[""]).unwrap_err().kind(), ErrorKind::OutOfRange);
    let stranger = Store::in_memory().events().cursor(25).unwrap();
    assert_eq!(remote.events(stranger, &[""]).unwrap_err().kind(), ErrorKind::FailedPrecondition);
    assert_eq!(remote.events(25, &["bad!"]).unwrap_err().kind(), ErrorKind::Unknown);

    let mut events = remote.all_events(Since::Oldest, &["topic~=[24]$"], true).unwrap();
    let mut numbers = Vec::new();
    while let Some(event) = events.next(PATIENCE).unwrap() {
        numbers.push(event.number);
    }
    assert_eq!(numbers, [23, 25]);
    assert_eq!(events.cursor().unwrap(), store.events().cursor(30).unwrap());
    drop(runtime.block_on(server.stop()));
}

#[test]
fn who_waits_for_little_is_told_how_far_the_log_was_looked_at() {
    let runtime = Runtime::new().unwrap();
    let store = Store::in_memory().with_retained_events(3000);
    let server = runtime.block_on(async { Running::start(store.clone()) });
    let remote = Remote::new(&server.path).unwrap();
    let mut events = remote.events(Since::Now, &["topic==\"/never\""]).unwrap();
    for number in 0..5000 {
        publish(&store, number);
        if number % 500 == 0 {
            assert!(events.next(Some(Duration::from_millis(20))).unwrap().is_none());
        }
    }
    assert!(events.next(Some(Duration::from_millis(500))).unwrap().is_none());
    assert!(events.cursor().unwrap().number > 3000, "{events:?}: it can come back");
    drop(runtime.block_on(server.stop()));
}

#[test]
fn changes_that_containerd_is_silent_about_are_told_to_who_asks() {
    let runtime = Runtime::new().unwrap();
    let store = Store::in_memory();
    let server = runtime.block_on(async { Running::start(store.clone()) });
    let remote = Remote::new(&server.path).unwrap();
    store.namespace("default").leases().create(&Default::default()).unwrap();
    store.namespace("default").containers().create(&Container::new("web", "runc")).unwrap();
    let topics = |mut events: stowbook_grpc::RemoteEvents| {
        let mut topics = Vec::new();
        while let Some(event) = events.next(Some(Duration::from_millis(300))).unwrap() {
            topics.push(event.envelope.topic);
        }
        topics
    };
    let all = topics(remote.all_events(0, &[""], false).unwrap());
    assert_eq!(all, ["/stowbook/leases/create", "/containers/create"]);
    assert_eq!(topics(remote.events(0, &[""]).unwrap()), ["/containers/create"]);
    drop(runtime.block_on(server.stop()));
}
