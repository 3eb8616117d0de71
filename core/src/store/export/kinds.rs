//! How each kind of record is written. A new kind is one row of [`KINDS`].

use super::super::content::record::{decode_ingest, encode_ingest};
use super::super::events::Bounds;
use super::super::snapshots;
use crate::proto::generated::containerd::services::{containers, content, images, leases, namespaces};
use crate::proto::generated::containerd::types;
use crate::proto::json::{Spelling, from_json, to_json};
use crate::proto::schema::{Described, Schema};
use crate::storage::layout::{self, Space};
use crate::storage::{Read, Snapshot};
use crate::text::quote;
use crate::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A kind of record.
pub(super) struct Kind {
    /// What lines call it.
    name: &'static str,
    /// Where it lies; its head, if it has two halves.
    pub(super) space: Space,
    /// Where its other half lies.
    body: Option<Space>,
    /// What lines call the parts of its key.
    parts: &'static [&'static str],
    value: Shape,
}

/// What a value is.
enum Shape {
    /// A message.
    Message(&'static Schema),
    /// A byte, which lines call so, and a message.
    ByteAndMessage(&'static str, &'static Schema),
    /// A record of our own, which containerd has no message for: how it is read from a value, and written to one.
    Own { read: fn(&[u8]) -> Option<Value>, write: fn(Value) -> Result<Vec<u8>> },
    /// A counter.
    Number,
    /// The bounds of the event log.
    Bounds,
}

fn own<T: Serialize>(record: Result<T>) -> Option<Value> {
    serde_json::to_value(record.ok()?).ok()
}

fn record<T: DeserializeOwned>(what: &str, record: &Value) -> Result<T> {
    crate::json::read(what, record.to_string().as_bytes())
}

const NAMESPACED: &[&str] = &["namespace", "id"];

/// The kinds, in the order in which they are written. What has no row is written raw.
pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "namespace",
        space: Space::Namespace,
        body: None,
        parts: &["name"],
        // Which kinds of records were ever made in it: one bit each.
        value: Shape::ByteAndMessage("kinds", namespaces::v1::Namespace::SCHEMA),
    },
    Kind {
        name: "container",
        space: Space::ContainerHead,
        body: Some(Space::ContainerBody),
        parts: NAMESPACED,
        value: Shape::Message(containers::v1::Container::SCHEMA),
    },
    Kind {
        name: "image",
        space: Space::Image,
        body: None,
        parts: &["namespace", "name"],
        value: Shape::Message(images::v1::Image::SCHEMA),
    },
    Kind {
        name: "lease",
        space: Space::Lease,
        body: None,
        parts: NAMESPACED,
        value: Shape::Message(leases::v1::Lease::SCHEMA),
    },
    Kind {
        name: "lease_resource",
        space: Space::LeaseResource,
        body: None,
        parts: &["namespace", "lease", "type", "id"],
        value: Shape::Message(leases::v1::Resource::SCHEMA),
    },
    Kind {
        name: "sandbox",
        space: Space::SandboxHead,
        body: Some(Space::SandboxBody),
        parts: NAMESPACED,
        value: Shape::Message(types::Sandbox::SCHEMA),
    },
    Kind {
        name: "blob",
        space: Space::Blob,
        body: None,
        parts: &["namespace", "digest"],
        value: Shape::Message(content::v1::Info::SCHEMA),
    },
    Kind {
        name: "ingest",
        space: Space::Ingest,
        body: None,
        parts: &["namespace", "reference"],
        value: Shape::Own {
            read: |value| own(decode_ingest("", value)),
            write: |value| Ok(encode_ingest(&record("ingest", &value)?)),
        },
    },
    Kind {
        name: "snapshot",
        space: Space::Snapshot,
        body: None,
        parts: &["namespace", "snapshotter", "key"],
        value: Shape::Own {
            read: |value| own(snapshots::record::decode(value)),
            write: |value| Ok(snapshots::record::encode(&record("snapshot", &value)?)),
        },
    },
    Kind { name: "sequence", space: Space::Sequence, body: None, parts: &["namespace", "name"], value: Shape::Number },
    Kind { name: "event_log", space: Space::EventLog, body: None, parts: &[], value: Shape::Bounds },
    Kind {
        name: "event",
        space: Space::Event,
        body: None,
        parts: &["number"],
        value: Shape::Message(types::Envelope::SCHEMA),
    },
];

/// The members of a message that lie in its body: of a container's and a sandbox's.
const IN_BODY: &[&str] = &["spec", "extensions"];
const RUNTIME: &str = "runtime";
const OPTIONS: &str = "options";
const RAW: &str = "raw";

/// A key and its value, without the checksum.
pub(super) type Entry = (Vec<u8>, Vec<u8>);

/// Whether a row writes this key: a body is written with its head. Told by its first byte, as rows find their keys.
pub(super) fn is_written_with_its_kind(snapshot: &Arc<dyn Snapshot>, key: &[u8]) -> Result<bool> {
    let begins_with = |space: Space| key.starts_with(&layout::space(space));
    match KINDS.iter().find(|kind| kind.body.is_some_and(begins_with)) {
        Some(kind) => Read::get(snapshot, &in_space(kind.space, key), &mut |_| Ok(())),
        None => Ok(KINDS.iter().any(|kind| begins_with(kind.space))),
    }
}

/// The same key in another space.
fn in_space(space: Space, key: &[u8]) -> Vec<u8> {
    let mut out = layout::space(space).to_vec();
    out.extend_from_slice(key.get(1..).unwrap_or_default());
    out
}

/// The lines of a record: one that can be read, if it comes back to the byte; else one for each key.
pub(super) fn lines(snapshot: &Arc<dyn Snapshot>, kind: &Kind, key: &[u8], value: &[u8]) -> Result<Vec<Value>> {
    let mut entries: Vec<Entry> = vec![(key.to_vec(), value.to_vec())];
    if let Some(space) = kind.body {
        let body_key = in_space(space, key);
        let read: &dyn Read = snapshot;
        if let Some(body) = read.decode(&body_key, |body| Ok(body.to_vec()))? {
            entries.push((body_key, body));
        }
    }
    // Whatever keeps a record from being read, its bytes are still there.
    let readable = line(kind, &entries).filter(|line| decode(line).is_ok_and(|decoded| decoded == entries));
    Ok(match readable {
        Some(line) => vec![line],
        None => entries.iter().map(|(key, value)| raw(key, value)).collect(),
    })
}

/// The line of what is stored under a key, whatever it is.
pub(super) fn raw(key: &[u8], value: &[u8]) -> Value {
    json!({
        "kind": RAW, "what": layout::describe(key), "key_base64": BASE64.encode(key), "value_base64": BASE64.encode(value),
    })
}

fn line(kind: &Kind, entries: &[Entry]) -> Option<Value> {
    let ((key, value), rest) = entries.split_first()?;
    let (_, parts) = layout::parse(key)?;
    let mut out = Map::new();
    out.insert("kind".to_owned(), kind.name.into());
    for (name, part) in kind.parts.iter().zip(parts) {
        let part = match kind.space {
            Space::Event => u64::from_be_bytes(part.try_into().ok()?).into(),
            _ => String::from_utf8(part).ok()?.into(),
        };
        out.insert((*name).to_owned(), part);
    }
    let (schema, message) = match kind.value {
        Shape::Message(schema) => (schema, value.as_slice()),
        Shape::ByteAndMessage(name, schema) => {
            let (byte, message) = value.split_first()?;
            out.insert(name.to_owned(), (*byte).into());
            (schema, message)
        }
        Shape::Bounds => {
            let bounds = Bounds::decode(value).ok()?;
            out.insert("first".to_owned(), bounds.first.into());
            out.insert("last".to_owned(), bounds.last.into());
            return Some(Value::Object(out));
        }
        Shape::Number => {
            out.insert("value".to_owned(), u64::from_le_bytes(value.as_slice().try_into().ok()?).into());
            return Some(Value::Object(out));
        }
        Shape::Own { read, .. } => {
            out.insert("record".to_owned(), read(value)?);
            return Some(Value::Object(out));
        }
    };
    let mut record = to_json(schema, message, Spelling::Exact).ok()?;
    for (_, body) in rest {
        let Value::Object(members) = to_json(schema, body, Spelling::Exact).ok()? else { return None };
        let record = record.as_object_mut()?;
        for (name, member) in members {
            match (record.get_mut(&name), member) {
                (Some(Value::Object(there)), Value::Object(more)) => there.extend(more),
                (Some(_), _) => return None,
                (None, member) => drop(record.insert(name, member)),
            }
        }
    }
    out.insert("record".to_owned(), record);
    Some(Value::Object(out))
}

/// What a line of a record stands for.
pub(super) fn decode(line: &Value) -> Result<Vec<Entry>> {
    let mut members = line.as_object().cloned().ok_or_else(|| Error::invalid_argument("a record is not an object"))?;
    let name = take_text(&mut members, "kind")?;
    let entries = if name == RAW {
        // It says in words what the key says in bytes.
        take_text(&mut members, "what")?;
        vec![(take_base64(&mut members, "key_base64")?, take_base64(&mut members, "value_base64")?)]
    } else {
        let kind = KINDS.iter().find(|kind| kind.name == name).ok_or_else(|| {
            Error::invalid_argument(format!("kind {} is not known", quote(&name))).with_help("update stowbook")
        })?;
        decode_kind(kind, &mut members)?
    };
    match members.keys().next() {
        Some(name) => Err(Error::invalid_argument(format!("member {} is not known", quote(name)))),
        None => Ok(entries),
    }
}

fn decode_kind(kind: &Kind, members: &mut Map<String, Value>) -> Result<Vec<Entry>> {
    let mut parts = Vec::with_capacity(kind.parts.len());
    for name in kind.parts {
        parts.push(match kind.space {
            Space::Event => take_number(members, name)?.to_be_bytes().to_vec(),
            _ => take_text(members, name)?.into_bytes(),
        });
    }
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    let key = layout::key(kind.space, &parts);
    let (schema, mut value) = match kind.value {
        Shape::Message(schema) => (schema, Vec::new()),
        Shape::ByteAndMessage(name, schema) => {
            let byte = u8::try_from(take_number(members, name)?);
            (schema, vec![byte.map_err(|_| wrong(name, "a number up to 255"))?])
        }
        Shape::Bounds => {
            let bounds = Bounds { first: take_number(members, "first")?, last: take_number(members, "last")? };
            return Ok(vec![(key, bounds.encode())]);
        }
        Shape::Number => return Ok(vec![(key, take_number(members, "value")?.to_le_bytes().to_vec())]),
        Shape::Own { write, .. } => {
            let record = members.remove("record").ok_or_else(|| wrong("record", "an object"))?;
            return Ok(vec![(key, write(record).map_err(|error| error.context("record: "))?)]);
        }
    };
    let mut record = members.remove("record").ok_or_else(|| wrong("record", "an object"))?;
    let body = kind.body.map(|space| (space, take_body(&mut record)));
    let in_record = |error: Error| error.context("record: ");
    value.extend(from_json(schema, &record).map_err(in_record)?);
    let mut entries = vec![(key, value)];
    if let (Some((space, body)), Some((key, _))) = (body, entries.first()) {
        let entry = (in_space(space, key), from_json(schema, &body).map_err(in_record)?);
        entries.push(entry);
    }
    Ok(entries)
}

/// Takes what lies in the body out of a record.
fn take_body(record: &mut Value) -> Value {
    let mut body = Map::new();
    if let Some(members) = record.as_object_mut() {
        let options =
            members.get_mut(RUNTIME).and_then(Value::as_object_mut).and_then(|runtime| runtime.remove(OPTIONS));
        if let Some(options) = options {
            body.insert(RUNTIME.to_owned(), json!({OPTIONS: options}));
        }
        for name in IN_BODY {
            body.extend(members.remove(*name).map(|member| ((*name).to_owned(), member)));
        }
    }
    Value::Object(body)
}

fn take_text(members: &mut Map<String, Value>, name: &str) -> Result<String> {
    match members.remove(name) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(wrong(name, "a text")),
    }
}

fn take_number(members: &mut Map<String, Value>, name: &str) -> Result<u64> {
    members.remove(name).and_then(|value| value.as_u64()).ok_or_else(|| wrong(name, "a number"))
}

fn take_base64(members: &mut Map<String, Value>, name: &str) -> Result<Vec<u8>> {
    BASE64.decode(take_text(members, name)?).map_err(|_| wrong(name, "base64"))
}

fn wrong(name: &str, what: &str) -> Error {
    Error::invalid_argument(format!("member {} is not {what}", quote(name)))
}
