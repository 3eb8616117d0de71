//! Applying what can only be meant one way.

use super::{Kind, Options, Severity, validate};
use crate::doc::{Edit, Span, apply};

/// A text after its repair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// The text.
    pub text: Vec<u8>,
    /// The codes of what was put right, in the order in which it was done.
    pub codes: Vec<&'static str>,
}

/// More rounds than any text needs; each one may show what the last one hid.
const ROUNDS: usize = 8;

/// Applies the safe suggestions of a check, and of the checks after it, until none is left. Nothing else is changed.
pub fn fix(text: &[u8], kind: Option<Kind>, options: &Options<'_>) -> Fixed {
    let mut fixed = Fixed { text: text.to_vec(), codes: Vec::new() };
    for _ in 0..ROUNDS {
        let options = Options { min_severity: Severity::Advice, ..options.clone() };
        let report = validate(&fixed.text, kind, &options);
        let mut edits: Vec<Edit> = Vec::new();
        let mut taken = 0;
        for diagnostic in &report.diagnostics {
            let Some(suggestion) = diagnostic.suggestion.as_ref().filter(|one| one.safe && !one.edits.is_empty())
            else {
                continue;
            };
            let mut changes: Vec<Edit> = suggestion
                .edits
                .iter()
                .map(|edit| Edit::replace(Span { start: edit.start, end: edit.end }, edit.replacement.clone()))
                .collect();
            changes.sort();
            // What reaches into another change waits for the next round.
            let first = changes.first().map_or(0, |edit| edit.span.start);
            let overlaps = edits.iter().any(|other| {
                changes.iter().any(|edit| {
                    edit.span.start < other.span.end.max(other.span.start + 1) && other.span.start <= edit.span.end
                })
            });
            if overlaps || first < taken {
                continue;
            }
            taken = first;
            edits.append(&mut changes);
            fixed.codes.push(diagnostic.code);
        }
        if edits.is_empty() {
            break;
        }
        let (text, _) = apply(&fixed.text, &edits);
        // What does not help is not repeated for ever.
        if text == fixed.text {
            break;
        }
        fixed.text = text;
    }
    fixed
}
