//! Applying what can only be meant one way.

use super::{Kind, Options, Severity, validate};
use crate::doc::{Edit, Span, apply};
use std::collections::BTreeMap;

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
        let options = Options { min_severity: Severity::Advice, max_findings: usize::MAX, ..options.clone() };
        let report = validate(&fixed.text, kind, &options);
        // By where they start, and in order; none reaches into the next.
        let mut edits: BTreeMap<(usize, usize), Edit> = BTreeMap::new();
        let reaches_in = |edits: &BTreeMap<(usize, usize), Edit>, edit: &Edit| {
            let before = edits.range(..=(edit.span.end, usize::MAX)).next_back();
            before.is_some_and(|((start, _), other)| edit.span.start < other.span.end.max(start + 1))
        };
        for diagnostic in &report.diagnostics {
            let Some(suggestion) = diagnostic.suggestion.as_ref().filter(|one| one.safe && !one.edits.is_empty())
            else {
                continue;
            };
            let changes = suggestion
                .edits
                .iter()
                .map(|edit| Edit::replace(Span { start: edit.start, end: edit.end }, edit.replacement.clone()));
            let mut changes: Vec<Edit> = changes.collect();
            changes.sort();
            // What reaches into another change waits for the next round.
            if changes.iter().any(|edit| reaches_in(&edits, edit)) {
                continue;
            }
            for (order, edit) in changes.into_iter().enumerate() {
                edits.insert((edit.span.start, order), edit);
            }
            fixed.codes.push(diagnostic.code);
        }
        if edits.is_empty() {
            break;
        }
        let edits: Vec<Edit> = edits.into_values().collect();
        let (text, _) = apply(&fixed.text, &edits);
        // What does not help is not repeated for ever.
        if text == fixed.text {
            break;
        }
        fixed.text = text;
    }
    fixed
}
