//! Each rule speaks where it should, keeps silent beside it, and has a page.

use super::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A row of the catalogue that only points to other rows.
const POINTERS: [&str; 1] = ["OCI-IM-0219"];

/// A machine on which everything is wrong.
struct OtherMachine;

impl Host for OtherMachine {
    fn path(&self, _: &str) -> Option<PathKind> {
        Some(PathKind::Missing)
    }
    fn blob(&self, _: &str) -> Option<Option<(u64, bool)>> {
        Some(Some((1, false)))
    }
    fn blobs(&self) -> Option<Vec<String>> {
        Some(vec!["sha256:bad".into()])
    }
    fn content(&self, digest: &str) -> Option<Vec<u8>> {
        let (layer, config) = (format!("sha256:{}", "b".repeat(64)), format!("sha256:{}", "e".repeat(64)));
        let index = json!({"mediaType": "application/vnd.oci.image.index.v1+json", "digest": digest});
        let image = json!({
            "os": "plan9",
            "rootfs": {"diff_ids": [layer, layer]},
            "config": {"digest": config},
            "manifests": [index],
        });
        Some(serde_json::to_vec(&image).unwrap())
    }
}

/// A document of `tests/checker/cases`, changed as a column of `cases.tsv` says.
struct Case {
    text: Vec<u8>,
    kind: Option<Kind>,
    options: Options<'static>,
}

impl Case {
    fn read(base: &str, flags: &str, column: &str) -> Self {
        let base = json(&folder("cases").join(format!("{base}.json")));
        let kind = Kind::ALL.iter().find(|(_, name)| base["kind"] == **name).map(|(kind, _)| *kind);
        let (flags, column) = match column.strip_prefix('@').and_then(|rest| rest.split_once(' ')) {
            Some((flags, column)) => (flags, column),
            None => (flags, column),
        };
        let change: Value = serde_json::from_str(column).unwrap_or_else(|error| panic!("{column}: {error}"));
        let mut document = base["document"].clone();
        let mut case = Case { text: Vec::new(), kind, options: Options::default() };
        if column == "{}" || !column.contains("hostname\":\"x") {
            for flag in flags.split(',').filter(|flag| !flag.is_empty()) {
                case.flag(flag, &mut document, column == "{}");
            }
        }
        case.text = match change {
            Value::String(text) => text.into_bytes(),
            Value::Object(changes) => {
                for (pointer, value) in changes {
                    set(&mut document, &pointer, value);
                }
                serde_json::to_vec_pretty(&document).unwrap()
            }
            other => panic!("{other}"),
        };
        case
    }

    fn flag(&mut self, flag: &str, document: &mut Value, whole: bool) {
        let (name, pointer) = flag.split_once('=').unwrap_or((flag, ""));
        match name {
            "advice" => self.options.advice = true,
            "auto" => self.kind = None,
            "host" => self.options.host = Some(&Machine),
            "otherhost" => self.options.host = Some(&OtherMachine),
            "rootless" => self.options.rootless = true,
            "systemd" => self.options.systemd_cgroup = true,
            "v1" => self.options.cgroup = Cgroup::V1,
            "windows" => self.options.platform = Some(Platform::Windows),
            "caps" => document["process"]["capabilities"]["bounding"] = json!(super::names::CAPABILITIES),
            "deep" => set(document, "/deep", (0..110).fold(json!(1), |inner, _| json!([inner]))),
            // What the other column changes is left as it is there.
            _ if !whole => {}
            "many" => {
                let list = document.pointer_mut(pointer).and_then(Value::as_array_mut).unwrap();
                let first = list[0].clone();
                list.resize(1001, first);
            }
            "long" => set(document, pointer, json!("A".repeat(100_000))),
            other => panic!("no flag {other}"),
        }
    }

    fn report(&self) -> Report {
        validate(&self.text, self.kind, &self.options)
    }
}

/// Sets what is at a pointer, or takes it out if the pointer begins with `-`.
fn set(document: &mut Value, pointer: &str, value: Value) {
    let remove = pointer.starts_with('-');
    let (parent, last) = pointer.trim_start_matches('-').rsplit_once('/').unwrap();
    let last = last.replace("~1", "/").replace("~0", "~");
    let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("nothing at {parent}"));
    match parent {
        Value::Array(list) => {
            let index: usize = last.parse().unwrap();
            match (remove, index < list.len()) {
                (true, _) => drop(list.remove(index)),
                (false, true) => list[index] = value,
                (false, false) => list.push(value),
            }
        }
        Value::Object(object) if remove => drop(object.shift_remove(&last).unwrap()),
        Value::Object(object) => drop(object.insert(last, value)),
        other => panic!("{pointer}: {other}"),
    }
}

fn lines() -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(folder("cases.tsv")).unwrap();
    text.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

#[test]
fn documents_without_mistakes_have_no_findings() {
    for entry in std::fs::read_dir(folder("cases")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let report = Case::read(&name, "", "{}").report();
        // A subject's platform and the like are nobody's mistake; what else is found is one of this document.
        assert_eq!(report.diagnostics, [], "{name}");
        let detected = Case::read(&name, "auto", "{}");
        assert_eq!(detected.report().kind, Case::read(&name, "", "{}").kind, "{name}");
    }
}

#[test]
fn each_rule_speaks_where_it_should_and_keeps_silent_beside_it() {
    let mut wrong = Vec::new();
    for line in lines() {
        let [code, base, flags, found, silent] = line.as_slice() else { panic!("{line:?}") };
        let list = |report: &Report| {
            report.diagnostics.iter().map(|one| format!("{} {}", one.code, one.pointer)).collect::<Vec<_>>().join(", ")
        };
        let report = Case::read(base, flags, found).report();
        if !report.diagnostics.iter().any(|one| one.code == code) {
            wrong.push(format!("{code} is not found in {found}: {}", list(&report)));
        }
        // A message may quote the document; these have no braces in a name or a value that is quoted.
        if let Some(hole) = report.diagnostics.iter().find(|one| one.message.contains("{}")) {
            wrong.push(format!("a hole in the message for {found}: {}", hole.message));
        }
        let report = Case::read(base, flags, silent).report();
        if report.diagnostics.iter().any(|one| one.code == code) {
            wrong.push(format!("{code} is found in {silent}: {}", list(&report)));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), lines().len(), wrong.join("\n"));
}

#[test]
fn each_rule_has_a_case_and_a_page() {
    let covered: BTreeSet<String> = lines().iter().map(|line| line[0].clone()).collect();
    let without: Vec<_> = RULES
        .iter()
        .filter(|rule| !covered.contains(rule.code) && !POINTERS.contains(&rule.code))
        .map(|rule| rule.code)
        .collect();
    assert_eq!(without, [""; 0], "rules without a case");
    for rule in &*RULES {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/codes/{}.md", rule.code));
        let page = std::fs::read_to_string(page).unwrap_or_else(|error| panic!("{} has no page: {error}", rule.code));
        // `cargo xtask rules` makes it of the case, and CI compares.
        assert_eq!(page.contains("## Example"), !POINTERS.contains(&rule.code), "{}", rule.code);
    }
    let unknown: Vec<_> = lines().iter().map(|line| line[0].clone()).filter(|code| explain(code).is_none()).collect();
    assert_eq!(unknown, [""; 0]);
    let order: Vec<_> = RULES.windows(2).filter(|pair| pair[0].code >= pair[1].code).map(|pair| pair[1].code).collect();
    assert_eq!(order, [""; 0], "the table has to be in order");
}

#[test]
fn a_name_that_is_written_wrong_is_as_bad_as_its_lack() {
    let found = |permitted: &str| {
        let capabilities =
            format!(r#"{{"bounding":["CAP_KILL"],"effective":["CAP_KILL"],"permitted":["{permitted}"]}}"#);
        let process =
            format!(r#"{{"cwd":"/","args":["sh"],"user":{{"uid":0,"gid":0}},"capabilities":{capabilities}}}"#);
        let text = format!(r#"{{"ociVersion":"1.2.0","root":{{"path":"rootfs"}},"process":{process}}}"#);
        let report = validate(text.as_bytes(), Some(Kind::RuntimeConfig), &Options::default());
        let about = |one: &&Diagnostic| one.pointer.starts_with("/process/capabilities");
        report.diagnostics.iter().filter(about).map(|one| (one.code, one.severity)).collect::<Vec<_>>()
    };
    assert_eq!(found("CAP_KILL"), []);
    assert_eq!(found("CAP_KILLx"), [("OCI-RT-0301", Severity::Error)]);
    assert_eq!(found("cap_kill"), [("OCI-RT-0302", Severity::Error)]);
}

/// What is wrong in one place does not hide what is wrong in another.
#[test]
fn independent_mistakes_are_all_found() {
    let mistakes = [
        ("/hostname", json!(1), "OCI-RT-0011"),
        ("/process/cwd", json!("x"), "OCI-RT-0203"),
        ("/process/args", json!([]), "OCI-RT-0205"),
        ("/root/path", json!(""), "OCI-RT-0112"),
        ("/mounts/5/options", json!(["ro"]), "OCI-RT-0415"),
        ("/hooks/createRuntime/0/timeout", json!(0), "OCI-RT-0504"),
        ("/linux/sysctl/vm.swappiness", json!("1"), "OCI-RT-0631"),
        ("/linux/devices/0/type", json!("x"), "OCI-RT-0702"),
        ("/linux/resources/memory/limit", json!(-2), "OCI-RT-0811"),
        ("/linux/seccomp/defaultAction", json!("NO"), "OCI-RT-0902"),
        ("/linux/rootfsPropagation", json!("no"), "OCI-RT-1001"),
        ("/bogus", json!(null), "OCI-RT-0007"),
    ];
    let mut document = json(&folder("cases/run.json"))["document"].clone();
    for (pointer, value, _) in &mistakes {
        set(&mut document, pointer, value.clone());
    }
    let text = serde_json::to_string(&document).unwrap();
    let text = format!("{},}}", &text[..text.len() - 1]);
    let report = validate(text.as_bytes(), Some(Kind::RuntimeConfig), &Options::default());
    let codes: BTreeSet<_> = report.diagnostics.iter().map(|one| one.code).collect();
    for (pointer, _, code) in mistakes {
        assert!(codes.contains(code), "{code} {pointer}: {codes:?}");
    }
    assert!(codes.contains("OCI-RT-0001"));
}

/// Every text with a mistake: those of the cases and those of the matrix.
fn mistakes() -> BTreeMap<String, Case> {
    let of_cases = lines().into_iter().map(|line| (line[0].clone(), Case::read(&line[1], &line[2], &line[3])));
    let matrix = json(&folder("runtime/matrix.json"));
    let of_matrix = matrix.as_array().unwrap().iter().map(|entry| {
        let text = entry["config"].as_str().unwrap().as_bytes().to_vec();
        let case = Case { text, kind: Some(Kind::RuntimeConfig), options: Options::default() };
        (entry["name"].as_str().unwrap().to_owned(), case)
    });
    of_cases.chain(of_matrix).collect()
}

#[test]
fn repairs_leave_nothing_to_repair_and_no_new_errors() {
    let mut repaired = BTreeSet::new();
    // The long texts repeat one mistake.
    for (name, case) in mistakes().into_iter().filter(|(_, case)| case.text.len() < 50_000) {
        let before = case.report();
        let fixed = fix(&case.text, case.kind, &case.options);
        let after = validate(&fixed.text, case.kind, &case.options);
        let safe = |one: &&Diagnostic| one.suggestion.as_ref().is_some_and(|suggestion| suggestion.safe);
        assert_eq!(after.diagnostics.iter().filter(safe).map(|one| one.code).collect::<Vec<_>>(), [""; 0], "{name}");
        assert_eq!(before.diagnostics.iter().any(|one| safe(&one)), fixed.text != case.text, "{name}");
        assert_eq!(fix(&fixed.text, case.kind, &case.options).text, fixed.text, "{name}");
        // A name that was not understood hid what is wrong with its value.
        let new: Vec<_> = errors(&after).into_iter().filter(|error| !errors(&before).contains(error)).collect();
        assert_eq!(new, [""; 0], "{name}");
        repaired.extend(fixed.codes);
    }
    assert!(repaired.len() > 20, "{repaired:?}");
}

/// A code, and the change of a document that brings it up.
type Change = (String, serde_json::Map<String, Value>);

/// The cases that are a change of one document with all else as it is: its name, the code, the change.
fn changes() -> BTreeMap<String, Vec<Change>> {
    let mut of_bases: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for line in lines().into_iter().filter(|line| line[2].is_empty()) {
        if let Ok(Value::Object(change)) = serde_json::from_str(&line[3]) {
            of_bases.entry(line[1].clone()).or_default().push((line[0].clone(), change));
        }
    }
    of_bases
}

/// The part of a document that a pointer is in: a member of the root, or of its large objects.
fn area(pointer: &str) -> String {
    let steps: Vec<&str> = pointer.split('/').skip(1).collect();
    let depth = if matches!(steps.first(), Some(&("linux" | "Spec" | "process" | "config"))) { 2 } else { 1 };
    steps[..steps.len().min(depth)].join("/")
}

/// Parts that rules about other parts look at too.
const SHARED: [&str; 34] = [
    "ID",
    "Image",
    "Runtime",
    "SnapshotKey",
    "Snapshotter",
    "Spec",
    "Spec/linux",
    "Spec/root",
    "architecture",
    "artifactType",
    "config",
    "config/digest",
    "config/mediaType",
    "data",
    "digest",
    "layers",
    "linux",
    "linux/gidMappings",
    "linux/maskedPaths",
    "linux/namespaces",
    "linux/readonlyPaths",
    "linux/resources",
    "linux/uidMappings",
    "mediaType",
    "mounts",
    "ociVersion",
    "os",
    "process",
    "process/capabilities",
    "process/user",
    "root",
    "size",
    "subject",
    "windows",
];

/// Mistakes in different parts of a document are found together as they are found alone: N of them give what each of them gives.
#[test]
fn several_mistakes_give_what_each_of_them_gives() {
    let mut together = 0;
    let mut wrong = Vec::new();
    for (base, changes) in changes() {
        let document = json(&folder("cases").join(format!("{base}.json")))["document"].clone();
        let kind = Case::read(&base, "", "{}").kind;
        let found = |document: &Value| -> BTreeSet<(&'static str, String)> {
            let text = serde_json::to_vec(document).unwrap();
            let report = validate(&text, kind, &Options::default());
            report.diagnostics.into_iter().map(|one| (one.code, one.pointer)).collect()
        };
        let single: Vec<_> = changes
            .iter()
            .filter(|(_, change)| {
                let alone = |pointer: &String| !pointer.starts_with('-') && !SHARED.contains(&area(pointer).as_str());
                change.len() == 1 && change.keys().all(alone)
            })
            .collect();
        // Each with others from all over the list; the same ones in each run.
        for (start, stride) in (0..single.len()).flat_map(|start| [1, 7, 31].map(|stride| (start, stride))) {
            let mut areas = BTreeSet::new();
            let mut mutated = document.clone();
            let mut expected = BTreeSet::new();
            let mut names = Vec::new();
            for step in 0..8 {
                let (code, change) = single[(start + step * stride) % single.len()];
                if !change.keys().all(|pointer| areas.insert(area(pointer))) {
                    continue;
                }
                let mut alone = document.clone();
                for (pointer, value) in change {
                    set(&mut alone, pointer, value.clone());
                    set(&mut mutated, pointer, value.clone());
                }
                expected.extend(found(&alone).into_iter().filter(|(found, _)| found == code));
                names.push(code);
            }
            together += names.len();
            let missing: Vec<_> = expected.difference(&found(&mutated)).cloned().collect();
            if !missing.is_empty() {
                wrong.push(format!("{base} {names:?}: {missing:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(together > 1000, "{together}");
}

/// What a value is, by its pointer, down to what has no parts.
fn leaves(document: &crate::doc::Document<'_>) -> BTreeMap<String, Vec<u8>> {
    let mut leaves = BTreeMap::new();
    let mut todo = vec![document.root()];
    while let Some(value) = todo.pop() {
        let parts: Vec<_> = value.children().collect();
        if parts.is_empty() {
            leaves.insert(value.pointer(), value.raw().to_vec());
        }
        todo.extend(parts);
    }
    leaves
}

/// A repair changes what the findings are about and nothing else, and never the rest of the text.
#[test]
fn repairs_change_nothing_else() {
    for (name, case) in mistakes().into_iter().filter(|(_, case)| case.text.len() < 50_000) {
        let before = case.report();
        let fixed = fix(&case.text, case.kind, &case.options);
        if fixed.text == case.text {
            continue;
        }
        // What is put right may bring up another finding that can be put right: all places count, those of the last round too.
        let mut places: Vec<String> = Vec::new();
        let (mut text, mut report) = (case.text.clone(), before);
        for _ in 0..10 {
            let safe = |one: &&Diagnostic| one.suggestion.as_ref().is_some_and(|suggestion| suggestion.safe);
            places.extend(report.diagnostics.iter().filter(safe).map(|one| one.pointer.clone()));
            let edits: Vec<_> = report
                .diagnostics
                .iter()
                .filter(safe)
                .flat_map(|one| one.suggestion.as_ref().unwrap().edits.clone())
                .collect();
            let Some(first) = edits.iter().min_by_key(|edit| edit.start) else { break };
            text.splice(first.start..first.end, first.replacement.bytes());
            report = validate(&text, case.kind, &case.options);
        }
        if places.iter().any(String::is_empty) {
            // A mistake of the text itself: what can be read of it is as it was.
            let (old, new) = (crate::doc::Document::parse(&case.text), crate::doc::Document::parse(&fixed.text));
            let keys = |document: &crate::doc::Document<'_>| leaves(document).into_keys().collect::<BTreeSet<_>>();
            assert!(keys(&old).is_subset(&keys(&new)) || places.len() > 1, "{name}");
            continue;
        }
        // The items of a list move when one goes, and a member that is renamed goes elsewhere.
        let parents: Vec<&str> =
            places.iter().map(|place| place.rsplit_once('/').map_or("", |(parent, _)| parent)).collect();
        let (old, new) = (crate::doc::Document::parse(&case.text), crate::doc::Document::parse(&fixed.text));
        let (old, new) = (leaves(&old), leaves(&new));
        for (pointer, raw) in &old {
            let touched = parents.iter().any(|parent| !parent.is_empty() && pointer.starts_with(parent))
                || places.iter().any(|place| pointer.starts_with(place.as_str()));
            assert!(touched || new.get(pointer) == Some(raw), "{name}: {pointer}");
        }
    }
}
