//! SARIF 2.1.0.

use super::{Checked, uri};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};
use stowbook::check::{Diagnostic, Place, Rule, Severity, explain};

pub(super) fn print(out: &mut dyn Write, checked: &[Checked]) -> io::Result<()> {
    // Only the rules that spoke; a reader asks for the others by code.
    let codes = checked.iter().flat_map(|one| one.report.diagnostics.iter().map(|found| found.code));
    let rules: BTreeMap<&str, &Rule> = codes.filter_map(|code| Some((code, explain(code)?))).collect();
    let index: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(index, code)| (*code, index)).collect();
    let results: Vec<Value> = checked
        .iter()
        .flat_map(|one| one.report.diagnostics.iter().map(|found| result(one, found, index.get(found.code).copied())))
        .collect();
    let sarif = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "stowbook",
                "version": stowbook::VERSION,
                "rules": rules.values().map(|found| rule(found)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &sarif)?;
    writeln!(out)
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "note",
    }
}

fn rule(rule: &Rule) -> Value {
    let short: String = rule.condition.chars().take(120).collect();
    let tag = if rule.severity == Severity::Advice { "security" } else { "semantic" };
    let help =
        [rule.tools, rule.fix, rule.basis].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n");
    let help = if help.is_empty() { rule.condition.to_owned() } else { help };
    let mut properties = json!({"tags": [tag]});
    if rule.severity == Severity::Advice {
        properties["security-severity"] = json!("5.0");
    }
    json!({
        "id": rule.code,
        "name": rule.code,
        "shortDescription": {"text": short},
        "fullDescription": {"text": rule.condition},
        "help": {"text": help, "markdown": help},
        "defaultConfiguration": {"level": level(rule.severity)},
        "properties": properties,
    })
}

fn region(place: Place) -> Value {
    json!({
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
        "byteOffset": place.offset,
        "byteLength": place.length,
    })
}

fn location(one: &Checked, place: Place) -> Value {
    json!({"artifactLocation": {"uri": uri(&one.name)}, "region": region(place)})
}

/// What stays the same while the text around a finding changes: FNV-1a over its code, its pointer and its value.
fn fingerprint(found: &Diagnostic) -> String {
    let parts = [found.code, found.pointer.as_str(), found.value.as_deref().unwrap_or_default()];
    let hash = parts
        .join("\n")
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{}{}:{hash:016x}", found.code, found.pointer)
}

fn result(one: &Checked, found: &Diagnostic, index: Option<usize>) -> Value {
    let mut result = json!({
        "ruleId": found.code,
        "level": level(found.severity),
        "message": {"text": found.message},
        "locations": [{
            "physicalLocation": location(one, found.span),
            "logicalLocations": [{"fullyQualifiedName": found.pointer}],
        }],
        "partialFingerprints": {"ociPointer/v1": fingerprint(found)},
    });
    if let Some(index) = index {
        result["ruleIndex"] = json!(index);
    }
    if !found.related.is_empty() {
        let related = found.related.iter().map(
            |related| json!({"physicalLocation": location(one, related.span), "message": {"text": related.message}}),
        );
        result["relatedLocations"] = related.collect();
    }
    if let Some(suggestion) = found.suggestion.as_ref().filter(|suggestion| !suggestion.edits.is_empty()) {
        let replacements = suggestion.edits.iter().map(|edit| {
            json!({
                "deletedRegion": {"byteOffset": edit.start, "byteLength": edit.end - edit.start},
                "insertedContent": {"text": edit.replacement},
            })
        });
        result["fixes"] = json!([{
            "description": {"text": suggestion.text},
            "artifactChanges": [{
                "artifactLocation": {"uri": uri(&one.name)},
                "replacements": replacements.collect::<Vec<_>>(),
            }],
        }]);
    }
    result
}
