//! `stowbook serve` killed while many clients write: what was acknowledged is there.

#![cfg(all(unix, feature = "serve"))]
#![allow(clippy::unwrap_used)]

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use stowbook::model::{Any, Container};
use stowbook::{Context, InNamespace, Store};
use stowbook_grpc::Remote;

const CLIENTS: usize = 32;
const ROUNDS: usize = 4;
/// How many writes are acknowledged before the server is killed.
const WRITES: usize = 300;
const PATIENCE: Duration = Duration::from_secs(60);

fn serve(folder: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stowbook"));
    command.args(["--db", "book.redb", "serve", "--address", "s", "--log-level", "off"]).current_dir(folder);
    let child = command.env_remove("STOWBOOK_DB").stdin(Stdio::null()).spawn().unwrap();
    wait_until(|| UnixStream::connect(folder.join("s")).is_ok());
    child
}

fn wait_until(mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "it takes too long");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn record(id: &str) -> Container {
    let mut container = Container::new(id, "runc");
    container.labels.insert("id".to_owned(), id.to_owned());
    container.spec = Some(Any::new("t", id.repeat(100).into_bytes()));
    container
}

#[test]
fn no_acknowledged_record_is_lost_when_the_server_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let acknowledged: Mutex<Vec<String>> = Mutex::default();
    for round in 0..ROUNDS {
        let before = acknowledged.lock().unwrap().len();
        let mut server = serve(folder.path());
        std::thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (folder, acknowledged) = (folder.path(), &acknowledged);
                scope.spawn(move || {
                    let remote = Remote::new(folder.join("s")).unwrap();
                    let namespace = InNamespace::new(&remote, Context::in_namespace("default"));
                    for number in 0.. {
                        let id = format!("c-{round}-{client}-{number}");
                        match namespace.containers().create(&record(&id)) {
                            Ok(_) => acknowledged.lock().unwrap().push(id),
                            Err(error) => {
                                assert_eq!(error.kind(), stowbook::ErrorKind::Unavailable, "{error}");
                                break;
                            }
                        }
                    }
                });
            }
            wait_until(|| acknowledged.lock().unwrap().len() >= before + WRITES);
            server.kill().unwrap();
        });
        server.wait().unwrap();
        let store = Store::open(folder.path().join("book.redb")).unwrap();
        let containers = store.namespace("default");
        for id in acknowledged.lock().unwrap().iter() {
            let found = containers.containers().get(id).unwrap();
            assert_eq!((&found.spec, &found.labels), (&record(id).spec, &record(id).labels));
        }
        assert!(store.check().unwrap().is_empty());
        // Each record that is there has its event: none is half done.
        let records = containers.containers().list(&[""]).unwrap().len() as u64;
        assert_eq!(store.events().bounds().unwrap().last, records);
        println!("{round}: {} acknowledged, {records} found", acknowledged.lock().unwrap().len());
    }
}
