//! The examples of a code's page: the cases of `tests/checker/cases.tsv`, which the checker's tests play.

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const CASES: &str = "tests/checker/cases.tsv";

/// A text in which a code is found, and one much like it in which it is not.
pub(crate) struct Example {
    base: String,
    found: Side,
    silent: Side,
}

struct Side {
    /// How the checker is asked, and what else is done to the text.
    flags: String,
    change: Change,
}

enum Change {
    Text(String),
    Members(Map<String, Value>),
}

/// The examples by code.
pub(crate) fn read(root: &Path) -> Result<BTreeMap<String, Vec<Example>>, Box<dyn Error>> {
    let mut examples: BTreeMap<String, Vec<Example>> = BTreeMap::new();
    for line in fs::read_to_string(root.join(CASES))?.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [code, base, flags, found, silent] = columns[..] else { return Err(format!("{CASES}: {line}").into()) };
        let example = Example { base: base.to_owned(), found: side(flags, found)?, silent: side(flags, silent)? };
        examples.entry(code.to_owned()).or_default().push(example);
    }
    Ok(examples)
}

fn side(flags: &str, column: &str) -> Result<Side, Box<dyn Error>> {
    let own = column.strip_prefix('@').and_then(|rest| rest.split_once(' '));
    let (flags, column) = own.unwrap_or((flags, column));
    let change = match serde_json::from_str(column)? {
        Value::String(text) => Change::Text(text),
        Value::Object(members) => Change::Members(members),
        other => return Err(format!("{CASES}: {other}").into()),
    };
    Ok(Side { flags: flags.to_owned(), change })
}

/// The part of a page that shows them.
pub(crate) fn show(examples: &[Example]) -> Result<String, Box<dyn Error>> {
    let mut text = String::new();
    if let Some(example) = examples.first() {
        text.push_str("\n## Example\n\n");
        match (&example.found.change, &example.silent.change) {
            (Change::Members(found), Change::Members(silent)) => members(&mut text, example, found, silent)?,
            (found, silent) => {
                whole(&mut text, "Found in", found, &example.base)?;
                whole(&mut text, "Not found in", silent, &example.base)?;
            }
        }
        if let Some(note) = note(&example.found.flags) {
            writeln!(text, "\n{note}")?;
        }
    }
    Ok(text)
}

fn members(
    text: &mut String,
    example: &Example,
    found: &Map<String, Value>,
    silent: &Map<String, Value>,
) -> Result<(), Box<dyn Error>> {
    let base = &example.base;
    writeln!(text, "In [a document without mistakes](../../tests/checker/cases/{base}.json), changed so:\n")?;
    text.push_str("| at | found | not found |\n| --- | --- | --- |\n");
    let mut places: Vec<&str> = Vec::new();
    for place in found.keys().chain(silent.keys()).map(|place| place.trim_start_matches('-')) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    for place in &places {
        writeln!(text, "| `{place}` | {} | {} |", cell(found, place), cell(silent, place))?;
    }
    if places.is_empty() {
        text.push_str("| | the document | |\n");
    }
    Ok(())
}

/// What a change puts at a place.
fn cell(change: &Map<String, Value>, place: &str) -> String {
    match (change.get(place), change.contains_key(&format!("-{place}"))) {
        (Some(value), _) => format!("`{}`", value.to_string().replace('|', "\\|")),
        (None, true) => "(taken out)".to_owned(),
        (None, false) => "(as it is)".to_owned(),
    }
}

fn whole(text: &mut String, title: &str, change: &Change, base: &str) -> Result<(), Box<dyn Error>> {
    match change {
        // Unseen characters are shown as JSON writes them.
        Change::Text(found) if found.chars().all(|c| c == ' ' || c.is_ascii_graphic()) => {
            writeln!(text, "{title}:\n\n```text\n{found}\n```")?;
        }
        Change::Text(found) => {
            writeln!(text, "{title} the text that JSON writes as:\n\n```json\n{}\n```", escaped(found))?;
        }
        Change::Members(_) => {
            writeln!(text, "{title} [this document](../../tests/checker/cases/{base}.json).")?;
        }
    }
    Ok(())
}

fn escaped(text: &str) -> String {
    Value::from(text).to_string().chars().fold(String::new(), |mut out, c| {
        match u32::from(c) {
            0x20..0x7f => out.push(c),
            code => out.push_str(&format!("\\u{code:04x}")),
        }
        out
    })
}

/// How the checker has to be asked, and what else is done to the document.
fn note(flags: &str) -> Option<String> {
    let sentences: Vec<String> = flags
        .split(',')
        .filter_map(|flag| {
            let (name, place) = flag.split_once('=').unwrap_or((flag, ""));
            Some(match name {
                "advice" => "Advice is asked for (`--advice`).".to_owned(),
                "host" | "otherhost" => "The checker knows the host (`--host`).".to_owned(),
                "rootless" => "The container is rootless.".to_owned(),
                "systemd" => "systemd manages the cgroups.".to_owned(),
                "v1" => "The host has cgroup v1.".to_owned(),
                "windows" => "The platform is Windows.".to_owned(),
                "deep" => "The document has a member that is nested 110 deep.".to_owned(),
                "caps" => "All capabilities are in `bounding`.".to_owned(),
                "many" => format!("There are 1,001 elements at `{place}`."),
                "long" => format!("There are 100,000 letters at `{place}`."),
                _ => return None,
            })
        })
        .collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}
