//! The examples of the pages: a text in which a rule speaks, and the same text put right. They are made of the cases by taking
//! out whatever the finding does not need.

use super::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Longer texts are told of, not shown.
const LONGEST: usize = 4000;

/// What an example is made of.
struct Pair {
    flags: String,
    fixed_flags: String,
    kind: Option<Kind>,
    failing: Text,
    fixed: Text,
}

enum Text {
    Document(Value),
    Raw(Vec<u8>),
}

impl Text {
    fn read(text: Vec<u8>) -> Self {
        match serde_json::from_slice::<Value>(&text) {
            // What JSON readers make of it has to be what was written.
            Ok(value) if serde_json::to_vec_pretty(&value).is_ok_and(|again| again == text) => Text::Document(value),
            _ => Text::Raw(text),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Text::Document(value) => serde_json::to_vec_pretty(value).unwrap(),
            Text::Raw(bytes) => bytes.clone(),
        }
    }
}

impl Pair {
    fn codes(&self, fixed: bool) -> BTreeSet<&'static str> {
        let (text, flags) = match fixed {
            true => (&self.fixed, &self.fixed_flags),
            false => (&self.failing, &self.flags),
        };
        let report = validate(&text.bytes(), self.kind, &options(flags));
        report.diagnostics.iter().map(|one| one.code).collect()
    }

    /// Takes out what can go without a new finding, until nothing can.
    fn reduce(&mut self, code: &str) {
        // What is long is long because of its mistake.
        if self.failing.bytes().len() > 20_000 {
            return;
        }
        loop {
            let before = (self.codes(false), self.codes(true));
            let mut changed = false;
            let Text::Document(document) = &self.failing else { return };
            let mut pointers = Vec::new();
            places(document, String::new(), &mut pointers);
            pointers.sort_by_key(|pointer| pointer.matches('/').count());
            for pointer in pointers {
                let Text::Document(failing) = &self.failing else { return };
                let Some(failing) = without(failing, &pointer) else { continue };
                let fixed = match &self.fixed {
                    Text::Document(fixed) => without(fixed, &pointer).unwrap_or_else(|| fixed.clone()),
                    Text::Raw(_) => return,
                };
                let old = (
                    std::mem::replace(&mut self.failing, Text::Document(failing)),
                    std::mem::replace(&mut self.fixed, Text::Document(fixed)),
                );
                let now = (self.codes(false), self.codes(true));
                let right = now.0.contains(code) && now.0.is_subset(&before.0) && now.1.is_subset(&before.1);
                if right {
                    changed = true;
                } else {
                    (self.failing, self.fixed) = old;
                }
            }
            if !changed {
                return;
            }
        }
    }

    fn shown(&self, code: &str) -> Value {
        let show = |text: &Text| {
            let bytes = match text {
                Text::Document(value) => compact(value).into_bytes(),
                Text::Raw(bytes) => bytes.clone(),
            };
            match String::from_utf8(bytes) {
                Ok(text) if text.len() <= LONGEST => json!(text),
                Ok(text) => json!({"characters": text.chars().count()}),
                Err(error) => json!({"bytes": error.into_bytes()}),
            }
        };
        let found = validate(&self.failing.bytes(), self.kind, &options(&self.flags));
        let first = found.diagnostics.iter().find(|one| one.code == code).unwrap();
        let place =
            format!("{} {}", if first.pointer.is_empty() { "the document" } else { &first.pointer }, first.message);
        let kind = self.kind.map(Kind::name);
        let (failing, fixed) = (show(&self.failing), show(&self.fixed));
        json!({
            "kind": kind,
            "with": self.flags,
            "fixed_with": self.fixed_flags,
            "found": place,
            "failing": failing,
            "fixed": fixed,
        })
    }
}

/// JSON with short lists and objects on one line.
fn compact(value: &Value) -> String {
    fn write(value: &Value, indent: usize, out: &mut String) {
        let line = value.to_string();
        if line.len() + indent <= 90 || !(value.is_object() || value.is_array()) {
            *out += &line.replace("\":", "\": ").replace(",\"", ", \"");
            return;
        }
        let pad = " ".repeat(indent + 2);
        let (open, close) = if value.is_object() { ('{', '}') } else { ('[', ']') };
        out.push(open);
        let mut first = true;
        let mut next = |out: &mut String| {
            *out += if std::mem::take(&mut first) { "\n" } else { ",\n" };
            *out += &pad;
        };
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    next(out);
                    *out += &format!("{}: ", json!(key));
                    write(member, indent + 2, out);
                }
            }
            Value::Array(items) => {
                for item in items {
                    next(out);
                    write(item, indent + 2, out);
                }
            }
            _ => {}
        }
        *out += &format!("\n{}{close}", " ".repeat(indent));
    }
    let mut out = String::new();
    write(value, 0, &mut out);
    // A string may hold what looks like the end of a key.
    match serde_json::from_str::<Value>(&out) {
        Ok(again) if again == *value => out,
        _ => serde_json::to_string_pretty(value).unwrap(),
    }
}

fn places(value: &Value, pointer: String, out: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                places(member, format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), out);
            }
        }
        // From the end, so that the numbers of the others stay.
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate().rev() {
                places(item, format!("{pointer}/{index}"), out);
            }
        }
        _ => {}
    }
    if !pointer.is_empty() {
        out.push(pointer);
    }
}

fn without(document: &Value, pointer: &str) -> Option<Value> {
    let (parent, last) = pointer.rsplit_once('/')?;
    let last = last.replace("~1", "/").replace("~0", "~");
    let mut changed = document.clone();
    match changed.pointer_mut(parent)? {
        Value::Object(members) => drop(members.shift_remove(&last)?),
        Value::Array(items) => {
            let index: usize = last.parse().ok()?;
            (index < items.len()).then(|| items.remove(index))?;
        }
        _ => return None,
    }
    Some(changed)
}

/// A text of each rule, and what it is put right with.
fn pairs() -> BTreeMap<&'static str, Pair> {
    let known = |column: &str, flags: &str| {
        let flags = column.strip_prefix('@').and_then(|rest| rest.split_once(' ')).map_or(flags, |(flags, _)| flags);
        flags.split(',').filter(|flag| cases::OPTIONS.contains(flag)).collect::<Vec<_>>().join(",")
    };
    let mut pairs = BTreeMap::new();
    for line in cases::lines() {
        let [code, base, flags, found, silent] = line.as_slice() else { panic!("{line:?}") };
        let Some(rule) = explain(code).filter(|rule| !pairs.contains_key(rule.code)) else { continue };
        let (failing, fixed) = (cases::Case::read(base, flags, found), cases::Case::read(base, flags, silent));
        let pair = Pair {
            flags: known(found, flags),
            fixed_flags: known(silent, flags),
            kind: failing.kind,
            failing: Text::read(failing.text),
            fixed: Text::read(fixed.text),
        };
        pairs.insert(rule.code, pair);
    }
    let matrix = json(&folder("runtime/matrix.json"));
    let entries = matrix.as_array().unwrap();
    // A version without a finding of its own.
    let text = |entry: &Value| {
        let text = entry["config"].as_str().unwrap().replace("1.0.2-dev", "1.0.2");
        match serde_json::from_str::<Value>(&text) {
            Ok(value) => Text::read(serde_json::to_vec_pretty(&value).unwrap()),
            Err(_) => Text::Raw(text.into_bytes()),
        }
    };
    for entry in entries {
        let excepted = EXCEPTIONS.iter().any(|(name, _)| entry["name"] == **name);
        let Some(rule) = explain(entry["code"].as_str().unwrap()) else { continue };
        if excepted || pairs.contains_key(rule.code) {
            continue;
        }
        let flags = if rule.host { "host" } else { "" };
        let pair = Pair {
            flags: flags.into(),
            fixed_flags: flags.into(),
            kind: Some(Kind::RuntimeConfig),
            failing: text(entry),
            fixed: text(&entries[0]),
        };
        pairs.insert(rule.code, pair);
    }
    pairs
}

/// The options that a line of the cases asks for.
fn options(flags: &str) -> Options<'static> {
    let mut case = cases::Case { text: Vec::new(), kind: None, options: Options::default() };
    for flag in flags.split(',').filter(|flag| cases::OPTIONS.contains(flag)) {
        case.flag(flag, &mut Value::Null, false);
    }
    case.options
}

/// Makes the examples anew, which takes minutes: `cargo test -p stowbook --lib -- --ignored examples_are_made`.
#[test]
#[ignore = "writes tests/checker/examples.json"]
fn examples_are_made() {
    let mut wrong = Vec::new();
    let mut examples = serde_json::Map::new();
    for (code, mut pair) in pairs() {
        pair.reduce(code);
        if pair.codes(false) != BTreeSet::from([code]) || pair.codes(true).contains(code) {
            wrong.push(format!("{code}: {:?} and {:?}", pair.codes(false), pair.codes(true)));
        }
        examples.insert(code.to_owned(), pair.shown(code));
    }
    std::fs::write(folder("examples.json"), serde_json::to_string_pretty(&examples).unwrap() + "\n").unwrap();
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

/// The first example shows its rule and nothing else, the second one not that rule.
#[test]
fn each_page_has_a_failing_and_a_fixed_example() {
    let path = folder("examples.json");
    let examples = json(&path);
    let bytes = |shown: &Value| match shown {
        Value::String(text) => Some(text.clone().into_bytes()),
        shown => serde_json::from_value(shown["bytes"].clone()).ok(),
    };
    let mut wrong = Vec::new();
    let mut long = BTreeSet::new();
    for rule in RULES.iter().filter(|rule| !cases::POINTERS.contains(&rule.code)) {
        let example = &examples[rule.code];
        let kind = Kind::ALL.iter().find(|(_, name)| example["kind"] == **name).map(|(kind, _)| *kind);
        let codes = |text: &[u8], flags: &Value| {
            let report = validate(text, kind, &options(flags.as_str().unwrap_or_default()));
            report.diagnostics.iter().map(|one| one.code).collect::<BTreeSet<_>>()
        };
        let Some(failing) = bytes(&example["failing"]) else {
            long.insert(rule.code);
            continue;
        };
        let found = codes(&failing, &example["with"]);
        if found != BTreeSet::from([rule.code]) {
            wrong.push(format!("{}: {found:?} in the failing example", rule.code));
        }
        let fixed = codes(&bytes(&example["fixed"]).unwrap_or_default(), &example["fixed_with"]);
        if fixed.contains(rule.code) {
            wrong.push(format!("{}: found in the fixed example too", rule.code));
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    // The cases, which are not shown, have their own test.
    assert!(long.len() < 10, "{long:?}");
}
