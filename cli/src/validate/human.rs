//! Findings for people: the place in the text, and what to do.

use super::Checked;
use anstyle::{AnsiColor, Style};
use std::io::{self, Write};
use std::ops::Range;
use stowbook::check::{Diagnostic, Place, Severity, Verdict};

/// The widest piece of a line that is shown.
const WIDTH: usize = 120;
/// What that many characters take at most.
const MOST_BYTES: usize = 4 * WIDTH;
const TAB: &str = "    ";

pub(super) fn print(out: &mut dyn Write, checked: &[Checked], quiet: bool) -> io::Result<()> {
    for one in checked {
        let lines = Lines::new(one);
        if !quiet {
            for diagnostic in &one.report.diagnostics {
                self::diagnostic(out, one, &lines, diagnostic)?;
            }
        }
        summary(out, one)?;
    }
    Ok(())
}

fn style(severity: Severity) -> Style {
    let color = match severity {
        Severity::Error => AnsiColor::Red,
        Severity::Warning => AnsiColor::Yellow,
        Severity::Advice => AnsiColor::Cyan,
    };
    Style::new().bold().fg_color(Some(color.into()))
}

fn diagnostic(out: &mut dyn Write, checked: &Checked, lines: &Lines, found: &Diagnostic) -> io::Result<()> {
    let (loud, bold, dim) =
        (style(found.severity), Style::new().bold(), Style::new().fg_color(Some(AnsiColor::Blue.into())));
    writeln!(out, "{loud}{}[{}]{loud:#}{bold}: {}{bold:#}", found.severity.text(), found.code, shown(&found.message))?;
    let place = found.span;
    let pointer = if found.pointer.is_empty() { "(document)" } else { &found.pointer };
    let margin = place.end_line.max(place.line).to_string().len();
    let margin = found.related.iter().map(|related| related.span.line.to_string().len()).fold(margin, usize::max);
    let pad = " ".repeat(margin);
    writeln!(out, "{pad}{dim}-->{dim:#} {}:{}:{}  {}", checked.name, place.line, place.column, shown(pointer))?;
    writeln!(out, "{pad} {dim}|{dim:#}")?;
    lines.show(out, place, margin, loud, '^', "")?;
    for related in found.related.iter().take(5) {
        let at = related.span;
        writeln!(out, "{pad}{dim}:::{dim:#} {}:{}:{}", checked.name, at.line, at.column)?;
        lines.show(out, at, margin, dim, '-', &related.message)?;
    }
    if !found.explain.is_empty() {
        writeln!(out, "{pad} {dim}={dim:#} {}", shown(found.explain))?;
    }
    if let Some(suggestion) = &found.suggestion {
        let safe = if suggestion.safe && !suggestion.edits.is_empty() { "  [safe fix]" } else { "" };
        writeln!(out, "{pad} {dim}={dim:#} {bold}help:{bold:#} {}{safe}", shown(&suggestion.text))?;
    }
    if !found.refs.is_empty() {
        writeln!(out, "{pad} {dim}={dim:#} see: {}", shown(&found.refs.join("; ")))?;
    }
    writeln!(out)
}

fn summary(out: &mut dyn Write, one: &Checked) -> io::Result<()> {
    let report = &one.report;
    let count = |severity, word: &str| {
        let count = report.count(severity);
        let plural = if count == 1 || word == "advice" { "" } else { "s" };
        (count > 0).then(|| format!("{count} {word}{plural}"))
    };
    let counts: Vec<_> = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Advice, "advice")]
        .into_iter()
        .filter_map(|(severity, word)| count(severity, word))
        .collect();
    let kind = report.kind.map_or("unknown kind", |kind| kind.name());
    let skipped = match report.skipped.len() {
        0 => String::new(),
        1 => " (1 host check skipped: no host facts)".to_owned(),
        count => format!(" ({count} host checks skipped: no host facts)"),
    };
    let fixed = if one.fixed.is_empty() { String::new() } else { format!("{} fixed, ", one.fixed.len()) };
    let verdict = match report.verdict {
        Verdict::Valid if counts.is_empty() => "no findings".to_owned(),
        _ => counts.join(", "),
    };
    writeln!(out, "{}: {kind}: {fixed}{verdict}{skipped}", one.name)
}

/// A text by lines, with the secrets left out.
struct Lines {
    text: Vec<u8>,
    starts: Vec<usize>,
}

impl Lines {
    fn new(checked: &Checked) -> Self {
        let mut text = checked.text.clone();
        for secret in &checked.report.secrets {
            let span = secret.offset..secret.offset + secret.length;
            // The quotes stay, and so does every column.
            for byte in text.get_mut(span).unwrap_or_default().iter_mut().filter(|byte| !matches!(byte, b'"' | b'\n')) {
                *byte = b'*';
            }
        }
        let starts = std::iter::once(0)
            .chain(text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1))
            .collect();
        Lines { text, starts }
    }

    /// The bytes of a line, by its number from 1.
    fn line(&self, number: usize) -> Range<usize> {
        let start = self.starts.get(number.saturating_sub(1)).copied().unwrap_or(self.text.len());
        let mut end = self.starts.get(number).map_or(self.text.len(), |next| next - 1);
        while end > start && self.text.get(end - 1) == Some(&b'\r') {
            end -= 1;
        }
        start..end
    }

    /// The characters of a part of the text.
    fn chars(&self, part: Range<usize>) -> Vec<char> {
        String::from_utf8_lossy(self.text.get(part).unwrap_or_default()).chars().collect()
    }

    /// The part of a line around a place that may be shown: a line may be as long as the text.
    fn around(&self, line: &Range<usize>, at: usize, length: usize) -> Range<usize> {
        let inside = |at: usize| self.text.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
        let mut start = at.saturating_sub(MOST_BYTES).max(line.start);
        while start > line.start && start < at && inside(start) {
            start += 1;
        }
        let mut end = at.saturating_add(length.min(MOST_BYTES) + MOST_BYTES).min(line.end);
        while end > at && end < line.end && inside(end) {
            end -= 1;
        }
        start..end.max(start)
    }

    /// Shows the first line of a place with a mark below it, and the last one if there are several.
    fn show(
        &self,
        out: &mut dyn Write,
        place: Place,
        margin: usize,
        style: Style,
        mark: char,
        label: &str,
    ) -> io::Result<()> {
        let dim = Style::new().fg_color(Some(AnsiColor::Blue.into()));
        let whole = self.line(place.line);
        let at = place.offset.clamp(whole.start, whole.end);
        let part = self.around(&whole, at, place.length);
        let line = self.chars(part.clone());
        let first = self.chars(part.start..at).len().min(line.len());
        let last = if place.end_line == place.line {
            let end = at.saturating_add(place.length).min(part.end);
            (first + self.chars(at..end).len()).clamp(first, line.len())
        } else {
            line.len()
        };
        let (from, to) = window(line.len(), first, last);
        let expand = |chars: &[char]| -> String { chars.iter().map(|c| visible(*c)).collect() };
        let (before, marked) =
            (expand(&line[from..first.max(from)]), expand(&line[first.max(from)..last.min(to).max(first)]));
        let after = expand(&line[last.min(to).max(first)..to.max(last.min(to).max(first))]);
        let dots = |is_cut: bool| if is_cut { "…" } else { "" };
        let head = dots(from > 0 || part.start > whole.start);
        let tail = dots(to < line.len() || part.end < whole.end);
        writeln!(out, "{dim}{:>margin$} |{dim:#} {head}{before}{marked}{after}{tail}", place.line)?;
        let width = marked.chars().count().max(1);
        let indent = head.chars().count() + before.chars().count();
        let label = if label.is_empty() { String::new() } else { format!(" {}", shown(label)) };
        writeln!(
            out,
            "{:>margin$} {dim}|{dim:#} {}{style}{}{label}{style:#}",
            "",
            " ".repeat(indent),
            mark.to_string().repeat(width)
        )?;
        if place.end_line > place.line {
            let last = self.line(place.end_line);
            let part = self.around(&last, last.start, 0);
            let end: String = self.chars(part).into_iter().take(WIDTH).map(visible).collect();
            writeln!(out, "{dim}{:>margin$} |{dim:#} {end}", place.end_line)?;
        }
        Ok(())
    }
}

/// The piece of a long line that is shown: around the mark.
fn window(length: usize, first: usize, last: usize) -> (usize, usize) {
    if length <= WIDTH {
        return (0, length);
    }
    let room = WIDTH.saturating_sub(last.saturating_sub(first)) / 2;
    let from = first.saturating_sub(room.max(10));
    (from, (from + WIDTH).min(length))
}

/// A character as it takes its place on a terminal.
fn visible(c: char) -> String {
    match c {
        '\t' => TAB.to_owned(),
        c if c.is_control() => '\u{fffd}'.to_string(),
        c => c.to_string(),
    }
}

fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
