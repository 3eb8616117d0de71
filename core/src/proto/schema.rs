//! What the fields of a message are: enough to tell known records from unknown ones.
//!
//! `cargo xtask proto` describes each generated message; [`Described::SCHEMA`] is the description.

use super::wire::{Value, WireType};

/// A message that says what its fields are. Implemented for all generated messages, and for the well-known types they
/// hold.
pub trait Described: prost::Message + Default {
    /// The message's fields.
    const SCHEMA: &'static Schema;
}

/// The fields of a message.
#[derive(Debug)]
pub struct Schema {
    /// The message's full name: `containerd.services.containers.v1.Container`.
    pub name: &'static str,
    /// The fields, by rising number.
    pub fields: &'static [Field],
}

impl Schema {
    /// The field of that number.
    #[must_use]
    pub fn field(&self, number: u32) -> Option<&'static Field> {
        let index = self.fields.binary_search_by_key(&number, |field| field.number).ok()?;
        self.fields.get(index)
    }
}

/// One field of a message.
#[derive(Debug)]
#[non_exhaustive]
pub struct Field {
    /// The number on the wire.
    pub number: u32,
    /// The name in the interface definition: `snapshot_key`.
    pub name: &'static str,
    /// What a value is.
    pub kind: Kind,
    /// Whether there can be many values. Maps are many.
    pub repeated: bool,
}

impl Field {
    /// A field with at most one value.
    #[must_use]
    pub const fn one(number: u32, name: &'static str, kind: Kind) -> Self {
        Field { number, name, kind, repeated: false }
    }

    /// A field with any number of values.
    #[must_use]
    pub const fn many(number: u32, name: &'static str, kind: Kind) -> Self {
        Field { number, name, kind, repeated: true }
    }

    /// Whether a decoder takes this value for the field. Go treats any other as an unknown field.
    #[must_use]
    pub fn accepts(&self, value: &Value<'_>) -> bool {
        // Numbers of a list may come packed.
        self.kind.accepts(value) || (self.repeated && matches!(value, Value::Bytes(_)))
    }
}

/// What the value of a field is, as far as the wire shows it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// A bool, an enum or an integer of variable length.
    Varint,
    /// A number of eight bytes.
    Fixed64,
    /// A number of four bytes.
    Fixed32,
    /// Text, which has to be UTF-8.
    String,
    /// Any bytes.
    Bytes,
    /// A message.
    Message(&'static Schema),
    /// The entries of a map.
    Map(&'static MapEntry),
}

impl Kind {
    /// The kind of a field that holds the message `M`.
    #[must_use]
    pub const fn message<M: Described>() -> Self {
        Kind::Message(M::SCHEMA)
    }

    /// Whether this is how one value of this kind is sent.
    pub(super) fn accepts(self, value: &Value<'_>) -> bool {
        let expected = match self {
            Kind::Varint => WireType::Varint,
            Kind::Fixed64 => WireType::Fixed64,
            Kind::Fixed32 => WireType::Fixed32,
            Kind::String | Kind::Bytes | Kind::Message(_) | Kind::Map(_) => WireType::Bytes,
        };
        value.wire_type() == expected
    }
}

/// The two fields of a map's entry: the key is 1, the value is 2.
#[derive(Debug)]
pub struct MapEntry {
    /// What a key is: a string or a number.
    pub key: Kind,
    /// What a value is.
    pub value: Kind,
}

impl MapEntry {
    /// The number of the key.
    pub const KEY: u32 = 1;
    /// The number of the value.
    pub const VALUE: u32 = 2;
}
