//! containerd's messages, as bytes and as Rust.
//!
//! What is on the wire is containerd's: packages, field numbers and type URLs are those of 2.3, and no version takes a
//! switch. [`generated`] holds the messages as prost writes them, made by `cargo xtask proto` from `core/proto`. prost
//! drops what it does not know and refuses what Go lets pass, so messages are read with [`decode`] and written with
//! [`encode`], which keep [`UnknownFields`], and records that are passed on stand in [`Preserved`].

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice))]

pub mod generated;
pub mod json;
pub(crate) mod known;
mod preserved;
pub mod schema;
#[cfg(test)]
mod tests;
pub mod type_urls;
pub mod unknown;
pub mod wire;

pub use preserved::Preserved;
pub use schema::Described;
pub use unknown::UnknownFields;

use crate::{Error, Result};

/// A value with an encoding of its own: a model, with what it does not understand.
pub trait Message: Sized + PartialEq {
    /// What messages call it: `container`.
    const NAME: &'static str;

    /// Reads it.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`, with [`Message::NAME`] in front and the position, if the bytes are not such a message.
    fn decode(bytes: &[u8]) -> Result<Self>;

    /// Writes it: the known fields by their numbers, at each level what is unknown behind them.
    fn encode(&self) -> Vec<u8>;
}

/// Reads a generated message and what is unknown in it. `name` is what errors call the message.
///
/// ```
/// use stowbook::proto::{self, generated::containerd::services::containers::v1::Container};
///
/// let error = proto::decode::<Container>("container", b"\x0a\x03web\x1a\x02\x61\xff").unwrap_err();
/// assert_eq!(
///     error.message(),
///     "container: malformed protobuf at byte 8: string field containerd.services.containers.v1.Container.image (3) \
///      contains invalid UTF-8: invalid argument"
/// );
/// ```
///
/// # Errors
///
/// `InvalidArgument` as [`UnknownFields::collect`] gives it, with `name: ` in front.
pub fn decode<M: Described>(name: &str, bytes: &[u8]) -> Result<(M, UnknownFields)> {
    let (known, unknown) =
        UnknownFields::split(bytes, M::SCHEMA).map_err(|error| error.context(format!("{name}: ")))?;
    // What prost would refuse was split off or refused above, so this cannot fail.
    let message = M::decode(known.as_ref())
        .map_err(|error| Error::invalid_argument(format!("{name}: malformed protobuf: {error}")))?;
    Ok((message, unknown))
}

/// Writes a generated message: the known fields by their numbers, at each level what is unknown behind them.
#[must_use]
pub fn encode<M: Described>(message: &M, unknown: &UnknownFields) -> Vec<u8> {
    unknown.join(message.encode_to_vec(), M::SCHEMA)
}

/// Looks whether a record's message reads back as the record: whether what stands among its unknown fields are fields, and none
/// that this version knows.
///
/// ```
/// use stowbook::{model::Namespace, proto};
/// let mut namespace = Namespace::new("default");
/// namespace.unknown = vec![0x50, 1].into();
/// assert!(proto::verify(&namespace).is_ok());
/// namespace.unknown = vec![0x50].into();
/// assert!(proto::verify(&namespace).is_err());
/// ```
///
/// # Errors
///
/// `InvalidArgument` if not.
pub fn verify<M: Message>(record: &M) -> Result<()> {
    let message = record.encode();
    if M::decode(&message).is_ok_and(|again| again.encode() == message) {
        return Ok(());
    }
    Err(Error::invalid_argument(format!("{}: what is among its unknown fields is not unknown, or no field", M::NAME))
        .with_help("pass on what was decoded from a message, unchanged"))
}

/// The type URL that containerd writes for a message: its full name, with nothing in front.
#[must_use]
pub fn type_url<M: prost::Name>() -> String {
    M::full_name()
}

/// Whether a type URL that came in names the type of one that we write.
///
/// A protobuf message may have anything up to a `/` in front, such as `type.googleapis.com/`: containerd writes bare names,
/// but its 2.x line takes both. The URL of a JSON document has to match whole.
///
/// ```
/// use stowbook::proto::{is_type, type_urls};
/// assert!(is_type("type.googleapis.com/containerd.runc.v1.Options", type_urls::RUNC_OPTIONS));
/// assert!(!is_type("example.com/types.containerd.io/opencontainers/runtime-spec/1/Spec", type_urls::SPEC));
/// ```
#[must_use]
pub fn is_type(incoming: &str, expected: &str) -> bool {
    incoming == expected || incoming.rsplit_once('/').is_some_and(|(_, name)| name == expected)
}
