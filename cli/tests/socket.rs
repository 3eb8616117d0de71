//! `--address`: every command that works on records does at a server what it does in a book.

#![cfg(all(unix, feature = "serve"))]
#![allow(clippy::unwrap_used)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How long a process may take to begin: much longer than it takes.
const PATIENCE: Duration = Duration::from_secs(30);

fn stowbook(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stowbook"));
    command
        .current_dir(folder)
        .env_remove("STOWBOOK_DB")
        .env_remove("CONTAINERD_NAMESPACE")
        .env_remove("XDG_DATA_HOME");
    command.env("HOME", folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A server that is killed when the test ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn serve(folder: &Path) -> Server {
    let mut command = stowbook(folder);
    command.args(["--db", "served.redb", "serve", "--address", "unix://s", "--log-level", "off"]);
    let server = Server(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let began = Instant::now();
    while UnixStream::connect(folder.join("s")).is_err() {
        assert!(began.elapsed() < PATIENCE, "the start takes too long");
        std::thread::sleep(Duration::from_millis(5));
    }
    server
}

/// What a command prints and how it ends, without what is another each time or tells the place.
fn run(folder: &Path, place: &[&str], command: &str) -> String {
    // Words in quotes are one.
    let words: Vec<&str> = command
        .split('\'')
        .enumerate()
        .flat_map(|(n, part)| if n % 2 == 0 { part.split(' ').collect() } else { vec![part] })
        .filter(|word| !word.is_empty())
        .collect();
    let mut child = stowbook(folder).args(place).args(words).stdin(Stdio::piped()).spawn().unwrap();
    // A command that reads nothing may be gone.
    let _ = child.stdin.take().unwrap().write_all(b"{\"ociVersion\":\"1.2.0\"}");
    let output = child.wait_with_output().unwrap();
    let text = format!(
        "{}{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        output.status.code().unwrap()
    );
    text.replace("socket s", "PLACE")
        .replace("book direct.redb", "PLACE")
        .replace("\"socket\": \"s\"", "PLACE")
        .replace("\"book\": \"direct.redb\"", "PLACE")
        .lines()
        // It is no field of the wire's message.
        .filter(|line| !line.contains("backend_name"))
        .map(|line| without_times(line).trim_end_matches(',').to_owned() + "\n")
        .collect()
}

/// Instants, and what they lead to, become `TIME`.
fn without_times(line: &str) -> String {
    line.split_inclusive(['"', ' ', '\t', ',', '='])
        .map(|word| {
            let looks_like_one =
                word.len() >= 10 && word.as_bytes()[4] == b'-' && word.as_bytes()[..4].iter().all(u8::is_ascii_digit)
                    || word.len() > 8 && word.as_bytes()[2] == b':' && word.as_bytes()[5] == b':';
            if looks_like_one { "TIME " } else { word }
        })
        .collect()
}

const HELLO: &str = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

/// The commands of `cli/tests/session`.
fn session() -> Vec<String> {
    let lines = include_str!("session").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.replace("HELLO", HELLO)).collect()
}

fn make_files(folder: &Path) {
    std::fs::write(folder.join("hello"), "hello").unwrap();
    std::fs::write(folder.join("spec.json"), r#"{"ociVersion":"1.2.0"}"#).unwrap();
}

#[test]
fn a_session_at_a_server_is_the_same_as_one_in_a_book() {
    let folder = tempfile::tempdir().unwrap();
    make_files(folder.path());
    let _server = serve(folder.path());
    let mut differences = Vec::new();
    for command in session() {
        let [there, here] =
            [&["--address", "unix://s"], &["--db", "direct.redb"]].map(|place| run(folder.path(), place, &command));
        if there != here {
            differences.push(format!("$ stowbook {command}\nat the server:\n{there}\nin the book:\n{here}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// `stowbook events --follow` at a socket, which is killed with this.
struct Follower {
    child: Child,
    lines: Receiver<String>,
}

impl Follower {
    /// Begins, and waits until it is told of events: containerd does not say when that is.
    fn start(folder: &Path, socket: &str) -> Self {
        let mut child = stowbook(folder).args(["--address", socket, "events", "--follow"]).spawn().unwrap();
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || output.lines().try_for_each(|line| sender.send(line.unwrap())));
        let follower = Follower { child, lines };
        let began = Instant::now();
        while {
            assert!(began.elapsed() < PATIENCE, "no events are told");
            run(folder, &["--address", socket], "ns create mark");
            run(folder, &["--address", socket], "ns rm mark");
            follower.lines.recv_timeout(Duration::from_millis(100)).is_err()
        } {}
        follower
    }

    /// All that was told, without times.
    fn told(&self, folder: &Path, socket: &str) -> Vec<String> {
        run(folder, &["--address", socket], "ns create marked");
        run(folder, &["--address", socket], "ns rm marked");
        let next = || self.lines.recv_timeout(PATIENCE).unwrap();
        let lines = std::iter::repeat_with(next).take_while(|line| !line.contains("marked"));
        // Own topics are no containerd's.
        let told = lines.filter(|line| !line.contains("mark") && !line.contains(" /stowbook/"));
        told.map(|line| without_times(&line)).collect()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a server says, without what only one server has: help and details, a place for files, and files.
fn plain(said: &str, socket: &str) -> String {
    said.replace(&format!("socket {socket},"), "PLACE,")
        .replace(&format!("socket {socket}\n"), "PLACE\n")
        .replace(&format!("\"socket\": \"{socket}\""), "PLACE")
        .lines()
        .filter(|line| !line.starts_with("  ") || line.starts_with("  where: "))
        .map(|line| match line.split_once("/io.containerd.snapshotter.v1.") {
            Some((_, rest)) => format!("mount {rest}\n"),
            None => line.trim_end_matches(" 1      ").trim_end_matches(" 0      ").to_owned() + "\n",
        })
        .collect()
}

#[test]
#[ignore = "needs a running containerd 2.3: ci/containerd"]
fn a_session_at_containerd_is_the_same_as_one_at_a_server() {
    let containerd = std::env::var("CONTAINERD_SOCKET").unwrap();
    let folder = tempfile::tempdir().unwrap();
    make_files(folder.path());
    let _server = serve(folder.path());
    let sockets = [containerd.as_str(), "s"];
    let followers = sockets.map(|socket| Follower::start(folder.path(), socket));
    let mut differences = Vec::new();
    // containerd keeps no events.
    let (events, session): (Vec<_>, Vec<_>) = session().into_iter().partition(|command| command.contains("events "));
    assert!(session.len() > 50 && !events.is_empty());
    for command in session {
        let [there, here] = sockets.map(|socket| plain(&run(folder.path(), &["--address", socket], &command), socket));
        if there != here {
            differences.push(format!("$ stowbook {command}\nat containerd:\n{there}\nat the server:\n{here}"));
        }
    }
    for command in events {
        let said = run(folder.path(), &["--address", &containerd], &command);
        assert!(said.contains("the server keeps no events: not implemented"), "{said}");
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    let [there, here] = [0, 1].map(|n| followers[n].told(folder.path(), sockets[n]));
    assert!(there.len() > 20, "{there:?}");
    for (there, here) in there.iter().zip(&here) {
        assert_eq!(there, here);
    }
    assert_eq!(there.len(), here.len());
}

/// Records go to containerd and come back.
#[test]
#[ignore = "needs a running containerd 2.3: ci/containerd"]
fn records_are_copied_to_containerd_and_back() {
    let containerd = std::env::var("CONTAINERD_SOCKET").unwrap();
    let folder = tempfile::tempdir().unwrap();
    make_files(folder.path());
    let at = |place: &str, command: &str| run(folder.path(), &["--db", place], command);
    for command in [
        "ns create copied tier=front",
        "-n copied content ingest r hello --label containerd.io/gc.root=x",
        "-n copied i create a:1 --digest HELLO --size 5 --media-type t --label k=v",
        "-n copied leases create --id l -x 0 a=b",
        "-n copied leases resources add l content HELLO",
        "-n copied s create box --label a=b",
        "-n copied c create --config spec.json web",
        "-n copied c label web role=web",
    ] {
        let said = at("a.redb", &command.replace("HELLO", HELLO));
        assert!(said.ends_with("0\n"), "{command}: {said}");
    }
    let copy = |from: &str, to: &str, dry: &str| {
        run(folder.path(), &[], &format!("copy --from {from} --to {to} --only copied{dry}"))
    };
    let counts = "namespaces copied: 1\ncontent copied: 1\nimages copied: 1\nleases copied: 1\nsandboxes copied: 1\n\
                  containers copied: 1\n";
    let not_kept = "not kept: 5 records in namespace \"copied\": the place sets their times\n";
    let plan = copy("a.redb", &containerd, " --dry-run");
    assert!(plan.starts_with(not_kept) && plan.contains(&counts.replace("copied:", "to copy:")), "{plan}");
    assert!(!run(folder.path(), &["--address", &containerd], "ns ls -q").contains("copied"));
    let done = copy("a.redb", &containerd, "");
    assert_eq!(done, plan.replace("to copy:", "copied:"));
    let again = copy("a.redb", &containerd, "");
    assert!(again.contains("containers copied: 0\n") && again.contains("there already: 5\n"), "{again}");

    // A book keeps more: times, and snapshots.
    for command in ["prepare one", "commit base one", "view two base", "label base a=b"] {
        let said = run(folder.path(), &["--address", &containerd], &format!("-n copied snapshots {command}"));
        assert!(said.ends_with("0\n"), "{said}");
    }
    let back = copy(&containerd, "b.redb", "");
    assert_eq!(back, format!("{counts}snapshots copied: 2\nthere already: 0\n0\n"));
    let exact = |place: [&str; 2], command: &str| {
        let words = command.split(' ');
        let output = stowbook(folder.path()).args(place).args(["-n", "copied"]).args(words).output().unwrap();
        assert!(output.status.success(), "{command}: {output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines()
            .filter(|line| !line.contains("backend_name"))
            .map(|line| line.trim_end_matches(',').to_owned() + "\n")
            .collect::<String>()
    };
    for command in [
        "c ls",
        "c info web",
        "i ls",
        "i info a:1",
        "leases resources ls l",
        "-o json leases ls",
        "s info box",
        "content info HELLO",
        "content get HELLO",
        "snapshots ls",
        "snapshots info base",
        "snapshots info two",
        "snapshots tree",
    ] {
        let command = command.replace("HELLO", HELLO);
        assert_eq!(exact(["--address", &containerd], &command), exact(["--db", "b.redb"], &command), "{command}");
    }
    assert!(exact(["--db", "b.redb"], "ns ls").contains("tier=front"));
}

#[test]
fn the_place_is_named_once_and_never_taken_from_containerd() {
    let folder = tempfile::tempdir().unwrap();
    let _server = serve(folder.path());
    for (first, second) in [
        (&["--address", "s"][..], &["--db", "x.redb"][..]),
        (&["--address", "s"], &["--metadb", "meta.db"]),
        (&["--metadb", "meta.db"], &["--db", "x.redb"]),
        (&["--address", "s"], &["--read-only"]),
    ] {
        let output = stowbook(folder.path()).args(first).args(second).args(["c", "ls"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("cannot be used with"), "{output:?}");
    }
    let created = stowbook(folder.path()).args(["--address", "s", "c", "create", "i", "web"]).output().unwrap();
    assert!(created.status.success(), "{created:?}");
    // What the environment says of a book comes after what is said here, and of containerd is not heard.
    let address = format!("unix://{}", folder.path().join("s").display());
    let list = |arguments: &[&str]| {
        let mut command = stowbook(folder.path());
        command.env("CONTAINERD_ADDRESS", &address).env("STOWBOOK_DB", "env.redb");
        String::from_utf8(command.args(arguments).args(["c", "ls", "-q"]).output().unwrap().stdout).unwrap()
    };
    assert_eq!(list(&["--address", "s"]), "web\n");
    assert_eq!(list(&["--db", "x.redb"]), "");
    assert_eq!(list(&[]), "");
}

#[test]
fn what_works_on_files_says_so_and_a_server_that_is_not_there_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    for command in [&["db", "check"][..], &["db", "info"], &["export"]] {
        let output = stowbook(folder.path()).args(["--address", "s"]).args(command).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("this command works on a book's file: not implemented"), "{said}");
    }
    let output = stowbook(folder.path()).args(["--address", "s", "gc", "--dry-run"]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("does not tell what it would collect"), "{output:?}");
    let output = stowbook(folder.path()).args(["--address", "s", "gc"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    drop(server);
    let output = stowbook(folder.path()).args(["--address", "s", "c", "ls"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("cannot reach the server") && said.contains("where: socket s, namespace default"), "{said}");
}

#[test]
fn events_go_on_where_they_were_when_the_server_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = serve(folder.path());
    let mut follower = stowbook(folder.path());
    follower.args([
        "--address",
        "s",
        "-o",
        "json",
        "events",
        "--since",
        "0",
        "--follow",
        "topic==\"/containers/create\"",
    ]);
    let mut follower = follower.stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    for round in 0..3 {
        for number in 0..3 {
            let id = format!("c{round}-{number}");
            let output = stowbook(folder.path()).args(["--address", "s", "c", "create", "i", &id]).output().unwrap();
            assert!(output.status.success(), "{output:?}");
            if number == 1 {
                // Dropped is killed, in the middle of the round.
                drop(server);
                server = serve(folder.path());
            }
        }
        for number in 0..3 {
            let line = lines.next().unwrap().unwrap();
            assert!(line.contains(&format!("\"id\":\"c{round}-{number}\"")), "{line}");
        }
    }
    follower.kill().unwrap();
    follower.wait().unwrap();
}

#[test]
fn records_are_copied_between_books_and_servers() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hello"), "hello").unwrap();
    let _server = serve(folder.path());
    let text = |arguments: &str, code: i32| {
        let output = stowbook(folder.path()).args(arguments.split(' ')).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    text("--db a.redb ns create moby tier=front", 0);
    text("--db a.redb -n moby c create example.com/a:1 web", 0);
    text("--db a.redb -n moby content ingest r hello --label containerd.io/gc.root", 0);
    const PLAN: &str = "not kept: 2 records in namespace \"moby\": the place sets their times\nnamespaces to copy: 1\n\
        content to copy: 1\nimages to copy: 0\nleases to copy: 0\nsandboxes to copy: 0\ncontainers to copy: 1\nsnapshots to copy: 0\n\
        there already: 0\n";
    assert_eq!(text("copy --from a.redb --to unix://s --dry-run", 0), PLAN);
    assert_eq!(text("--address s ns ls -q", 0), "");
    assert_eq!(text("copy --from a.redb --to unix://s", 0), PLAN.replace("to copy", "copied"));
    // A socket is one without its prefix, too.
    assert!(text("copy --from s --to b.redb", 0).contains("content copied: 1"));
    assert!(text("copy --from a.redb --to b.redb", 0).contains("there already: 2"));
    let hello = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    assert_eq!(text(&format!("--db b.redb -n moby content get {hello}"), 0), "hello");
    let [one, other] = ["a.redb", "b.redb"].map(|db| text(&format!("--db {db} -n moby c info --spec web"), 0));
    assert_eq!(one, other);

    // A database of containerd has no bytes.
    let metadb = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/metadb/containerd-2.3.4.db");
    let said = text(&format!("copy --from {metadb} --to c.redb"), 0);
    assert!(said.contains("which the place does not tell\n") && !said.contains("snapshots copied: 0"), "{said}");
    // What it has comes over as it is, times and all.
    let [from, to] = ["metadb", "db"].map(|option| {
        let place = if option == "db" { "c.redb" } else { metadb };
        let listed = text(&format!("--{option} {place} -n default c ls -q"), 0);
        listed.lines().map(|id| text(&format!("--{option} {place} -n default c info {id}"), 0)).collect::<Vec<_>>()
    });
    assert!(!from.is_empty());
    assert_eq!(from, to);
    assert!(said.contains("its bytes cannot be read") && said.contains("content copied: 0"), "{said}");
    assert!(text(&format!("copy --from a.redb --to {metadb}"), 1).contains("open for reading only"));

    text("--db b.redb -n moby c label web x=y", 0);
    let said = text("copy --from b.redb --to unix://s", 1);
    assert!(said.contains("1 of the records to copy: already exists\n  where: socket s\n"), "{said}");
    assert!(said.contains("conflicts: container \"web\" in namespace \"moby\""), "{said}");
    assert!(text("copy --from nosuch.redb --to unix://s", 1).contains("where: book nosuch.redb"));
    assert!(text("--db x.redb copy --from a.redb --to unix://s", 2).contains("cannot be used with"));
    assert!(!folder.path().join("nosuch.redb").exists() && !folder.path().join("x.redb").exists());
}
