//! Books of every format that was ever written open, check out clean, and hold what they held.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::path::Path;
use stowbook::model::Container;
use stowbook::{OpenOptions, Store};

fn books() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/books"))
}

#[test]
fn format_1() {
    let expected = std::fs::read(books().join("format-1.json")).unwrap();
    let expected: BTreeMap<String, Vec<Container>> = serde_json::from_slice(&expected).unwrap();
    let mut options = OpenOptions::default();
    options.read_only = true;
    // Read where it lies, and written as a copy.
    let store = Store::open_with(books().join("format-1.redb"), &options).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.redb");
    std::fs::copy(books().join("format-1.redb"), &copy).unwrap();
    let copy = Store::open(copy).unwrap();
    for store in [&store, &copy] {
        assert_eq!(store.header().unwrap().format_version, 1);
        assert_eq!(store.check().unwrap(), []);
        let names: Vec<String> =
            store.namespaces().list().unwrap().into_iter().map(|namespace| namespace.name).collect();
        assert_eq!(names, ["default", "k8s.io"]);
        assert_eq!(store.namespaces().get("k8s.io").unwrap().labels["team"], "a");
        for (namespace, containers) in &expected {
            let found = store.namespace(namespace).containers().list(&[""]).unwrap();
            assert!(found.iter().map(|container| &**container).eq(containers), "{found:?}");
        }
    }
    let containers = expected["default"].clone();
    copy.namespace("default").containers().update(&containers[0], &["image"]).unwrap();
    copy.namespace("default").containers().create(&Container::new("new", "runc")).unwrap();
    assert_eq!(copy.check().unwrap(), []);
}
