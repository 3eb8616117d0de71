//! Long lists, shown record by record: what they take of memory does not grow with the number of records.

use crate::args::{Global, Output};
use crate::place::Place;
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
        place: &(dyn Place + 'static),
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
        let mut found = false;
        visit(each, |record| {
            found = true;
            table.fit(&(self.row)(&record));
            Ok(())
        })?;
        table.line(out, self.header)?;
        if !found {
            return tell_of_namespaces(global, place);
        }
        visit(each, |record| table.line(out, (self.row)(&record).each_ref().map(String::as_str)))
    }
}

/// An empty list may be one of a namespace that does not exist: containerd refuses none. Says so, and which there are.
fn tell_of_namespaces(global: &Global, place: &(dyn Place + 'static)) -> Result<(), Failure> {
    const SHOWN: usize = 8;
    let namespaces = place.namespaces().list()?;
    if namespaces.is_empty() || namespaces.iter().any(|namespace| namespace.name == global.namespace) {
        return Ok(());
    }
    let names: Vec<_> = namespaces.iter().take(SHOWN).map(|namespace| output::shown(&namespace.name)).collect();
    let more = if namespaces.len() > SHOWN { ", …" } else { "" };
    let wanted = output::shown(&global.namespace);
    Ok(writeln!(anstream::stderr(), "stowbook: there is no namespace {wanted} here, but {}{more}", names.join(", "))?)
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
