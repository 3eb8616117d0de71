//! The reader against files of real daemons, with what the daemons answered beside them (`tests/metadb`).

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

fn damages(bytes: &[u8]) -> Vec<String> {
    let findings = match check(&bytes) {
        Ok(findings) => findings,
        Err(error) => return vec![error.to_string()],
    };
    let damages = findings.iter().filter(|finding| finding.severity == Severity::Damage);
    damages.map(ToString::to_string).collect()
}

#[test]
fn nothing_is_wrong_with_whole_files() {
    for name in FILES {
        let bytes = file(&format!("{name}.db"));
        assert_eq!(damages(&bytes), [""; 0], "{name}");
        let salvage = salvage(&bytes).unwrap();
        assert_eq!(salvage.findings().count(), 0);
        assert_eq!(salvage.to_json()["namespaces"], dumped(&open(name)), "{name}");
        assert_eq!(salvage.to_json()["fragments"], json!([]));
    }
    let oddities = check(&file("containerd-1.7.27.db")).unwrap();
    assert_eq!(oddities, []);
    // The images of the daemons' databases are invented, so what they refer to is not there.
    let oddities = check(&file("containerd-2.3.4.db")).unwrap();
    assert!(oddities.iter().any(|finding| finding.problem.starts_with("refers to content blob \"sha256:")));
}

/// The page on which the bucket at the end of a path begins.
fn page_of(bytes: &[u8], path: &[&[u8]]) -> u64 {
    View::newest(&bytes).unwrap().bucket(path).unwrap().unwrap().page()
}

fn fill(bytes: &mut [u8], page: u64) {
    bytes[page as usize * 4096..][..4096].fill(0xee);
}

#[test]
fn what_is_behind_a_damaged_page_comes_from_the_older_state() {
    let mut bytes = file("containerd-2.3.4.db");
    let truth = dumped(&open("containerd-2.3.4"));
    // Every commit writes the way down to what it changed anew, so the older state has a page of its own for this.
    let page = page_of(&bytes, &[b"v1"]);
    fill(&mut bytes, page);
    let salvage = salvage(&bytes).unwrap();
    let mut json = salvage.to_json();
    let mut older = 0;
    for namespace in json["namespaces"].as_object_mut().unwrap().values_mut() {
        for list in ["containers", "images", "leases", "sandboxes"] {
            for record in namespace[list].as_array_mut().unwrap() {
                assert_eq!(record.as_object_mut().unwrap().remove("salvaged_from"), Some("older state".into()));
                older += 1;
            }
        }
    }
    // The last commits made leases and sandboxes; the one that is lost made one record.
    assert_eq!(json["namespaces"]["k8s.io"]["containers"], truth["k8s.io"]["containers"]);
    let told = salvage.findings().filter(|finding| finding.problem.starts_with("taken from an older state")).count();
    assert!(told >= older && older > 200, "{told} {older}");
}

#[test]
fn records_of_a_lost_list_are_found_without_their_keys() {
    let mut bytes = file("containerd-2.3.4.db");
    let truth = dumped(&open("containerd-2.3.4"));
    // Both states share this page, which has the ids of the containers and where each lies.
    let page = page_of(&bytes, &[b"v1", b"team-a", b"containers"]);
    fill(&mut bytes, page);
    assert!(damages(&bytes)[0].starts_with(&format!("page {page}: v1/team-a/containers: it says that it is page ")));
    let mut json = salvage(&bytes).unwrap().to_json();
    for (namespace, expected) in truth.as_object().unwrap() {
        let saved = &mut json["namespaces"][namespace];
        if namespace == "team-a" {
            assert_eq!(saved["containers"].take(), json!([]));
            saved["containers"] = expected["containers"].clone();
        }
        assert_eq!(saved, expected);
    }
    let fragments = json["fragments"].as_array().unwrap();
    let mut found = Vec::new();
    for fragment in fragments {
        assert_eq!((&fragment["kind"], &fragment["namespace"]), (&json!("container"), &json!("team-a")));
        assert_eq!(fragment["key"], Value::Null);
        found.push(fragment["record"]["created_at"].to_string());
    }
    let containers = truth["team-a"]["containers"].as_array().unwrap();
    let mut expected: Vec<_> = containers.iter().map(|container| container["created_at"].to_string()).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

#[test]
fn without_meta_pages_the_records_are_found() {
    for (name, page_size) in [("containerd-2.3.4", 4096), ("containerd-1.7.27", 1024)] {
        let mut bytes = file(&format!("{name}.db"));
        bytes[..2 * page_size].fill(0);
        assert!(MetaDb::from_bytes(bytes.clone()).is_err());
        let salvage = salvage(&bytes).unwrap();
        let json = salvage.to_json();
        assert_eq!(json["namespaces"].as_object().unwrap().len(), dumped(&open(name)).as_object().unwrap().len());
        let problem = salvage.findings().find(|finding| finding.problem.contains("was taken for the root"));
        assert!(problem.is_some());
    }
}

#[test]
fn a_damaged_checksum_costs_one_commit_at_most() {
    let mut bytes = file("containerd-2.3.4.db");
    let metas = Metas::read(&bytes);
    let newest = usize::from(metas.slots[1].meta.unwrap().txid > metas.slots[0].meta.unwrap().txid);
    bytes[newest * 4096 + 72] ^= 1;
    let damages = damages(&bytes);
    assert!(damages[0].starts_with(&format!("page {newest}: its checksum is ")), "{damages:?}");
    let metadb = MetaDb::from_bytes(bytes.clone()).unwrap();
    assert_eq!(metadb.info().unwrap().txid + 1, metas.newest().unwrap().txid);
    assert!(metadb.namespace("k8s.io").containers().list(&[""]).unwrap().len() > 20);
    let salvage = salvage(&bytes).unwrap();
    assert!(salvage.findings().any(|finding| finding.problem.ends_with("one behind it may be lost")));
}

/// A small generator of numbers: what fails must fail again.
fn numbers(mut state: u64) -> impl FnMut(usize) -> usize {
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    }
}

/// Everything that can be asked of a file, whatever it is. A file with which nothing is wrong can be dumped, and what can
/// be dumped is also what is salvaged.
fn ask_everything(bytes: &[u8]) {
    let damages = damages(bytes);
    let salvage = salvage(&bytes).unwrap();
    let json = salvage.to_json();
    let Ok(metadb) = MetaDb::from_bytes(bytes) else {
        assert!(!damages.is_empty());
        return;
    };
    let mut text = String::new();
    match metadb.dump(add_to(&mut text)) {
        Ok(()) => assert_eq!(json["namespaces"], serde_json::from_str::<Value>(&text).unwrap()),
        Err(error) => assert!(!damages.is_empty(), "{error}"),
    }
    let _ = metadb.namespaces().list();
    let _ = metadb.namespace("demo").containers().list(&["labels.role==demo"]);
    let _ = metadb.namespace("demo").containers().get("c1");
    let _ = metadb.snapshots(&Context::in_namespace("demo"), "native", &[]);
}

#[test]
fn a_file_cut_at_any_length_is_answered() {
    let whole = file("containerd-1.7.27.db");
    for length in (0..whole.len()).step_by(97) {
        ask_everything(&whole[..length]);
    }
}

#[test]
fn every_cut_at_a_page_and_within_is_answered() {
    let mut cuts = 0;
    for (name, page_size, step) in [
        ("containerd-1.7.27.db", 1024, 1),
        ("handmade.db", 4096, 1),
        ("containerd-1.1.8.db", 4096, 1),
        ("containerd-2.3.4.db", 4096, 24),
    ] {
        let whole = file(name);
        for page in (0..whole.len() / page_size).step_by(step) {
            let start = page * page_size;
            for length in
                [start, start + 1, start + 15, start + 16, start + 100, start + page_size / 2, start + page_size - 1]
            {
                ask_everything(&whole[..length]);
                cuts += 1;
            }
        }
    }
    println!("{cuts} cuts");
    assert!(cuts > 400, "{cuts}");
}

/// Every eighth byte, each by another bit; with `STOWBOOK_DAMAGE_ALL` every byte, which takes a minute or two.
#[test]
#[allow(clippy::disallowed_methods, reason = "a test may ask how thorough it is to be")]
fn a_file_with_any_one_byte_changed_is_answered() {
    let step = if std::env::var_os("STOWBOOK_DAMAGE_ALL").is_some() { 1 } else { 8 };
    let whole = file("containerd-1.7.27.db");
    let changed = std::sync::atomic::AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (whole, changed) = (&whole, &changed);
            scope.spawn(move || {
                let mut bytes = whole.clone();
                for at in (thread * step..whole.len()).step_by(threads * step) {
                    bytes[at] ^= 1 << (at / step % 8);
                    ask_everything(&bytes);
                    bytes[at] = whole[at];
                    changed.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                }
            });
        }
    });
    let changed = changed.into_inner();
    println!("{changed} changed bytes");
    assert_eq!(changed, whole.len().div_ceil(step));
}

/// Bytes that count how many of them are read.
struct Counting(Vec<u8>, std::sync::atomic::AtomicUsize);

impl ReadAt for Counting {
    fn size(&self) -> Result<u64> {
        self.0.size()
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        self.1.fetch_add(out.len(), std::sync::atomic::Ordering::Relaxed);
        self.0.read_at(offset, out)
    }
}

/// A file of 4 MiB whose pages all look alike, and lead to one another: no reading of it takes more than some times its length,
/// in bytes read or made.
#[test]
fn a_hostile_file_of_four_megabytes_costs_little() {
    const PAGE: usize = 4096;
    const PAGES: u64 = 1024;
    // What an element of page `page` leads to.
    type Lead = fn(u64, u64) -> u64;
    let leads: [(&str, Lead); 4] = [
        ("to the page itself", |page, _| page),
        ("to the next page", |page, _| (page + 1 - 2) % (PAGES - 2) + 2),
        ("to all pages", |page, element| (page + element * 7) % (PAGES - 2) + 2),
        ("to the root", |_, _| 2),
    ];
    // The keys of the buckets: of the schema, of records, of nothing.
    let keys: [&[u8]; 4] = [b"v1", b"containers", b"createdat", b"k"];
    for (flags, overflow) in [(1_u16, 0_u32), (2, 0), (2, 1), (2, PAGES as u32 - 3)] {
        for (name, lead) in leads {
            let mut bytes = file("containerd-2.3.4.db")[..2 * PAGE].to_vec();
            for meta in 0..2 {
                let at = meta * PAGE + 16;
                bytes[at + 16..at + 24].copy_from_slice(&2_u64.to_le_bytes());
                bytes[at + 40..at + 48].copy_from_slice(&PAGES.to_le_bytes());
                let hash = bytes[at..at + 56].iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                    (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
                });
                bytes[at + 56..at + 64].copy_from_slice(&hash.to_le_bytes());
            }
            for page in 2..PAGES {
                let mut content = page.to_le_bytes().to_vec();
                content.extend(flags.to_le_bytes());
                let elements = 16_u16;
                content.extend(elements.to_le_bytes());
                content.extend(overflow.min((PAGES - 1 - page) as u32).to_le_bytes());
                let mut data = Vec::new();
                for element in 0..u64::from(elements) {
                    // In order, and four of them with names of containerd's.
                    let key = match keys.get(element as usize / 4).filter(|_| element % 4 == 0) {
                        Some(key) => key.to_vec(),
                        None => format!("zz{element:04}").into_bytes(),
                    };
                    let position = (16 * (u64::from(elements) - element)) as u32 + data.len() as u32;
                    let child = lead(page, element);
                    if flags == 1 {
                        content.extend(position.to_le_bytes());
                        content.extend((key.len() as u32).to_le_bytes());
                        content.extend(child.to_le_bytes());
                        data.extend(key);
                    } else {
                        content.extend(1_u32.to_le_bytes());
                        content.extend(position.to_le_bytes());
                        content.extend((key.len() as u32).to_le_bytes());
                        content.extend(16_u32.to_le_bytes());
                        data.extend(key);
                        data.extend(child.to_le_bytes());
                        data.extend(0_u64.to_le_bytes());
                    }
                }
                content.extend(data);
                content.resize(PAGE, 0);
                bytes.extend(content);
            }
            let length = bytes.len();
            let source = Counting(bytes, std::sync::atomic::AtomicUsize::new(0));
            let told = check(&source).unwrap();
            let checked = source.1.swap(0, std::sync::atomic::Ordering::Relaxed);
            let salvaged = salvage(&source).unwrap().to_json().to_string().len();
            let read = source.1.load(std::sync::atomic::Ordering::Relaxed);
            let told: usize = told.iter().map(|finding| finding.to_string().len()).sum();
            let shown = [checked, read, told, salvaged].map(|bytes| bytes / length);
            println!("flags {flags}, overflow {overflow}, {name}: times the file read {shown:?}");
            assert!(checked <= 16 * length && told <= 4 * length, "{name} {shown:?}");
            // Each search for lost records has a budget of 16 files; there are four, and some looks at single pages.
            assert!(read <= 100 * length && salvaged <= 16 * length, "{name} {shown:?}");
        }
    }
}

#[test]
fn a_file_with_any_bytes_changed_is_answered() {
    let mut next = numbers(11);
    for name in ["containerd-1.7.27.db", "containerd-1.1.8.db"] {
        let whole = file(name);
        for _ in 0..400 {
            let mut bytes = whole.clone();
            for _ in 0..=next(6) {
                let at = next(bytes.len());
                bytes[at] = next(256) as u8;
            }
            ask_everything(&bytes);
        }
    }
}

/// Everything about containers and namespaces of a place.
fn contents<S: crate::ContainerStore + crate::NamespaceStore>(place: &S) -> Vec<(Namespace, Vec<Arc<Container>>)> {
    let namespaces = Namespaces::new(place).list().unwrap().into_iter();
    let contents = namespaces.map(|namespace| {
        let inside = InNamespace::new(place, Context::in_namespace(&namespace.name));
        let containers = inside.containers().list(&[""]).unwrap();
        (namespace, containers)
    });
    contents.collect()
}

/// All records of all other kinds, as text. Of snapshots what a database knows.
fn others<S>(place: &S) -> Vec<String>
where
    S: crate::ImageStore
        + crate::LeaseStore
        + crate::SandboxStore
        + crate::ContentStore
        + crate::SnapshotStore
        + crate::NamespaceStore,
{
    let mut out = Vec::new();
    for Namespace { name, .. } in Namespaces::new(place).list().unwrap() {
        let inside = InNamespace::new(place, Context::in_namespace(&name));
        let mut add = |kind: &str, record: &dyn std::fmt::Debug| out.push(format!("{name} {kind} {record:?}"));
        inside.images().list(&[""]).unwrap().iter().for_each(|image| add("image", image));
        inside.sandboxes().list(&[""]).unwrap().iter().for_each(|sandbox| add("sandbox", sandbox));
        for lease in inside.leases().list(&[""]).unwrap() {
            let mut resources = inside.leases().resources(&lease.id).unwrap();
            resources.sort();
            add("lease", &(lease, resources));
        }
        inside.content().list(&[""]).unwrap().iter().for_each(|blob| add("blob", blob));
        for snapshotter in ["native", "overlayfs"] {
            for mut snapshot in inside.snapshots(snapshotter).list(&[""]).unwrap() {
                assert_eq!(inside.snapshots(snapshotter).get(&snapshot.name).unwrap(), snapshot);
                snapshot.kind = crate::model::SnapshotKind::Unknown;
                add(snapshotter, &snapshot);
            }
        }
    }
    out
}

/// How many records of the kinds that `others` shows a place has, and of containers.
fn total(report: &crate::metadb::ImportReport) -> u64 {
    let counts = [report.containers, report.images, report.leases, report.sandboxes, report.blobs, report.snapshots];
    counts.iter().sum()
}

const FILES: [&str; 5] =
    ["containerd-1.1.8", "containerd-1.4.13", "containerd-1.6.20", "containerd-1.7.27", "containerd-2.3.4"];

#[test]
fn an_import_is_exact_and_whole_or_nothing() {
    use crate::Store;
    use crate::metadb::ImportOptions;
    for name in FILES {
        let metadb = open(name);
        let book = Store::in_memory();
        let mut options = ImportOptions { dry_run: true, ..ImportOptions::default() };
        let planned = book.import_metadb(&metadb, &options).unwrap();
        assert!(book.namespaces().list().unwrap().is_empty(), "a dry run changes nothing");
        options.dry_run = false;
        assert_eq!(book.import_metadb(&metadb, &options).unwrap(), planned);
        assert_eq!(contents(&book), contents(&metadb), "{name}");
        assert_eq!(others(&book), others(&metadb), "{name}");
        assert_eq!(book.check().unwrap(), []);
        assert_eq!((planned.conflicts.len(), planned.unchanged), (0, 0));
        let containers: usize = contents(&book).iter().map(|(_, list)| list.len()).sum();
        assert_eq!(planned.containers as usize, containers);
        assert_eq!(total(&planned) as usize, containers + others(&book).len());

        // What is there already, as it is, is no conflict, and nothing is written for it.
        let events = book.events().bounds().unwrap();
        let again = book.import_metadb(&metadb, &options).unwrap();
        assert_eq!((total(&again), again.namespaces, again.unchanged), (0, 0, total(&planned) + planned.ingests));
        assert_eq!(book.events().bounds().unwrap(), events);
    }
}

#[test]
fn imported_snapshots_can_be_worked_with() {
    use crate::model::SnapshotKind;
    use crate::{CreateSnapshot, Store};
    let book = Store::in_memory();
    book.import_metadb(&open("containerd-1.7.27"), &crate::metadb::ImportOptions::default()).unwrap();
    let demo = book.namespace("demo");
    let snapshots = demo.snapshots("native");
    let kinds: Vec<_> = snapshots.list(&[""]).unwrap().into_iter().map(|one| (one.name, one.kind)).collect();
    assert_eq!(kinds, [("base".to_owned(), SnapshotKind::Committed), ("rw".to_owned(), SnapshotKind::Active)]);
    assert_eq!(snapshots.list(&["kind==active,parent==base"]).unwrap().len(), 1);
    assert_eq!(snapshots.mounts("rw").unwrap().len(), 1);
    let error = snapshots.remove("base").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FailedPrecondition, "{error}");
    // The counter goes on, and the new one stands on an imported one.
    let on_base = CreateSnapshot { parent: "base".to_owned(), ..CreateSnapshot::default() };
    snapshots.prepare("new", &on_base).unwrap();
    assert_eq!(snapshots.get("new").unwrap().backend_name, "demo/4/new");
    snapshots.commit("done", "rw", &CreateSnapshot::default()).unwrap();
    assert_eq!(snapshots.get("done").unwrap().parent, "base");
    snapshots.remove("done").unwrap();
    snapshots.remove("new").unwrap();
    snapshots.remove("base").unwrap();
    assert_eq!(book.check().unwrap(), []);
    // The bytes of content are not in a database.
    let blob = &demo.content().list(&[""]).unwrap()[0];
    let error = demo.content().read_at(&blob.digest, 0, &mut [0; 5]).unwrap_err();
    assert_eq!(error.to_string(), format!("content {}: not found", blob.digest));
    demo.content().delete(&blob.digest).unwrap();
}

#[test]
fn owners_are_those_of_an_import() {
    for name in FILES {
        let metadb = open(name);
        let book = crate::Store::in_memory();
        book.import_metadb(&metadb, &crate::metadb::ImportOptions::default()).unwrap();
        let rules = crate::gc::CollectRules::Containerd23;
        let now = crate::model::Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
        let collected = metadb.collectable(rules, now).unwrap();
        let mut owners = 0;
        for reached in collected.namespaces.iter().flat_map(|namespace| &namespace.kept) {
            let found = metadb.owners(&reached.resource.id).unwrap();
            assert_eq!(found, book.owners(&reached.resource.id).unwrap(), "{name} {}", reached.resource);
            owners += found.iter().map(|owned| owned.owners.len()).sum::<usize>();
        }
        assert!(owners > 0, "{name}");
    }
}

#[test]
fn what_was_salvaged_can_be_imported() {
    use crate::Store;
    use crate::metadb::ImportOptions;
    let options = ImportOptions::default();
    // Of a file that is whole, it is the same import.
    for name in FILES {
        let (one, other) = (Store::in_memory(), Store::in_memory());
        let report = one.import_metadb(&open(name), &options).unwrap();
        let salvage = salvage(&file(&format!("{name}.db"))).unwrap();
        let salvaged = other.import_salvage(&salvage, &options).unwrap();
        assert_eq!(salvaged, report, "{name}");
        assert_eq!((contents(&one), others(&one)), (contents(&other), others(&other)), "{name}");
    }
    // Behind a damaged page the records come from the older state; what cannot be taken is told.
    let mut bytes = file("containerd-2.3.4.db");
    let page = page_of(&bytes, &[b"v1", b"team-a", b"containers"]);
    fill(&mut bytes, page);
    let book = Store::in_memory();
    let report = book.import_salvage(&salvage(&bytes).unwrap(), &options).unwrap();
    let whole = open("containerd-2.3.4");
    assert!(book.namespace("team-a").containers().list(&[""]).unwrap().is_empty());
    let lost = whole.namespace("team-a").containers().list(&[""]).unwrap().len();
    let told = |text: &&String| text.ends_with("container without its key: nothing leads to it");
    assert_eq!(report.left_out.iter().filter(told).count(), lost);
    assert_eq!(report.left_out.len(), lost);
    assert!(!report.doubtful.is_empty());
    assert_eq!(
        book.namespace("k8s.io").containers().list(&[""]).unwrap(),
        whole.namespace("k8s.io").containers().list(&[""]).unwrap()
    );
    assert_eq!(others(&book), others(&whole));
    assert_eq!(book.check().unwrap(), []);
    // What is odd about single records costs these only.
    let report = Store::in_memory().import_salvage(&salvage(&file("handmade.db")).unwrap(), &options).unwrap();
    assert_eq!(
        report.left_out,
        [
            "v1/odd/containers/full: has members that containerd 2.3 does not know",
            "v1/odd/images/no-target: unable to read target bucket",
        ]
    );
    assert_eq!((report.containers, report.snapshots, report.ingests), (1, 3, 1));
}

#[test]
fn an_import_tells_of_conflicts_before_it_writes() {
    use crate::Store;
    use crate::metadb::ImportOptions;
    let metadb = open("containerd-2.3.4");
    let book = Store::in_memory();
    let taken = metadb.namespace("moby").containers().list(&[""]).unwrap()[3].id.clone();
    book.namespace("moby").containers().create(&Container::new(&taken, "mine")).unwrap();
    let mut labelled = metadb.namespaces().get("k8s.io").unwrap();
    let (key, value) = labelled.labels.pop_first().unwrap();
    labelled.labels = [(key.clone(), format!("not {value}")), ("mine".to_owned(), "x".to_owned())].into();
    book.namespaces().create(&labelled).unwrap();
    let before = contents(&book);

    let mut options = ImportOptions::default();
    let error = book.import_metadb(&metadb, &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    let expected =
        [format!("label {key:?} of namespace \"k8s.io\""), format!("container {taken:?} in namespace \"moby\"")];
    assert_eq!(error.details()[0].value, expected.join("; "));
    assert_eq!(contents(&book), before);

    options.namespaces = vec!["none".to_owned()];
    assert_eq!(book.import_metadb(&metadb, &options).unwrap_err().kind(), ErrorKind::NotFound);
    options.namespaces = vec!["team-a".to_owned()];
    assert_eq!(book.import_metadb(&metadb, &options).unwrap().namespaces, 1);
    let team_a = metadb.namespace("team-a").containers().list(&[""]).unwrap();
    assert_eq!(book.namespace("team-a").containers().list(&[""]).unwrap(), team_a);

    options = ImportOptions { keep_existing: true, ..ImportOptions::default() };
    let report = book.import_metadb(&metadb, &options).unwrap();
    assert_eq!((report.namespaces, report.conflicts.len()), (2, 2));
    assert!(report.unchanged as usize > team_a.len());
    assert_eq!(book.namespace("moby").containers().get(&taken).unwrap().runtime.name, "mine");
    let labels = book.namespaces().get("k8s.io").unwrap().labels;
    assert_eq!((labels[&key].as_str(), labels["mine"].as_str()), (&*format!("not {value}"), "x"));
    assert_eq!(labels.len(), metadb.namespaces().get("k8s.io").unwrap().labels.len() + 1);
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
