//! Random operations on a store, against a model of a few lines: each answer and the whole state are compared, in memory
//! and on redb, and with operations gathered in transactions.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may panic")]

mod images;
mod names;
mod sandboxes;

use names::{are_short, fields, is_identifier, is_namespace, labels, name, namespace, settle};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use stowbook::model::{Any, Container, Image, Namespace, Sandbox};
use stowbook::storage::RedbStorage;
use stowbook::{
    ContainerStore, Context, ErrorKind, ImageStore, NamespaceStore, Result, SandboxStore, Store, SystemHost,
};

#[derive(Clone, Debug)]
enum Op {
    Create(String, Container),
    Update(String, Container, Vec<String>),
    Delete(String, String),
    Get(String, String),
    List(String, Option<String>),
    CreateNamespace(String),
    DeleteNamespace(String),
    Image(String, images::Op),
    Sandbox(String, sandboxes::Op),
}

/// Where operations are played: a store or a transaction.
trait Place: ContainerStore + ImageStore + NamespaceStore + SandboxStore {}

impl<P: ContainerStore + ImageStore + NamespaceStore + SandboxStore> Place for P {}

fn container() -> impl Strategy<Value = Container> {
    let any = || prop::option::of((0u8..3).prop_map(|n| Any::new("t", vec![n; usize::from(n)])));
    (
        name(),
        labels(),
        prop::sample::select(vec!["", "runc", "kata"]),
        any(),
        any(),
        prop::sample::select(vec!["", "s"]),
    )
        .prop_map(|(id, labels, runtime, spec, extension, snapshot)| {
            let mut out = Container::new(id, runtime);
            out.labels = labels;
            out.spec = spec;
            out.extensions.extend(extension.map(|value| ("e".to_owned(), value)));
            out.snapshotter = snapshot.to_owned();
            out.snapshot_key = snapshot.to_owned();
            out
        })
}

fn op() -> impl Strategy<Value = Op> {
    const PATHS: &[&str] = &["labels", "labels.x", "labels.x.y", "spec", "extensions", "extensions.e", "image", "nope"];
    let value = prop::option::of(prop::sample::select(vec!["x", "1"]).prop_map(str::to_owned));
    prop_oneof![
        6 => (name(), container()).prop_map(|(ns, c)| Op::Create(ns, c)),
        5 => (name(), container(), fields(PATHS)).prop_map(|(ns, c, f)| Op::Update(ns, c, f)),
        2 => (name(), name()).prop_map(|(ns, id)| Op::Delete(ns, id)),
        2 => (name(), name()).prop_map(|(ns, id)| Op::Get(ns, id)),
        2 => (name(), value).prop_map(|(ns, v)| Op::List(ns, v)),
        1 => name().prop_map(Op::CreateNamespace),
        1 => name().prop_map(Op::DeleteNamespace),
        12 => (namespace(), images::op()).prop_map(|(ns, op)| Op::Image(ns, op)),
        12 => (namespace(), sandboxes::op()).prop_map(|(ns, op)| Op::Sandbox(ns, op)),
    ]
}

/// What a store should hold: records without their times.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    namespaces: BTreeSet<String>,
    containers: BTreeMap<(String, String), Container>,
    images: images::Images,
    sandboxes: sandboxes::Sandboxes,
}

fn is_valid(c: &Container) -> bool {
    is_identifier(&c.id)
        && !c.runtime.name.is_empty()
        && are_short(&c.labels)
        && (c.snapshot_key.is_empty() || !c.snapshotter.is_empty())
}

fn stored(c: &Container) -> Option<Container> {
    let mut c = c.clone();
    settle(&mut c.labels).then_some(c)
}

impl Model {
    /// Applies one operation; answers whether it is to succeed.
    fn apply(&mut self, op: &Op) -> bool {
        match op {
            Op::Create(ns, c) => {
                let key = (ns.clone(), c.id.clone());
                let ok = is_namespace(ns) && is_valid(c) && !self.containers.contains_key(&key);
                let Some(c) = stored(c).filter(|_| ok) else { return false };
                self.namespaces.insert(ns.clone());
                self.containers.insert(key, c);
                true
            }
            Op::Update(ns, c, fields) => self.update(ns, c, fields).is_some(),
            Op::Delete(ns, id) => self.containers.remove(&(ns.clone(), id.clone())).is_some(),
            Op::Get(ns, id) => is_identifier(ns) && self.containers.contains_key(&(ns.clone(), id.clone())),
            Op::List(ns, _) => is_identifier(ns),
            Op::CreateNamespace(ns) => is_namespace(ns) && self.namespaces.insert(ns.clone()),
            Op::DeleteNamespace(ns) => {
                let mut held = self.containers.keys().chain(self.images.keys());
                let ok = !held.any(|(in_ns, _)| in_ns == ns) && self.namespaces.remove(ns);
                // Sandboxes do not hold a namespace: they go with it.
                self.sandboxes.retain(|(in_ns, _), _| !ok || in_ns != ns);
                ok
            }
            Op::Image(ns, op) => {
                let ok = images::apply(&mut self.images, ns, op);
                self.namespaces.extend((ok && matches!(op, images::Op::Create(_))).then(|| ns.clone()));
                ok
            }
            Op::Sandbox(ns, op) => {
                let ok = sandboxes::apply(&mut self.sandboxes, ns, op);
                self.namespaces.extend((ok && matches!(op, sandboxes::Op::Create(_))).then(|| ns.clone()));
                ok
            }
        }
    }

    fn update(&mut self, ns: &str, c: &Container, fields: &[String]) -> Option<()> {
        let before = self.containers.get(&(ns.to_owned(), c.id.clone()))?;
        let mut now = before.clone();
        if fields.is_empty() && (before.snapshotter != c.snapshotter || before.runtime.name != c.runtime.name) {
            return None;
        }
        let full = ["labels", "spec", "extensions", "image", "snapshotkey"].map(str::to_owned);
        for field in if fields.is_empty() { &full[..] } else { fields } {
            let given = |key: &str| c.labels.get(key).cloned().unwrap_or_default();
            match field.as_str() {
                "labels" => now.labels = c.labels.clone(),
                "labels.x" => drop(now.labels.insert("x".into(), given("x"))),
                "labels.x.y" => drop(now.labels.insert("x.y".into(), given("x.y"))),
                "spec" => now.spec = c.spec.clone(),
                "extensions" => now.extensions = c.extensions.clone(),
                "extensions.e" => {
                    now.extensions.insert("e".into(), c.extensions.get("e").cloned().unwrap_or_default());
                }
                "image" => now.image = c.image.clone(),
                "snapshotkey" => now.snapshot_key = c.snapshot_key.clone(),
                _ => return None,
            }
        }
        if !is_valid(&now) {
            return None;
        }
        let mut now = stored(&now)?;
        // Never cleared on disk.
        now.spec = now.spec.or_else(|| before.spec.clone());
        for (name, value) in &before.extensions {
            now.extensions.entry(name.clone()).or_insert_with(|| value.clone());
        }
        self.containers.insert((ns.to_owned(), c.id.clone()), now);
        Some(())
    }
}

fn without_times(mut c: Container) -> Container {
    c.created_at = None;
    c.updated_at = None;
    c
}

fn list(place: &impl ContainerStore, ns: &str, filter: &str) -> Result<Vec<Container>> {
    let mut out = Vec::new();
    place.list_containers(&Context::in_namespace(ns), &[filter.as_bytes()], &mut |c| {
        out.push(without_times(c));
        Ok(std::ops::ControlFlow::Continue(()))
    })?;
    // What readers share is the same, when they share it first and when they share it again.
    for _ in 0..2 {
        let mut shared = out.iter();
        place.share_containers(&Context::in_namespace(ns), &[filter.as_bytes()], &mut |c| {
            assert_eq!(Some(&without_times((*c).clone())), shared.next());
            Ok(std::ops::ControlFlow::Continue(()))
        })?;
        assert_eq!(shared.next(), None);
    }
    Ok(out)
}

fn play(place: &impl Place, op: &Op, model: &mut Model) {
    let before = model.clone();
    let expected = model.apply(op);
    let result = match op {
        Op::Create(ns, c) => place.create_container(&Context::in_namespace(ns), c).map(drop),
        Op::Update(ns, c, fields) => {
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            place.update_container(&Context::in_namespace(ns), c, &fields).map(drop)
        }
        Op::Delete(ns, id) => place.delete_container(&Context::in_namespace(ns), id),
        Op::Get(ns, id) => {
            let context = Context::in_namespace(ns);
            let found = place.get_container(&context, id);
            for _ in 0..2 {
                let shared = place.share_container(&context, id).map(|shared| (*shared).clone());
                assert_eq!(shared.map_err(|error| error.to_string()), found.clone().map_err(|error| error.to_string()));
            }
            found.map(|c| assert_eq!(Some(&without_times(c)), model.containers.get(&(ns.clone(), id.clone()))))
        }
        Op::List(ns, value) => {
            let filter = value.as_ref().map_or(String::new(), |value| format!("labels.x=={value}"));
            list(place, ns, &filter).map(|found| {
                let selected = |c: &Container| value.as_ref().is_none_or(|v| c.labels.get("x") == Some(v));
                let expected = model.containers.iter().filter(|((in_ns, _), c)| in_ns == ns && selected(c));
                assert_eq!(found, expected.map(|(_, c)| c.clone()).collect::<Vec<_>>());
            })
        }
        Op::CreateNamespace(ns) => place.create_namespace(&Namespace::new(ns)).map(drop),
        Op::DeleteNamespace(ns) => place.delete_namespace(ns),
        Op::Image(ns, op) => images::play(place, ns, op, &model.images),
        Op::Sandbox(ns, op) => sandboxes::play(place, ns, op, &model.sandboxes),
    };
    assert_eq!(result.is_ok(), expected, "{op:?}: {result:?}");
    if !expected {
        assert_eq!(*model, before, "the model changes nothing when it refuses");
    }
}

fn play_all(place: &impl Place, ops: &[Op], before: &Model) -> Model {
    let mut model = before.clone();
    ops.iter().for_each(|op| play(place, op, &mut model));
    model
}

fn compare(store: &Store, model: &Model) {
    let names: BTreeSet<String> = store.namespaces().list().unwrap().into_iter().map(|ns| ns.name).collect();
    assert_eq!(names, model.namespaces);
    for ns in &model.namespaces {
        let expected = model.containers.iter().filter(|((in_ns, _), _)| in_ns == ns);
        assert_eq!(list(store, ns, "").unwrap(), expected.map(|(_, c)| c.clone()).collect::<Vec<_>>());
        assert_eq!(images::list(store, ns, "").unwrap(), images::listed(&model.images, ns, ""));
        assert_eq!(sandboxes::list(store, ns, "").unwrap(), sandboxes::listed(&model.sandboxes, ns, ""));
    }
    assert_eq!(store.check().unwrap(), Vec::new());
}

fn on_each(test: impl Fn(Store)) {
    test(Store::in_memory());
    test(Store::with_storage(Box::new(RedbStorage::in_memory().unwrap()), Arc::new(SystemHost)).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_store_agrees_with_the_model(ops in prop::collection::vec(op(), 0..60)) {
        on_each(|store| {
            let model = play_all(&store, &ops, &Model::default());
            compare(&store, &model);
        });
    }

    #[test]
    fn transactions_agree_with_the_model(groups in prop::collection::vec((prop::collection::vec(op(), 0..12), 0u8..4), 0..6)) {
        on_each(|store| {
            let mut model = Model::default();
            for (ops, how) in &groups {
                let before = model.clone();
                match how {
                    // A closure that succeeds, one that fails, a handle that commits, one that does not.
                    0 => model = store.write(|txn| Ok(play_all(txn, ops, &before))).unwrap(),
                    1 => drop(store.write(|txn| -> Result<()> {
                        play_all(txn, ops, &before);
                        Err(stowbook::Error::aborted("on purpose"))
                    })),
                    _ => {
                        let txn = store.begin().unwrap();
                        let after = play_all(&txn, ops, &before);
                        if *how == 2 {
                            txn.commit().unwrap();
                            model = after;
                        } else {
                            txn.rollback().unwrap();
                        }
                        assert_eq!(txn.commit().unwrap_err().kind(), ErrorKind::FailedPrecondition, "it has ended");
                    }
                }
                compare(&store, &model);
            }
        });
    }
}

#[test]
fn a_transaction_whose_operation_panicked_has_ended() {
    let store = Store::in_memory();
    let txn = store.begin().unwrap();
    txn.namespace("a").containers().create(&Container::new("web", "runc")).unwrap();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        txn.namespace("a").containers().each(&[""], |_| panic!("on purpose"))
    }));
    assert!(panicked.is_err());
    assert_eq!(txn.commit().unwrap_err().kind(), ErrorKind::FailedPrecondition);
}

#[test]
fn a_namespace_keeps_what_it_does_not_understand() {
    use stowbook::proto::Message as _;
    let store = Store::in_memory();
    let bytes = b"\x0a\x01a\x12\x06\x0a\x01k\x12\x01v\x9a\x06\x05later";
    let namespace = Namespace::decode(bytes).unwrap();
    store.namespaces().create(&namespace).unwrap();
    store.namespace("a").containers().create(&Container::new("web", "runc")).unwrap();
    store.namespaces().update(&Namespace::new("a"), &["labels.none"]).unwrap();
    assert_eq!(store.namespaces().get("a").unwrap().encode(), bytes);
}

#[test]
fn images_and_sandboxes_keep_what_they_do_not_understand() {
    use stowbook::proto::Message as _;
    let later = b"\x9a\x06\x05later";
    let store = Store::in_memory();
    let namespace = store.namespace("a");

    let target = Image::decode(&[&b"\x0a\x01i\x1a\x08"[..], later].concat()).unwrap().target;
    let mut image = Image::decode(&[&b"\x0a\x01i"[..], later].concat()).unwrap();
    image.target.unknown = target.unknown;
    image.target.media_type = "mt".to_owned();
    image.target.digest = format!("sha256:{}", "a".repeat(64));
    image.target.size = 1;
    namespace.images().create(&image).unwrap();
    let mut known = image.clone();
    known.unknown = stowbook::model::Unrecognized::default();
    known.labels.insert("x".to_owned(), "1".to_owned());
    namespace.images().update(&known, &[]).unwrap();
    let kept = namespace.images().get("i").unwrap();
    assert_eq!((kept.unknown.as_bytes(), kept.target.unknown.as_bytes()), (&later[..], &later[..]));

    let mut sandbox = Sandbox::decode(&[&b"\x0a\x01s\x12\x08"[..], later, later].concat()).unwrap();
    sandbox.spec = Some(Any::new("t", *b"s"));
    namespace.sandboxes().create(&sandbox).unwrap();
    sandbox.labels.insert("x".to_owned(), "1".to_owned());
    namespace.sandboxes().update(&sandbox, &["labels"]).unwrap();
    let kept = namespace.sandboxes().get("s").unwrap();
    assert_eq!((kept.unknown.as_bytes(), kept.runtime.unknown.as_bytes()), (&later[..], &later[..]));
    assert_eq!(kept.spec, sandbox.spec);
}
