//! The collector on random books, against containerd's own and against a definition that shares nothing with it.

use super::{CollectOptions, CollectRules, Collected, Resource, ResourceKind};
use crate::model::{
    Blob, Container, Descriptor, Envelope, Image, Ingest, Labels, Lease, Namespace, Sandbox, Snapshot, Timestamp,
};
use crate::proto::Message as _;
use crate::proto::generated::containerd::events::SnapshotRemove;
use crate::proto::generated::containerd::services::images::v1::ImageDelete;
use crate::storage::Txn;
use crate::storage::layout::{self, Space};
use crate::{Host, Store, SystemHost};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A record as the collector sees it, and as tests/peers/gc reads it.
#[derive(Clone, Debug, Serialize)]
struct Record {
    namespace: String,
    kind: String,
    id: String,
    labels: Labels,
    /// The parent of a snapshot, the target of an image, the snapshot of a container, what an ingest expects.
    link: String,
    expires: Option<Timestamp>,
    /// What a lease holds: types and ids.
    holds: Vec<(String, String)>,
}

/// All times are hours away from a limit: the peer has a clock of its own.
fn now() -> Timestamp {
    SystemHost.now()
}

fn hours(hours: i64) -> Timestamp {
    Timestamp::new(now().seconds() + hours * 3600, 0).unwrap()
}

fn content() -> impl Strategy<Value = String> {
    select(vec!["c0", "c1", "c2", "c3", "c4"]).prop_map(str::to_owned)
}

fn image() -> impl Strategy<Value = String> {
    select(vec!["i0", "i1", "i2"]).prop_map(str::to_owned)
}

fn container() -> impl Strategy<Value = String> {
    select(vec!["t0", "t1"]).prop_map(str::to_owned)
}

fn snapshotter() -> impl Strategy<Value = String> {
    select(vec!["a", "b"]).prop_map(str::to_owned)
}

/// The key of a snapshot. One has a slash in it.
fn key() -> impl Strategy<Value = String> {
    select(vec!["k0", "k1", "k2", "k/3"]).prop_map(str::to_owned)
}

fn snapshot() -> impl Strategy<Value = String> {
    (snapshotter(), key()).prop_map(|(snapshotter, key)| format!("{snapshotter}/{key}"))
}

/// What stands behind the type of a label.
fn suffix() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => Just(""), 2 => select(vec![".0", "/x", ".", "/"]), 1 => select(vec!["bad", "-x"])]
}

fn time() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(vec![-2, 2]).prop_map(|at| hours(at).to_string()),
        1 => select(vec!["2001-01-01T0:00:00,5+09:00", "0000-01-01T00:00:00Z", "2001-01-01", "9999-12-31T23:59:59-24:00", "never"])
            .prop_map(str::to_owned),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    let one = select(vec![
        "usedat<1h",
        "usedat>1h",
        "usedat<100h",
        "usedat>100h",
        "usedat<=100h",
        "usedat==1h",
        "usedat<",
        "usedat",
        "used<100h",
        "",
        "usedat>-1.5m",
        "usedat<1e3h",
    ]);
    (vec(one, 1..3), select(vec!["|", "|", "|", ""]), key()).prop_map(|(all, bar, key)| all.join(",") + bar + &key)
}

fn label() -> impl Strategy<Value = (String, String)> {
    let named =
        |head: &'static str| move |(suffix, id): (&str, String)| (format!("containerd.io/gc.{head}{suffix}"), id);
    let of_snapshot = |head: &'static str| {
        move |(snapshotter, name, key): (String, &str, String)| {
            (format!("containerd.io/gc.{head}.snapshot.{snapshotter}{name}"), key)
        }
    };
    let name = || select(vec!["", "", "/x", "/x/y"]);
    prop_oneof![
        2 => select(vec!["", ".x", "x", "/x"]).prop_map(|suffix| (format!("containerd.io/gc.root{suffix}"), "1".to_owned())),
        4 => (suffix(), content()).prop_map(named("ref.content")),
        3 => (suffix(), image()).prop_map(named("ref.image")),
        3 => (snapshotter(), name(), key()).prop_map(of_snapshot("ref")),
        2 => (suffix(), content()).prop_map(named("bref.content")),
        2 => (suffix(), image()).prop_map(named("bref.image")),
        1 => (suffix(), container()).prop_map(named("bref.container")),
        2 => (snapshotter(), name(), key()).prop_map(of_snapshot("bref")),
        3 => time().prop_map(|time| ("containerd.io/gc.expire".to_owned(), time)),
        1 => Just(("containerd.io/gc.flat".to_owned(), "0".to_owned())),
        3 => (select(vec![".a", "/a", "a", "./.b/x", ""]), condition())
            .prop_map(|(suffix, condition)| (format!("containerd.io/gc.cond.snapshot{suffix}"), condition)),
        3 => (select(vec!["", "x"]), time()).prop_map(|(suffix, time)| (format!("containerd.io/gc.cond.value-usedat{suffix}"), time)),
    ]
}

fn held() -> impl Strategy<Value = (String, String)> {
    prop_oneof![
        content().prop_map(|id| ("content".to_owned(), id)),
        image().prop_map(|id| ("images".to_owned(), id)),
        Just(("ingests".to_owned(), "g0".to_owned())),
        (snapshotter(), key()).prop_map(|(snapshotter, key)| (format!("snapshots/{snapshotter}"), key)),
    ]
}

fn record() -> impl Strategy<Value = Record> {
    let none = || Just(String::new());
    let what = prop_oneof![
        4 => (Just("content"), content(), none()).boxed(),
        4 => (Just("snapshot"), snapshot(), prop_oneof![none(), key()]).boxed(),
        2 => (Just("image"), image(), content()).boxed(),
        2 => (Just("lease"), select(vec!["l0", "l1", "l2"]).prop_map(str::to_owned), none()).boxed(),
        1 => (Just("ingest"), select(vec!["g0", "g1"]).prop_map(str::to_owned), prop_oneof![none(), content()]).boxed(),
        1 => (Just("container"), container(), prop_oneof![none(), snapshot()]).boxed(),
        1 => (Just("sandbox"), Just("s0".to_owned()), none()).boxed(),
    ];
    let expires = proptest::option::of(select(vec![-2, 2]));
    (select(vec!["m", "n"]), what, vec(label(), 0..4), expires, vec(held(), 0..4)).prop_map(
        |(namespace, (kind, id, link), labels, expires, holds)| {
            let link = match (kind, id.split_once('/')) {
                ("snapshot", Some((snapshotter, _))) if !link.is_empty() => format!("{snapshotter}/{link}"),
                _ => link,
            };
            Record {
                namespace: namespace.to_owned(),
                labels: if kind == "ingest" { Labels::new() } else { labels.into_iter().collect() },
                expires: expires.filter(|_| kind == "ingest").map(hours),
                holds: if kind == "lease" { holds } else { Vec::new() },
                kind: kind.to_owned(),
                id,
                link,
            }
        },
    )
}

fn world() -> impl Strategy<Value = Vec<Record>> {
    vec(record(), 0..24).prop_map(|mut records| {
        let mut seen = BTreeSet::new();
        records.retain(|record| seen.insert((record.namespace.clone(), record.kind.clone(), record.id.clone())));
        records
    })
}

fn store(records: &[Record]) -> Store {
    let store = Store::in_memory();
    crate::store::access::Access::write(&store, |txn, _| {
        for record in records {
            put(txn, record);
        }
        Ok(())
    })
    .unwrap();
    store
}

/// Writes a record as the stores do, without their checks.
fn put(txn: &mut Txn<'_>, record: &Record) {
    let Record { namespace, kind, id, labels, link, expires, holds } = record.clone();
    let ns = namespace.as_bytes();
    txn.put(layout::namespace(ns), [vec![0], Namespace::default().encode()].concat());
    let key = |space| layout::record(space, ns, id.as_bytes());
    match kind.as_str() {
        "content" => txn.put(key(Space::Blob), Blob { digest: id.clone(), labels, ..Blob::default() }.encode()),
        "snapshot" => {
            let (snapshotter, name) = id.split_once('/').unwrap();
            let parent = link.split_once('/').map_or(String::new(), |(_, parent)| parent.to_owned());
            let snapshot = Snapshot { name: name.to_owned(), parent, labels, ..Snapshot::default() };
            txn.put(
                layout::key(Space::Snapshot, &[ns, snapshotter.as_bytes(), name.as_bytes()]),
                crate::store::snapshots::record::encode(&snapshot),
            );
        }
        "image" => {
            let target = Descriptor { digest: link, ..Descriptor::default() };
            txn.put(key(Space::Image), Image { name: id.clone(), labels, target, ..Image::default() }.encode());
        }
        "lease" => {
            txn.put(key(Space::Lease), Lease { id: id.clone(), labels, ..Lease::default() }.encode());
            for (kind, held) in holds {
                let parts = [namespace.as_str(), &id, &kind, &held].map(str::as_bytes);
                txn.put(layout::key(Space::LeaseResource, &parts), Vec::new());
            }
        }
        "ingest" => {
            let ingest = Ingest { reference: id.clone(), expires_at: expires, expected: link, ..Ingest::default() };
            txn.put(key(Space::Ingest), crate::store::content::record::encode_ingest(&ingest));
        }
        "container" => {
            let (snapshotter, snapshot_key) = link.split_once('/').unwrap_or_default();
            let (snapshotter, snapshot_key) = (snapshotter.to_owned(), snapshot_key.to_owned());
            let container = Container { id: id.clone(), labels, snapshotter, snapshot_key, ..Container::default() };
            txn.put(key(Space::ContainerHead), container.encode());
        }
        "sandbox" => {
            txn.put(key(Space::SandboxHead), Sandbox { id: id.clone(), labels, ..Sandbox::default() }.encode());
        }
        _ => panic!("{kind}"),
    }
}

/// Every key of a book and its value.
fn dump(store: &Store) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut out = Vec::new();
    let mut visit = |key: &[u8], value: &[u8]| {
        out.push((key.to_vec(), value.to_vec()));
        Ok(ControlFlow::Continue(()))
    };
    crate::store::access::Access::read(store, |read| read.scan(&[], None, &mut visit)).unwrap();
    out
}

/// What was published that containerd publishes too.
fn published(store: &Store) -> Vec<String> {
    let is_event = |(key, _): &(Vec<u8>, Vec<u8>)| matches!(layout::parse(key), Some((Space::Event, _)));
    let text = |(_, sealed): (Vec<u8>, Vec<u8>)| {
        let envelope = Envelope::decode(&sealed).unwrap();
        let payload = envelope.event.unwrap();
        let what = match envelope.topic.as_str() {
            "/snapshot/remove" => {
                let event: SnapshotRemove = prost::Message::decode(&*payload.value).unwrap();
                format!("{}/{}", event.snapshotter, event.key)
            }
            "/images/delete" => {
                let event: ImageDelete = prost::Message::decode(&*payload.value).unwrap();
                event.name
            }
            _ => return None,
        };
        Some(format!("{} {} {what}", envelope.namespace, envelope.topic))
    };
    dump(store).into_iter().filter(is_event).filter_map(text).collect()
}

fn key_of(record: &Record) -> String {
    format!("{} {} {}", record.namespace, record.kind, record.id)
}

/// What a collection says is gone.
fn removed(collected: &Collected) -> BTreeSet<String> {
    let of = |namespace: &super::CollectedNamespace| {
        let name = namespace.name.clone();
        namespace.removed.iter().map(move |resource| format!("{name} {resource}")).collect::<Vec<_>>()
    };
    collected.namespaces.iter().flat_map(of).collect()
}

/// What must go, by a definition that looks at every record until nothing more is reached.
fn naive(records: &[Record], rules: CollectRules) -> BTreeSet<String> {
    let new = rules == CollectRules::Containerd23;
    // A namespace, a type, an id, and whether it is held flat.
    let mut reached: BTreeSet<(String, String, String, bool)> = BTreeSet::new();
    loop {
        let before = reached.len();
        for record in records {
            let Record { namespace, kind, id, labels, link, expires, holds } = record;
            let mut reach = |kind: &str, id: &str, flat| {
                reached.insert((namespace.clone(), kind.to_owned(), id.to_owned(), flat));
            };
            let expired = labels.get("containerd.io/gc.expire").and_then(|time| age(time)).is_some_and(|age| age > 0);
            let has_root = labels
                .keys()
                .any(|key| key == "containerd.io/gc.root" || (new && key.starts_with("containerd.io/gc.root")));
            if match kind.as_str() {
                "lease" => !expired,
                "image" => !expired || !new,
                "container" => true,
                "sandbox" => new,
                "ingest" => expires.is_some_and(|expires| expires > now()),
                _ => has_root,
            } {
                reach(kind, id, false);
            }
            let is_reached = |reached: &BTreeSet<_>, kind: &str, id: &str, flat| {
                reached.contains(&(namespace.clone(), kind.to_owned(), id.to_owned(), flat))
            };
            if new && matches!(kind.as_str(), "content" | "snapshot" | "image") {
                for (label, value) in labels {
                    if let Some((by, name)) = named(label, value, "bref")
                        && is_reached(&reached, &by, &name, false)
                    {
                        reached.insert((namespace.clone(), kind.clone(), id.clone(), false));
                    }
                }
            }
            for flat in [false, true] {
                if !is_reached(&reached, kind, id, flat) {
                    continue;
                }
                let mut reach = |kind: &str, id: &str, flat| {
                    reached.insert((namespace.clone(), kind.to_owned(), id.to_owned(), flat));
                };
                let is_flat = labels.contains_key("containerd.io/gc.flat");
                for (of, held) in holds {
                    match of.as_str() {
                        "images" if !new => {}
                        "content" => reach("content", held, is_flat),
                        "images" => reach("image", held, is_flat),
                        "ingests" => reach("ingest", held, false),
                        other => reach("snapshot", &format!("{}/{held}", other.replace("snapshots/", "")), is_flat),
                    }
                }
                if !link.is_empty() {
                    let linked = if matches!(kind.as_str(), "snapshot" | "container") { "snapshot" } else { "content" };
                    reach(linked, link, flat);
                }
                if flat {
                    continue;
                }
                for (label, value) in labels {
                    if let Some((kind, name)) = named(label, value, "ref").filter(|_| kind != "lease")
                        && (new || kind != "image")
                    {
                        reach(&kind, &name, false);
                    }
                    if new && matches!(kind.as_str(), "content" | "image") {
                        for snapshot in conditional(records, namespace, label, value) {
                            reach("snapshot", &snapshot, false);
                        }
                    }
                }
            }
        }
        if reached.len() == before {
            break;
        }
    }
    let is_kept = |record: &Record| {
        let Record { namespace, kind, id, .. } = record;
        matches!(kind.as_str(), "container" | "sandbox")
            || (kind == "image" && !new)
            || [false, true]
                .into_iter()
                .any(|flat| reached.contains(&(namespace.clone(), kind.clone(), id.clone(), flat)))
    };
    records.iter().filter(|record| !is_kept(record)).map(key_of).collect()
}

/// What a label refers to.
fn named(label: &str, value: &str, direction: &str) -> Option<(String, String)> {
    let rest = label.strip_prefix(&format!("containerd.io/gc.{direction}."))?;
    if let Some(snapshotter) = rest.strip_prefix("snapshot.") {
        return Some(("snapshot".to_owned(), format!("{}/{value}", snapshotter.split('/').next()?)));
    }
    let word: String = rest.chars().take_while(|c| !"./".contains(*c)).collect();
    let known = ["content", "image"].contains(&&*word) || (word == "container" && direction == "bref");
    known.then(|| (word, value.to_owned()))
}

/// The snapshots that a conditional label holds.
fn conditional(records: &[Record], namespace: &str, label: &str, value: &str) -> Vec<String> {
    let Some(rest) = label.strip_prefix("containerd.io/gc.cond.snapshot") else { return Vec::new() };
    let snapshotter = rest.trim_start_matches(['.', '/']).split('/').next().unwrap();
    let Some((conditions, key)) = value.split_once('|') else { return Vec::new() };
    let id = format!("{snapshotter}/{key}");
    let is_it = |record: &&Record| record.namespace == namespace && record.kind == "snapshot" && record.id == id;
    let is_used = |record: &Record| {
        record.labels.iter().filter(|(label, _)| label.starts_with("containerd.io/gc.cond.value-usedat")).any(
            |(_, time)| {
                age(time).is_some_and(|age| {
                    conditions.split(',').any(|condition| match condition {
                        "usedat<1h" => age < 1,
                        "usedat>1h" => age > 1,
                        "usedat<100h" => age < 100,
                        "usedat>100h" => age > 100,
                        "usedat>-1.5m" => age > 0,
                        _ => false,
                    })
                })
            },
        )
    };
    records.iter().filter(is_it).filter(|record| is_used(record)).map(|record| record.id.clone()).collect()
}

/// How many hours a time has passed, roughly.
fn age(time: &str) -> Option<i64> {
    match time {
        "2001-01-01T0:00:00,5+09:00" | "0000-01-01T00:00:00Z" => Some(100_000),
        "9999-12-31T23:59:59-24:00" => Some(-100_000),
        "2001-01-01" | "never" => None,
        _ => Some((now().seconds() - Timestamp::parse(time).unwrap().seconds()) / 3600),
    }
}

fn options(dry_run: bool, rules: CollectRules) -> CollectOptions {
    CollectOptions { dry_run, rules }
}

proptest! {
    #[test]
    fn all_that_is_unreachable_goes_and_nothing_else(records in world(), old: bool) {
        let rules = if old { CollectRules::Containerd16 } else { CollectRules::Containerd23 };
        let store = store(&records);
        let before = dump(&store);
        let told = store.collect(&options(true, rules)).unwrap();
        prop_assert_eq!(&dump(&store), &before, "a dry run changes nothing");
        let garbage = naive(&records, rules);
        prop_assert_eq!(&removed(&told), &garbage);

        // A collection that does not come to its commit leaves nothing behind.
        let transaction = store.begin().unwrap();
        let told_inside = super::collect(&transaction, rules).unwrap();
        prop_assert_eq!(&removed(&told_inside), &garbage);
        drop(transaction);
        prop_assert_eq!(&dump(&store), &before);

        prop_assert_eq!(removed(&store.collect(&options(false, rules)).unwrap()), garbage.clone());
        let left = self::store(&records.iter().filter(|record| !garbage.contains(&key_of(record))).cloned().collect::<Vec<_>>());
        let records_only = |store: &Store| {
            let in_namespace = |(key, _): &(Vec<u8>, Vec<u8>)| {
                layout::parse(key).is_some_and(|(space, _)| Space::IN_NAMESPACE.contains(&space))
            };
            dump(store).into_iter().filter(in_namespace).collect::<Vec<_>>()
        };
        prop_assert_eq!(records_only(&store), records_only(&left));
        prop_assert_eq!(removed(&store.collect(&options(false, rules)).unwrap()), BTreeSet::new(), "once is enough");
    }

    #[test]
    fn what_is_kept_is_kept_by_a_way_from_a_root(records in world()) {
        let book = store(&records);
        let collected = book.collect(&options(true, CollectRules::default())).unwrap();
        for namespace in &collected.namespaces {
            for (position, reached) in namespace.kept.iter().enumerate() {
                match reached.because {
                    super::Because::Reference { by, .. } => prop_assert!(by < position),
                    super::Because::Root => prop_assert!(
                        !matches!(reached.resource.kind, ResourceKind::Content | ResourceKind::Snapshot)
                    ),
                    super::Because::RootLabel(_) => {}
                }
                // The way back tells the same.
                if let super::Because::Reference { by, how } = &reached.because {
                    let all = book.owners(&reached.resource.id).unwrap();
                    let owned = all.iter().find(|owned| {
                        owned.namespace == namespace.name && owned.resource == reached.resource
                    });
                    let owned = owned.unwrap();
                    prop_assert_eq!(owned.exists, reached.exists);
                    let holder = &namespace.kept[*by];
                    let is_holder = |owner: &super::Owner| {
                        owner.resource == holder.resource && owner.exists == holder.exists && owner.how == *how
                    };
                    prop_assert!(owned.owners.iter().any(|owner| owner.of == owned.resource && is_holder(owner)));
                }
                let way = namespace.why(&reached.resource);
                let begins_at_root = !matches!(way[0].because, super::Because::Reference { .. });
                prop_assert!(begins_at_root);
                prop_assert_eq!(&way[way.len() - 1].resource, &reached.resource);
            }
            let kept: BTreeSet<&Resource> = namespace.kept.iter().map(|reached| &reached.resource).collect();
            prop_assert!(namespace.removed.iter().all(|resource| !kept.contains(resource)));
        }
    }
}

#[derive(Serialize)]
struct Question<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    records: Option<&'a [Record]>,
    times: Vec<String>,
    durations: Vec<String>,
}

#[derive(Deserialize)]
struct Answer {
    kept: Option<BTreeSet<String>>,
    events: Option<Vec<String>>,
    times: Option<Vec<Option<(i64, i64)>>>,
    durations: Option<Vec<Option<i64>>>,
}

/// Runs a program to its end, and gives what it prints.
fn run(command: &mut Command) -> String {
    let output = command.stderr(Stdio::inherit()).output().unwrap_or_else(|error| {
        panic!(
            "these tests compare with containerd's collector and need a Go toolchain (go 1.26): {command:?}: {error}"
        )
    });
    assert!(output.status.success(), "{command:?} failed: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// The program of tests/peers/gc, in this folder. It needs a Go toolchain; without one the tests fail and say so.
fn peer(folder: &Path) -> PathBuf {
    let program = folder.join("gc");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/peers/gc");
    run(Command::new("go").arg("build").arg("-o").arg(&program).arg(".").current_dir(source));
    program
}

/// containerd's answers, by its own code.
fn ask(questions: &[Question<'_>]) -> Vec<Answer> {
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<String> = questions.iter().map(|question| serde_json::to_string(question).unwrap()).collect();
    std::fs::write(folder.path().join("questions"), lines.join("\n")).unwrap();
    let input = std::fs::File::open(folder.path().join("questions")).unwrap();
    let answers = run(Command::new(peer(folder.path())).stdin(input));
    let answers: Vec<Answer> = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), questions.len());
    answers
}

/// Random values, the same ones in each run.
fn samples<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>, count: usize) -> Vec<T> {
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

#[test]
fn keeps_what_containerd_keeps() {
    let worlds = samples(world(), 250);
    let times = samples(
        "(0000|2026|9999)-[01][0-9]-[0-3][0-9]T[0-2]?[0-9]:[0-5][0-9]:[0-6][0-9]([.,][0-9]{0,11})?(Z|[+-][0-2][0-9]:[0-6][0-9])?",
        2000,
    );
    let durations =
        samples("[+-]?(0|[0-9]{0,4}(\\.[0-9]{0,12})?(ns|us|µs|μs|ms|s|m|h|d|)|[0-9]{18,20}(ns|h)){0,3}", 2000);
    let mut questions: Vec<Question<'_>> = worlds
        .iter()
        .map(|world| Question { records: Some(world), times: Vec::new(), durations: Vec::new() })
        .collect();
    questions.push(Question { records: None, times: times.clone(), durations: durations.clone() });
    let answers = ask(&questions);

    let (mut collected, mut events) = (0, 0);
    for (world, answer) in worlds.iter().zip(&answers) {
        let store = store(world);
        let gone = removed(&store.collect(&CollectOptions::default()).unwrap());
        let kept: BTreeSet<String> = world.iter().map(key_of).filter(|key| !gone.contains(key)).collect();
        assert_eq!(Some(&kept), answer.kept.as_ref(), "{world:#?}");
        let told = published(&store);
        assert_eq!(told, answer.events.clone().unwrap_or_default(), "{world:#?}");
        events += told.len();
        collected += gone.len();
    }
    assert!(collected > 300 && events > 100, "so few are no test: {collected}, {events}");

    let last = answers.last().unwrap();
    let (mut read, origin) = (0, Timestamp::new(0, 0).unwrap());
    for (text, in_go) in times.iter().zip(last.times.as_ref().unwrap()) {
        let in_go = in_go.map(|(seconds, nanos)| -(i128::from(seconds) * 1_000_000_000 + i128::from(nanos)));
        assert_eq!(origin.nanos_since(text), in_go, "{text}");
        read += usize::from(in_go.is_some());
    }
    for (text, in_go) in durations.iter().zip(last.durations.as_ref().unwrap()) {
        assert_eq!(crate::rules::parse_duration(text), *in_go, "{text}");
        read += usize::from(in_go.is_some());
    }
    assert!(read > 500, "so few are no test: {read}");
}

/// A daemon, which is ended with this.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Each world lies in namespaces of its own, so one daemon answers for all.
#[test]
#[ignore = "needs containerd 1.6 or 2.3 and ctr, and to be root"]
fn keeps_what_a_daemon_keeps() {
    let version = run(Command::new("containerd").arg("--version"));
    let (rules, schema) = match version.split(' ').nth(2).map(|version| version.trim_start_matches('v')) {
        Some(version) if version.starts_with("1.6.") => (CollectRules::Containerd16, "3"),
        Some(version) if version.starts_with("2.3.") => (CollectRules::Containerd23, "4"),
        _ => panic!("its rules are not known: {version}"),
    };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut records = Vec::new();
    for (number, world) in samples(world(), 2000).into_iter().enumerate() {
        records.extend(world.into_iter().map(|record| {
            let namespace = format!("{}{number}", record.namespace);
            Record { namespace, ..record }
        }));
    }
    let question = Question { records: Some(&records), times: Vec::new(), durations: Vec::new() };
    std::fs::write(path("question"), serde_json::to_string(&question).unwrap()).unwrap();
    let question = || std::fs::File::open(path("question")).unwrap();
    let (database, socket) = (path("root/io.containerd.metadata.v1.bolt/meta.db"), path("socket"));
    std::fs::create_dir_all(database.parent().unwrap()).unwrap();
    let peer = peer(folder.path());
    run(Command::new(&peer).arg("write").arg(&database).arg(schema).stdin(question()));

    let config = format!(
        "version = 2\nroot = {:?}\nstate = {:?}\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n[grpc]\naddress = {:?}\n\
         [plugins.\"io.containerd.gc.v1.scheduler\"]\nstartup_delay = \"1h\"\n",
        path("root"),
        path("state"),
        socket
    );
    std::fs::write(path("config.toml"), config).unwrap();
    let log = std::fs::File::create(path("log")).unwrap();
    let mut command = Command::new("containerd");
    let daemon = Daemon(command.arg("--config").arg(path("config.toml")).stderr(log).spawn().unwrap());
    let ctr = || {
        let mut command = Command::new("ctr");
        command.arg("--address").arg(&socket).args(["--namespace", "helper"]);
        command
    };
    let is_up = || ctr().arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success();
    let mut tries = 0..100;
    while !is_up() {
        assert!(tries.next().is_some(), "{}", std::fs::read_to_string(path("log")).unwrap());
        crate::host::pause(std::time::Duration::from_millis(100));
    }
    run(ctr().args(["leases", "create", "--id", "helper"]));
    run(ctr().args(["leases", "delete", "--sync", "helper"]));
    drop(daemon);

    let answer: Answer =
        serde_json::from_str(&run(Command::new(&peer).arg("read").arg(&database).stdin(question()))).unwrap();
    let gone = removed(&store(&records).collect(&options(false, rules)).unwrap());
    let kept: BTreeSet<String> = records.iter().map(key_of).filter(|key| !gone.contains(key)).collect();
    let in_containerd = answer.kept.unwrap();
    let difference: Vec<_> = kept.symmetric_difference(&in_containerd).collect();
    assert!(difference.is_empty(), "{difference:?}");
    println!("{}: {} of {} records kept", version.trim(), kept.len(), records.len());
}
