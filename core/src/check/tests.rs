//! The checker against what others say: runtimes, schemas, containerd; and each rule against its cases.

mod cases;
mod hostile;
mod schemas;

use super::*;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/checker").join(name)
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn errors(report: &Report) -> Vec<String> {
    let errors = report.diagnostics.iter().filter(|one| one.severity == Severity::Error);
    errors.map(|one| format!("{} {} {}", one.code, one.pointer, one.message)).collect()
}

/// The machine on which the runtimes were asked: a root file system in `rootfs`, no AppArmor, no SELinux, no terminal.
struct Machine;

impl Host for Machine {
    fn path(&self, path: &str) -> Option<PathKind> {
        if path.starts_with("/link/") {
            return Some(PathKind::Symlink);
        }
        if path == "index.json" {
            return Some(PathKind::File);
        }
        let missing =
            ["nope", "nosuch", "nonexistent", "resctrl", "notexist", "/no/such"].iter().any(|part| path.contains(part));
        let programs = path.starts_with("rootfs/") && path.contains("/bin/");
        Some(match path {
            _ if missing => PathKind::Missing,
            "rootfs" | "/tmp" | "/srv" => PathKind::Directory,
            _ if programs && !path.ends_with("/bin/true") => PathKind::Missing,
            _ if path.contains("/bin/") => PathKind::Executable,
            _ if path.starts_with("rootfs/dev/") => PathKind::Missing,
            _ if path == "/bin/hook" => PathKind::Executable,
            _ => PathKind::Directory,
        })
    }
    fn filesystems(&self) -> Option<Vec<String>> {
        Some(vec!["tmpfs".into()])
    }
    fn apparmor(&self) -> Option<bool> {
        Some(false)
    }
    fn selinux(&self) -> Option<bool> {
        Some(false)
    }
    fn terminal(&self) -> Option<bool> {
        Some(false)
    }
    fn processors(&self) -> Option<u64> {
        Some(2)
    }
    fn huge_page_sizes(&self) -> Option<Vec<String>> {
        Some(vec!["2MB".into(), "1GB".into()])
    }
    fn blob(&self, digest: &str) -> Option<Option<(u64, bool)>> {
        let size = match digest.get(..8)? {
            "sha256:a" => Some(10),
            "sha256:b" => Some(20),
            "sha256:c" => Some(5),
            _ => None,
        };
        Some(size.map(|size| (size, true)))
    }
    fn content(&self, _: &str) -> Option<Vec<u8>> {
        Some(br#"{"rootfs": {"diff_ids": ["sha256:1"]}}"#.to_vec())
    }
    fn blobs(&self) -> Option<Vec<String>> {
        Some(vec![format!("sha256:{}", "a".repeat(64))])
    }
}

/// Where the checker says something else than the recorded run, and why.
const EXCEPTIONS: [(&str, &str); 14] = [
    ("raw-case", "OCI-RT-0008 is the rule for keys that differ in case"),
    ("cap-array", "OCI-RT-0309 is the rule for the old form"),
    ("ann-num", "OCI-RT-0513 is the rule for annotations"),
    ("sysctl-num", "OCI-RT-0630 is the rule for kernel parameters"),
    ("windows-on-linux", "OCI-RT-0132 is about a missing section; this is a surplus one"),
    ("mnt-dup", "the later mount is the one that hides the earlier"),
    ("netdev-badname", "OCI-RT-0650 is the rule; runc 1.1.5 and crun 1.8.1 do not know the member"),
    ("ver-future", "only crun 1.8.1 refuses it, by a list of versions that it has dropped since"),
    ("ver-old", "only crun 1.8.1 refuses it, by a list of versions that it has dropped since"),
    ("terminal", "it works with a console socket, of which the config says nothing"),
    ("mem-resgt", "cgroup v2 has no room for it, cgroup v1 takes it"),
    ("cpu-quotaneg", "cgroup v2 has no room for it, cgroup v1 takes it"),
    ("pids-neg", "cgroup v2 has no room for it, cgroup v1 takes it"),
    ("net-prio", "the interface does not exist on that machine"),
];

/// What runc and crun said to configs, against what the checker says.
#[test]
fn runtimes_agree() {
    let matrix = json(&folder("runtime/matrix.json"));
    let mut wrong = Vec::new();
    for entry in matrix.as_array().unwrap() {
        let name = entry["name"].as_str().unwrap();
        let text = entry["config"].as_str().unwrap();
        let options = Options { host: Some(&Machine), ..Options::default() };
        let report = validate(text.as_bytes(), Some(Kind::RuntimeConfig), &options);
        let code = entry["code"].as_str().unwrap();
        let pointers: Vec<_> = entry["pointers"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
        let refused = ["runc_1_1_5_cgroup_v1", "runc_1_1_5_cgroup_v2", "crun_1_8_1"]
            .iter()
            .any(|tool| entry[*tool].as_str().unwrap().starts_with("REFUSED"));
        let at_place = |one: &&Diagnostic| pointers.contains(&one.pointer.as_str());
        let expected = code == "-" || report.diagnostics.iter().filter(at_place).any(|one| one.code == code);
        let list = || {
            report.diagnostics.iter().map(|one| format!("\n    {} {} {}", one.code, one.severity.text(), one.pointer))
        };
        let stated = explain(code).map(|rule| rule.severity);
        // What a runtime takes and the specification forbids is an error all the same.
        let harsh = !refused && stated != Some(Severity::Error) && !errors(&report).is_empty();
        let right = expected && !(refused && errors(&report).is_empty()) && !harsh;
        let excepted = EXCEPTIONS.iter().any(|(exception, _)| *exception == name);
        if right == excepted {
            wrong.push(format!(
                "{name}: {code} {pointers:?} refused: {refused}, excepted: {excepted}{}",
                list().collect::<String>()
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), matrix.as_array().unwrap().len(), wrong.join("\n"));
}

/// The specifications' own test documents: what their schemas refuse is an error at the same place, what they take is none.
#[test]
fn schemas_agree() {
    let mut wrong = Vec::new();
    for name in ["runtime", "image"] {
        for entry in json(&folder(name).join("vectors.json")).as_array().unwrap() {
            let file = entry["file"].as_str().unwrap();
            let text = std::fs::read(folder(name).join(file)).unwrap();
            let kind = Kind::ALL.iter().find(|(_, kind)| *kind == entry["kind"].as_str().unwrap());
            let kind = kind.unwrap_or_else(|| panic!("{file}: no kind {}", entry["kind"])).0;
            let options = Options { profile: Profile::RuntimeSpec, ..Options::default() };
            let report = validate(&text, Some(kind), &options);
            let list = report
                .diagnostics
                .iter()
                .map(|one| format!("\n    {} {} {}", one.code, one.severity.text(), one.pointer));
            let list: String = list.collect();
            let valid = entry["verdict"] == "valid";
            // Rules that the schemas cannot express, and that these texts break.
            let beyond = [
                ("config-good-linux-netdevice.json", "OCI-RT-0651"),
                ("image-manifest-07-good.json", "OCI-IM-0215"),
                ("image-config-07-good.json", "OCI-IM-0422"),
            ];
            if let Some((_, code)) = beyond.iter().find(|(name, _)| *name == file) {
                let errors = errors(&report);
                assert!(errors.len() == 1 && errors[0].starts_with(code), "{file}: {errors:?}");
                continue;
            }
            if valid != errors(&report).is_empty() {
                wrong.push(format!("{file}: {} ({}){list}", entry["verdict"], entry["note"]));
            }
            for pointer in entry["expected_pointers"].as_array().unwrap() {
                let pointer = pointer.as_str().unwrap();
                let at = |one: &Diagnostic| one.severity == Severity::Error && one.pointer == pointer;
                if !valid && !report.diagnostics.iter().any(at) {
                    wrong.push(format!("{file}: nothing at {pointer:?} ({}){list}", entry["note"]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Records of real containers, and what is wrong with those that were made badly.
#[test]
fn records_of_containerd_are_right() {
    let mut found = Vec::new();
    let mut files: Vec<_> = std::fs::read_dir(folder("records")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.extend(["runc-spec-1.1.5.json", "crun-spec-1.8.1.json"].map(|name| folder("runtime").join(name)));
    files.sort();
    for file in files {
        let text = std::fs::read(&file).unwrap();
        let report = validate(&text, None, &Options::default());
        let expected = if file.starts_with(folder("records")) { Kind::ContainerdRecord } else { Kind::RuntimeConfig };
        assert_eq!(report.kind, Some(expected), "{}", file.display());
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        found.extend(errors(&report).iter().map(|error| format!("{name}: {error}")));
    }
    insta::assert_snapshot!(found.join("\n"));
}
