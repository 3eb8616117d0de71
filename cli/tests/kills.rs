//! Kills a process that writes (SIGKILL), at random moments, and looks for what it was told had been done.
//!
//! The process is this test itself, started again. Each of its threads works through a script in a namespace of its own and
//! prints the number of every operation that was acknowledged; so for each thread the book must show the state after the
//! last number printed, or after the one operation that was on its way. Each operation changes several records, which have
//! to agree, and so has the event log: played from its beginning it gives the containers that are there. Collections in
//! between take nothing, for all is held.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use stowbook::gc::CollectOptions;
use stowbook::model::{Any, Container, Descriptor, Image, Lease, LeaseResource};
use stowbook::{ContainerStore, ErrorKind, ImageStore, InNamespace, LeaseStore, OpenOptions, Result, Since, Store};

const THREADS: usize = 4;
/// Each operation of a thread is on the next of these pairs of records.
const PAIRS: usize = 8;
/// After so many kills a new book is begun, so that a test does not spend its time on reading a large one.
const KILLS_OF_A_BOOK: usize = 25;

/// Numbers that differ from run to run only in where the kills fall.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// What operation `number` does with its pair of records, and with the image of that name, which a lease holds: they are
/// created, changed twice, deleted, created…
fn operate<S: ContainerStore + ImageStore + LeaseStore>(namespace: &InNamespace<'_, S>, number: usize) -> Result<()> {
    let (images, leases) = (namespace.images(), namespace.leases());
    let name = format!("pair-{}", number % PAIRS);
    let mut image = Image::new(&name, Descriptor::new("m", format!("sha256:{}", "0".repeat(64)), 1));
    image.labels.insert("number".into(), format!("image {number}"));
    match number / PAIRS % 4 {
        0 => {
            leases.create(&Lease { id: name.clone(), ..Lease::default() })?;
            images.create(&image)?;
            leases.add_resource(
                &name,
                &LeaseResource { id: name.clone(), kind: "images".into(), ..Default::default() },
            )?;
        }
        3 => {
            images.delete(&name)?;
            leases.delete(&name)?;
        }
        _ => drop(images.update(&image, &["labels"])?),
    }

    let containers = namespace.containers();
    for half in ["a", "b"] {
        let mut container = Container::new(format!("pair-{}-{half}", number % PAIRS), "runc");
        container.image = format!("image {number}");
        container.spec = Some(Any::new("spec", vec![b's'; [100, 3000, 20_000][number % 3]]));
        match number / PAIRS % 4 {
            0 => drop(containers.create(&container)?),
            3 => containers.delete(&container.id)?,
            _ => drop(containers.update(&container, &["image", "spec"])?),
        }
    }
    Ok(())
}

type Images = BTreeMap<String, String>;

/// The image of every record of a thread after this many of its operations.
fn images_after(operations: usize) -> Images {
    let last = (operations.saturating_sub(PAIRS)..operations).filter(|number| number / PAIRS % 4 != 3);
    last.flat_map(|number| {
        ["a", "b"].map(|half| (format!("pair-{}-{half}", number % PAIRS), format!("image {number}")))
    })
    .collect()
}

fn images(store: &Store, thread: usize) -> Images {
    let mut out = Images::new();
    let visit = |container: Container| {
        out.insert(container.id, container.image);
        Ok(ControlFlow::Continue(()))
    };
    store.namespace(format!("thread-{thread}")).containers().each(&[""], visit).unwrap();
    out
}

/// What the containers say of the images, for the images to agree.
fn labels(images: &Images) -> BTreeMap<String, String> {
    images.iter().filter_map(|(id, image)| Some((id.strip_suffix("-a")?.to_owned(), image.clone()))).collect()
}

/// The containers' images as the event log tells of them, by namespace.
fn told(store: &Store) -> BTreeMap<(String, String), String> {
    let mut out = BTreeMap::new();
    let page = store.events().read(Since::Oldest, &[""], usize::MAX).unwrap();
    assert_eq!(page.bounds.first, 1, "the log reaches back to the beginning");
    for event in page.events {
        let payload = event.to_json()["payload"].clone();
        let text = |name: &str| payload[name].as_str().unwrap_or_default().to_owned();
        let key = (event.envelope.namespace.clone(), text("id"));
        match event.envelope.topic.as_str() {
            "/containers/create" => assert_eq!(out.insert(key, text("image")), None),
            "/containers/update" => *out.get_mut(&key).unwrap() = text("image"),
            "/containers/delete" => drop(out.remove(&key).unwrap()),
            _ => {}
        }
    }
    out
}

const BOOK: &str = "STOWBOOK_KILLS_CHILD_BOOK";
const BEGIN: &str = "STOWBOOK_KILLS_CHILD_BEGIN";

/// Not a test by itself: the process that is killed.
#[test]
fn the_process_that_is_killed() {
    let Some(path) = std::env::var_os(BOOK) else { return };
    let begin: Vec<usize> = std::env::var(BEGIN).unwrap().split(',').map(|number| number.parse().unwrap()).collect();
    // The test harness leaves its line open.
    say("\nopening");
    let store = Store::open(path).unwrap();
    say("opened");
    std::thread::scope(|scope| {
        for (thread, begin) in begin.into_iter().enumerate() {
            let store = &store;
            scope.spawn(move || work(store, thread, begin));
        }
    });
}

fn work(store: &Store, thread: usize, begin: usize) {
    let name = format!("thread-{thread}");
    for number in begin.. {
        if number % 5 == 4 {
            let transaction = store.begin().unwrap();
            operate(&transaction.namespace(&name), number).unwrap();
            transaction.commit().unwrap();
        } else {
            store.write(|txn| operate(&txn.namespace(&name), number)).unwrap();
        }
        say(&format!("done {thread} {number}"));
        if number % 7 == thread {
            count(store);
        }
        if thread == 1 && number % 20 == 3 {
            let collected = store.collect(&CollectOptions::default()).unwrap();
            assert!(collected.namespaces.iter().all(|namespace| namespace.removed.is_empty()), "all is held");
        }
        if thread == 0 && number % 50 == 49 {
            // Refused while the others read; now and then it comes through.
            if let Err(error) = store.compact() {
                assert_eq!(error.kind(), ErrorKind::FailedPrecondition, "{error:?}");
            }
        }
    }
}

/// Adds one to a number that all threads share.
fn count(store: &Store) {
    let value = store
        .write(|txn| {
            let containers = txn.namespace("shared").containers();
            let mut counter = match containers.get("counter") {
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    containers.create(&Container::new("counter", "runc"))?
                }
                result => Arc::unwrap_or_clone(result?),
            };
            let value = counter.image.parse().unwrap_or(0) + 1;
            counter.image = value.to_string();
            containers.update(&counter, &["image"])?;
            Ok(value)
        })
        .unwrap();
    say(&format!("counted {value}"));
}

fn counted(store: &Store) -> u64 {
    match store.namespace("shared").containers().get("counter") {
        Ok(counter) => counter.image.parse().unwrap(),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::NotFound);
            0
        }
    }
}

/// A line that reaches the pipe whole or not at all.
fn say(line: &str) {
    std::io::stdout().lock().write_all(format!("{line}\n").as_bytes()).unwrap();
}

fn start(book: &Path, begin: &[usize]) -> Child {
    let begin: Vec<String> = begin.iter().map(usize::to_string).collect();
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_process_that_is_killed", "--nocapture", "--test-threads=1"])
        .env(BOOK, book)
        .env(BEGIN, begin.join(","))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills `child` at a random moment after it has said `line`, and gives all that it said.
fn kill_after(mut child: Child, line: &str, delay: Duration) -> Vec<String> {
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut said = Vec::new();
    let mut next = || {
        let mut text = String::new();
        out.read_line(&mut text).unwrap();
        // The last line may have been cut; then it was never said.
        text.strip_suffix('\n').map(str::to_owned)
    };
    while let Some(text) = next() {
        said.push(text);
        if said.last().is_some_and(|last| last == line) {
            break;
        }
    }
    let killer = std::thread::spawn(move || {
        wait(delay);
        child.kill().unwrap();
        child.wait_with_output().unwrap()
    });
    said.extend(std::iter::from_fn(next));
    let output = killer.join().unwrap();
    assert!(!output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.iter().any(|said| said == line), "it ended before its time: {said:?}");
    said
}

/// More exact than a sleep, where it matters.
fn wait(delay: Duration) {
    let end = Instant::now() + delay;
    std::thread::sleep(delay.saturating_sub(Duration::from_millis(2)));
    while Instant::now() < end {
        std::hint::spin_loop();
    }
}

fn kill_count() -> usize {
    std::env::var("STOWBOOK_KILLS").map_or(200, |count| count.parse().unwrap())
}

fn seed() -> u64 {
    let seed = std::env::var("STOWBOOK_KILLS_SEED").ok().and_then(|seed| seed.parse().ok());
    seed.unwrap_or_else(|| u64::from(std::process::id()) | 1)
}

#[derive(Default)]
struct Totals {
    acknowledged: usize,
    counted: usize,
    /// Operations that were done but not acknowledged when the process died.
    unacknowledged: usize,
    while_opening: usize,
}

#[test]
fn what_was_acknowledged_outlives_a_kill() {
    let begun = Instant::now();
    let mut random = Random(seed());
    let mut totals = Totals::default();
    let mut left = kill_count();
    while left > 0 {
        let folder = tempfile::tempdir().unwrap();
        let book = folder.path().join("book.redb");
        let mut done = [0; THREADS];
        let mut counter = 0;
        for _ in 0..left.min(KILLS_OF_A_BOOK) {
            left -= 1;
            // Some kills meet the repair that the one before made necessary.
            let opening = random.below(6) == 0;
            let (line, micros) = if opening { ("opening", 8_000) } else { ("opened", 120_000) };
            let said = kill_after(start(&book, &done), line, Duration::from_micros(random.below(micros)));
            totals.while_opening += usize::from(!said.iter().any(|line| line == "opened"));
            check(&book, &said, &mut done, &mut counter, &mut totals);
        }
    }
    println!(
        "{} kills (seed {}), {} of them while opening: {} operations and {} counts acknowledged and found again, {} found \
         that were not acknowledged yet, {:.0?}",
        kill_count(),
        seed(),
        totals.while_opening,
        totals.acknowledged,
        totals.counted,
        totals.unacknowledged,
        begun.elapsed()
    );
    assert!(totals.acknowledged > kill_count(), "the process was killed before it did anything");
}

/// Compares the book with what the killed process said.
fn check(book: &Path, said: &[String], done: &mut [usize; THREADS], counter: &mut u64, totals: &mut Totals) {
    for line in said {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["done", thread, number] => {
                let (thread, number): (usize, usize) = (thread.parse().unwrap(), number.parse().unwrap());
                assert_eq!(number, done[thread], "the script is followed in order");
                done[thread] += 1;
                totals.acknowledged += 1;
            }
            ["counted", value] => {
                *counter = value.parse::<u64>().unwrap().max(*counter);
                totals.counted += 1;
            }
            _ => {}
        }
    }
    if !book.exists() {
        assert_eq!(*done, [0; THREADS], "the book is gone");
        return;
    }
    let mut options = OpenOptions::default();
    options.create = false;
    let store = Store::open_with(book, &options).unwrap();
    let mut there = BTreeMap::new();
    for (thread, done) in done.iter_mut().enumerate() {
        let found = images(&store, thread);
        if found == images_after(*done + 1) && found != images_after(*done) {
            *done += 1;
            totals.unacknowledged += 1;
        }
        assert_eq!(found, images_after(*done), "thread {thread} after {done} operations");
        let namespace = store.namespace(format!("thread-{thread}"));
        let images = namespace.images().list(&[""]).unwrap().into_iter();
        let images: BTreeMap<_, _> = images.map(|image| (image.name, image.labels["number"].clone())).collect();
        assert_eq!(images, labels(&found));
        let leases: Vec<_> = namespace.leases().list(&[""]).unwrap().into_iter().map(|lease| lease.id).collect();
        assert_eq!(leases, labels(&found).into_keys().collect::<Vec<_>>());
        there.extend(found.into_iter().map(|(id, image)| ((format!("thread-{thread}"), id), image)));
    }
    let found = counted(&store);
    assert!((*counter..=*counter + THREADS as u64).contains(&found), "counted {counter}, found {found}");
    *counter = found;
    if found > 0 {
        there.insert(("shared".to_owned(), "counter".to_owned()), found.to_string());
    }
    assert_eq!(told(&store), there);
    assert_eq!(store.check().unwrap(), []);
}

#[test]
fn a_kill_while_a_book_is_made_leaves_none_or_a_whole_one() {
    let mut random = Random(seed());
    let count = kill_count() / 4;
    let (mut none, mut whole, mut litter) = (0, 0, 0);
    for _ in 0..count {
        let folder = tempfile::tempdir().unwrap();
        let book = folder.path().join("book.redb");
        let delay = Duration::from_micros(random.below(12_000));
        let said = kill_after(start(&book, &[0; THREADS]), "opening", delay);
        let there = book.exists();
        if there {
            whole += 1;
        } else {
            none += 1;
        }
        let files = std::fs::read_dir(folder.path()).unwrap().count();
        litter += files - usize::from(there);
        check(&book, &said, &mut [0; THREADS], &mut 0, &mut Totals::default());
        // And what was left lying about is in nobody's way.
        let store = Store::open(&book).unwrap();
        store.namespace("default").containers().create(&Container::new("web", "runc")).unwrap();
        assert_eq!(store.check().unwrap(), []);
    }
    println!(
        "{count} kills while a book is made: {none} left none, {whole} a whole one; {litter} left an unnamed file behind"
    );
}

#[test]
fn a_kill_during_a_backup_leaves_none_or_a_whole_one() {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("book.redb");
    let store = Store::open(&book).unwrap();
    store
        .write(|txn| {
            (0..60).try_for_each(|number| {
                let mut container = Container::new(format!("c{number}"), "runc");
                container.spec = Some(Any::new("spec", vec![b's'; 20_000]));
                txn.namespace("default").containers().create(&container).map(drop)
            })
        })
        .unwrap();
    drop(store);
    let mut random = Random(seed());
    let count = kill_count() / 4;
    let (mut none, mut whole) = (0, 0);
    let back_up = |to: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stowbook"));
        command.args(["db", "backup", "--db"]).args([&book, to]).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let begun = Instant::now();
    assert!(back_up(&folder.path().join("first")).wait().unwrap().success());
    let whole_time = u64::try_from(begun.elapsed().as_micros()).unwrap();
    for number in 0..count {
        let backup = folder.path().join(format!("backup-{number}"));
        let mut child = back_up(&backup);
        wait(Duration::from_micros(random.below(whole_time * 5 / 4)));
        // It may have been quicker.
        let _ = child.kill();
        child.wait().unwrap();
        if !backup.exists() {
            none += 1;
            continue;
        }
        whole += 1;
        let mut options = OpenOptions::default();
        options.create = false;
        let copy = Store::open_with(&backup, &options).unwrap();
        assert_eq!(copy.namespace("default").containers().list(&[""]).unwrap().len(), 60);
        assert_eq!(copy.check().unwrap(), []);
        drop(copy);
        std::fs::remove_file(&backup).unwrap();
    }
    assert_eq!(Store::open(&book).unwrap().check().unwrap(), []);
    println!("{count} kills during a backup: {none} left none, {whole} a whole one");
}
