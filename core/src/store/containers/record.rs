//! A container's record as it is stored: two halves of containerd's message.

use crate::filter::Adaptor;
use crate::model::codec::{
    Codec as _, put_extensions, put_labels, put_message, put_optional, put_text, put_time, take_extension,
    take_message, take_optional,
};
use crate::model::{Any, Container, Extensions, Runtime};
use crate::proto::wire::{self, Reader, Value};
use crate::{Error, Result};
use std::borrow::Cow;

/// What lists show and filters look at: everything but spec, runtime options and extensions.
pub(super) fn encode_head(container: &Container) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    put_text(&mut out, 1, &container.id);
    put_labels(&mut out, 2, &container.labels);
    put_text(&mut out, 3, &container.image);
    wire::put_message(&mut out, 4, |out| {
        put_text(out, 1, &container.runtime.name);
        out.extend_from_slice(container.runtime.unknown.as_bytes());
    });
    put_text(&mut out, 6, &container.snapshotter);
    put_text(&mut out, 7, &container.snapshot_key);
    put_time(&mut out, 8, container.created_at);
    put_time(&mut out, 9, container.updated_at);
    put_text(&mut out, 11, &container.sandbox_id);
    out.extend_from_slice(container.unknown.as_bytes());
    out
}

/// The container of a head; its body is still to be added.
pub(in crate::store) fn decode_head(head: &[u8]) -> Result<Container> {
    let mut container = Container::default();
    container.merge(Reader::new(head)).map_err(damaged)?;
    Ok(container)
}

/// What only those who ask for the whole record get to see.
pub(super) fn encode_body(spec: Option<&Any>, extensions: &Extensions, runtime: &Runtime) -> Vec<u8> {
    let size = spec.map_or(0, |spec| spec.type_url.len() + spec.value.len()) + 64;
    let mut out = Vec::with_capacity(size);
    if let Some(options) = &runtime.options {
        wire::put_message(&mut out, 4, |out| put_message(out, 2, options));
    }
    put_optional(&mut out, 5, spec);
    put_extensions(&mut out, 10, extensions);
    out
}

/// Adds the body to a container that was decoded from its head.
pub(in crate::store) fn add_body(container: &mut Container, body: &[u8]) -> Result<()> {
    for field in Reader::new(body) {
        let field = field.map_err(damaged)?;
        let known = match field.number {
            4 => take_message(&field, &mut container.runtime),
            5 => take_optional(&field, &mut container.spec),
            10 => take_extension(&field, &mut container.extensions),
            _ => Ok(false),
        };
        if !known.map_err(damaged)? {
            return Err(Error::data_loss(format!("the body of a container has the field {}", field.number)));
        }
    }
    Ok(())
}

/// The container of a head and a body.
pub(super) fn decode(head: &[u8], body: &[u8]) -> Result<Container> {
    let mut container = decode_head(head)?;
    add_body(&mut container, body)?;
    Ok(container)
}

/// Protobuf that does not decode is the caller's fault on a wire, but lost data in a book.
pub(super) fn damaged(error: Error) -> Error {
    Error::data_loss(error.message_bytes())
}

/// A head that is not decoded: it is searched for the one field that a filter names.
pub(super) struct Head<'a>(&'a [u8]);

impl<'a> Head<'a> {
    pub(super) fn new(head: &'a [u8]) -> Self {
        Head(head)
    }

    /// The value of a field. A head is our own: canonical, so a field stands once, and sealed, so there is no error to tell.
    fn bytes(message: &'a [u8], number: u32) -> Option<&'a [u8]> {
        Reader::new(message).map_while(Result::ok).find_map(|field| match field.value {
            Value::Bytes(bytes) if field.number == number => Some(bytes),
            _ => None,
        })
    }

    fn label(&self, key: &[u8]) -> Option<&'a [u8]> {
        Reader::new(self.0).map_while(Result::ok).find_map(|field| match field.value {
            Value::Bytes(entry) if field.number == 2 && Self::bytes(entry, 1).unwrap_or_default() == key => {
                Some(Self::bytes(entry, 2).unwrap_or_default())
            }
            _ => None,
        })
    }
}

/// Source: containerd-metadata §8.6.
impl Adaptor for Head<'_> {
    fn field<'s>(&'s self, path: &[Vec<u8>]) -> Option<Cow<'s, [u8]>> {
        let (first, rest) = path.split_first()?;
        let value = match (first.as_slice(), rest) {
            (b"id", _) => Self::bytes(self.0, 1),
            (b"image", _) => Self::bytes(self.0, 3),
            (b"runtime", [name, ..]) if name == b"name" => Self::bytes(Self::bytes(self.0, 4)?, 1),
            (b"labels", [key]) => return self.label(key).map(Cow::Borrowed),
            (b"labels", [_, ..]) => return self.label(&rest.join(&b'.')).map(Cow::Borrowed),
            _ => None,
        };
        value.filter(|value| !value.is_empty()).map(Cow::Borrowed)
    }
}
