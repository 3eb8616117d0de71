//! The reader against files of real daemons, with what the daemons answered beside them (`tests/metadb`).

mod damage;
mod import;

use super::*;
use crate::model::{Container, Image, Lease, LeaseResource, Namespace, Sandbox};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../tests/metadb/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

const DAEMONS: [&str; 2] = ["containerd-1.6.20", "containerd-2.3.4"];
const FILES: [&str; 5] =
    ["containerd-1.1.8", "containerd-1.4.13", "containerd-1.6.20", "containerd-1.7.27", "containerd-2.3.4"];

fn open(name: &str) -> MetaDb {
    MetaDb::from_bytes(file(&format!("{name}.db"))).unwrap()
}

fn truth(name: &str) -> Value {
    let mut truth: Value = serde_json::from_slice(&file(&format!("{name}.json"))).unwrap();
    // The client that wrote the dump shows runtime options that are not there as empty ones.
    for container in truth
        .as_object_mut()
        .unwrap()
        .values_mut()
        .flat_map(|namespace| namespace.get_mut("containers").and_then(Value::as_array_mut).into_iter().flatten())
    {
        let options = &mut container["runtime"]["options"];
        if *options == json!({"type_url": "", "value_base64": ""}) {
            *options = Value::Null;
        }
    }
    truth
}

fn add_to(text: &mut String) -> impl FnMut(&str) -> Result<()> {
    |part| {
        text.push_str(part);
        Ok(())
    }
}

fn dumped(metadb: &MetaDb) -> Value {
    let mut text = String::new();
    metadb.dump(add_to(&mut text)).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_dump_says_what_the_daemon_said() {
    for name in DAEMONS {
        let (truth, dump) = (truth(name), dumped(&open(name)));
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&truth), names(&dump));
        for (namespace, expected) in truth.as_object().unwrap() {
            for (member, expected) in expected.as_object().unwrap() {
                assert_eq!(&dump[namespace][member], expected, "{name} {namespace} {member}");
            }
        }
        // An image was unpacked there, of which the daemon was not asked.
        let default = &dump["default"];
        assert!(default["content"]["blobs"].as_array().unwrap().len() >= 4, "{}", default["content"]);
        assert!(!default["snapshots"].as_object().unwrap().is_empty());
    }
}

#[derive(Deserialize)]
struct Expected {
    labels: Option<BTreeMap<String, String>>,
    containers: Vec<Container>,
    images: Vec<Value>,
    leases: Vec<Value>,
    #[serde(default)]
    sandboxes: Vec<Value>,
}

/// A record as the models read it from JSON: null is what is not there.
fn record<T: serde::de::DeserializeOwned>(mut value: Value) -> T {
    fn strip(value: &mut Value) {
        if let Value::Object(members) = value {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(strip);
        }
    }
    strip(&mut value);
    serde_json::from_value(value).unwrap()
}

#[test]
fn records_are_those_that_the_daemon_told_of() {
    for name in DAEMONS {
        let metadb = open(name);
        let truth = truth(name);
        let mut namespaces = Vec::new();
        for (name, mut expected) in truth.as_object().unwrap().clone() {
            for container in expected["containers"].as_array_mut().unwrap() {
                *container = serde_json::to_value(record::<Container>(container.clone())).unwrap();
            }
            let expected: Expected = serde_json::from_value(expected).unwrap();
            let context = Context::in_namespace(&name);
            let all: [&[u8]; 0] = [];
            let containers = metadb.namespace(&name).containers();
            let expected_containers: Vec<_> = expected.containers.into_iter().map(Arc::new).collect();
            assert_eq!(containers.list(&all).unwrap(), expected_containers);
            for container in &expected_containers {
                assert_eq!(&containers.get(&container.id).unwrap(), container);
            }
            let images: Vec<Image> = expected.images.into_iter().map(record).collect();
            assert_eq!(metadb.images(&context, &all).unwrap(), images);
            let sandboxes: Vec<Sandbox> = expected.sandboxes.into_iter().map(record).collect();
            assert_eq!(metadb.sandboxes(&context, &all).unwrap(), sandboxes);
            let leases: Vec<(Lease, Vec<LeaseResource>)> = expected
                .leases
                .into_iter()
                .map(|mut lease| {
                    let resources = serde_json::from_value(lease["resources"].take()).unwrap();
                    lease.as_object_mut().unwrap().remove("resources");
                    (record(lease), resources)
                })
                .collect();
            assert_eq!(metadb.leases(&context, &all).unwrap(), leases);
            let labels = expected.labels.unwrap_or_default();
            namespaces.push(Namespace { name, labels, ..Namespace::default() });
        }
        assert_eq!(metadb.namespaces().list().unwrap(), namespaces);
        for namespace in &namespaces {
            assert_eq!(&metadb.namespaces().get(&namespace.name).unwrap(), namespace);
        }
        assert_eq!(metadb.namespaces().get("none").unwrap(), Namespace::new("none"));
        assert!(metadb.namespace("none").containers().list(&[""]).unwrap().is_empty());
    }
}

#[test]
fn filters_select_what_they_select_in_a_book() {
    let metadb = open("containerd-2.3.4");
    let book = crate::Store::in_memory();
    let all = metadb.namespace("default").containers().list(&[""]).unwrap();
    for container in &all {
        book.namespace("default").containers().create(container).unwrap();
    }
    let mut selected = 0;
    for filter in [
        "image",
        "image~=app2",
        "runtime.name==io.containerd.kata.v2",
        "labels.updated",
        "labels.\"k0.example.com/role\"!=web",
        "id~=^A,labels.updated==web",
        "snapshotter==overlayfs",
    ] {
        let ids = |list: Vec<Arc<Container>>| list.iter().map(|container| container.id.clone()).collect::<Vec<_>>();
        let expected = ids(book.namespace("default").containers().list(&[filter]).unwrap());
        assert_eq!(ids(metadb.namespace("default").containers().list(&[filter]).unwrap()), expected, "{filter}");
        selected += expected.len();
    }
    assert!(selected > 20, "{selected}");
    let wrong = |result: Result<Vec<Arc<Container>>>| result.unwrap_err().to_string();
    assert_eq!(
        wrong(metadb.namespace("default").containers().list(&["id=x"])),
        wrong(book.namespace("default").containers().list(&["id=x"])),
    );
    assert_eq!(
        wrong(metadb.namespace("a..b").containers().list(&[""])),
        wrong(book.namespace("a..b").containers().list(&[""])),
    );
    let missing = |result: Result<Arc<Container>>| result.unwrap_err().to_string();
    assert_eq!(
        missing(metadb.namespace("default").containers().get("none")),
        missing(book.namespace("default").containers().get("none")),
    );
}

#[test]
fn layouts_of_other_releases_are_read() {
    for (name, version) in [("containerd-1.1.8", 2), ("containerd-1.7.27", 3), ("containerd-2.3.4", 4)] {
        assert_eq!(open(name).info().unwrap().version, Some(version), "{name}");
    }
    for (name, version) in [("containerd-1.1.8", 2), ("containerd-1.4.13", 3), ("containerd-1.7.27", 3)] {
        let metadb = open(name);
        let context = Context::in_namespace("demo");
        let all: [&[u8]; 0] = [];
        let c1 = metadb.namespace("demo").containers().get("c1").unwrap();
        assert_eq!((c1.image.as_str(), c1.snapshot_key.as_str()), ("example.test/hello:1", "rw"));
        assert_eq!(c1.extensions["ext"].value, b"v");
        assert_eq!(metadb.images(&context, &["target.mediatype==text/plain".as_bytes()]).unwrap()[0].target.size, 5);
        assert_eq!(metadb.blobs(&context, &all).unwrap()[0].size, 5);
        let ingests = metadb.ingests(&context, &all).unwrap();
        assert_eq!(ingests[0].reference, "open-ref");
        assert_eq!(ingests[0].backend_reference, "demo/1/open-ref");
        let snapshots = metadb.snapshots(&context, "native", &all).unwrap();
        let names: Vec<_> = snapshots.iter().map(|snapshot| (&*snapshot.backend_name, &*snapshot.parent)).collect();
        assert_eq!(names, [("demo/2/base", ""), ("demo/3/rw", "base")]);
        assert_eq!(metadb.snapshots(&context, "native", &["parent==base".as_bytes()]).unwrap().len(), 1);
        assert_eq!(metadb.snapshotters(&context).unwrap(), [("native".to_owned(), 3)]);
        let (lease, resources) = &metadb.leases(&context, &all).unwrap()[0];
        assert_eq!(lease.labels["keep"], "yes");
        let kinds: Vec<_> = resources.iter().map(|resource| &*resource.kind).collect();
        let expected: &[&str] =
            if version == 2 { &["content", "snapshots/native"] } else { &["content", "ingests", "snapshots/native"] };
        assert_eq!(kinds, expected, "{name}");
        let dump = dumped(&metadb);
        assert_eq!(dump["demo"]["snapshots"]["native"]["snapshots"][0]["children"], json!(["rw"]));
    }
    // 1.7 keeps sandboxes outside of the schema's bucket.
    let metadb = open("containerd-1.7.27");
    let sandbox = &metadb.sandboxes(&Context::in_namespace("demo"), &["labels.a==b".as_bytes()]).unwrap()[0];
    assert_eq!((sandbox.id.as_str(), sandbox.runtime.name.as_str()), ("sb1", "r"));
    assert_eq!(metadb.namespace("demo").sandboxes().get("sb1").unwrap(), *sandbox);
    assert_eq!(dumped(&metadb)["demo"]["sandboxes"][0]["id"], "sb1");
}

#[test]
fn nothing_can_be_changed() {
    let metadb = open("containerd-2.3.4");
    let containers = metadb.namespace("default").containers();
    let container = Container::new("new", "runc");
    let namespaces = metadb.namespaces();
    for error in [
        containers.create(&container).map(drop).unwrap_err(),
        containers.update(&container, &[]).map(drop).unwrap_err(),
        containers.delete("web").unwrap_err(),
        namespaces.create(&Namespace::new("new")).map(drop).unwrap_err(),
        namespaces.update(&Namespace::new("default"), &[]).unwrap_err(),
        namespaces.delete("default").unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::FailedPrecondition);
        assert_eq!(error.to_string(), "containerd's database is open for reading only: failed precondition");
    }
}

/// Bytes that change while they are read: after some reads, the newer state takes the place of the older.
struct Live {
    states: [Vec<u8>; 2],
    reads: std::sync::atomic::AtomicUsize,
    change_after: usize,
}

impl ReadAt for Live {
    fn size(&self) -> Result<u64> {
        self.states[1].size()
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        let reads = self.reads.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let newer = usize::from(reads >= self.change_after);
        self.states[newer].read_at(offset, out)
    }
}

#[test]
fn a_file_that_changes_is_read_again() {
    let newer = file("containerd-2.3.4.db");
    let expected = MetaDb::from_bytes(newer.clone()).unwrap().namespace("k8s.io").containers().list(&[""]).unwrap();
    // The older state has other meta pages, and its pages are written over already.
    let mut older = newer.clone();
    let newest = usize::from(Metas::read(&newer).slots[0].meta.unwrap().txid % 2 == 1) * 4096;
    older[newest + 16..newest + 80].fill(0);
    older[2 * 4096..].fill(0xff);
    for change_after in 0..6 {
        let live = Live { states: [older.clone(), newer.clone()], reads: 0.into(), change_after };
        let metadb = MetaDb::new(Box::new(live)).unwrap();
        assert_eq!(metadb.namespace("k8s.io").containers().list(&[""]).unwrap(), expected, "{change_after}");
    }
    // A list that was shown in part cannot be read again.
    let mut shown = 0;
    for change_after in (6..600).step_by(11) {
        let live = Live { states: [newer.clone(), older.clone()], reads: 0.into(), change_after };
        let metadb = MetaDb::new(Box::new(live)).unwrap();
        match metadb.namespace("k8s.io").containers().list(&[""]) {
            Ok(containers) => {
                assert_eq!(containers, expected);
                shown += 1;
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::DataLoss),
        }
    }
    assert!((1..54).contains(&shown), "{shown}");
}

#[test]
fn texts_that_are_not_utf8_stay_what_they_are() {
    // A label's value in an inline bucket: one byte of it is changed into one that begins no letter.
    let mut bytes = file("containerd-1.7.27.db");
    let places: Vec<usize> = (0..bytes.len() - 8).filter(|at| &bytes[*at..*at + 8] == b"roledemo").collect();
    for place in places {
        bytes[place + 5] = 0xff;
    }
    let metadb = MetaDb::from_bytes(bytes.clone()).unwrap();
    let containers = metadb.namespace("demo").containers();
    assert_eq!(containers.get("c1").unwrap().labels["role"], "d\u{fffd}mo");
    // The filter's text is bytes too.
    assert_eq!(containers.list(&[&b"labels.role==\"d\\xffmo\""[..]]).unwrap().len(), 1);
    let c1 = &dumped(&metadb)["demo"]["containers"][0];
    assert_eq!(
        (&c1["labels"], &c1["labels_base64"]),
        (&Value::Null, &json!([{"key": "cm9sZQ==", "value": "ZP9tbw=="}]))
    );
    let findings = check(&bytes).unwrap();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].severity, Severity::Oddity);
    assert_eq!(findings[0].path, "v1/demo/containers/c1");
    let error = crate::Store::in_memory().import_metadb(&metadb, &crate::metadb::ImportOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FailedPrecondition);
    assert_eq!(error.details()[0].value, r#"v1/demo/containers/c1: labels "role" is not UTF-8: "d\xffmo""#);
}

#[test]
fn what_misses_reads_as_empty_and_what_is_too_much_is_kept_apart() {
    let metadb = open("handmade");
    assert_eq!(metadb.info().unwrap().version, None);
    let names: Vec<_> = metadb.namespaces().list().unwrap().into_iter().map(|namespace| namespace.name).collect();
    assert_eq!(names, ["a//b", "odd", "old"]);
    let all: [&[u8]; 0] = [];
    let old = Context::in_namespace("old");
    let ingests = metadb.ingests(&old, &all).unwrap();
    assert_eq!((&*ingests[0].reference, &*ingests[0].backend_reference), ("ref1", "old/7/ref1"));
    assert_eq!(metadb.snapshots(&old, "overlayfs", &all).unwrap().len(), 3);

    let containers = metadb.namespace("odd").containers().list(&all).unwrap();
    let bare = Container { id: "bare".to_owned(), ..Container::default() };
    let full = Container { id: "full".to_owned(), image: "img".to_owned(), ..Container::default() };
    assert_eq!(containers, [bare, full].map(Arc::new));
    assert_eq!(metadb.namespace("odd").containers().get("stray").unwrap_err().kind(), ErrorKind::NotFound);
    // containerd fails the list too, in these words.
    let error = metadb.images(&Context::in_namespace("odd"), &all).unwrap_err();
    assert_eq!(error.to_string(), "image \"no-target\" in namespace \"odd\": unable to read target bucket: data loss");

    let findings: Vec<_> = check(&file("handmade.db")).unwrap();
    let told: Vec<_> = findings.iter().map(|finding| (finding.severity, &*finding.path, &*finding.problem)).collect();
    assert_eq!(
        told,
        [
            (Severity::Damage, "v1/odd/images/no-target", "unable to read target bucket"),
            (Severity::Oddity, "v1/odd/containers/full", "refers to image \"img\", which is not there"),
            (
                Severity::Oddity,
                "v1/old/snapshots/overlayfs/orphan",
                "refers to snapshot \"gone\" of \"overlayfs\", which is not there"
            ),
        ]
    );
    let json = salvage(&file("handmade.db")).unwrap().to_json();
    let full = &json["namespaces"]["odd"]["containers"][1];
    assert_eq!(full["unknown"], json!([{"name": "zz-new", "value_base64": "AAE="}, {"bucket": "newer"}]));
    let book = crate::Store::in_memory();
    let mut options = crate::metadb::ImportOptions::default();
    let error = book.import_metadb(&metadb, &options).unwrap_err();
    assert_eq!(error.to_string(), "image \"no-target\" in namespace \"odd\": unable to read target bucket: data loss");
    options.namespaces = vec!["old".to_owned()];
    let report = book.import_metadb(&metadb, &options).unwrap();
    assert_eq!((report.namespaces, report.ingests, report.snapshots), (1, 1, 3));
    // Its parent is not there, and 1.0 noted no children.
    let findings: Vec<_> = book.check().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(
        findings,
        [r#"snapshot "orphan" in namespace "old" of snapshotter "overlayfs": its parent does not exist"#]
    );
}

#[test]
fn what_a_database_does_not_know_is_told() {
    let metadb = open("containerd-1.7.27");
    let demo = metadb.namespace("demo");
    let blob = demo.content().list(&["digest~=^sha256:2cf2"]).unwrap().remove(0);
    assert_eq!(demo.content().get(&blob.digest).unwrap(), blob);
    let error = demo.content().read_at(&blob.digest, 0, &mut [0; 5]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FailedPrecondition);
    let expected = format!("content {}: containerd's database has its record, not its bytes", blob.digest);
    assert_eq!(error.to_string(), format!("{expected}: failed precondition"));
    assert_eq!(demo.content().status("open-ref").unwrap().reference, "open-ref");
    assert_eq!(demo.content().status("none").unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(demo.content().get("sha256:none").unwrap_err().kind(), ErrorKind::InvalidArgument);

    let snapshots = demo.snapshots("native");
    assert_eq!(snapshots.list(&["parent==base"]).unwrap(), [snapshots.get("rw").unwrap()]);
    assert_eq!(snapshots.get("none").unwrap_err().to_string(), "snapshot none does not exist: not found");
    assert_eq!(demo.snapshots("zfs").list(&[""]).unwrap(), []);
    assert_eq!(demo.snapshots("").list(&[""]).unwrap_err().kind(), ErrorKind::InvalidArgument);
    assert_eq!(snapshots.list(&["name=x"]).unwrap_err().kind(), ErrorKind::Unknown);
    let error = snapshots.mounts("rw").unwrap_err();
    assert!(error.to_string().starts_with("containerd's database does not know the mounts of snapshot rw"));
    assert_eq!(error.details()[1].value, "demo/3/rw");
    assert_eq!(snapshots.usage("rw").unwrap_err().kind(), ErrorKind::FailedPrecondition);
    assert_eq!(metadb.namespace("demo").sandboxes().get("sb1").unwrap().id, "sb1");
}

#[test]
fn snapshots_of_a_snapshotter_that_is_not_known_can_be_read() {
    // The snapshotter's name, in all pages that have it, becomes one of the same length.
    let mut bytes = file("containerd-1.7.27.db");
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(6).position(|window| window == b"native") {
        at += found;
        bytes[at..at + 6].copy_from_slice(b"remote");
    }
    let book = crate::Store::in_memory();
    let options = crate::metadb::ImportOptions::default();
    let list = |book: &crate::Store| book.namespace("demo").snapshots("remote").list(&[""]);
    assert_eq!(list(&book).unwrap_err().to_string(), "snapshotter not loaded: remote: invalid argument");
    book.import_metadb(&MetaDb::from_bytes(bytes).unwrap(), &options).unwrap();
    let names: Vec<_> = list(&book).unwrap().into_iter().map(|snapshot| snapshot.name).collect();
    assert_eq!(names, ["base", "rw"]);
    // What a collection leaves without a record goes there too.
    let demo = book.namespace("demo");
    demo.containers().delete("c1").unwrap();
    for lease in demo.leases().list(&[""]).unwrap() {
        demo.leases().delete(&lease.id).unwrap();
    }
    let collected = book.collect(&crate::gc::CollectOptions::default()).unwrap();
    assert!(collected.namespaces[0].removed.iter().any(|resource| resource.id == "remote/rw"));
    assert!(list(&book).unwrap().is_empty());
    assert_eq!(book.clean_up().unwrap().snapshots, []);
}
