//! What is printed: columns, JSON, errors.

use crate::args::{Global, Output};
use crate::place;
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use std::io::{self, Write};
use stowbook::Error;

/// Columns as ctr prints them: each as wide as its longest cell and some blanks, the last one too.
pub(crate) fn table<const N: usize>(
    out: &mut impl Write,
    blanks: usize,
    header: [&str; N],
    rows: &[[String; N]],
) -> io::Result<()> {
    let width = |text: &str| text.chars().count();
    let mut widths = header.map(width);
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(width(cell));
        }
    }
    let mut line = |cells: [&str; N]| {
        for (cell, widest) in cells.iter().zip(widths) {
            write!(out, "{}{}", shown(cell), " ".repeat(widest + blanks - width(cell)))?;
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

/// Labels in a cell: `a=1,b=2`.
pub(crate) fn labels(labels: &stowbook::model::Labels) -> String {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

/// Prints what went wrong: what, where, why, and what to do.
pub(crate) fn print_error(global: &Global, error: &Error) {
    let mut out = anstream::stderr().lock();
    let book = place::path(global).map_or_else(|_| "none".to_owned(), |path| path.display().to_string());
    // There is nobody left to tell when standard error fails.
    let namespace = global.in_namespace.then_some(global.namespace.as_str());
    let _ = match global.output {
        Output::Json => error_json(&mut out, error, &book, namespace),
        Output::Table => error_text(&mut out, error, &book, namespace),
    };
}

fn error_text(out: &mut impl Write, error: &Error, book: &str, namespace: Option<&str>) -> io::Result<()> {
    let (red, cyan) = (Style::new().bold().fg_color(Some(AnsiColor::Red.into())), AnsiColor::Cyan.on_default());
    let dim = Style::new().dimmed();
    writeln!(out, "{red}stowbook:{red:#} {}", shown(&error.message()))?;
    write!(out, "  {dim}where:{dim:#} book {}", shown(book))?;
    writeln!(out, "{}", namespace.map_or(String::new(), |name| format!(", namespace {}", shown(name))))?;
    for detail in error.details() {
        writeln!(out, "  {dim}{}:{dim:#} {}", detail.name.replace('_', " "), shown(&detail.value))?;
    }
    match error.help() {
        Some(help) => writeln!(out, "  {cyan}help:{cyan:#} {help}"),
        None => Ok(()),
    }
}

fn error_json(out: &mut impl Write, error: &Error, book: &str, namespace: Option<&str>) -> io::Result<()> {
    let details: serde_json::Map<_, _> =
        error.details().iter().map(|detail| (detail.name.to_owned(), detail.value.clone().into())).collect();
    let body = serde_json::json!({"error": {
        "kind": error.kind().code(),
        "message": error.message(),
        "where": {"book": book, "namespace": namespace},
        "details": details,
        "help": error.help(),
    }});
    json(out, &body)
}
