//! `stowbook validate` with files as they are on disks: many, none, unreadable, linked, read-only, directories.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic")]

use serde_json::Value;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const GOOD: &str = r#"{"imageLayoutVersion": "1.0.0"}"#;
/// An error that cannot be put right.
const BAD: &str = r#"{"imageLayoutVersion": "2"}"#;
/// An error that can.
const COMMA: &str = r#"{"imageLayoutVersion": "1.0.0",}"#;
const WARNING: &str = r#"{"schemaVersion": 2, "manifests": []}"#;

fn validate(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stowbook"));
    command.current_dir(folder).arg("validate").args(arguments).stdin(Stdio::null());
    command.output().unwrap()
}

fn piped(folder: &Path, arguments: &[&str], text: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stowbook"));
    command.current_dir(folder).arg("validate").args(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text).unwrap();
    child.wait_with_output().unwrap()
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_exit_status_tells_the_worst_of_all_files() {
    let folder = folder(&[("good", GOOD), ("bad", BAD), ("warning", WARNING), ("empty", "")]);
    let folder = folder.path();
    for (arguments, wanted) in [
        (&["good"][..], 0),
        (&["good", "warning"], 0),
        (&["good", "bad"], 1),
        (&["empty"], 1),
        (&["--fail-on", "warning", "warning"], 1),
        (&["--fail-on", "warning", "good"], 0),
        (&["--fail-on", "advice", "good"], 0),
        (&["nothing"], 2),
        (&["bad", "nothing", "good"], 2),
        (&["."], 2),
        (&[], 3),
        (&["--kind", "nothing", "good"], 3),
        (&["--profile", "runc", "good"], 3),
        (&["--format", "xml", "good"], 3),
    ] {
        let output = validate(folder, arguments);
        assert_eq!(status(&output), wanted, "{arguments:?}: {}", text(&output.stderr));
    }
    let output = validate(folder, &["--format", "json", "bad", "nothing", "good"]);
    let files: Vec<_> = json(&output)["inputs"].as_array().unwrap().iter().map(|one| one["file"].clone()).collect();
    assert_eq!(files, ["bad", "good"], "what can be read is checked all the same");
    assert!(text(&output.stderr).contains("nothing"));
}

#[test]
fn standard_input_is_a_file_among_others() {
    let folder = folder(&[("good", GOOD)]);
    let output = piped(folder.path(), &["--format", "json", "-", "good"], BAD.as_bytes());
    assert_eq!(status(&output), 1);
    assert_eq!(json(&output)["inputs"][0]["file"], "<stdin>");
    assert_eq!(json(&output)["inputs"][1]["verdict"], "valid");
    let output = piped(folder.path(), &["--fix", "-"], COMMA.as_bytes());
    assert_eq!((status(&output), text(&output.stdout)), (0, GOOD.to_owned()));
}

#[test]
fn colors_are_for_terminals() {
    let folder = folder(&[("bad", BAD)]);
    for (name, value) in [("TERM", "xterm-256color"), ("NO_COLOR", "1")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stowbook"));
        command.current_dir(folder.path()).env(name, value).args(["validate", "bad"]);
        let output = command.output().unwrap();
        assert!(!output.stdout.contains(&0x1b), "{name}");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_stowbook"));
    command.current_dir(folder.path()).env("CLICOLOR_FORCE", "1").env_remove("NO_COLOR").args(["validate", "bad"]);
    assert!(command.output().unwrap().stdout.contains(&0x1b), "it has colors that were left out");
}

#[test]
fn the_same_files_give_the_same_bytes() {
    let folder = folder(&[("a", BAD), ("b", WARNING), ("c", COMMA)]);
    for format in ["human", "short", "json", "sarif", "github"] {
        let once = validate(folder.path(), &["--format", format, "--advice", "a", "b", "c"]);
        let again = validate(folder.path(), &["--format", format, "--advice", "a", "b", "c"]);
        assert_eq!(text(&once.stdout), text(&again.stdout), "{format}");
        assert!(once.stdout.ends_with(b"\n"), "{format}");
    }
}

#[test]
fn sarif_is_what_its_schema_says() {
    let names = ["a b.json", "ü/c%.json", "comma", "rt"];
    let runtime = r#"{"ociVersion": "1.2.0", "hostname": "𝄞", "process": {"args": "x", "cwd": "/"}}"#;
    let texts = [BAD, WARNING, COMMA, runtime];
    let files: Vec<_> = names.into_iter().zip(texts).collect();
    let folder = folder(&files);
    let output = validate(folder.path(), &[&["--format", "sarif", "--advice"][..], &names].concat());
    let sarif = json(&output);
    // SARIF 2.1.0's schema by OASIS.
    let mut schema: Value = serde_json::from_str(include_str!("fixtures/sarif-2.1.0.json")).unwrap();
    // Its brackets are not in pairs.
    for part in ["run", "toolComponent"] {
        schema["definitions"][part]["properties"]["language"]["pattern"] = "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$".into();
    }
    let schema = jsonschema::validator_for(&schema).unwrap();
    let wrong: Vec<_> = schema.iter_errors(&sarif).map(|error| format!("{} {error}", error.instance_path())).collect();
    assert_eq!(wrong, [""; 0]);
    let [run] = sarif["runs"].as_array().unwrap().as_slice() else { panic!("{sarif}") };
    let results = run["results"].as_array().unwrap();
    assert!(results.len() > 5);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/%".contains(&byte);
        assert!(uri.bytes().all(plain), "{uri} is no URI");
    }
    assert!(text(&output.stdout).contains("%C3%BC/c%25.json"));
}

#[test]
fn commands_for_github_are_one_line_each() {
    let folder = folder(&[("a,b:c%\n.json", r#"{"imageLayoutVersion": "1\n::error::x%0A"}"#)]);
    let output = validate(folder.path(), &["--format", "github", "a,b:c%\n.json"]);
    let lines = text(&output.stdout);
    assert_eq!(lines.lines().count(), 1, "{lines}");
    assert!(lines.starts_with("::error file=a%2Cb%3Ac%25%0A.json,line=1,col=24,"), "{lines}");
    assert!(!lines["::error file=".len()..].contains("::error::x%0A"), "{lines}");
}

#[test]
fn lines_of_other_formats_stay_lines() {
    let folder = folder(&[("a\n\u{1b}[31mb", BAD)]);
    for format in ["short", "human"] {
        let output = text(&validate(folder.path(), &["--format", format, "a\n\u{1b}[31mb"]).stdout);
        assert!(!output.contains('\u{1b}'), "{format}: {output:?}");
    }
}

#[test]
fn fixing_keeps_what_a_file_is() {
    let folder = folder(&[("real/a.json", COMMA), ("good.json", GOOD)]);
    let folder = folder.path();
    let (real, link, good) = (folder.join("real/a.json"), folder.join("link.json"), folder.join("good.json"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
        symlink("real/a.json", &link).unwrap();
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
        let inode = std::fs::metadata(&good).unwrap().ino();
        let output = validate(folder, &["--fix", "link.json", "good.json"]);
        assert_eq!(status(&output), 0, "{}", text(&output.stderr));
        assert_eq!(std::fs::read_to_string(&real).unwrap(), GOOD);
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(std::fs::metadata(&good).unwrap().ino(), inode, "there was nothing to write");
    }
    let left: Vec<PathBuf> = std::fs::read_dir(folder.join("real")).unwrap().map(|one| one.unwrap().path()).collect();
    assert_eq!(left, [real]);
}

#[test]
fn what_may_not_be_written_is_left_alone() {
    let folder = folder(&[("a.json", COMMA), ("b.json", COMMA)]);
    let path = folder.path().join("a.json");
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).unwrap();
    let output = validate(folder.path(), &["--fix", "a.json", "b.json"]);
    assert_eq!(status(&output), 2);
    assert!(text(&output.stderr).contains("read-only"), "{}", text(&output.stderr));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), COMMA);
    assert_eq!(std::fs::read_to_string(folder.path().join("b.json")).unwrap(), GOOD, "the others are written");
}

/// SHA-256 of `{}`, the content of the empty descriptor.
const EMPTY: &str = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

#[test]
fn directories_are_bundles_or_layouts() {
    let index = format!(
        r#"{{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
            {{"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 2, "digest": "sha256:{EMPTY}",
              "platform": {{"os": "linux", "architecture": "amd64"}}}}]}}"#
    );
    let blob = format!("layout/blobs/sha256/{EMPTY}");
    let folder = folder(&[
        ("layout/oci-layout", GOOD),
        ("layout/index.json", &index),
        (&blob, "{}"),
        ("bundle/config.json", r#"{"ociVersion": "1.2.0"}"#),
    ]);
    let found = |arguments: &[&str]| {
        let output = json(&validate(folder.path(), &[&["--format", "json"], arguments].concat()));
        let inputs = output["inputs"].as_array().unwrap().clone();
        let codes = |one: &Value| {
            one["findings"].as_array().unwrap().iter().map(|found| found["code"].as_str().unwrap().to_owned()).collect()
        };
        inputs.iter().map(|one| (one["kind"].as_str().unwrap().to_owned(), codes(one))).collect::<Vec<_>>()
    };
    let [(layout, none), (kind, in_index), (manifest, in_manifest)] = &found(&["layout"])[..] else { panic!() };
    assert_eq!((layout.as_str(), kind.as_str(), manifest.as_str()), ("image-layout", "image-index", "image-manifest"));
    let (none, in_index, in_manifest): (&Vec<String>, &Vec<String>, &Vec<String>) = (none, in_index, in_manifest);
    assert_eq!((none.len(), in_index.len()), (0, 0), "{in_index:?}");
    assert!(in_manifest.contains(&"OCI-IM-0201".to_owned()), "{in_manifest:?}");
    let bundle: Vec<(String, Vec<String>)> = found(&["bundle"]);
    assert_eq!(bundle[0].0, "runtime-config");
    // A blob that is not what its name says, and one that nothing names.
    std::fs::write(folder.path().join(&blob), "[]").unwrap();
    std::fs::write(folder.path().join("layout/blobs/sha256/x"), "").unwrap();
    let damaged = found(&["layout"]);
    assert!(damaged[0].1.contains(&"OCI-IM-0504".to_owned()), "{damaged:?}");
    assert!(damaged[1].1.contains(&"OCI-IM-0118".to_owned()), "{damaged:?}");
    assert!(damaged[1].1.contains(&"OCI-IM-0509".to_owned()), "{damaged:?}");
    // Blobs have the names of their content, so nothing in them is put right.
    std::fs::write(folder.path().join(&blob), "{,}").unwrap();
    validate(folder.path(), &["--fix", "layout"]);
    assert_eq!(std::fs::read_to_string(folder.path().join(&blob)).unwrap(), "{,}");
}

#[test]
fn any_bytes_are_findings_and_no_crash() {
    let deep = "[".repeat(100_000);
    let long = format!(r#"{{"ociVersion": "{}"}}"#, "x".repeat(16 << 20));
    let texts: [(&[u8], &str); 14] = [
        (b"", "OCI-RT-0001"),
        (b"\xef\xbb\xbf{\"ociVersion\":\"1.2.0\"}", "OCI-RT-0005"),
        (b"\xff\xfe{\0}\0", "OCI-RT-0005"),
        (b"{\0}\0", "OCI-RT-0005"),
        (b"{\"ociVersion\":\"\xff\"}", "OCI-RT-0002"),
        (b"{\"ociVersion\":\"\\ud800\"}", "OCI-RT-0002"),
        (b"{\"ociVersion\":\"1.2.0\",\"process\":{\"args\":[\"\\u0000\"]}}", "OCI-RT-0208"),
        (b"{\"ociVersion\":\"1.2.0\",\"process\":{\"oomScoreAdj\":1e400}}", "OCI-RT-0011"),
        (b"{\"ociVersion\":\"1.2.0\"}{}", "OCI-RT-0003"),
        (b"---\nociVersion: 1.2.0\n", "OCI-RT-0001"),
        (b"\x1f\x8b\x08\x00", "OCI-RT-0001"),
        (b"null", "OCI-RT-0004"),
        (deep.as_bytes(), "OCI-RT-0009"),
        (long.as_bytes(), "OCI-RT-0009"),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (index, (bytes, code)) in texts.into_iter().enumerate() {
        std::fs::write(folder.path().join("x"), bytes).unwrap();
        for fix in [&["--format", "short", "x"][..], &["--fix", "--format", "short", "x"]] {
            if fix[0] == "--fix" && !matches!(code, "OCI-RT-0001" | "OCI-RT-0004" | "OCI-RT-0009") {
                continue;
            }
            let output = validate(folder.path(), fix);
            assert_eq!(status(&output), 1, "{index}: {}", text(&output.stderr));
            assert!(text(&output.stdout).contains(code), "{index}: {}", text(&output.stdout));
        }
    }
}
