//! Random operations on snapshots against a model of a few lines: who may stand on whom, what may go, and that records,
//! links and the snapshotter's own agree afterwards. And how snapshots are mounted.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may panic")]

use proptest::prelude::*;
use std::collections::BTreeMap;
use stowbook::model::SnapshotKind::{self, Active, Committed, View};
use stowbook::{CreateSnapshot, ErrorKind, Store};

const SNAPSHOTTER: &str = "overlayfs";

#[derive(Clone, Debug)]
enum Op {
    Prepare(&'static str, &'static str),
    View(&'static str, &'static str),
    Commit(&'static str, &'static str, &'static str),
    Remove(&'static str),
    CleanUp,
}

fn op() -> impl Strategy<Value = Op> {
    let key = || prop::sample::select(vec!["a", "b", "c", "d", "a/b", "\0"]);
    let parent = || prop_oneof![1 => Just(""), 3 => key()];
    prop_oneof![
        4 => (key(), parent()).prop_map(|(key, parent)| Op::Prepare(key, parent)),
        1 => (key(), parent()).prop_map(|(key, parent)| Op::View(key, parent)),
        4 => (key(), key(), prop_oneof![4 => Just(""), 1 => key()])
            .prop_map(|(name, key, parent)| Op::Commit(name, key, parent)),
        3 => key().prop_map(Op::Remove),
        1 => Just(Op::CleanUp),
    ]
}

fn on(parent: &str) -> CreateSnapshot {
    let mut create = CreateSnapshot::default();
    create.parent = parent.to_owned();
    create
}

type Model = BTreeMap<String, (SnapshotKind, String)>;

fn create(model: &mut Model, key: &str, kind: SnapshotKind, parent: &str) -> Result<(), ErrorKind> {
    if model.contains_key(key) {
        return Err(ErrorKind::AlreadyExists);
    }
    match model.get(parent) {
        _ if parent.is_empty() => {}
        None => return Err(ErrorKind::NotFound),
        Some((Committed, _)) => {}
        Some(_) => return Err(ErrorKind::InvalidArgument),
    }
    model.insert(key.to_owned(), (kind, parent.to_owned()));
    Ok(())
}

fn commit(model: &mut Model, name: &str, key: &str, base: &str) -> Result<(), ErrorKind> {
    if model.contains_key(name) {
        return Err(ErrorKind::AlreadyExists);
    }
    let (kind, mut parent) = model.get(key).cloned().ok_or(ErrorKind::NotFound)?;
    if parent.is_empty() {
        base.clone_into(&mut parent);
    }
    if !parent.is_empty() && !model.contains_key(&parent) {
        return Err(ErrorKind::NotFound);
    }
    if kind != Active || !parent.is_empty() && model[&parent].0 != Committed {
        return Err(ErrorKind::FailedPrecondition);
    }
    model.remove(key);
    model.insert(name.to_owned(), (Committed, parent));
    Ok(())
}

fn remove(model: &mut Model, key: &str) -> Result<(), ErrorKind> {
    if !model.contains_key(key) {
        return Err(ErrorKind::NotFound);
    }
    if model.values().any(|(_, parent)| parent == key) {
        return Err(ErrorKind::FailedPrecondition);
    }
    model.remove(key);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_store_agrees_with_the_model(ops in prop::collection::vec(op(), 1..40)) {
        let store = Store::in_memory();
        let namespace = store.namespace("n");
        let snapshots = namespace.snapshots(SNAPSHOTTER);
        // A first one, so that the snapshotter is known in the namespace.
        snapshots.prepare("first", &on("")).unwrap();
        let mut model = Model::from([("first".to_owned(), (Active, String::new()))]);
        for op in &ops {
            let (expected, got) = match *op {
                Op::Prepare(key, parent) => {
                    (create(&mut model, key, Active, parent), snapshots.prepare(key, &on(parent)).map(drop))
                }
                Op::View(key, parent) => {
                    (create(&mut model, key, View, parent), snapshots.view(key, &on(parent)).map(drop))
                }
                Op::Commit(name, key, base) => {
                    (commit(&mut model, name, key, base), snapshots.commit(name, key, &on(base)))
                }
                Op::Remove(key) => (remove(&mut model, key), snapshots.remove(key)),
                Op::CleanUp => {
                    // Nothing is left behind by anything above.
                    prop_assert_eq!(store.clean_up().unwrap(), stowbook::CleanUp::default());
                    (Ok(()), Ok(()))
                }
            };
            prop_assert_eq!(got.map_err(|error| error.kind()), expected, "{:?}", op);
        }
        let found: Model = snapshots.list(&[""]).unwrap().into_iter().map(|s| (s.name, (s.kind, s.parent))).collect();
        prop_assert_eq!(&found, &model);
        for (key, (kind, _)) in &model {
            let mounts = snapshots.mounts(key).map_err(|error| error.kind());
            prop_assert_eq!(mounts.is_ok(), *kind != Committed);
            prop_assert!(snapshots.usage(key).is_ok());
        }
        prop_assert_eq!(store.check().unwrap(), []);
    }
}

#[test]
fn a_snapshot_is_not_put_on_itself() {
    let store = Store::in_memory();
    let namespace = store.namespace("n");
    let snapshots = namespace.snapshots(SNAPSHOTTER);
    snapshots.prepare("a", &on("")).unwrap();
    assert_eq!(snapshots.commit("b", "a", &on("a")).unwrap_err().kind(), ErrorKind::FailedPrecondition);
    assert_eq!(snapshots.commit("b", "a", &on("b")).unwrap_err().kind(), ErrorKind::NotFound);
    // What the running containerd 2.3.4 says.
    let missing = |name: &str, on: CreateSnapshot| snapshots.commit(name, name, &on).unwrap_err().to_string();
    assert_eq!(missing("c", on("")), "snapshot does not exist: not found");
    assert_eq!(missing("c", on("d")), "parent snapshot d does not exist: not found");
    assert_eq!(missing("c", on("c")), "snapshot does not exist: not found");
    assert_eq!(missing("a", on("")), "snapshot \"a\": already exists");
    assert_eq!(snapshots.commit("c", "d", &on("")).unwrap_err().to_string(), "snapshot d does not exist: not found");
    assert!(store.check().unwrap().is_empty());
}

/// The shapes are those that containerd 2.3.4 answered; its directories stand elsewhere.
#[test]
fn mounts_are_those_of_containerds_snapshotters() {
    let store = Store::in_memory();
    let namespace = store.namespace("n");
    let shown = |snapshotter: &str, key: &str| {
        let mounts = namespace.snapshots(snapshotter).mounts(key).unwrap();
        let root = format!("/var/lib/stowbook/io.containerd.snapshotter.v1.{snapshotter}/snapshots");
        let text = |mount: &stowbook::model::Mount| {
            format!("{} {} {}", mount.kind, mount.source, mount.options.join(",")).replace(&root, "ROOT")
        };
        mounts.iter().map(text).collect::<Vec<_>>().join("\n")
    };
    for snapshotter in ["overlayfs", "native"] {
        let snapshots = namespace.snapshots(snapshotter);
        snapshots.prepare("k1", &on("")).unwrap();
        snapshots.prepare("k2", &on("")).unwrap();
        snapshots.commit("low", "k1", &on("")).unwrap();
        snapshots.view("v1", &on("low")).unwrap();
        snapshots.prepare("p1", &on("low")).unwrap();
        snapshots.commit("high", "p1", &on("")).unwrap();
        snapshots.view("v2", &on("high")).unwrap();
        snapshots.prepare("p2", &on("high")).unwrap();
    }
    assert_eq!(shown("overlayfs", "k2"), "bind ROOT/2/fs rw,rbind");
    assert_eq!(shown("overlayfs", "v1"), "bind ROOT/1/fs ro,rbind");
    assert_eq!(shown("overlayfs", "v2"), "overlay overlay lowerdir=ROOT/4/fs:ROOT/1/fs,index=off");
    let options = "workdir=ROOT/6/work,upperdir=ROOT/6/fs,lowerdir=ROOT/4/fs:ROOT/1/fs,index=off";
    assert_eq!(shown("overlayfs", "p2"), format!("overlay overlay {options}"));
    assert_eq!(shown("native", "k2"), "bind ROOT/2 rbind,rw");
    assert_eq!(shown("native", "v2"), "bind ROOT/4 rbind,ro");
    assert_eq!(shown("native", "p2"), "bind ROOT/6 rbind,rw");
    for (snapshotter, text) in [("overlayfs", "active mount"), ("native", "snapshot mount")] {
        let error = namespace.snapshots(snapshotter).mounts("low").unwrap_err();
        let message = "requested snapshot n/3/low not active or view: failed precondition";
        assert_eq!(error.to_string(), format!("failed to get {text}: {message}"));
    }
}

#[test]
fn what_a_collection_leaves_is_cleaned_up() {
    let store = Store::in_memory();
    let namespace = store.namespace("n");
    let snapshots = namespace.snapshots(SNAPSHOTTER);
    snapshots.prepare("k", &on("")).unwrap();
    let mut root = on("");
    root.labels.insert("containerd.io/gc.root".to_owned(), "1".to_owned());
    snapshots.commit("base", "k", &root).unwrap();
    snapshots.prepare("child", &on("base")).unwrap();
    store.collect(&stowbook::gc::CollectOptions::default()).unwrap();
    assert_eq!(snapshots.get("child").unwrap_err().to_string(), "snapshot child does not exist: not found");
    // containerd leaves the link of a child that it collects.
    let error = snapshots.remove("base").unwrap_err();
    assert_eq!(error.to_string(), "cannot remove snapshot with child: failed precondition");
    assert_eq!(store.clean_up().unwrap(), stowbook::CleanUp::default(), "the collection has cleaned up itself");
    assert!(store.check().unwrap().is_empty());
    // The key is free again, in the book and with the snapshotter.
    snapshots.prepare("child", &on("base")).unwrap();
    snapshots.remove("child").unwrap();
    snapshots.remove("base").unwrap();
}

#[test]
fn the_snapshotters_labels_are_its_own_too() {
    let store = Store::in_memory();
    let namespace = store.namespace("n");
    let snapshots = namespace.snapshots(SNAPSHOTTER);
    let mut labelled = on("");
    for key in ["containerd.io/snapshot/a", "containerd.io/snapshot/b", "mine"] {
        labelled.labels.insert(key.to_owned(), "1".to_owned());
    }
    snapshots.prepare("k", &labelled).unwrap();
    let mut without = snapshots.get("k").unwrap();
    without.labels.clear();
    let updated = snapshots.update(&without, &["labels.containerd.io/snapshot/a", "labels.mine"]).unwrap();
    assert_eq!(updated.labels.keys().collect::<Vec<_>>(), ["containerd.io/snapshot/b"]);
    assert_eq!(snapshots.get("k").unwrap(), updated);
}
