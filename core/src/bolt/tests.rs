//! The reader against files that real bbolt wrote, with the truth beside them (`tests/metadb`).

use super::*;
use crate::Error;
use base64::Engine as _;
use serde::Deserialize;
use std::collections::BTreeMap;

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../tests/metadb/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

const PAGE_SIZES: [u32; 4] = [512, 1024, 4096, 16384];

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
struct Tree {
    sequence: u64,
    values: BTreeMap<String, String>,
    buckets: BTreeMap<String, Tree>,
}

fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Everything in a bucket, found by a cursor, and each key again by a search.
fn tree(view: &View<'_>, walk: &Walk<'_>, bucket: &Bucket) -> Result<Tree, Error> {
    let mut out = Tree { sequence: bucket.sequence, ..Tree::default() };
    for entry in walk.cursor(bucket) {
        let entry = entry?;
        assert_eq!(view.get(bucket, &entry.key)?.unwrap(), entry);
        let key = base64(&entry.key);
        match entry.item {
            Item::Value(value) => drop(out.values.insert(key, base64(&value))),
            Item::Bucket(inner) => drop(out.buckets.insert(key, tree(view, walk, &inner)?)),
        }
    }
    assert_eq!(view.get(bucket, b"nothing has this name")?, None);
    Ok(out)
}

fn defects(bytes: &[u8]) -> Vec<String> {
    let mut out = Vec::new();
    let checked = check(&bytes, &mut |_, fault| out.push(fault.to_string()));
    out.extend(checked.err().map(|error| error.to_string()));
    out
}

#[test]
fn reads_what_bbolt_wrote_with_any_page_size() {
    for page_size in PAGE_SIZES {
        let bytes = file(&format!("bbolt-{page_size}.db"));
        let truth: BTreeMap<String, Tree> = serde_json::from_slice(&file(&format!("bbolt-{page_size}.json"))).unwrap();
        assert_eq!(Metas::read(&bytes).page_size, page_size);
        let view = View::newest(&bytes).unwrap();
        let read = tree(&view, &Walk::new(view), &view.root()).unwrap();
        assert_eq!(read.buckets, truth);
        assert!(read.values.is_empty());
        assert_eq!(defects(&bytes), [""; 0]);
    }
}

/// Random buckets, deletions and page sizes, written by bbolt itself. It needs a Go toolchain; without one the test fails and
/// says so.
#[test]
fn reads_what_bbolt_writes_at_random() {
    const FILES: usize = 60;
    let folder = tempfile::tempdir().unwrap();
    let (program, files) = (folder.path().join("bbolt"), folder.path().join("files"));
    std::fs::create_dir(&files).unwrap();
    let run = |command: &mut std::process::Command| {
        let status = command.status().unwrap_or_else(|error| panic!("needs Go 1.26: {command:?}: {error}"));
        assert!(status.success(), "{command:?}: {status}");
    };
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/peers/bbolt");
    run(std::process::Command::new("go").arg("build").arg("-o").arg(&program).arg(".").current_dir(source));
    run(std::process::Command::new(&program).arg(&files).args(["20260", &FILES.to_string()]));
    let (mut sizes, mut buckets, mut lost) = (std::collections::BTreeSet::new(), 0, 0);
    for number in 0..FILES {
        let bytes = std::fs::read(files.join(format!("{number}.db"))).unwrap();
        let truth = std::fs::read(files.join(format!("{number}.json"))).unwrap();
        let truth: BTreeMap<String, Tree> = serde_json::from_slice(&truth).unwrap();
        let view = View::newest(&bytes).unwrap();
        let read = tree(&view, &Walk::new(view), &view.root()).unwrap();
        assert_eq!(read.buckets, truth, "{number}");
        let told = std::fs::read_to_string(files.join(format!("{number}.check"))).unwrap();
        assert_eq!(defects(&bytes).iter().map(|defect| as_bbolt(defect)).collect::<String>(), told, "{number}");
        lost += usize::from(!told.is_empty());
        sizes.insert(Metas::read(&bytes).page_size);
        buckets += count(&read);
    }
    assert!(sizes.len() == 8 && buckets > 1000 && lost > 0, "{sizes:?} {buckets} {lost}");
}

/// What bbolt says of pages that it lost, which it does when a bucket is changed and deleted in one transaction.
fn as_bbolt(defect: &str) -> String {
    let (page, problem) = defect.strip_prefix("page ").unwrap().split_once(": ").unwrap();
    let first: u64 = page.parse().unwrap();
    let count = match problem.strip_suffix("neither in use nor listed as free").unwrap() {
        "it is " => 1,
        several => several.split_once(" pages from it on are ").unwrap().0.parse().unwrap(),
    };
    (first..first + count).map(|page| format!("page {page}: unreachable unfreed\n")).collect()
}

fn count(tree: &Tree) -> usize {
    tree.buckets.values().map(count).sum::<usize>() + 1
}

#[test]
fn a_damaged_first_meta_page_leaves_the_second() {
    for page_size in PAGE_SIZES {
        let mut bytes = file(&format!("bbolt-{page_size}.db"));
        let before = Metas::read(&bytes);
        bytes[..60].fill(0xaa);
        let metas = Metas::read(&bytes);
        assert_eq!(metas.page_size, page_size);
        assert_eq!(metas.slots[1], before.slots[1]);
        assert_eq!(metas.newest().unwrap(), before.slots[1].meta.unwrap());
        assert_eq!(defects(&bytes)[0], "page 0: it is not a meta page");
        bytes[page_size as usize + 70] ^= 1;
        let error = Metas::read(&bytes).newest().unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::DataLoss);
    }
}

#[test]
fn what_is_not_bbolt_is_refused() {
    for bytes in [Vec::new(), vec![0; 79], vec![0; 100_000], b"{}".to_vec()] {
        let error = Metas::read(&bytes).newest().unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::FailedPrecondition, "{error}");
    }
}

/// Where in the file the pages with these flags begin that are in use.
fn pages_of(bytes: &[u8], page_size: usize, flags: u8) -> Vec<usize> {
    let view = View::newest(&bytes).unwrap();
    let walk = Walk::new(view);
    tree(&view, &walk, &view.root()).unwrap();
    let used = (2..view.pages()).filter(|page| walk.claims().has(*page)).map(|page| page as usize * page_size);
    used.filter(|at| bytes[at + 8] == flags && bytes[at + 9] == 0).collect()
}

#[test]
fn a_page_that_two_lead_to_is_read_once_and_told() {
    let mut bytes = file("bbolt-512.db");
    let branch = *pages_of(&bytes, 512, 1).first().unwrap();
    // The second child becomes the first one's page.
    let first: [u8; 8] = bytes[branch + 24..branch + 32].try_into().unwrap();
    bytes[branch + 40..branch + 48].copy_from_slice(&first);
    assert!(defects(&bytes).iter().any(|defect| defect.ends_with("it is used twice")), "{:?}", defects(&bytes));
    // The branch becomes its own child: a search ends too.
    let own = (branch / 512) as u64;
    bytes[branch + 24..branch + 32].copy_from_slice(&own.to_le_bytes());
    assert!(defects(&bytes).iter().any(|defect| defect.ends_with("it is used twice")), "{:?}", defects(&bytes));
    let view = View::newest(&bytes).unwrap();
    assert!(view.get(&Bucket::at(own, 0), b"").is_err());
}

#[test]
fn disorder_is_told_and_the_entry_still_shown() {
    let mut bytes = file("bbolt-4096.db");
    let leaf = pages_of(&bytes, 4096, 2).into_iter().find(|at| bytes[at + 10] > 3).unwrap();
    let position = u32::from_le_bytes(bytes[leaf + 20..leaf + 24].try_into().unwrap()) as usize;
    let count = |bytes: &Vec<u8>| {
        let view = View::newest(bytes).unwrap();
        let walk = Walk::new(view);
        let (entries, faults): (Vec<_>, Vec<_>) =
            walk.cursor(&Bucket::at((leaf / 4096) as u64, 0)).partition(Result::is_ok);
        (entries.len(), faults.len())
    };
    let (before, _) = count(&bytes);
    bytes[leaf + 16 + position] = 0xfe;
    assert_eq!(count(&bytes), (before, 1));
    assert!(defects(&bytes).iter().any(|defect| defect.contains("does not come behind")), "{:?}", defects(&bytes));
}

#[test]
fn values_that_lie_over_each_other_are_refused() {
    let mut bytes = file("bbolt-4096.db");
    let leaf = pages_of(&bytes, 4096, 2).into_iter().find(|at| bytes[at + 10] > 3).unwrap();
    // The value of the first element is said to reach to the end of the page.
    let at = |field: usize| u32::from_le_bytes(bytes[leaf + 16 + field..][..4].try_into().unwrap());
    let long = 4096 - 16 - at(4) - at(8);
    bytes[leaf + 28..leaf + 32].copy_from_slice(&long.to_le_bytes());
    assert!(
        defects(&bytes).iter().any(|defect| defect.ends_with("element 0 reaches into the one behind it")),
        "{:?}",
        defects(&bytes)
    );
}

#[test]
fn the_list_of_free_pages_is_compared_with_what_is_in_use() {
    let mut bytes = file("bbolt-1024.db");
    let meta = Metas::read(&bytes).newest().unwrap();
    let list = meta.freelist.unwrap() as usize * 1024;
    assert!(bytes[list + 10] > 1, "the file has free pages");
    bytes[list + 16..list + 24].copy_from_slice(&meta.root.to_le_bytes());
    let defects = defects(&bytes);
    assert!(defects.contains(&format!("page {}: it is in use and listed as free", meta.root)), "{defects:?}");
    assert!(defects.iter().any(|defect| defect.ends_with("neither in use nor listed as free")), "{defects:?}");
}

/// A small generator of numbers: what fails must fail again.
pub(crate) fn numbers(mut state: u64) -> impl FnMut(usize) -> usize {
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    }
}

#[test]
fn damaged_files_are_answered() {
    for (name, step) in [("bbolt-512.db", 13), ("bbolt-16384.db", 501)] {
        let whole = file(name);
        for length in (0..whole.len()).step_by(step * 16) {
            let _ = defects(&whole[..length]);
        }
        let mut next = numbers(7);
        for _ in 0..600 {
            let mut bytes = whole.clone();
            for _ in 0..=next(8) {
                let at = next(bytes.len());
                bytes[at] = next(256) as u8;
            }
            let _ = defects(&bytes);
        }
    }
}
