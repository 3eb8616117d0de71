//! What people see who look at a terminal, and nobody else: colors and progress.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic")]

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const BAD: &str = r#"{"imageLayoutVersion": "2"}"#;
const ESCAPE: &str = "\u{1b}[";

/// Runs the program on a terminal of its own; what it wrote there, and its exit status.
fn on_terminal(folder: &Path, arguments: &[&str], variables: &[(&str, &str)], slow: bool) -> (String, i32) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
    let theirs = File::options().read(true).write(true).open(name).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_stowbook"));
    command.current_dir(folder).env_clear().env("TERM", "xterm-256color").envs(variables.iter().copied());
    command.arg("validate").args(arguments).stdin(Stdio::piped());
    command.stdout(theirs.try_clone().unwrap()).stderr(theirs);
    let mut child = command.spawn().unwrap();
    // Only the child holds the other end now, which ends with it.
    drop(command);
    let mut input = child.stdin.take().unwrap();
    if slow {
        // The line is for work of more than a second.
        std::thread::sleep(Duration::from_millis(1200));
    }
    // One that was given a file may have ended without reading this.
    let _ = input.write_all(BAD.as_bytes());
    drop(input);
    let mut written = Vec::new();
    // The end of a terminal is an error.
    let _ = File::from(ours).read_to_end(&mut written);
    (String::from_utf8(written).unwrap(), child.wait().unwrap().code().unwrap())
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        std::fs::write(folder.path().join(name), BAD).unwrap();
    }
    folder
}

#[test]
fn terminals_have_colors_unless_they_or_the_user_will_not() {
    let folder = folder();
    let (text, status) = on_terminal(folder.path(), &["a"], &[], false);
    assert_eq!(status, 1, "{text}");
    assert!(text.contains(&format!("{ESCAPE}1m")) && text.contains(&format!("{ESCAPE}31m")), "{text:?}");
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let (text, status) = on_terminal(folder.path(), &["a"], &[(name, value)], false);
        assert_eq!(status, 1, "{text}");
        assert!(text.contains("error[OCI-IM-0502]") && !text.contains(ESCAPE), "{name}: {text:?}");
    }
    // What programs read has none.
    for format in ["json", "sarif", "short", "github"] {
        let (text, _) = on_terminal(folder.path(), &["--format", format, "a"], &[], false);
        assert!(text.contains("OCI-IM-0502") && !text.contains(ESCAPE), "{format}: {text:?}");
    }
}

#[test]
fn long_work_tells_how_far_it_is_and_cleans_up() {
    let folder = folder();
    let arguments = ["--format", "short", "a", "-", "b"];
    let (text, _) = on_terminal(folder.path(), &arguments, &[], true);
    let (before, after) = text.split_once("\r2 of 3 files checked").unwrap_or_else(|| panic!("{text:?}"));
    assert_eq!(before, "", "nothing is written while there is nothing to tell");
    assert!(after.starts_with("\r\u{1b}[K"), "{text:?}");
    assert_eq!(after.matches("OCI-IM-0502").count(), 3, "{text:?}");
    let (text, _) = on_terminal(folder.path(), &arguments, &[], false);
    assert!(!text.contains("files checked"), "{text:?}");
}
