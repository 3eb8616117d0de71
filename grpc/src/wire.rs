//! Messages as bytes.
//!
//! A message without a record is one of the core's generated ones. A message with a record holds the core's model of it, which
//! keeps what it does not know; [`message!`] writes such a message down.

use std::borrow::Cow;
use std::marker::PhantomData;
use stowbook::proto::wire::{self, Reader, Record, Value};
use stowbook::proto::{Described, Message, schema::Schema};
use stowbook::{Error, Result, proto};

/// A request or a response.
pub trait Wire: Sized + Send + Sync + 'static {
    /// Reads it.
    ///
    /// # Errors
    /// `InvalidArgument` when the bytes are not such a message.
    fn decode(bytes: &[u8]) -> Result<Self>;

    /// Writes it.
    fn encode(&self) -> Vec<u8>;
}

impl<M: Described + 'static> Wire for M {
    fn decode(bytes: &[u8]) -> Result<Self> {
        let schema: &Schema = M::SCHEMA;
        // What is unknown in a request belongs to nobody: records do not come this way.
        Ok(proto::decode(schema.name, bytes)?.0)
    }

    fn encode(&self) -> Vec<u8> {
        self.encode_to_vec()
    }
}

/// A record that is a request or a response by itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bare<T>(pub T);

impl<T: Message + Send + Sync + 'static> Wire for Bare<T> {
    fn decode(bytes: &[u8]) -> Result<Self> {
        T::decode(bytes).map(Bare)
    }

    fn encode(&self) -> Vec<u8> {
        encoded(&self.0)
    }
}

/// A record as it is sent. Parts for whose absence containerd does not look, and dies, are there even when they are empty.
fn encoded<T: Message>(record: &T) -> Vec<u8> {
    let mut bytes = record.encode();
    let part = match T::NAME {
        "containerd.services.images.v1.Image" => Some(3),
        "containerd.types.Sandbox" => Some(2),
        "containerd.types.Envelope" => Some(4),
        _ => None,
    };
    if let Some(number) = part
        && !Reader::new(&bytes).flatten().any(|field| field.number == number)
    {
        wire::put_message(&mut bytes, number, |_| {});
    }
    bytes
}

/// A message that is encoded already: what a list shows goes from the book to the wire as it lies there.
pub(crate) struct Encoded<A> {
    bytes: Vec<u8>,
    message: PhantomData<fn() -> A>,
}

impl<A> Encoded<A> {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Encoded { bytes, message: PhantomData }
    }
}

/// What can be sent where an `A` is expected.
pub(crate) trait Sends<A>: Send + 'static {
    /// The message on the wire.
    fn bytes(&self) -> Cow<'_, [u8]>;
}

impl<A: Wire> Sends<A> for A {
    fn bytes(&self) -> Cow<'_, [u8]> {
        self.encode().into()
    }
}

impl<A: 'static> Sends<A> for Encoded<A> {
    fn bytes(&self) -> Cow<'_, [u8]> {
        self.bytes.as_slice().into()
    }
}

/// Adds one occurrence of a message to those before it: protobuf merges them, as if their bytes stood one after the other.
pub(crate) fn take_record<T: Message>(field: &Record<'_>, to: &mut Option<T>) -> Result<()> {
    let Value::Bytes(bytes) = field.value else { return Ok(()) };
    *to = Some(match to.take() {
        None => T::decode(bytes)?,
        Some(first) => {
            let mut all = first.encode();
            all.extend_from_slice(bytes);
            T::decode(&all)?
        }
    });
    Ok(())
}

pub(crate) fn take_records<T: Message>(field: &Record<'_>, to: &mut Vec<T>) -> Result<()> {
    if let Value::Bytes(bytes) = field.value {
        to.push(T::decode(bytes)?);
    }
    Ok(())
}

/// As [`take_record`], for a message of which nothing unknown is kept.
pub(crate) fn take_known<T: Described>(field: &Record<'_>, to: &mut Option<T>) -> Result<()> {
    let Value::Bytes(bytes) = field.value else { return Ok(()) };
    let mut all = to.as_ref().map(prost::Message::encode_to_vec).unwrap_or_default();
    all.extend_from_slice(bytes);
    *to = Some(proto::decode(T::SCHEMA.name, &all)?.0);
    Ok(())
}

pub(crate) fn take_text(field: &Record<'_>, to: &mut String) -> Result<()> {
    let mut all = Vec::new();
    take_texts(field, &mut all)?;
    *to = all.pop().unwrap_or_else(|| std::mem::take(to));
    Ok(())
}

pub(crate) fn take_texts(field: &Record<'_>, to: &mut Vec<String>) -> Result<()> {
    let Value::Bytes(bytes) = field.value else { return Ok(()) };
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Error::invalid_argument(format!("field {} contains invalid UTF-8", field.number)))?;
    to.push(text.to_owned());
    Ok(())
}

pub(crate) fn put_record<T: Message>(out: &mut Vec<u8>, number: u32, record: &Option<T>) {
    put_records(out, number, record.as_slice());
}

pub(crate) fn put_records<T: Message>(out: &mut Vec<u8>, number: u32, records: &[T]) {
    for record in records {
        wire::put_bytes(out, number, &encoded(record));
    }
}

pub(crate) fn put_known<T: Described>(out: &mut Vec<u8>, number: u32, message: &Option<T>) {
    if let Some(message) = message {
        wire::put_bytes(out, number, &message.encode_to_vec());
    }
}

pub(crate) fn put_text(out: &mut Vec<u8>, number: u32, text: &str) {
    if !text.is_empty() {
        wire::put_string(out, number, text);
    }
}

pub(crate) fn put_texts(out: &mut Vec<u8>, number: u32, texts: &[String]) {
    for text in texts {
        wire::put_string(out, number, text);
    }
}

/// Reads a message, field by field.
pub(crate) fn read(bytes: &[u8], mut take: impl FnMut(&Record<'_>) -> Result<()>) -> Result<()> {
    for field in Reader::new(bytes) {
        take(&field?)?;
    }
    Ok(())
}

/// A message with records: each field by its number, name and kind.
macro_rules! message {
    ($name:ident { $($number:literal $field:ident: $kind:ident $type:ident,)* }) => {
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $(pub $field: $crate::wire::message!(@type $kind $type),)*
        }

        impl $crate::wire::Wire for $name {
            fn decode(bytes: &[u8]) -> stowbook::Result<Self> {
                let mut out = Self::default();
                $crate::wire::read(bytes, |field| match field.number {
                    $($number => $crate::wire::message!(@take $kind)(field, &mut out.$field),)*
                    _ => Ok(()),
                })?;
                Ok(out)
            }

            fn encode(&self) -> Vec<u8> {
                let mut out = Vec::new();
                $($crate::wire::message!(@put $kind)(&mut out, $number, &self.$field);)*
                out
            }
        }
    };
    (@type record $type:ident) => { Option<stowbook::model::$type> };
    (@type records $type:ident) => { Vec<stowbook::model::$type> };
    (@type known $type:ident) => { Option<prost_types::$type> };
    (@type text $type:ident) => { $type };
    (@type texts $type:ident) => { Vec<$type> };
    (@take record) => { $crate::wire::take_record };
    (@take records) => { $crate::wire::take_records };
    (@take known) => { $crate::wire::take_known };
    (@take text) => { $crate::wire::take_text };
    (@take texts) => { $crate::wire::take_texts };
    (@put record) => { $crate::wire::put_record };
    (@put records) => { $crate::wire::put_records };
    (@put known) => { $crate::wire::put_known };
    (@put text) => { $crate::wire::put_text };
    (@put texts) => { $crate::wire::put_texts };
}
pub(crate) use message;

#[cfg(test)]
mod tests {
    use super::*;
    use stowbook::model::{Container, Descriptor, Envelope, Image, Sandbox};

    #[test]
    fn what_containerd_dies_without_is_sent() {
        assert_eq!(encoded(&Image::default()), [3 << 3 | 2, 0]);
        assert_eq!(encoded(&Sandbox::default()), [2 << 3 | 2, 0]);
        assert_eq!(encoded(&Envelope::default()), [4 << 3 | 2, 0]);
        assert!(encoded(&Container::default()).is_empty());
        let image = Image::new("a", Descriptor::new("m", "d", 1));
        assert_eq!(encoded(&image), image.encode());
    }
}
