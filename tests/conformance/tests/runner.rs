//! The runner itself: all vectors pass on memory, and on the way through a door; whatever is wrong is found.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may panic")]

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

const RUNNER: &str = env!("CARGO_BIN_EXE_stowbook-conformance");

/// The exit status, and what was printed.
fn run(arguments: &[&str], files: &[PathBuf]) -> (i32, String) {
    let output = Command::new(RUNNER).args(arguments).args(files).output().unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(printed).unwrap())
}

fn vectors() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}

/// Runs these steps as the only case of a suite.
fn run_case(arguments: &[&str], steps: &Value) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("suite.json");
    let cases = json!([{"id": "case", "group": "g", "steps": steps}]);
    std::fs::write(&file, json!({"suite": "suite", "description": "", "cases": cases}).to_string()).unwrap();
    run(arguments, &[file])
}

fn last_line(printed: &str) -> &str {
    printed.lines().last().unwrap()
}

/// Creating, updating and refusing: what the tests below spoil.
fn good_steps() -> Value {
    let container = |updated: &str| {
        json!({"container": {
            "id": "c", "labels": {"a": "{{1*3}}"}, "runtime": {"name": "rt"}, "spec": {"type_url": "t", "value_text": "s"},
            "created_at": "@0", "updated_at": updated,
        }})
    };
    let request = json!({"container": {
        "id": "c", "labels": {"a": "111"}, "runtime": {"name": "rt"}, "spec": {"type_url": "t", "value_base64": "cw=="},
    }});
    let exists = json!({"kind": "already_exists", "code": 6, "message": "container \"c\": already exists"});
    json!([
        {"op": "containers.create", "namespace": "n", "request": request, "expect": {"2.3": {"ok": container("@0")}}},
        {"op": "containers.update", "namespace": "n", "request": request, "expect": {"2.3": {"ok": container("@1")}}},
        {"op": "containers.create", "namespace": "n", "request": request, "expect": {"2.3": {"error": exists}}},
        {"op": "namespaces.list", "request": {}, "expect": {"2.3": {"ok": {"namespaces": [{"name": "n"}]}}}},
    ])
}

#[test]
fn all_vectors_pass_on_memory() {
    let (status, printed) = run(&[], &vectors());
    assert_eq!(status, 0, "{printed}");
    assert!(last_line(&printed).contains(" passed, 0 failed, "), "{printed}");
}

#[test]
fn all_vectors_pass_through_a_door() {
    let (status, printed) = run(&["--door", &format!("{RUNNER} --drive")], &vectors());
    assert_eq!(status, 0, "{printed}");
    assert!(printed.contains(" door has no identifiers.validate"), "{printed}");
}

#[test]
fn records_and_rules_pass_on_redb() {
    let mut files = vectors();
    files.retain(|path| path.ends_with("missing-messages.json") || path.ends_with("namespace-delete.json"));
    let (status, printed) = run(&["--on", "redb"], &files);
    assert_eq!((files.len(), status), (2, 0), "{printed}");
    let case = run_case(&["--on", "redb"], &good_steps());
    assert_eq!((case.0, last_line(&case.1)), (0, "1 passed, 0 failed, 0 skipped"), "{}", case.1);
}

#[test]
fn a_spoiled_expectation_fails_and_is_shown() {
    for arguments in [&[] as &[&str], &["--door", &format!("{RUNNER} --drive")]] {
        let (status, printed) = run_case(arguments, &good_steps());
        assert_eq!((status, last_line(&printed)), (0, "1 passed, 0 failed, 0 skipped"), "{printed}");

        for (pointer, value, shown) in [
            ("/2/expect/2.3/error/message", json!("container \"d\": already exists"), "error.message"),
            ("/2/expect/2.3/error/kind", json!("not_found"), "error.kind"),
            ("/2/expect/2.3/error/code", json!(5), "error.code"),
            ("/1/expect/2.3/ok/container/updated_at", json!("@0"), "container.updated_at"),
            ("/1/expect/2.3/ok/container/created_at", json!("@1"), "container.created_at"),
            ("/0/expect/2.3/ok/container/created_at", json!("2026-11-21T00:00:00Z"), "container.created_at"),
            ("/0/expect/2.3/ok/container/labels", json!({}), "container.labels.a"),
            ("/0/expect/2.3/ok/container/image", json!("i"), "container.image"),
            ("/0/expect/2.3/ok/container/spec", json!({"type_url": "t"}), "container.spec.value_text"),
            ("/3/expect/2.3/ok/namespaces", json!([{"name": "n"}, {"name": "o"}]), "namespaces[1]"),
            ("/3/expect/2.3", json!({"ok": {}}), "namespaces"),
            ("/3/expect/2.3", json!({"error": {"kind": "unknown", "code": 2, "message": ""}}), "the error unknown"),
            ("/2/expect/2.3", json!({"ok": {}}), "the error already_exists"),
        ] {
            let mut steps = good_steps();
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            steps.pointer_mut(parent).unwrap()[name] = value;
            let (status, printed) = run_case(arguments, &steps);
            assert_eq!((status, last_line(&printed)), (1, "0 passed, 1 failed, 0 skipped"), "{pointer}\n{printed}");
            assert!(printed.contains("FAILED suite case, step ") && printed.contains(shown), "{pointer}\n{printed}");
        }
    }
}

#[test]
fn events_are_compared() {
    let delete = json!({"type_url": "containerd.events.ContainerDelete", "value_base64": "CgF4"});
    let event = json!({
        "topic": "/a", "namespace": "n", "type_url": "containerd.events.ContainerDelete", "payload": {"id": "x"},
    });
    let run = |events: Value| {
        let step = json!({
            "op": "events.publish", "namespace": "n", "request": {"topic": "/a", "event": delete},
            "expect": {"2.3": {"ok": {}, "events": events}},
        });
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("suite.json");
        let cases = json!([{"id": "case", "group": "g", "events": true, "steps": [step, step]}]);
        std::fs::write(&file, json!({"suite": "suite", "description": "", "cases": cases}).to_string()).unwrap();
        run(&[], &[file])
    };
    let (status, printed) = run(json!([event]));
    assert_eq!((status, last_line(&printed)), (0, "1 passed, 0 failed, 0 skipped"), "{printed}");
    let mut other = event.clone();
    other["payload"]["id"] = json!("y");
    for (events, shown) in
        [(json!([other]), "events[0].payload.id"), (json!([]), "events[0]"), (json!([event, event]), "events[1]")]
    {
        let (status, printed) = run(events);
        assert!(status == 1 && printed.contains(shown), "{printed}");
    }
}

#[test]
fn a_request_that_cannot_be_read_fails() {
    let step =
        json!([{"op": "containers.get", "namespace": "n", "request": {"name": "c"}, "expect": {"2.3": {"ok": {}}}}]);
    let (status, printed) = run_case(&[], &step);
    assert!(status == 1 && printed.contains("the request cannot be read: unknown field `name`"), "{printed}");
}

#[test]
fn a_driver_that_dies_or_talks_nonsense_fails() {
    for (driver, shown) in [
        ("echo 'no such library' >&2; exit 3", "| no such library"),
        ("exit 3", "exit status: 3"),
        ("while read -r line; do echo hello; done", "the driver answered \"hello\" to reset"),
        ("while read -r line; do echo ok; done", "the driver answered \"ok\""),
        (
            "for answer in ok unsupported ok 'error lost =61'; do read -r line; echo \"$answer\"; done",
            "the driver answered \"error lost =61\"",
        ),
        ("no-such-command-anywhere", "not found"),
    ] {
        let (status, printed) = run_case(&["--door", driver], &good_steps());
        assert_eq!((status, last_line(&printed)), (1, "0 passed, 1 failed, 0 skipped"), "{driver}\n{printed}");
        assert!(printed.contains(shown), "{driver}\n{printed}");
    }
}

#[test]
fn what_a_driver_does_not_have_is_skipped() {
    let driver = "while read -r line; do case $line in reset) echo ok;; *) echo unsupported;; esac; done";
    let (status, printed) = run_case(&["--door", driver], &good_steps());
    assert_eq!((status, last_line(&printed)), (0, "0 passed, 0 failed, 1 skipped"), "{printed}");
    assert!(printed.contains("skipped: 1 door has no containers.create"), "{printed}");
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_of_its_own() {
    for (arguments, files) in
        [(&[] as &[&str], vec![PathBuf::from("no-such.json")]), (&[], vec![]), (&["--on", "paper"], vectors())]
    {
        let (status, printed) = run(arguments, &files);
        assert_eq!(status, 2, "{printed}");
    }
}
