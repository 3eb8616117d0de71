//! The whole database as JSON.

use super::node::strict;
use super::survey::{self, Directory, Record};
use super::{Kind, MetaDb, State, json};
use crate::bolt::Walk;
use crate::text::quote;
use crate::{Error, Result};
use serde_json::Value;
use std::ops::ControlFlow;

/// How much JSON is made before the first is shown, in bytes. A dump that is not longer is one state of the file, whatever
/// a daemon does meanwhile.
const AHEAD_BYTES: usize = 4 << 20;

/// JSON on its way to the caller.
struct Writer<'a> {
    state: &'a State<'a>,
    ahead: String,
    write: &'a mut dyn FnMut(&str) -> Result<()>,
}

impl Writer<'_> {
    fn put(&mut self, text: &str) -> Result<()> {
        self.ahead.push_str(text);
        if self.ahead.len() < AHEAD_BYTES { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<()> {
        self.state.settle()?;
        (self.write)(&self.ahead)?;
        self.ahead.clear();
        Ok(())
    }

    /// An element behind another, on a line of its own.
    fn element(&mut self, first: &mut bool, indent: &str, text: &str) -> Result<()> {
        self.put(if std::mem::take(first) { "\n" } else { ",\n" })?;
        self.put(indent)?;
        self.put(text)
    }
}

impl MetaDb {
    /// Writes the database as JSON, a line for each record: an object with a member for each namespace, which has `labels`,
    /// `containers`, `images`, `leases`, `sandboxes`, `content` (`blobs`, `ingests`) and `snapshots` by snapshotter.
    ///
    /// It is exact. Opaque values are `{type_url, value_base64}`, times RFC 3339, what is not there null. A text that is
    /// not UTF-8 is base64 in a member `‹name›_base64` in place of `‹name›`, and `_base64:…` as the name of a namespace or
    /// snapshotter; labels of which half is not are
    /// `{key, value}` in `labels_base64`. What a record has beyond containerd's members is listed in `unknown`.
    ///
    /// # Errors
    /// `DataLoss` where it is damaged, `Aborted` when it changed after a first part was written, what `write` gives, and
    /// what the place gives.
    pub fn dump(&self, mut write: impl FnMut(&str) -> Result<()>) -> Result<()> {
        self.read(|state| {
            let mut out = Writer { state, ahead: String::new(), write: &mut write };
            let walk = Walk::new(state.view);
            out.put("{")?;
            let mut first = true;
            for directory in survey::directories(&walk, &state.view.root(), &mut strict)? {
                let name = Value::from(json::name(&directory.name));
                out.element(&mut first, "", &format!("{name}: {{"))?;
                namespace(&mut out, &walk, &directory)?;
                out.put("\n}")?;
            }
            out.put(if first { "}\n" } else { "\n}\n" })?;
            out.flush()
        })
    }
}

fn namespace(out: &mut Writer<'_>, walk: &Walk<'_>, directory: &Directory) -> Result<()> {
    let mut first = true;
    for (name, value) in json::labels(directory.labels(walk, &mut strict)?.as_ref()).members() {
        out.element(&mut first, "  ", &format!("{}: {value}", Value::from(name)))?;
    }
    for (name, kind) in [
        ("containers", Kind::Container),
        ("images", Kind::Image),
        ("leases", Kind::Lease),
        ("sandboxes", Kind::Sandbox),
    ] {
        out.element(&mut first, "  ", &format!("\"{name}\": ["))?;
        list(out, "    ", |visit| directory.records(walk, &[kind], &mut strict, visit))?;
        out.put("]")?;
    }
    out.put(",\n  \"content\": {\n    \"blobs\": [")?;
    let mut blobs = true;
    let mut started = true;
    directory.records(walk, &[Kind::Blob, Kind::Ingest], &mut strict, &mut |record| {
        if record.kind == Kind::Ingest && std::mem::take(&mut blobs) {
            out.put("],\n    \"ingests\": [")?;
            started = true;
        }
        let text = exact(&record)?;
        out.element(&mut started, "      ", &text).map(ControlFlow::Continue)
    })?;
    out.put(if blobs { "],\n    \"ingests\": []\n  },\n  \"snapshots\": {" } else { "]\n  },\n  \"snapshots\": {" })?;
    let mut first = true;
    for (snapshotter, bucket) in directory.snapshotters(walk, &mut strict)? {
        let name = Value::from(json::name(&snapshotter));
        let head = format!("{name}: {{\"sequence\": {}, \"snapshots\": [", bucket.sequence);
        out.element(&mut first, "    ", &head)?;
        list(out, "      ", |visit| directory.snapshots_of(walk, &snapshotter, &bucket, &mut strict, visit).map(drop))?;
        out.put("]}")?;
    }
    out.put(if first { "}" } else { "\n  }" })
}

fn list(
    out: &mut Writer<'_>,
    indent: &str,
    records: impl FnOnce(&mut survey::VisitRecord<'_>) -> Result<()>,
) -> Result<()> {
    let mut first = true;
    records(&mut |record| {
        let text = exact(&record)?;
        out.element(&mut first, indent, &text).map(ControlFlow::Continue)
    })
}

fn exact(record: &Record<'_>) -> Result<String> {
    let out = json::record(record.kind, &record.node);
    match out.problems.first() {
        None => Ok(out.text),
        Some(problem) => {
            let (word, key, namespace) = (record.kind.word(), quote(&record.node.key), quote(record.namespace));
            Err(Error::data_loss(format!("{word} {key} in namespace {namespace}: {problem}"))
                .with_detail("page", record.node.page)
                .with_help("`stowbook metadb salvage` shows what can still be read"))
        }
    }
}
