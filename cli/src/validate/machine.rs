//! Findings for programs: JSON, lines, and GitHub's annotations.

use super::Checked;
use serde::Serialize;
use std::io::{self, Write};
use stowbook::check::{RULES, Report, Severity};

#[derive(Serialize)]
struct Output<'c> {
    tool: Tool,
    inputs: Vec<Input<'c>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
    rules: usize,
}

#[derive(Serialize)]
struct Input<'c> {
    file: &'c str,
    #[serde(flatten)]
    report: &'c Report,
}

#[derive(Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
    advice: usize,
}

pub(super) fn json(out: &mut dyn Write, checked: &[Checked]) -> io::Result<()> {
    let count = |severity| checked.iter().map(|one| one.report.count(severity)).sum();
    let output = Output {
        tool: Tool { name: "stowbook", version: stowbook::VERSION, rules: RULES.len() },
        inputs: checked.iter().map(|one| Input { file: &one.name, report: &one.report }).collect(),
        summary: Summary {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            advice: count(Severity::Advice),
        },
    };
    serde_json::to_writer(&mut *out, &output)?;
    writeln!(out)
}

/// One line a finding, as compilers write them.
pub(super) fn short(out: &mut dyn Write, checked: &[Checked]) -> io::Result<()> {
    for (one, found) in findings(checked) {
        let (place, pointer) = (found.span, if found.pointer.is_empty() { "document" } else { &found.pointer });
        let message = crate::output::shown(&found.message);
        let severity = found.severity.text();
        let pointer = crate::output::shown(pointer);
        writeln!(
            out,
            "{}:{}:{}: {severity}[{}] {message} ({pointer})",
            one.name, place.line, place.column, found.code
        )?;
    }
    Ok(())
}

/// The commands by which a GitHub workflow marks lines.
pub(super) fn github(out: &mut dyn Write, checked: &[Checked]) -> io::Result<()> {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    for (one, found) in findings(checked) {
        let command = match found.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Advice => "notice",
        };
        let (place, file) = (found.span, property(&one.name));
        writeln!(
            out,
            "::{command} file={file},line={},col={},endLine={},endColumn={},title={}::{} ({})",
            place.line,
            place.column,
            place.end_line,
            place.end_column,
            found.code,
            data(&found.message),
            data(&found.pointer)
        )?;
    }
    Ok(())
}

fn findings(checked: &[Checked]) -> impl Iterator<Item = (&Checked, &stowbook::check::Diagnostic)> {
    checked.iter().flat_map(|one| one.report.diagnostics.iter().map(move |found| (one, found)))
}
