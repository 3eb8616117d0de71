//! Books with a flipped bit, or without their end: every answer is right, or an error that says so.
//!
//! The cases run in a process of their own, this test started again, with little memory: so a case that ends the process,
//! takes too long, or asks for too much memory is found out and named.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, missing_docs, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use stowbook::model::{Any, Container};
use stowbook::storage::RedbStorage;
use stowbook::{ErrorKind, OpenOptions, Result, Store, SystemHost};

const NAMESPACES: [&str; 2] = ["default", "k8s.io"];
/// No case takes a tenth of this.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Address space of the process that runs the cases, in KiB.
const MEMORY_KIB: u32 = 2 << 20;
/// How many bits are flipped anywhere in the pages that hold something.
const FLIPS: usize = 1500;

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % end
    }
}

/// What every intact book of this test answers.
fn containers() -> Vec<(&'static str, Container)> {
    (0..30)
        .map(|number| {
            let mut container = Container::new(format!("container-{number}"), "io.containerd.runc.v2");
            container.image = format!("docker.io/library/image-{number}:latest");
            container.labels.insert("role".to_owned(), format!("role-{number}"));
            container.spec = Some(Any::new("spec", vec![b'a' + number; [300, 2900, 9000][usize::from(number) % 3]]));
            (NAMESPACES[usize::from(number) % 2], container)
        })
        .collect()
}

/// Makes the book; with the bytes of its file before and after it was closed.
fn make(path: &Path) -> (Vec<u8>, Vec<u8>) {
    let store = Store::open(path).unwrap();
    for (namespace, container) in containers() {
        let mut older = container.clone();
        older.image = "older".to_owned();
        store.namespace(namespace).containers().create(&older).unwrap();
    }
    // So that pages with older records lie about in the file.
    for (namespace, container) in containers() {
        store.namespace(namespace).containers().update(&container, &["image"]).unwrap();
    }
    let open = std::fs::read(path).unwrap();
    drop(store);
    (open, std::fs::read(path).unwrap())
}

#[derive(Clone, Copy, Debug)]
enum Damage {
    Bit { byte: usize, bit: u8 },
    Length(usize),
}

impl Damage {
    fn apply(self, bytes: &mut Vec<u8>) {
        match self {
            Damage::Bit { byte, bit } => bytes[byte] ^= 1 << bit,
            Damage::Length(len) => bytes.truncate(len),
        }
    }
}

/// Every case of this book, or each `step`th.
fn cases(bytes: &[u8], step: usize) -> Vec<Damage> {
    let mut random = Random(0x5eed);
    let mut out = Vec::new();
    // The header of the file, byte by byte.
    out.extend((0..512).map(|byte| Damage::Bit { byte, bit: u8::try_from(random.below(8)).unwrap() }));
    // What leads to the records: every byte of the keys, and of the beginnings of branch pages (whose first byte is 2).
    let keys = (0..bytes.len())
        .filter(|at| bytes[*at..].starts_with(b"container-") && at.checked_sub(1).is_some_and(|b| bytes[b] == 1));
    let keys = keys.flat_map(|at| at.saturating_sub(10)..at + 12);
    let branches = (0..bytes.len()).step_by(4096).filter(|at| bytes[*at] == 2).flat_map(|at| at..at + 400);
    for byte in keys.chain(branches).step_by(if all_cases() { 1 } else { 6 }) {
        out.push(Damage::Bit { byte, bit: u8::try_from(random.below(8)).unwrap() });
    }
    // Pages that hold something.
    let used: Vec<usize> =
        (0..bytes.len()).step_by(4096).filter(|at| bytes[*at..].iter().take(4096).any(|b| *b != 0)).collect();
    for _ in 0..FLIPS {
        let byte = used[random.below(used.len())] + random.below(4096);
        out.push(Damage::Bit { byte: byte.min(bytes.len() - 1), bit: u8::try_from(random.below(8)).unwrap() });
    }
    out.extend((0..bytes.len()).step_by(512).map(Damage::Length));
    out.extend((0..200).map(|_| Damage::Length(random.below(bytes.len()))));
    out.into_iter().step_by(step).collect()
}

/// Whether to spend minutes, as ci/long does.
fn all_cases() -> bool {
    std::env::var_os("STOWBOOK_DAMAGE_ALL").is_some()
}

const CHILD: &str = "STOWBOOK_DAMAGE_CHILD";

/// How a damaged book is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    Bytes,
    File,
    ReadOnly,
}

fn open(door: Door, bytes: Vec<u8>, path: &Path) -> Result<Store> {
    if door == Door::Bytes {
        return Store::with_storage(Box::new(RedbStorage::from_bytes(bytes)?), Arc::new(SystemHost));
    }
    std::fs::write(path, bytes).unwrap();
    let mut options = OpenOptions::default();
    options.read_only = door == Door::ReadOnly;
    Store::open_with(path, &options)
}

/// What became of one case: what was wrong first, `wrong` meaning a silently wrong answer.
fn examine(door: Door, bytes: Vec<u8>, path: &Path) -> Vec<String> {
    let refused = |what: &str, kind: ErrorKind| match kind {
        ErrorKind::DataLoss | ErrorKind::FailedPrecondition | ErrorKind::Unavailable => format!("{what}-refused"),
        _ => format!("{what}-wrong-kind-{kind}"),
    };
    let store = match open(door, bytes, path) {
        Ok(store) => store,
        Err(error) => return vec![refused("open", error.kind())],
    };
    let mut out = Vec::new();
    for (namespace, expected) in containers() {
        match store.namespace(namespace).containers().get(&expected.id) {
            Ok(found) if same(&found, &expected) => {}
            Ok(_) => out.push("get-wrong-value".to_owned()),
            Err(error) if error.kind() == ErrorKind::NotFound => out.push("get-wrong-not-found".to_owned()),
            Err(error) => out.push(refused("get", error.kind())),
        }
    }
    for namespace in NAMESPACES {
        let expected: BTreeMap<String, Container> =
            containers().into_iter().filter(|(name, _)| *name == namespace).map(|(_, c)| (c.id.clone(), c)).collect();
        match store.namespace(namespace).containers().list(&[""]) {
            Ok(found)
                if found.len() == expected.len() && found.iter().zip(expected.values()).all(|(f, e)| same(f, e)) => {}
            Ok(_) => out.push("list-wrong".to_owned()),
            Err(error) => out.push(refused("list", error.kind())),
        }
    }
    match store.namespaces().list() {
        Ok(found) if found.iter().map(|namespace| namespace.name.as_str()).eq(NAMESPACES) => {}
        Ok(_) => out.push("namespaces-wrong".to_owned()),
        Err(error) => out.push(refused("namespaces", error.kind())),
    }
    match store.check() {
        Ok(findings) if findings.is_empty() => {}
        Ok(_) => out.push("check-finds".to_owned()),
        Err(error) => out.push(refused("check", error.kind())),
    }
    out.sort();
    out.dedup();
    out
}

fn same(found: &Container, expected: &Container) -> bool {
    let mut found = found.clone();
    (found.created_at, found.updated_at) = (None, None);
    found == *expected
}

/// Not a test by itself: the process that runs the cases.
#[test]
fn the_process_that_meets_the_damage() {
    let Ok(argument) = std::env::var(CHILD) else { return };
    let [door, step, path] = argument.splitn(3, ':').collect::<Vec<_>>().try_into().unwrap();
    let door = [Door::Bytes, Door::File, Door::ReadOnly][door.parse::<usize>().unwrap()];
    let bytes = std::fs::read(path).unwrap();
    let beside = Path::new(path).with_extension("damaged");
    // Panics of redb are caught below the store and become errors; nobody wants to read them all.
    std::panic::set_hook(Box::new(|_| {}));
    // The test harness leaves its line open.
    println!();
    for damage in cases(&bytes, step.parse().unwrap()) {
        println!("begin {damage:?}");
        let mut damaged = bytes.clone();
        damage.apply(&mut damaged);
        let outcome = catch_unwind(AssertUnwindSafe(|| examine(door, damaged, &beside)));
        let outcome = outcome.unwrap_or_else(|_| vec!["panic".to_owned()]);
        std::io::stdout().lock().write_all(format!("end {}\n", outcome.join(" ")).as_bytes()).unwrap();
    }
    println!("all");
}

/// Runs the cases on one book, and counts their outcomes: by outcome, how many cases, and the last of them.
fn run(door: Door, step: usize, path: &Path) -> BTreeMap<String, (usize, String)> {
    let mut child = Command::new("sh")
        .args(["-c", &format!(r#"ulimit -v {MEMORY_KIB}; exec "$@""#), "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "the_process_that_meets_the_damage", "--nocapture", "--test-threads=1"])
        .env(CHILD, format!("{}:{step}:{}", door as usize, path.display()))
        .env("MALLOC_ARENA_MAX", "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let (sender, lines) = mpsc::channel();
    let reader =
        std::thread::spawn(move || out.lines().map_while(|line| line.ok()).try_for_each(|line| sender.send(line)));
    let mut outcomes = BTreeMap::new();
    let mut case = String::new();
    loop {
        let line = lines.recv_timeout(TIMEOUT).unwrap_or_else(|error| {
            let _ = child.kill();
            let ended = child.wait().unwrap();
            panic!("{door:?} {case}: no answer ({error}); the process: {ended}");
        });
        if line == "all" {
            break;
        } else if let Some(begun) = line.strip_prefix("begin ") {
            case = begun.to_owned();
        } else if let Some(outcome) = line.strip_prefix("end ") {
            let kind = if case.starts_with("Bit") { "flip: " } else { "cut:  " };
            let entry = outcomes.entry(format!("{kind}{outcome}")).or_insert((0, String::new()));
            entry.0 += 1;
            entry.1.clone_from(&case);
        }
    }
    assert!(child.wait().unwrap().success());
    let _ = reader.join().unwrap();
    outcomes
}

#[test]
fn a_damaged_book_gives_errors_and_never_a_wrong_answer() {
    let folder = tempfile::tempdir().unwrap();
    let (open, closed) = make(&folder.path().join("book.redb"));
    let mut wrong = Vec::new();
    for (name, bytes) in [("closed", closed), ("open", open)] {
        for door in [Door::Bytes, Door::File, Door::ReadOnly] {
            let path = folder.path().join(format!("{name}.redb"));
            std::fs::write(&path, &bytes).unwrap();
            // A book that was not closed is verified by redb, and behind each door is nearly the same code.
            let step = if all_cases() || (name, door) == ("closed", Door::Bytes) { 1 } else { 12 };
            println!("{name} book of {} bytes, through {door:?}:", bytes.len());
            for (outcome, (count, case)) in run(door, step, &path) {
                println!("{count:6} {outcome:60} {case}");
                if outcome.contains("wrong") || outcome.contains("panic") {
                    wrong.push(format!("{name} {door:?} {outcome}: {count}, for example {case}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
