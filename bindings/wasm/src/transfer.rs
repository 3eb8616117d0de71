//! How records cross the boundary: the core's JSON, with what is not text beside it.
//!
//! In the JSON the value of an [`Any`] is a text instead: where its bytes begin and end among the bytes beside, and where
//! its unknown fields end, which follow. A size is a text of its own, for JavaScript's numbers do not have all of them.

use crate::failure::Result;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use stowbook::model::{
    Any, Blob, Container, Descriptor, Envelope, Image, Lease, LeaseResource, Namespace, Runtime, Sandbox, Snapshot,
    Timestamp, Unrecognized,
};
use stowbook::{Error, proto};
use wasm_bindgen::prelude::wasm_bindgen;

/// Records on their way to JavaScript.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Sent {
    json: String,
    bytes: Vec<u8>,
}

impl Sent {
    pub(crate) fn new(json: String, bytes: Vec<u8>) -> Self {
        Sent { json, bytes }
    }
}

#[wasm_bindgen]
impl Sent {
    /// The JSON. It is given away: a second call gets none.
    #[wasm_bindgen(js_name = takeJson)]
    #[must_use]
    pub fn take_json(&mut self) -> String {
        std::mem::take(&mut self.json)
    }

    /// The bytes beside it, given away as the JSON.
    #[wasm_bindgen(js_name = takeBytes)]
    #[must_use]
    pub fn take_bytes(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

/// A record on its way to JavaScript, and beside it what its JSON does not have.
#[derive(Serialize)]
pub(crate) struct Parcel<R> {
    record: R,
    beside: Beside,
}

/// What the JSON of a record does not have.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Beside {
    /// The size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<String>,
    /// The times, in what comes from JavaScript: so that they are refused in the core's words.
    #[serde(skip_serializing)]
    times: BTreeMap<String, String>,
    /// Where the record's unknown fields lie.
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<(usize, usize)>,
    /// Where those of the message in it lie that is not an `Any`.
    #[serde(skip_serializing_if = "Option::is_none")]
    inner: Option<(usize, usize)>,
}

/// What a record has that its JSON does not have.
#[derive(Default)]
pub(crate) struct Parts<'a> {
    anys: Vec<&'a mut Any>,
    size: Option<&'a mut i64>,
    times: Vec<(&'static str, &'a mut Option<Timestamp>)>,
    unknown: Option<&'a mut Unrecognized>,
    inner: Option<&'a mut Unrecognized>,
}

/// A record that crosses the boundary.
pub(crate) trait Record: Serialize + DeserializeOwned + proto::Message {
    /// What errors call it.
    const WHAT: &'static str;

    fn parts(&mut self) -> Parts<'_>;
}

/// Packs one record after the other.
pub(crate) struct Packer<R> {
    parcels: Vec<Parcel<R>>,
    bytes: Vec<u8>,
}

impl<R: Record> Packer<R> {
    pub(crate) fn new() -> Self {
        Packer { parcels: Vec::new(), bytes: Vec::new() }
    }

    pub(crate) fn add(&mut self, record: R) {
        let parcel = pack(record, &mut self.bytes);
        self.parcels.push(parcel);
    }

    /// The JSON is a list.
    pub(crate) fn send(self) -> Result<Sent> {
        Ok(Sent { json: stowbook::json::write(&self.parcels)?, bytes: self.bytes })
    }
}

/// Packs a record; its bytes go behind those that are there.
pub(crate) fn pack<R: Record>(mut record: R, bytes: &mut Vec<u8>) -> Parcel<R> {
    let beside = take(record.parts(), bytes);
    Parcel { record, beside }
}

fn take(parts: Parts<'_>, bytes: &mut Vec<u8>) -> Beside {
    for any in parts.anys {
        let start = bytes.len();
        bytes.append(&mut any.value);
        let end = bytes.len();
        bytes.extend_from_slice(any.unknown.as_bytes());
        any.value = format!("{start},{end},{}", bytes.len()).into_bytes();
    }
    let mut put = |unknown: Option<&mut Unrecognized>| {
        let unknown = unknown.filter(|unknown| !unknown.is_empty())?;
        let start = bytes.len();
        bytes.extend_from_slice(unknown.as_bytes());
        Some((start, bytes.len()))
    };
    let (unknown, inner) = (put(parts.unknown), put(parts.inner));
    let size = parts.size.map(|size| std::mem::take(size).to_string());
    Beside { size, times: BTreeMap::new(), unknown, inner }
}

/// One record; the JSON is a parcel.
pub(crate) fn send<R: Record>(record: R) -> Result<Sent> {
    let mut bytes = Vec::new();
    let parcel = pack(record, &mut bytes);
    Ok(Sent { json: stowbook::json::write(&parcel)?, bytes })
}

/// A record that came from JavaScript, in two lines: its JSON, and what that does not have.
pub(crate) fn receive<R: Record>(lines: &str, bytes: &[u8]) -> Result<R> {
    let (json, beside) = lines.split_once('\n').ok_or_else(|| Error::internal("a record has no second line"))?;
    let mut record: R = stowbook::json::read(R::WHAT, json.as_bytes())?;
    if fill(R::WHAT, record.parts(), beside, bytes)? {
        proto::verify(&record)?;
    }
    Ok(record)
}

/// Puts back what stood beside a record, and tells whether there are unknown fields.
fn fill(what: &str, parts: Parts<'_>, beside: &str, bytes: &[u8]) -> Result<bool> {
    let Beside { size, mut times, unknown, inner } = stowbook::json::read(what, beside.as_bytes())?;
    let piece = |start: usize, end: usize| {
        bytes.get(start..end).map(<[u8]>::to_vec).ok_or_else(|| Error::internal("bytes of a record are missing"))
    };
    let mut has_unknown = false;
    for any in parts.anys {
        let places: Vec<usize> =
            String::from_utf8_lossy(&any.value).split(',').filter_map(|at| at.parse().ok()).collect();
        let [start, end, unknown_end] = *places else {
            return Err(Error::internal("an opaque value has no place").into());
        };
        any.value = piece(start, end)?;
        any.unknown = piece(end, unknown_end)?.into();
        has_unknown |= !any.unknown.is_empty();
    }
    for (place, into) in [(unknown, parts.unknown), (inner, parts.inner)] {
        if let (Some((start, end)), Some(into)) = (place, into) {
            *into = piece(start, end)?.into();
            has_unknown |= !into.is_empty();
        }
    }
    if let (Some(text), Some(size)) = (size, parts.size) {
        *size =
            text.parse().map_err(|_| Error::invalid_argument(format!("{what}: size {text} has more than 64 bits")))?;
    }
    for (name, time) in parts.times {
        if let Some(text) = times.remove(name) {
            *time = Some(Timestamp::parse(&text)?);
        }
    }
    Ok(has_unknown)
}

fn of_runtime(runtime: &mut Runtime) -> (Option<&mut Any>, &mut Unrecognized) {
    (runtime.options.as_mut(), &mut runtime.unknown)
}

impl Record for Container {
    const WHAT: &'static str = "container";

    fn parts(&mut self) -> Parts<'_> {
        let (options, inner) = of_runtime(&mut self.runtime);
        Parts {
            anys: options.into_iter().chain(&mut self.spec).chain(self.extensions.values_mut()).collect(),
            times: vec![("created_at", &mut self.created_at), ("updated_at", &mut self.updated_at)],
            unknown: Some(&mut self.unknown),
            inner: Some(inner),
            ..Parts::default()
        }
    }
}

impl Record for Sandbox {
    const WHAT: &'static str = "sandbox";

    fn parts(&mut self) -> Parts<'_> {
        let (options, inner) = of_runtime(&mut self.runtime);
        Parts {
            anys: options.into_iter().chain(&mut self.spec).chain(self.extensions.values_mut()).collect(),
            times: vec![("created_at", &mut self.created_at), ("updated_at", &mut self.updated_at)],
            unknown: Some(&mut self.unknown),
            inner: Some(inner),
            ..Parts::default()
        }
    }
}

impl Record for Image {
    const WHAT: &'static str = "image";

    fn parts(&mut self) -> Parts<'_> {
        Parts {
            size: Some(&mut self.target.size),
            times: vec![("created_at", &mut self.created_at), ("updated_at", &mut self.updated_at)],
            unknown: Some(&mut self.unknown),
            inner: Some(&mut self.target.unknown),
            ..Parts::default()
        }
    }
}

impl Record for Descriptor {
    const WHAT: &'static str = "descriptor";

    fn parts(&mut self) -> Parts<'_> {
        Parts { size: Some(&mut self.size), unknown: Some(&mut self.unknown), ..Parts::default() }
    }
}

impl Record for Namespace {
    const WHAT: &'static str = "namespace";

    fn parts(&mut self) -> Parts<'_> {
        Parts { unknown: Some(&mut self.unknown), ..Parts::default() }
    }
}

impl Record for Lease {
    const WHAT: &'static str = "lease";

    fn parts(&mut self) -> Parts<'_> {
        Parts {
            times: vec![("created_at", &mut self.created_at)],
            unknown: Some(&mut self.unknown),
            ..Parts::default()
        }
    }
}

impl Record for LeaseResource {
    const WHAT: &'static str = "resource";

    fn parts(&mut self) -> Parts<'_> {
        Parts { unknown: Some(&mut self.unknown), ..Parts::default() }
    }
}

impl Record for Blob {
    const WHAT: &'static str = "blob";

    fn parts(&mut self) -> Parts<'_> {
        Parts {
            size: Some(&mut self.size),
            times: vec![("created_at", &mut self.created_at), ("updated_at", &mut self.updated_at)],
            unknown: Some(&mut self.unknown),
            ..Parts::default()
        }
    }
}

impl Record for Snapshot {
    const WHAT: &'static str = "snapshot";

    fn parts(&mut self) -> Parts<'_> {
        Parts {
            times: vec![("created_at", &mut self.created_at), ("updated_at", &mut self.updated_at)],
            unknown: Some(&mut self.unknown),
            ..Parts::default()
        }
    }
}

impl Record for Envelope {
    const WHAT: &'static str = "event";

    fn parts(&mut self) -> Parts<'_> {
        Parts {
            anys: self.event.iter_mut().collect(),
            times: vec![("timestamp", &mut self.timestamp)],
            unknown: Some(&mut self.unknown),
            ..Parts::default()
        }
    }
}
