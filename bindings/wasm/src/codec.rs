//! Records as protobuf and as JSON, by the names of their kinds.

use crate::failure::Result;
use crate::transfer::{Record, Sent, receive, send};
use stowbook::model::{
    Blob, Container, Descriptor, Envelope, Image, Lease, LeaseResource, Namespace, Sandbox, Snapshot,
};
use stowbook::{Error, json};
use wasm_bindgen::prelude::wasm_bindgen;

/// Calls a function for the record type of this name.
macro_rules! by_kind {
    ($kind:expr, $function:ident($($argument:expr),*)) => {
        match $kind {
            "blob" => $function::<Blob>($($argument),*),
            "container" => $function::<Container>($($argument),*),
            "descriptor" => $function::<Descriptor>($($argument),*),
            "event" => $function::<Envelope>($($argument),*),
            "image" => $function::<Image>($($argument),*),
            "lease" => $function::<Lease>($($argument),*),
            "namespace" => $function::<Namespace>($($argument),*),
            "resource" => $function::<LeaseResource>($($argument),*),
            "sandbox" => $function::<Sandbox>($($argument),*),
            "snapshot" => $function::<Snapshot>($($argument),*),
            // `js/` asks for these kinds only.
            other => Err(Error::internal(format!("there is no kind of record {other}")).into()),
        }
    };
}

/// A record as containerd's message.
#[wasm_bindgen]
pub fn encode(kind: &str, record: &str, bytes: &[u8]) -> Result<Vec<u8>> {
    fn encode_as<R: Record>(record: &str, bytes: &[u8]) -> Result<Vec<u8>> {
        Ok(receive::<R>(record, bytes)?.encode())
    }
    by_kind!(kind, encode_as(record, bytes))
}

/// The record in one of containerd's messages.
#[wasm_bindgen]
pub fn decode(kind: &str, message: &[u8]) -> Result<Sent> {
    fn decode_as<R: Record>(message: &[u8]) -> Result<Sent> {
        send(R::decode(message)?)
    }
    by_kind!(kind, decode_as(message))
}

/// A record as the core's JSON.
#[wasm_bindgen(js_name = toJson)]
pub fn to_json(kind: &str, record: &str, bytes: &[u8]) -> Result<String> {
    fn write_as<R: Record>(record: &str, bytes: &[u8]) -> Result<String> {
        Ok(json::write(&receive::<R>(record, bytes)?)?)
    }
    by_kind!(kind, write_as(record, bytes))
}

/// The record in the core's JSON.
#[wasm_bindgen(js_name = fromJson)]
pub fn from_json(kind: &str, text: &[u8]) -> Result<Sent> {
    fn read_as<R: Record>(text: &[u8]) -> Result<Sent> {
        send(json::read::<R>(R::WHAT, text)?)
    }
    by_kind!(kind, read_as(text))
}
