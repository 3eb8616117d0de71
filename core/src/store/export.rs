//! A whole book as lines of JSON, and back: the same keys and values to the byte.
//!
//! The first line says what this is, then comes a line for each record, and the last line holds their number and a checksum of
//! everything before it, so that a file that was cut is found out. `kinds` has the table of what is written how.

mod import;
mod kinds;
#[cfg(test)]
mod tests;

pub use import::{ImportOptions, ImportReport};

use super::{Header, Store, header};
use crate::storage::layout;
use crate::storage::{Read, Snapshot};
use crate::{Error, Result};
use serde_json::{Value, json};
use std::hash::Hasher as _;
use std::ops::ControlFlow;
use std::sync::Arc;
use twox_hash::XxHash3_64;

/// The version of the lines. A change that an older stowbook would misread raises it.
const EXPORT_VERSION: u64 = 1;

/// A book's id in hex.
fn hex(id: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(id))
}

impl Store {
    /// Shows the book as it is now to `line`, line by line, each with its line feed. Writers need not stop. Gives the number of
    /// records.
    ///
    /// A record is its protobuf message as JSON (see [`crate::proto::json`]). One that does not come back from its JSON to the
    /// byte is written as it is stored, in base64; so is what has no readable form.
    ///
    /// # Errors
    /// What `line` gives; `DataLoss` when a value is damaged, and what the storage gives.
    ///
    /// ```
    /// use stowbook::{ImportOptions, Store, model::Container};
    /// let store = Store::in_memory();
    /// store.namespace("default").containers().create(&Container::new("web", "runc"))?;
    /// let mut lines = String::new();
    /// store.export(|line| Ok::<_, stowbook::Error>(lines.push_str(line)))?;
    /// assert!(lines.contains(r#"{"kind":"container","namespace":"default","id":"web","record":{"id":"web","#));
    ///
    /// let copy = Store::in_memory();
    /// copy.import(lines.as_bytes(), &ImportOptions::default())?;
    /// assert_eq!(copy.namespace("default").containers().get("web")?, store.namespace("default").containers().get("web")?);
    /// # Ok::<(), stowbook::Error>(())
    /// ```
    pub fn export<E: From<Error>>(&self, line: impl FnMut(&str) -> Result<(), E>) -> Result<u64, E> {
        let snapshot = self.book.snapshot()?;
        let mut out = Lines { line, failed: None, checksum: XxHash3_64::new(), records: 0 };
        let result = write(&snapshot, &mut out);
        match out.failed.take() {
            Some(error) => Err(error),
            None => result.map(|()| out.records).map_err(E::from),
        }
    }
}

/// Where lines go.
struct Lines<L, E> {
    line: L,
    /// What the caller's function gave, which ends the walk.
    failed: Option<E>,
    checksum: XxHash3_64,
    records: u64,
}

impl<L: FnMut(&str) -> Result<(), E>, E> Lines<L, E> {
    fn write(&mut self, value: &Value) -> ControlFlow<()> {
        let text = format!("{value}\n");
        self.checksum.write(text.as_bytes());
        match (self.line)(&text) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn records(&mut self, values: &[Value]) -> ControlFlow<()> {
        for value in values {
            self.records += 1;
            self.write(value)?;
        }
        ControlFlow::Continue(())
    }
}

fn write<L: FnMut(&str) -> Result<(), E>, E>(snapshot: &Arc<dyn Snapshot>, out: &mut Lines<L, E>) -> Result<()> {
    let Header { format_version, id, created_at } = header::check(snapshot)?;
    let first = json!({
        "stowbook_export": EXPORT_VERSION, "format_version": format_version, "book": hex(id), "created_at": created_at,
    });
    if out.write(&first).is_break() {
        return Ok(());
    }
    for kind in kinds::KINDS {
        let start = layout::space(kind.space);
        Read::scan(snapshot, &start, layout::prefix_end(&start).as_deref(), &mut |key, value| {
            Ok(out.records(&kinds::lines(snapshot, kind, key, value)?))
        })?;
        if out.failed.is_some() {
            return Ok(());
        }
    }
    // What the table does not know.
    Read::scan(snapshot, &[], None, &mut |key, value| {
        let written = key == layout::book() || kinds::is_written_with_its_kind(snapshot, key)?;
        Ok(if written { ControlFlow::Continue(()) } else { out.records(&[kinds::raw(key, value)]) })
    })?;
    if out.failed.is_none() {
        let checksum = format!("{:016x}", out.checksum.finish());
        let last = json!({"end": {"records": out.records, "checksum": checksum}});
        let _ = out.write(&last);
    }
    Ok(())
}
