//! Full disks, files that are no book, and books that somebody else holds: what the command line says, and that it changes
//! nothing.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may panic")]

use std::os::unix::fs::{MetadataExt as _, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use stowbook::{OpenOptions, Store};

fn stowbook(db: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stowbook")).arg("--db").arg(db).args(arguments).output().unwrap()
}

/// What a command prints that works.
#[track_caller]
fn good(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What a command prints that is refused.
#[track_caller]
fn refused(output: &Output) -> String {
    let error = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(output.stdout.is_empty() && error.contains("help:"), "{error}");
    assert!(!error.contains("panicked"), "{error}");
    error
}

fn ids(db: &Path) -> Vec<String> {
    good(&stowbook(db, &["c", "ls", "-q"])).lines().map(str::to_owned).collect()
}

/// A small file system, as long as this lives.
struct Mount(PathBuf);

impl Mount {
    /// None where the system does not let us; then it says so.
    fn new(folder: PathBuf, size: &str) -> Option<Self> {
        std::fs::create_dir(&folder).unwrap();
        let arguments = ["-t", "tmpfs", "-o", &format!("size={size}"), "stowbook-test"];
        let mounted = Command::new("mount").args(arguments).arg(&folder).output().is_ok_and(|out| out.status.success());
        if !mounted {
            eprintln!("SKIPPED: this system does not let us mount a small file system");
        }
        mounted.then_some(Mount(folder))
    }

    fn grow(&self, size: &str) {
        let arguments = ["-o", &format!("remount,size={size}")];
        assert!(Command::new("mount").args(arguments).arg(&self.0).status().unwrap().success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// Creates records until one is refused, and gives how many there are and what was said.
fn fill(create: impl Fn(&str) -> Output) -> (usize, String) {
    for number in 0..400 {
        let output = create(&format!("c{number}"));
        if !output.status.success() {
            return (number, refused(&output));
        }
    }
    panic!("the disk is never full");
}

#[test]
fn a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mount) = Mount::new(folder.path().join("small"), "200k") else { return };
    let book = mount.0.join("book.redb");
    let (count, error) = fill(|id| stowbook(&book, &["c", "create", "image", id]));
    assert!(error.contains("the disk is full: resource exhausted"), "{error}");
    assert!(error.contains("free some space; nothing was changed"), "{error}");
    assert!(count > 5, "{count}");
    assert_eq!(ids(&book).len(), count);
    assert_eq!(good(&stowbook(&book, &["db", "check"])), "no problem found\n");
    // A backup needs space too; a half one is not left behind.
    let error = refused(&stowbook(&book, &["db", "backup", mount.0.join("backup").to_str().unwrap()]));
    assert!(error.contains("the disk is full"), "{error}");
    assert_eq!(std::fs::read_dir(&mount.0).unwrap().count(), 1);

    mount.grow("2m");
    good(&stowbook(&book, &["c", "create", "image", "after"]));
    assert_eq!(ids(&book).len(), count + 1);
    assert_eq!(good(&stowbook(&book, &["db", "check"])), "no problem found\n");
    println!("full after {count} records");
}

#[test]
fn a_disk_too_small_for_a_book() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mount) = Mount::new(folder.path().join("tiny"), "12k") else { return };
    let book = mount.0.join("book.redb");
    let error = refused(&stowbook(&book, &["c", "create", "image", "web"]));
    assert!(error.contains("the disk is full: resource exhausted"), "{error}");
    assert_eq!(std::fs::read_dir(&mount.0).unwrap().count(), 0, "nothing is left behind");
}

#[test]
fn a_store_goes_on_when_there_is_space_again() {
    use stowbook::{ErrorKind, model::Container};
    let folder = tempfile::tempdir().unwrap();
    let Some(mount) = Mount::new(folder.path().join("small"), "300k") else { return };
    let store = Store::open(mount.0.join("book.redb")).unwrap();
    let containers = store.namespace("default").containers();
    let mut count = 0;
    let error = loop {
        match containers.create(&Container::new(format!("c{count}"), "runc")) {
            Ok(_) => count += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::ResourceExhausted, "{error:?}");
    assert_eq!(containers.list(&[""]).unwrap().len(), count, "reading goes on");
    // Opening the book again has freed what older states of it held, so that a little may still fit.
    match containers.create(&Container::new("again", "runc")) {
        Ok(_) => count += 1,
        Err(error) => assert_eq!(error.kind(), ErrorKind::ResourceExhausted, "{error:?}"),
    }
    mount.grow("4m");
    containers.create(&Container::new("after", "runc")).unwrap();
    assert_eq!(containers.list(&[""]).unwrap().len(), count + 1);
    assert_eq!(store.check().unwrap(), []);
}

#[test]
fn a_limit_on_the_size_of_files() {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("book.redb");
    good(&stowbook(&book, &["c", "create", "image", "first"]));
    let limited = |id: &str| {
        // In blocks of 512 bytes.
        Command::new("sh")
            .args(["-c", r#"trap '' XFSZ; ulimit -f 1200; exec "$@""#, "sh", env!("CARGO_BIN_EXE_stowbook"), "--db"])
            .arg(&book)
            .args(["c", "create", "image", id])
            .output()
            .unwrap()
    };
    let (count, error) = fill(limited);
    assert!(error.contains("the file has reached its size limit: resource exhausted"), "{error}");
    assert_eq!(ids(&book).len(), count + 1);
    good(&stowbook(&book, &["c", "create", "image", "after"]));
    assert_eq!(good(&stowbook(&book, &["db", "check"])), "no problem found\n");
}

#[test]
fn a_book_that_another_process_holds() {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("book.redb");
    let store = Store::open(&book).unwrap();
    let name = std::fs::read_to_string("/proc/self/comm").unwrap();
    let holder = format!("is held by process {} ({}): unavailable", std::process::id(), name.trim_end());
    for arguments in [&["c", "ls"][..], &["c", "create", "image", "web"], &["--read-only", "c", "ls"], &["db", "check"]]
    {
        let error = refused(&stowbook(&book, &[&["--lock-timeout", "0.05"], arguments].concat()));
        assert!(error.contains(&holder) && error.contains("wait with a lock timeout"), "{error}");
    }
    let other = folder.path().join("other.redb");
    good(&stowbook(&other, &["c", "create", "image", "web"]));
    let error = refused(&stowbook(&book, &["db", "restore", "--replace", other.to_str().unwrap()]));
    assert!(error.contains(&holder), "{error}");
    drop(store);
    assert_eq!(ids(&book), [""; 0]);

    // Those who only read do not keep each other out, but they keep writers out.
    let mut options = OpenOptions::default();
    options.read_only = true;
    let reader = Store::open_with(&book, &options).unwrap();
    good(&stowbook(&book, &["--read-only", "c", "ls"]));
    let error = refused(&stowbook(&book, &["--lock-timeout", "0", "c", "create", "image", "web"]));
    assert!(error.contains(&holder), "{error}");
    drop(reader);
    good(&stowbook(&book, &["c", "create", "image", "web"]));
}

#[test]
fn files_that_are_no_book() {
    let folder = tempfile::tempdir().unwrap();
    let noise: Vec<u8> = (0..100_000u32).map(|n| u8::try_from(n.wrapping_mul(2_654_435_761) >> 24).unwrap()).collect();
    let cases: [(&str, &[u8], &str); 3] = [
        ("noise", &noise, "the file is not a book, or its header is damaged: data loss"),
        ("text", b"id: web\n", "the file is not a book, or its header is damaged: data loss"),
        ("empty", b"", "is empty (0 bytes): data loss"),
    ];
    for (name, bytes, expected) in cases {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        for arguments in [&["c", "ls"][..], &["c", "create", "image", "web"], &["--read-only", "db", "check"]] {
            let error = refused(&stowbook(&path, arguments));
            assert!(error.contains(expected) && error.contains(path.to_str().unwrap()), "{error}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
    let error = refused(&stowbook(folder.path(), &["c", "ls"]));
    assert!(error.contains("is a directory, not a book: failed precondition"), "{error}");
    let error = refused(&stowbook(&folder.path().join("no/book"), &["c", "create", "image", "web"]));
    assert!(error.contains("the folder of book") && error.contains("not found"), "{error}");
}

#[test]
fn a_damaged_book() {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("book.redb");
    for id in ["damaged", "intact"] {
        good(&stowbook(&book, &["c", "create", "--label", "mark=here", "image", id]));
    }
    let backup = folder.path().join("backup.redb");
    good(&stowbook(&book, &["db", "backup", backup.to_str().unwrap()]));
    // One bit in the id that the spec of one record holds, wherever a version of that page lies.
    let mut bytes = std::fs::read(&book).unwrap();
    let text = b"\"/default/damaged\"";
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(text)).collect();
    assert!(!places.is_empty());
    places.iter().for_each(|at| bytes[at + 3] ^= 1);
    std::fs::write(&book, bytes).unwrap();

    let error = refused(&stowbook(&book, &["c", "info", "damaged"]));
    assert!(error.contains(r#"the body of container "damaged" in namespace "default" is damaged"#), "{error}");
    assert!(error.contains("data loss") && error.contains("restore a backup"), "{error}");
    assert!(good(&stowbook(&book, &["c", "info", "intact"])).contains("\"intact\""));
    // What the damage may hide is not said to be missing, and nothing is written over it.
    for arguments in
        [&["c", "info", "missing"][..], &["c", "ls"], &["c", "create", "image", "web"], &["c", "rm", "intact"]]
    {
        let error = refused(&stowbook(&book, arguments));
        assert!(error.contains("data loss"), "{error}");
    }
    let check = stowbook(&book, &["db", "check"]);
    let findings = String::from_utf8(check.stdout).unwrap();
    assert_eq!(check.status.code(), Some(1));
    assert!(
        findings.contains(r#"the body of container "damaged""#) && findings.contains("the file: redb:"),
        "{findings}"
    );

    good(&stowbook(&book, &["db", "restore", "--replace", backup.to_str().unwrap()]));
    assert_eq!(ids(&book), ["damaged", "intact"]);
    assert_eq!(good(&stowbook(&book, &["db", "check"])), "no problem found\n");
}

#[test]
fn a_book_open_for_reading_only() {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("book.redb");
    good(&stowbook(&book, &["c", "create", "image", "web"]));
    let before = std::fs::read(&book).unwrap();
    let changes: [&[&str]; 5] = [
        &["c", "create", "image", "other"],
        &["c", "rm", "web"],
        &["c", "label", "web", "a=b"],
        &["namespaces", "create", "other"],
        &["db", "compact"],
    ];
    for change in changes {
        let error = refused(&stowbook(&book, &[&["--read-only"], change].concat()));
        assert!(error.contains("is open for reading only: failed precondition"), "{change:?}: {error}");
    }
    for read in [&["c", "ls"][..], &["c", "info", "web"], &["db", "check"], &["db", "info"], &["namespaces", "ls"]] {
        good(&stowbook(&book, &[&["--read-only"], read].concat()));
    }
    assert_eq!(std::fs::read(&book).unwrap(), before);
    let error = refused(&stowbook(&folder.path().join("none"), &["--read-only", "c", "create", "image", "web"]));
    assert!(error.contains("no such file: not found"), "{error}");
}

#[test]
fn a_book_without_the_right_to_write_it() {
    // Root may do everything, so it becomes somebody else; who is not root is somebody else already.
    let am_root = std::fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0);
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    // Somebody else may not be let into the folder that the program was built in.
    let program = folder.path().join("stowbook");
    std::fs::copy(env!("CARGO_BIN_EXE_stowbook"), &program).unwrap();
    let command = |arguments: &[&str], db: &Path| {
        let mut command = Command::new(if am_root { "setpriv" } else { "env" });
        if am_root {
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        }
        command.arg(&program).arg("--db").arg(db).args(arguments).output().unwrap()
    };
    let book = folder.path().join("book.redb");
    good(&stowbook(&book, &["c", "create", "image", "web"]));
    std::fs::set_permissions(&book, PermissionsExt::from_mode(0o444)).unwrap();
    let error = refused(&command(&["c", "ls"], &book));
    assert!(error.contains("permission denied") && error.contains("open it for reading only"), "{error}");
    assert!(good(&command(&["--read-only", "c", "ls"], &book)).contains("web"));
    if am_root {
        std::fs::set_permissions(&book, PermissionsExt::from_mode(0o600)).unwrap();
        let error = refused(&command(&["--read-only", "c", "ls"], &book));
        assert!(error.contains("permission denied"), "{error}");
    } else {
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o555)).unwrap();
    }
    let error = refused(&command(&["c", "create", "image", "web"], &folder.path().join("new.redb")));
    assert!(error.contains("permission denied"), "{error}");
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
}
