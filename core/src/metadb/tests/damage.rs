//! Files that are damaged: what is found wrong with them, and what is read of them all the same.

use super::*;
use crate::bolt::tests::numbers;

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
pub(super) fn page_of(bytes: &[u8], path: &[&[u8]]) -> u64 {
    View::newest(&bytes).unwrap().bucket(path).unwrap().unwrap().page()
}

pub(super) fn fill(bytes: &mut [u8], page: u64) {
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
