//! Long lists, shown record by record: what they take of memory does not grow with the number of records.

use crate::args::{Global, Output};
use crate::{Failure, output};
use serde::Serialize;
use std::io::{self, Write};
use std::ops::ControlFlow;
use stowbook::Result;

/// Walks over the records of a list.
pub(crate) type Each<'a, T> = dyn Fn(&mut dyn FnMut(T) -> Result<ControlFlow<()>>) -> Result<()> + 'a;

/// How records are listed.
pub(crate) struct Listing<const N: usize, T> {
    pub(crate) header: [&'static str; N],
    /// Behind the widest cell of each column.
    pub(crate) blanks: usize,
    /// The cells of a record, its name first.
    pub(crate) row: fn(&T) -> [String; N],
}

impl<const N: usize, T: Serialize> Listing<N, T> {
    /// Prints names only, JSON or columns.
    pub(crate) fn print(
        &self,
        global: &Global,
        quiet: bool,
        out: &mut impl Write,
        each: &Each<'_, T>,
    ) -> Result<(), Failure> {
        if quiet {
            let name = |record: &T| (self.row)(record).into_iter().next().unwrap_or_default();
            return visit(each, |record| writeln!(out, "{}", output::shown(&name(&record))));
        }
        if global.output == Output::Json {
            let mut first = true;
            visit(each, |record| {
                write!(out, "{}", if std::mem::take(&mut first) { "[\n" } else { ",\n" })?;
                // A text in JSON has no line feeds, so each is one between lines.
                let text = serde_json::to_string_pretty(&record)?;
                write!(out, "  {}", text.replace('\n', "\n  "))
            })?;
            return Ok(writeln!(out, "{}", if first { "[]" } else { "\n]" })?);
        }
        // Once for the widths, once to print. Where somebody writes in between, a column may be crooked.
        let mut table = output::Table::new(self.blanks, self.header);
        visit(each, |record| {
            table.fit(&(self.row)(&record));
            Ok(())
        })?;
        table.line(out, self.header)?;
        visit(each, |record| table.line(out, (self.row)(&record).each_ref().map(String::as_str)))
    }
}

fn visit<T>(each: &Each<'_, T>, mut show: impl FnMut(T) -> io::Result<()>) -> Result<(), Failure> {
    let mut failed = None;
    each(&mut |record| match show(record) {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(error) => {
            failed = Some(error);
            Ok(ControlFlow::Break(()))
        }
    })?;
    failed.map_or(Ok(()), |error| Err(error.into()))
}
