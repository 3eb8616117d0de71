//! Messages as JSON, without a generated type: by their [`Schema`] alone.
//!
//! The members of a message have the names of the `.proto` files and stand in the order of the field numbers. What is on
//! the wire is a member, and what is not there is none.
//!
//! | on the wire | in JSON |
//! | --- | --- |
//! | text | text |
//! | bytes | `NAME_text` when they are text without control characters, else `NAME_base64` |
//! | number, bool, enum | a number, read as a signed one of 64 bits; a text from 2^53 on |
//! | message | an object |
//! | time | RFC 3339 in UTC; an object when it is no time of the years 1 to 9999 |
//! | map, list | an object, an array |
//! | what this version does not know | `unknown_base64`, at the level where it stood |

use super::schema::{Field, Kind, MapEntry, Schema};
use super::wire::{self, Reader, Value as Wire};
use crate::model::Timestamp;
use crate::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// How the JSON of a message is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Spelling {
    /// As the table of this module says. [`from_json`] reads it.
    Exact,
    /// As Go's `encoding/json` writes containerd's messages, which is what `ctr events` prints: bytes are base64 under their
    /// own name, times have `seconds` and `nanos`, defaults and unknown fields are left out.
    Go,
}

const UNKNOWN: &str = "unknown_base64";
const TIME: &str = "google.protobuf.Timestamp";
/// The integers that every JSON reader keeps exactly lie below this.
const EXACT_BELOW: u64 = 1 << 53;

/// The JSON of a message.
///
/// # Errors
/// `InvalidArgument` when the bytes are no such message, `NotImplemented` for fields of fixed width and packed lists, which
/// no record and no event of containerd has.
pub fn to_json(schema: &Schema, bytes: &[u8], spelling: Spelling) -> Result<Value> {
    let mut values: BTreeMap<u32, Vec<Wire<'_>>> = BTreeMap::new();
    let mut unknown = Vec::new();
    for record in Reader::new(bytes) {
        let record = record?;
        match schema.field(record.number) {
            Some(field) if field.accepts(&record.value) => values.entry(record.number).or_default().push(record.value),
            _ => unknown.extend_from_slice(record.encoded),
        }
    }
    if schema.name == TIME
        && spelling == Spelling::Exact
        && unknown.is_empty()
        && let Some(time) = time(&values)
    {
        return Ok(time.to_string().into());
    }
    let mut out = Map::new();
    for (number, values) in values {
        let Some(field) = schema.field(number) else { continue };
        if let Some((name, value)) = member(field, &values, spelling)? {
            out.insert(name, value);
        }
    }
    if !unknown.is_empty() && spelling == Spelling::Exact {
        out.insert(UNKNOWN.to_owned(), BASE64.encode(unknown).into());
    }
    Ok(Value::Object(out))
}

/// The instant of a message's fields, if it has one and writing it anew gives the same fields.
fn time(values: &BTreeMap<u32, Vec<Wire<'_>>>) -> Option<Timestamp> {
    let part = |number: u32| match values.get(&number).map(Vec::as_slice) {
        None => Some(0),
        // A zero that is said would not be written again.
        Some([Wire::Varint(value)]) if *value != 0 => Some(*value),
        Some(_) => None,
    };
    Timestamp::new(part(1)?.cast_signed(), u32::try_from(part(2)?).ok()?).ok()
}

/// The name and the value of a field, from what came for it.
fn member(field: &Field, values: &[Wire<'_>], spelling: Spelling) -> Result<Option<(String, Value)>> {
    let name = field.name.to_owned();
    let omitted = spelling == Spelling::Go;
    Ok(match field.kind {
        Kind::Map(entry) => {
            let entries = values.iter().filter_map(content).map(|bytes| map_entry(entry, bytes, spelling));
            let entries = entries.collect::<Result<BTreeMap<String, Value>>>()?;
            Some((name, Value::Object(entries.into_iter().collect())))
        }
        Kind::Message(schema) if field.repeated => {
            let items = values.iter().filter_map(content).map(|bytes| to_json(schema, bytes, spelling));
            Some((name, Value::Array(items.collect::<Result<_>>()?)))
        }
        Kind::Message(schema) => {
            // A message that is sent in pieces is one message.
            let bytes: Vec<u8> = values.iter().filter_map(content).flatten().copied().collect();
            Some((name, to_json(schema, &bytes, spelling)?))
        }
        Kind::String if field.repeated => {
            let items = values.iter().filter_map(content).map(|bytes| text(field, bytes).map(Value::from));
            Some((name, Value::Array(items.collect::<Result<_>>()?)))
        }
        Kind::String => match values.last().and_then(content) {
            Some([]) if omitted => None,
            Some(bytes) => Some((name, text(field, bytes)?.into())),
            None => None,
        },
        Kind::Bytes if !field.repeated => match values.last().and_then(content) {
            Some([]) if omitted => None,
            Some(bytes) if spelling == Spelling::Go => Some((name, BASE64.encode(bytes).into())),
            Some(bytes) => Some(match readable(bytes) {
                Some(text) => (name + "_text", text.into()),
                None => (name + "_base64", BASE64.encode(bytes).into()),
            }),
            None => None,
        },
        Kind::Varint if !field.repeated => match values.last() {
            Some(Wire::Varint(0)) if omitted => None,
            Some(Wire::Varint(value)) => Some((name, number(value.cast_signed()))),
            _ => None,
        },
        Kind::Varint | Kind::Bytes | Kind::Fixed64 | Kind::Fixed32 => return Err(unsupported(field)),
    })
}

fn content<'a>(value: &Wire<'a>) -> Option<&'a [u8]> {
    match value {
        Wire::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}

fn map_entry(entry: &MapEntry, bytes: &[u8], spelling: Spelling) -> Result<(String, Value)> {
    let (mut key, mut value) = (String::new(), &[] as &[u8]);
    for half in Reader::new(bytes) {
        let half = half?;
        match (half.number, half.value) {
            (MapEntry::KEY, Wire::Bytes(bytes)) => key = utf8(bytes)?,
            (MapEntry::VALUE, Wire::Bytes(bytes)) => value = bytes,
            // What else an entry carries belongs to no record.
            _ => {}
        }
    }
    let value = match (entry.key, entry.value) {
        (Kind::String, Kind::String) => utf8(value)?.into(),
        (Kind::String, Kind::Message(schema)) => to_json(schema, value, spelling)?,
        _ => return Err(Error::not_implemented("a map of numbers as JSON")),
    };
    Ok((key, value))
}

fn text(field: &Field, bytes: &[u8]) -> Result<String> {
    utf8(bytes).map_err(|error| error.context(format!("{}: ", field.name)))
}

fn utf8(bytes: &[u8]) -> Result<String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Error::invalid_argument("text is not UTF-8"))
}

/// Bytes as text, if a person would call them that.
fn readable(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    (!text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))).then_some(text)
}

fn number(value: i64) -> Value {
    if value.unsigned_abs() < EXACT_BELOW { value.into() } else { value.to_string().into() }
}

fn unsupported(field: &Field) -> Error {
    Error::not_implemented(format!("field {} as JSON", field.name))
}

/// The message of its JSON in the spelling [`Spelling::Exact`]: fields by rising number, maps by their keys, what is unknown
/// last. A member that is there is written, also when it is a default.
///
/// # Errors
/// `InvalidArgument`, naming the member, for one that the message does not have or that holds something else;
/// `NotImplemented` as [`to_json`].
pub fn from_json(schema: &Schema, value: &Value) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    put_message(schema, value, &mut out)?;
    Ok(out)
}

fn put_message(schema: &Schema, value: &Value, out: &mut Vec<u8>) -> Result<()> {
    let members = match value {
        Value::Object(members) => members,
        Value::String(text) if schema.name == TIME => {
            let time = Timestamp::parse(text)?;
            put_number(out, 1, time.seconds());
            put_number(out, 2, time.nanos().into());
            return Ok(());
        }
        _ => return Err(Error::invalid_argument(format!("{} is not an object", schema.name))),
    };
    let mut taken = 0usize;
    for field in schema.fields {
        let names: &[&str] = if matches!(field.kind, Kind::Bytes) { &["_text", "_base64"] } else { &[""] };
        let mut given = None;
        for ending in names {
            let Some(value) = members.get(&format!("{}{ending}", field.name)) else { continue };
            if given.replace((*ending, value)).is_some() {
                return Err(Error::invalid_argument(format!("{0}_text and {0}_base64 exclude each other", field.name)));
            }
        }
        if let Some((ending, value)) = given {
            taken = taken.saturating_add(1);
            put_field(field, ending, value, out).map_err(|error| error.context(format!("{}: ", field.name)))?;
        }
    }
    if let Some(unknown) = members.get(UNKNOWN) {
        taken = taken.saturating_add(1);
        let bytes = base64(unknown).map_err(|error| error.context(format!("{UNKNOWN}: ")))?;
        // What is no protobuf would make the whole message unreadable.
        Reader::new(&bytes).try_for_each(|record| record.map(drop))?;
        out.extend_from_slice(&bytes);
    }
    if taken != members.len() {
        let names = |name: &&String| !is_member(schema, name);
        let wrong = members.keys().find(names).map(String::as_str).unwrap_or_default();
        return Err(Error::invalid_argument(format!("{} has no member {}", schema.name, crate::text::quote(wrong))));
    }
    Ok(())
}

fn is_member(schema: &Schema, name: &str) -> bool {
    let is = |field: &Field| match field.kind {
        Kind::Bytes => name.strip_prefix(field.name).is_some_and(|ending| matches!(ending, "_text" | "_base64")),
        _ => name == field.name,
    };
    name == UNKNOWN || schema.fields.iter().any(is)
}

fn put_number(out: &mut Vec<u8>, number: u32, value: i64) {
    if value != 0 {
        wire::put_number(out, number, value.cast_unsigned());
    }
}

fn put_field(field: &Field, ending: &str, value: &Value, out: &mut Vec<u8>) -> Result<()> {
    match field.kind {
        Kind::Map(entry) => {
            let members = value.as_object().ok_or_else(|| expected("an object"))?;
            let sorted: BTreeMap<&String, &Value> = members.iter().collect();
            for (key, value) in sorted {
                let mut body = Vec::new();
                wire::put_string(&mut body, MapEntry::KEY, key);
                match entry.value {
                    Kind::String => wire::put_string(&mut body, MapEntry::VALUE, as_text(value)?),
                    Kind::Message(schema) => put_nested(schema, MapEntry::VALUE, value, &mut body)?,
                    _ => return Err(unsupported(field)),
                }
                wire::put_bytes(out, field.number, &body);
            }
        }
        Kind::Message(schema) if field.repeated => {
            let items = value.as_array().ok_or_else(|| expected("a list"))?;
            items.iter().try_for_each(|item| put_nested(schema, field.number, item, out))?;
        }
        Kind::Message(schema) => put_nested(schema, field.number, value, out)?,
        Kind::String if field.repeated => {
            for item in value.as_array().ok_or_else(|| expected("a list"))? {
                wire::put_string(out, field.number, as_text(item)?);
            }
        }
        Kind::String => wire::put_string(out, field.number, as_text(value)?),
        Kind::Bytes if field.repeated => return Err(unsupported(field)),
        Kind::Bytes if ending == "_text" => wire::put_string(out, field.number, as_text(value)?),
        Kind::Bytes => wire::put_bytes(out, field.number, &base64(value)?),
        Kind::Varint if !field.repeated => {
            let number = match value {
                Value::String(text) => text.parse().ok(),
                other => other.as_i64(),
            };
            let number: i64 = number.ok_or_else(|| expected("a number of 64 bits"))?;
            wire::put_number(out, field.number, number.cast_unsigned());
        }
        Kind::Varint | Kind::Fixed64 | Kind::Fixed32 => return Err(unsupported(field)),
    }
    Ok(())
}

fn put_nested(schema: &Schema, number: u32, value: &Value, out: &mut Vec<u8>) -> Result<()> {
    let mut body = Vec::new();
    put_message(schema, value, &mut body)?;
    wire::put_bytes(out, number, &body);
    Ok(())
}

fn as_text(value: &Value) -> Result<&str> {
    value.as_str().ok_or_else(|| expected("a text"))
}

fn base64(value: &Value) -> Result<Vec<u8>> {
    BASE64.decode(as_text(value)?).map_err(|error| Error::invalid_argument(format!("not base64: {error}")))
}

fn expected(what: &str) -> Error {
    Error::invalid_argument(format!("{what} is expected"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Any, Container};
    use crate::proto::Message as _;
    use crate::proto::generated::containerd::events::{ContainerCreate, TaskExit, container_create};
    use crate::proto::generated::containerd::services::containers::v1::Container as Wired;
    use crate::proto::schema::Described as _;
    use proptest::prelude::*;
    use prost::Message as _;
    use serde_json::json;

    #[test]
    fn a_container_reads_well_and_comes_back() {
        let mut container = Container::new("web", "runc");
        container.labels.insert("b".into(), String::new());
        container.spec = Some(Any::new("spec", "{\n}"));
        container.runtime.options = Some(Any::new("o", [0xff, 0]));
        container.created_at = Some(Timestamp::parse("2026-11-21T01:02:03.5Z").unwrap());
        container.extensions.insert("e".into(), Any::default());
        container.extensions.insert("".into(), Any::new("", [7]));
        let mut bytes = container.encode();
        bytes.extend_from_slice(b"\x98\x06\x01");
        let json = to_json(Wired::SCHEMA, &bytes, Spelling::Exact).unwrap();
        assert_eq!(
            json,
            json!({
                "id": "web", "labels": {"b": ""}, "runtime": {"name": "runc", "options": {"type_url": "o", "value_base64": "/wA="}},
                "spec": {"type_url": "spec", "value_text": "{\n}"}, "created_at": "2026-11-21T01:02:03.5Z",
                "extensions": {"": {"value_base64": "Bw=="}, "e": {}}, "unknown_base64": "mAYB",
            })
        );
        assert_eq!(from_json(Wired::SCHEMA, &json).unwrap(), bytes);
    }

    #[test]
    fn what_ctr_prints() {
        let options = prost_types::Any { type_url: "o".into(), value: b"text".to_vec() };
        let runtime = container_create::Runtime { name: "runc".into(), options: Some(options) };
        let event = ContainerCreate { id: "c".into(), image: String::new(), runtime: Some(runtime) };
        let json = to_json(ContainerCreate::SCHEMA, &event.encode_to_vec(), Spelling::Go).unwrap();
        assert_eq!(
            json.to_string(),
            r#"{"id":"c","runtime":{"name":"runc","options":{"type_url":"o","value":"dGV4dA=="}}}"#
        );
        let exited_at = Some(prost_types::Timestamp { seconds: 1, nanos: 2 });
        let event = TaskExit { container_id: "c".into(), exited_at, exit_status: 137, ..TaskExit::default() };
        let json = to_json(TaskExit::SCHEMA, &event.encode_to_vec(), Spelling::Go).unwrap();
        assert_eq!(json.to_string(), r#"{"container_id":"c","exit_status":137,"exited_at":{"seconds":1,"nanos":2}}"#);
    }

    #[test]
    fn what_is_no_member_is_named() {
        for (value, message) in [
            (json!({"colour": "red"}), r#"containerd.services.containers.v1.Container has no member "colour""#),
            (
                json!({"runtime": {"spec": 1}}),
                r#"runtime: containerd.services.containers.v1.Container.Runtime has no member "spec""#,
            ),
            (json!({"spec": {"value": "x"}}), r#"spec: google.protobuf.Any has no member "value""#),
            (
                json!({"spec": {"value_text": "", "value_base64": ""}}),
                "spec: value_text and value_base64 exclude each other",
            ),
            (json!({"id": 1}), "id: a text is expected"),
            (json!({"labels": []}), "labels: an object is expected"),
            (json!([]), "containerd.services.containers.v1.Container is not an object"),
            (json!({"created_at": "soon"}), r#"created_at: time "soon" is not RFC 3339"#),
        ] {
            let error = from_json(Wired::SCHEMA, &value).unwrap_err();
            assert_eq!(error.message(), format!("{message}: invalid argument"));
        }
        assert!(from_json(Wired::SCHEMA, &json!({"unknown_base64": "/w=="})).is_err(), "no protobuf");
    }

    proptest! {
        #[test]
        fn whatever_has_a_json_has_the_json_of_its_canonical_form(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            // Bytes that are not canonical may come back in another order, but never with another meaning.
            if let Ok(json) = to_json(Wired::SCHEMA, &bytes, Spelling::Exact) {
                let canonical = from_json(Wired::SCHEMA, &json).unwrap();
                prop_assert_eq!(to_json(Wired::SCHEMA, &canonical, Spelling::Exact).unwrap(), json);
            }
            let _ = to_json(TaskExit::SCHEMA, &bytes, Spelling::Go);
        }
    }
}
