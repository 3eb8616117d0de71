//! What clients see: errors, streams, records that come back whole.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Running, new_container};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use stowbook::model::{Any, Container, Envelope};
use stowbook::proto::Message as _;
use stowbook::storage::{MemoryStorage, Snapshot, Storage, WriteSet};
use stowbook::{Context, ErrorKind, Store, SystemHost};
use stowbook_grpc::Bare;
use stowbook_grpc::generated::content::{WriteContentRequest, WriteContentResponse};
use stowbook_grpc::generated::{containers, content, events, health, introspection, leases, tasks};

fn context() -> Context {
    Context::in_namespace("default")
}

#[tokio::test]
async fn errors_keep_kind_message_help_and_details() {
    let server = Running::start(Store::in_memory());
    let mut request = new_container("web");
    request.container.as_mut().unwrap().labels.insert("k".into(), "v".repeat(5000));
    let over_the_wire = server.client.call(&containers::CREATE, &context(), request.clone()).await.unwrap_err();
    let store = Store::in_memory();
    let direct = store.namespace("default").containers().create(&request.container.unwrap()).unwrap_err();
    assert_eq!(over_the_wire.kind(), direct.kind());
    assert_eq!(over_the_wire.message(), direct.message());
    assert_eq!(over_the_wire.help(), direct.help());
    assert!(!direct.details().is_empty());
    assert_eq!(over_the_wire.details(), direct.details());
    server.stop().await;
}

#[tokio::test]
async fn what_a_record_carries_beyond_this_version_comes_back() {
    let server = Running::start(Store::in_memory());
    // Fields 99 of the container, 98 of its runtime, 97 of its spec.
    let bytes = b"\x0a\x03web\x22\x0a\x0a\x04runc\x92\x06\x01x\x2a\x06\x0a\x01t\x88\x06\x07\x98\x06\x05";
    let container = Container::decode(bytes).unwrap();
    assert!(!container.unknown.is_empty());
    let request = containers::CreateContainerRequest { container: Some(container.clone()) };
    server.client.call(&containers::CREATE, &context(), request).await.unwrap();
    let request = containers::GetContainerRequest { id: "web".into() };
    let got = server.client.call(&containers::GET, &context(), request).await.unwrap().container.unwrap();
    assert_eq!(Container { created_at: None, updated_at: None, ..got }, container);
    server.stop().await;
}

#[tokio::test]
async fn tasks_are_none() {
    let server = Running::start(Store::in_memory());
    server.client.call(&containers::CREATE, &context(), new_container("web")).await.unwrap();
    let get = |id: &str| tasks::GetRequest { container_id: id.into(), ..tasks::GetRequest::default() };
    let error = server.client.call(&tasks::GET, &context(), get("web")).await.unwrap_err();
    assert_eq!((error.kind(), &*error.message()), (ErrorKind::NotFound, "task web not found"));
    let error = server.client.call(&tasks::GET, &context(), get("nosuch")).await.unwrap_err();
    assert_eq!(error.message(), r#"container "nosuch" in namespace "default": not found"#);
    let list = server.client.call(&tasks::LIST, &context(), tasks::ListTasksRequest::default()).await.unwrap();
    assert!(list.tasks.is_empty());
    let start = tasks::StartRequest { container_id: "web".into(), ..tasks::StartRequest::default() };
    let error = server.client.call(&tasks::START, &context(), start).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotImplemented);
    assert_eq!(
        error.message(),
        "unknown method Start for service containerd.services.tasks.v1.Tasks: this is stowbook, which keeps the metadata of \
         containers and runs none"
    );
    server.stop().await;
}

#[tokio::test]
async fn health_and_introspection_say_what_is_served() {
    let server = Running::start(Store::in_memory());
    let check = |service: &str| health::HealthCheckRequest { service: service.into() };
    let answer = server.client.call(&health::CHECK, &Context::default(), check("")).await.unwrap();
    assert_eq!(answer.status, 1);
    let error = server.client.call(&health::CHECK, &Context::default(), check("nosuch")).await.unwrap_err();
    assert_eq!((error.kind(), &*error.message()), (ErrorKind::NotFound, "unknown service"));

    let plugins = |filter: &str| introspection::PluginsRequest { filters: vec![filter.into()] };
    let all = server.client.call(&introspection::PLUGINS, &Context::default(), plugins("")).await.unwrap().plugins;
    let ids: Vec<&str> = all.iter().map(|plugin| plugin.id.as_str()).collect();
    let served = "containers content events images introspection leases namespaces sandboxes snapshots tasks version healthcheck event-log";
    assert_eq!(ids.join(" "), served);
    let none = server.client.call(&introspection::PLUGINS, &Context::default(), plugins("id==nosuch")).await.unwrap();
    assert!(none.plugins.is_empty());
    let error = server.client.call(&introspection::PLUGINS, &Context::default(), plugins("id=")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);

    let mut watch = server.client.ask(&health::WATCH, &Context::default(), check("")).await.unwrap();
    assert_eq!(watch.next().await.unwrap().unwrap().status, 1);
    let watcher = tokio::spawn(async move { watch.next().await });
    server.stop().await;
    assert_eq!(watcher.await.unwrap().unwrap().unwrap().status, 2, "not serving any more");
}

fn write(data: &str, action: i32) -> WriteContentRequest {
    WriteContentRequest { action, r#ref: "r".into(), data: data.into(), ..WriteContentRequest::default() }
}

const STAT: i32 = 0;
const WRITE: i32 = 1;
const COMMIT: i32 = 2;

#[tokio::test]
async fn content_is_written_and_read_in_streams() {
    let server = Running::start(Store::in_memory());
    let client = &server.client;
    let (sender, mut answers) = client.converse(&content::WRITE, &context(), Some(write("", STAT))).await.unwrap();
    let first: WriteContentResponse = answers.next().await.unwrap().unwrap();
    assert_eq!(first.offset, 0);
    let locked = client.converse(&content::WRITE, &context(), Some(write("", STAT))).await.err().unwrap();
    assert_eq!(locked.kind(), ErrorKind::Unavailable, "{locked}");

    // More than a window, so that both sides have to wait for each other.
    let chunk = "x".repeat(1024 * 1024);
    let sender = sender.unwrap();
    let mut offset = 0;
    for _ in 0..5 {
        assert!(sender.send(WriteContentRequest { offset, ..write(&chunk, WRITE) }).await);
        offset = answers.next().await.unwrap().unwrap().offset;
    }
    assert!(sender.send(WriteContentRequest { offset, ..write("", COMMIT) }).await);
    let digest = answers.next().await.unwrap().unwrap().digest;
    assert_eq!(answers.next().await.unwrap().unwrap().digest, digest, "the last answer comes twice");
    assert!(answers.next().await.unwrap().is_none());

    let request = content::ReadContentRequest { digest, offset: 3, size: 0 };
    let mut reader = client.ask(&content::READ, &context(), request).await.unwrap();
    let mut length = 0;
    while let Some(part) = reader.next().await.unwrap() {
        assert_eq!(part.offset, length);
        length += part.data.len() as i64;
    }
    assert_eq!(length, 5 * 1024 * 1024 - 3);
    let error = client.converse(&content::WRITE, &context(), None).await.err().unwrap();
    assert_eq!((error.kind(), &*error.message()), (ErrorKind::Unknown, "EOF"));
    server.stop().await;
}

#[tokio::test]
async fn a_writer_that_goes_away_leaves_its_ingest_unlocked() {
    let server = Running::start(Store::in_memory());
    let (sender, mut answers) =
        server.client.converse(&content::WRITE, &context(), Some(write("hel", WRITE))).await.unwrap();
    answers.next().await.unwrap().unwrap();
    drop((sender, answers));
    // The server hears of it soon, but not before it answers.
    let answer = loop {
        match server.client.converse(&content::WRITE, &context(), Some(write("", STAT))).await {
            Ok((_sender, mut answers)) => break answers.next().await.unwrap().unwrap(),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert_eq!(answer.offset, 3);
    server.stop().await;
}

#[tokio::test]
async fn subscribers_hear_of_what_is_published_in_order_however_slow_they_are() {
    const EVENTS: usize = 600;
    let server = Running::start(Store::in_memory());
    let subscribe = |filter: &str| events::SubscribeRequest { filters: vec![filter.into()] };
    let mut slow = server.client.ask(&events::SUBSCRIBE, &Context::default(), subscribe("")).await.unwrap();
    let mut picky = server.client.ask(&events::SUBSCRIBE, &Context::default(), subscribe("topic~=599$")).await.unwrap();
    for number in 0..EVENTS {
        let event = Some(prost_types::Any { type_url: "t".into(), value: vec![0; 1000] });
        let request = events::PublishRequest { topic: format!("/t/{number}"), event };
        server.client.call(&events::PUBLISH, &context(), request).await.unwrap();
    }
    // Leases are changed in silence: their topics are stowbook's own.
    server.client.call(&leases::CREATE, &context(), leases::CreateRequest::default()).await.unwrap();
    assert_eq!(picky.next().await.unwrap().unwrap().0.topic, "/t/599");
    server.answers().await;
    for number in 0..EVENTS {
        let Bare(Envelope { topic, namespace, event, .. }) = slow.next().await.unwrap().unwrap();
        assert_eq!((topic, &*namespace), (format!("/t/{number}"), "default"));
        assert_eq!(event, Some(Any::new("t", vec![0; 1000])));
    }
    let bad = server.client.ask(&events::SUBSCRIBE, &Context::default(), subscribe("bad!")).await.err().unwrap();
    assert_eq!(bad.kind(), ErrorKind::Unknown);
    let last = tokio::spawn(async move { slow.next().await });
    server.stop().await;
    assert_eq!(last.await.unwrap().unwrap_err().kind(), ErrorKind::Unavailable);
}

/// A storage whose commits take long and are counted.
#[derive(Debug)]
struct Counting(MemoryStorage, Arc<AtomicU64>);

impl Storage for Counting {
    fn snapshot(&self) -> stowbook::Result<Arc<dyn Snapshot>> {
        self.0.snapshot()
    }

    fn commit(&self, writes: &WriteSet) -> stowbook::Result<()> {
        self.1.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(20));
        self.0.commit(writes)
    }
}

#[tokio::test]
async fn clients_that_write_together_share_commits() {
    const CLIENTS: u64 = 64;
    let commits = Arc::new(AtomicU64::new(0));
    let storage = Counting(MemoryStorage::default(), Arc::clone(&commits));
    let server = Running::start(Store::with_storage(Box::new(storage), Arc::new(SystemHost)).unwrap());
    server.client.call(&containers::CREATE, &context(), new_container("first")).await.unwrap();
    let before = commits.load(Ordering::Relaxed);
    let creates: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let client = server.client.clone();
            tokio::spawn(async move {
                client.call(&containers::CREATE, &context(), new_container(&format!("c{number}"))).await
            })
        })
        .collect();
    for create in creates {
        create.await.unwrap().unwrap();
    }
    let made = commits.load(Ordering::Relaxed) - before;
    assert!(made < CLIENTS / 2, "{made} commits for {CLIENTS} clients");
    server.stop().await;
}
