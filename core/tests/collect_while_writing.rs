//! A collector that never rests, and writers whose content it must not touch: what a lease or an image holds can be read,
//! bytes included, and what nothing holds is gone in the end.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use stowbook::gc::CollectOptions;
use stowbook::model::{Descriptor, Image, Lease};
use stowbook::{CommitContent, ErrorKind, OpenContent, Store};

const WRITERS: usize = 4;
const ROUNDS: usize = 60;

/// Few texts, so that writers bring the same content at the same time.
fn text(number: usize) -> String {
    format!("text {}", number % 3)
}

/// Brings a text under a lease, and gives its digest. What is there already is held too.
fn bring(store: &Store, namespace: &str, lease: &str, text: &str, reference: &str, digest: &str) {
    let content = store.namespace(namespace).with_lease(lease).content();
    let mut open = OpenContent::new(reference);
    digest.clone_into(&mut open.expected);
    open.total = i64::try_from(text.len()).unwrap();
    let brought = content.open(&open).and_then(|mut writer| {
        // Nothing has to be written when another namespace shares it.
        if writer.status()?.offset == 0 {
            writer.write(text.as_bytes())?;
        }
        content.commit(&mut writer, &CommitContent::default())
    });
    match brought {
        Ok(blob) => assert_eq!(blob.digest, digest),
        Err(error) => assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}"),
    }
}

fn assert_readable(store: &Store, namespace: &str, digest: &str, text: &str) {
    let mut buffer = [0; 64];
    let count = store.namespace(namespace).content().read_at(digest, 0, &mut buffer).unwrap();
    assert_eq!(&buffer[..count], text.as_bytes());
}

/// The digest of a text, as the store tells it.
fn digest(text: &str) -> String {
    let store = Store::in_memory();
    let content = store.namespace("n").content();
    let mut writer = content.open(&OpenContent::new("r")).unwrap();
    writer.write(text.as_bytes()).unwrap();
    content.commit(&mut writer, &CommitContent::default()).unwrap().digest
}

fn write(store: &Store, writer: usize, digests: &[String]) {
    let namespace = ["a", "b"][writer % 2];
    for round in 0..ROUNDS {
        let (text, digest) = (text(writer + round), &digests[(writer + round) % digests.len()]);
        let in_namespace = store.namespace(namespace);
        let lease = in_namespace.leases().create(&Lease::default()).unwrap().id;
        bring(store, namespace, &lease, &text, &format!("{writer}-{round}"), digest);
        assert_readable(store, namespace, digest, &text);
        if round % 2 == 0 {
            let name = format!("image-{writer}");
            let target = Descriptor::new("mt", digest, 6);
            in_namespace.images().create(&Image::new(&name, target)).unwrap();
            in_namespace.leases().delete(&lease).unwrap();
            assert_readable(store, namespace, digest, &text);
            in_namespace.images().delete(&name).unwrap();
        } else {
            in_namespace.leases().delete_and_collect(&lease).unwrap();
        }
    }
}

fn play(store: &Store) {
    let digests: Vec<String> = (0..3).map(|number| digest(&text(number))).collect();
    let done = AtomicBool::new(false);
    let collections = thread::scope(|scope| {
        let collector = scope.spawn(|| {
            let mut collections = 0;
            while !done.load(Ordering::Relaxed) {
                store.collect(&CollectOptions::default()).unwrap();
                collections += 1;
            }
            collections
        });
        let digests = &digests;
        let writers: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || write(store, writer, digests))).collect();
        let outcomes: Vec<_> = writers.into_iter().map(thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::Relaxed);
        let collections = collector.join().unwrap();
        outcomes.into_iter().for_each(Result::unwrap);
        collections
    });
    assert!(collections > 0);
    store.collect(&CollectOptions::default()).unwrap();
    for namespace in ["a", "b"] {
        assert_eq!(store.namespace(namespace).content().list(&[] as &[&str]).unwrap(), []);
    }
    assert_eq!(store.clean_up().unwrap().blobs, [""; 0], "the collection has left no bytes");
    assert!(store.check().unwrap().is_empty());
}

#[test]
fn what_is_held_stays_in_memory() {
    play(&Store::in_memory());
}

#[test]
fn what_is_held_stays_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    play(&Store::open(folder.path().join("book.redb")).unwrap());
}
