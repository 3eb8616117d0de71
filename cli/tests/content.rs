//! Content through the command line: what is piped in comes out again, also after kills.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

fn stowbook(book: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stowbook"));
    command.arg("--db").arg(book).args(["--lock-timeout", "10"]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn ingest(book: &Path) -> Child {
    stowbook(book, &["content", "ingest", "r"]).spawn().unwrap()
}

fn run(book: &Path, arguments: &[&str]) -> Output {
    let output = stowbook(book, arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Bytes that compress to nothing and fill several reads.
fn bytes(round: u8) -> Vec<u8> {
    let mut state = u32::from(round) + 1;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..1_200_000).map(next).collect()
}

#[test]
fn an_ingest_that_is_killed_leaves_a_sound_book_and_can_be_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("book.redb");
    run(&book, &["namespaces", "create", "default"]);
    for round in 0..12 {
        let bytes = bytes(round);
        let mut child = ingest(&book);
        let mut input = child.stdin.take().unwrap();
        // From a kill before the first byte to kills around the commit.
        let half = bytes.get(..bytes.len() / 6 * usize::from(round.min(6))).unwrap();
        input.write_all(half).unwrap();
        if round >= 6 {
            drop(input);
            std::thread::sleep(Duration::from_millis(u64::from(round - 6) * 3));
        }
        child.kill().unwrap();
        child.wait().unwrap();

        run(&book, &["db", "check"]);
        let mut child = ingest(&book);
        child.stdin.take().unwrap().write_all(&bytes).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let digest = String::from_utf8(output.stdout).unwrap();
        assert!(run(&book, &["content", "get", digest.trim()]).stdout == bytes, "round {round}");
    }
    run(&book, &["gc"]);
    assert!(run(&book, &["content", "ls", "-q"]).stdout.is_empty());
    let left = std::fs::read_dir(folder.path().join("book.redb.content/blobs/sha256")).unwrap().count();
    assert_eq!(left, 0, "what was killed leaves nothing behind for ever");
}
