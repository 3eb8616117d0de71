//! What is printed: columns, JSON, errors.

use crate::args::{Global, Output};
use crate::place;
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use std::io::{self, Write};
use stowbook::Error;
use stowbook::model::Timestamp;

/// Columns as ctr prints them: each as wide as its longest cell and some blanks, the last one too.
pub(crate) struct Table<const N: usize> {
    blanks: usize,
    widths: [usize; N],
}

impl<const N: usize> Table<N> {
    pub(crate) fn new(blanks: usize, header: [&str; N]) -> Self {
        Table { blanks, widths: header.map(width) }
    }

    /// Makes the columns wide enough for a row.
    pub(crate) fn fit(&mut self, row: &[String; N]) {
        for (widest, cell) in self.widths.iter_mut().zip(row) {
            *widest = (*widest).max(width(cell));
        }
    }

    pub(crate) fn line(&self, out: &mut impl Write, cells: [&str; N]) -> io::Result<()> {
        for (cell, widest) in cells.iter().zip(self.widths) {
            write!(out, "{}{}", shown(cell), " ".repeat((widest + self.blanks).saturating_sub(width(cell))))?;
        }
        writeln!(out)
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

pub(crate) fn table<const N: usize>(
    out: &mut impl Write,
    blanks: usize,
    header: [&str; N],
    rows: &[[String; N]],
) -> io::Result<()> {
    let mut table = Table::new(blanks, header);
    rows.iter().for_each(|row| table.fit(row));
    table.line(out, header)?;
    rows.iter().try_for_each(|row| table.line(out, row.each_ref().map(String::as_str)))
}

/// Columns as ctr prints them where it fills with tabs. The last one is as long as it is.
pub(crate) fn tabbed<const N: usize>(out: &mut impl Write, header: [&str; N], rows: &[[String; N]]) -> io::Result<()> {
    const TAB: usize = 8;
    let mut widths = header.map(width);
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(width(cell));
        }
    }
    let mut line = |cells: [&str; N]| {
        for (number, (cell, widest)) in cells.iter().zip(widths).enumerate() {
            let tabs = ((widest + 1).next_multiple_of(TAB) - width(cell)).div_ceil(TAB);
            write!(out, "{}{}", shown(cell), "\t".repeat(if number + 1 < N { tabs } else { 0 }))?;
        }
        writeln!(out)
    };
    line(header)?;
    rows.iter().try_for_each(|row| line(row.each_ref().map(String::as_str)))
}

/// Control characters would let a record rewrite the terminal; each is shown as one blank sign.
pub(crate) fn shown(cell: &str) -> String {
    cell.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// A line with the name of something that was done. A reader that has gone is no reason to stop in the middle, so a
/// failure is kept for the end.
pub(crate) fn name(out: &mut impl Write, name: &str, written: &mut io::Result<()>) {
    if written.is_ok() {
        *written = writeln!(out, "{}", shown(name));
    }
}

/// A value as indented JSON and a line feed.
pub(crate) fn json(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

/// A size in units of a thousand, in four digits at most: `5B`, `1.411kB`.
pub(crate) fn decimal_size(bytes: i64) -> String {
    let mut units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "four digits are shown")]
    let mut size = bytes as f64;
    while size >= 1000.0
        && let Some(next) = units.next()
    {
        (size, unit) = (size / 1000.0, next);
    }
    let places = if size < 10.0 {
        3
    } else if size < 100.0 {
        2
    } else {
        1
    };
    let text = format!("{size:.places$}");
    format!("{}{unit}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// How long ago something was, as ctr says it.
pub(crate) fn age(seconds: i64) -> String {
    let (minutes, hours) = (seconds / 60, (seconds + 1800) / 3600);
    let several = |number: i64, unit: &str| format!("{number} {unit}");
    match seconds {
        ..1 => "Less than a second".to_owned(),
        1 => "1 second".to_owned(),
        2..60 => several(seconds, "seconds"),
        _ if minutes == 1 => "About a minute".to_owned(),
        _ if minutes < 60 => several(minutes, "minutes"),
        _ if hours == 1 => "About an hour".to_owned(),
        _ if hours < 48 => several(hours, "hours"),
        _ if hours < 24 * 14 => several(hours / 24, "days"),
        _ if hours < 24 * 60 => several(hours / 24 / 7, "weeks"),
        _ if hours < 24 * 365 * 2 => several(hours / 24 / 30, "months"),
        _ => several(seconds / 3600 / 24 / 365, "years"),
    }
}

/// A time without its fraction of a second.
pub(crate) fn whole_seconds(time: Timestamp) -> String {
    Timestamp::new(time.seconds(), 0).unwrap_or(time).to_string()
}

/// Labels in a cell: `a=1,b=2`.
pub(crate) fn labels(labels: &stowbook::model::Labels) -> String {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

/// Prints what went wrong: what, where, why, and what to do.
pub(crate) fn print_error(global: &Global, error: &Error) {
    let mut out = anstream::stderr().lock();
    let place = place::describe(global);
    // There is nobody left to tell when standard error fails.
    let namespace = global.in_namespace.then_some(global.namespace.as_str());
    let _ = match global.output {
        Output::Json => {
            let (place, file) = &place;
            error_json(&mut out, error, Some(serde_json::json!({*place: file, "namespace": namespace})))
        }
        Output::Table => error_text(&mut out, error, &place, namespace),
    };
}

fn error_text(
    out: &mut impl Write,
    error: &Error,
    (place, file): &(&str, String),
    namespace: Option<&str>,
) -> io::Result<()> {
    let (red, cyan) = (Style::new().bold().fg_color(Some(AnsiColor::Red.into())), AnsiColor::Cyan.on_default());
    let dim = Style::new().dimmed();
    writeln!(out, "{red}stowbook:{red:#} {}", shown(&error.message()))?;
    write!(out, "  {dim}where:{dim:#} {place} {}", shown(file))?;
    writeln!(out, "{}", namespace.map_or(String::new(), |name| format!(", namespace {}", shown(name))))?;
    for detail in error.details() {
        writeln!(out, "  {dim}{}:{dim:#} {}", detail.name.replace('_', " "), shown(&detail.value))?;
    }
    match error.help() {
        Some(help) => writeln!(out, "  {cyan}help:{cyan:#} {help}"),
        None => Ok(()),
    }
}

/// An error for programs; `place` is where it happened, if it is about a place with records.
pub(crate) fn error_json(out: &mut impl Write, error: &Error, place: Option<serde_json::Value>) -> io::Result<()> {
    let details: serde_json::Map<_, _> =
        error.details().iter().map(|detail| (detail.name.to_owned(), detail.value.clone().into())).collect();
    let body = serde_json::json!({"error": {
        "kind": error.kind().code(),
        "message": error.message(),
        "where": place,
        "details": details,
        "help": error.help(),
    }});
    json(out, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What go-units prints, whose functions ctr uses.
    #[test]
    fn sizes_and_ages_are_those_of_ctr() {
        for (bytes, printed) in [
            (0, "0B"),
            (5, "5B"),
            (999, "999B"),
            (1000, "1kB"),
            (1411, "1.411kB"),
            (12_345, "12.35kB"),
            (123_456, "123.5kB"),
            (999_999, "1000kB"),
            (1_000_000, "1MB"),
            (28_567_345, "28.57MB"),
            (i64::MAX, "9.223EB"),
        ] {
            assert_eq!(decimal_size(bytes), printed);
        }
        const HOUR: i64 = 3600;
        const DAY: i64 = 24 * HOUR;
        for (seconds, printed) in [
            (-5, "Less than a second"),
            (0, "Less than a second"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "About a minute"),
            (3599, "59 minutes"),
            (HOUR, "About an hour"),
            (47 * HOUR, "47 hours"),
            (2 * DAY, "2 days"),
            (14 * DAY, "2 weeks"),
            (60 * DAY, "2 months"),
            (800 * DAY, "2 years"),
        ] {
            assert_eq!(age(seconds), printed, "{seconds}");
        }
    }
}
