//! The records as protobuf: containerd's messages, field by field.
//!
//! What a message carries beyond the fields known here goes to the record's `unknown` and from there back into the
//! message, at the same level. Written messages are canonical: fields by rising number, maps by their keys, defaults left
//! out, what is unknown last. That is also how Go writes deterministically.

use super::{
    Any, Blob, Container, Descriptor, Envelope, Extensions, Image, Labels, Lease, LeaseResource, Namespace, Runtime,
};
use super::{Sandbox, Snapshot, SnapshotKind, Timestamp, Unrecognized};
use crate::proto::wire::{self, Reader, Record, Value, WireType};
use crate::{Error, Result};

/// A record with a protobuf form.
pub(crate) trait Codec: Default {
    /// The full name of the message.
    const NAME: &'static str;

    /// Takes a field over, or answers `false` for one that it does not know, or of another wire type: Go treats that as
    /// unknown too.
    fn take(&mut self, field: &Record<'_>) -> Result<bool>;

    /// Appends the known fields.
    fn put(&self, out: &mut Vec<u8>);

    fn unknown(&self) -> &Unrecognized;
    fn unknown_mut(&mut self) -> &mut Unrecognized;

    /// Adds the fields of a message to those that are there: single fields are replaced, messages merged.
    fn merge(&mut self, reader: Reader<'_>) -> Result<()> {
        for field in reader {
            let field = field?;
            if !self.take(&field)? {
                self.unknown_mut().0.extend_from_slice(field.encoded);
            }
        }
        Ok(())
    }

    /// Appends the whole message.
    fn put_all(&self, out: &mut Vec<u8>) {
        self.put(out);
        out.extend_from_slice(self.unknown().as_bytes());
    }
}

impl<T: Codec + PartialEq> crate::proto::Message for T {
    const NAME: &'static str = T::NAME;

    fn decode(bytes: &[u8]) -> Result<Self> {
        let mut out = T::default();
        out.merge(Reader::new(bytes)).map_err(|error| error.context(format!("{}: ", T::NAME)))?;
        Ok(out)
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.put_all(&mut out);
        out
    }
}

pub(crate) fn take_text(field: &Record<'_>, to: &mut String) -> Result<bool> {
    let mut text = "";
    let taken = take_str(field, &mut text)?;
    if taken {
        // A field stands once as a rule, so there is nothing in `to` whose memory could serve again.
        *to = text.to_owned();
    }
    Ok(taken)
}

/// A text, borrowed from the message.
pub(crate) fn take_str<'a>(field: &Record<'a>, to: &mut &'a str) -> Result<bool> {
    let Value::Bytes(bytes) = field.value else { return Ok(false) };
    *to = std::str::from_utf8(bytes).map_err(|error| {
        Error::invalid_argument(format!("field {} at byte {} is not UTF-8", field.number, field.position))
            .with_detail("valid_bytes", error.valid_up_to())
    })?;
    Ok(true)
}

pub(crate) fn take_bytes(field: &Record<'_>, to: &mut Vec<u8>) -> bool {
    let Value::Bytes(bytes) = field.value else { return false };
    *to = bytes.to_vec();
    true
}

pub(crate) fn take_integer(field: &Record<'_>, to: &mut i64) -> bool {
    let Value::Varint(number) = field.value else { return false };
    *to = number.cast_signed();
    true
}

pub(crate) fn take_message<T: Codec>(field: &Record<'_>, to: &mut T) -> Result<bool> {
    let Value::Bytes(bytes) = field.value else { return Ok(false) };
    to.merge(field.reader(bytes)).map(|()| true)
}

pub(crate) fn take_optional<T: Codec>(field: &Record<'_>, to: &mut Option<T>) -> Result<bool> {
    // With another wire type it is an unknown field, and what came before stays.
    let Value::Bytes(_) = field.value else { return Ok(false) };
    take_message(field, to.get_or_insert_default())
}

/// A time; the year 1 is what containerd 1.x sends for none (containerd-grpc §2.2).
pub(crate) fn take_time(field: &Record<'_>, to: &mut Option<Timestamp>) -> Result<bool> {
    let Value::Bytes(bytes) = field.value else { return Ok(false) };
    let (mut seconds, mut nanos) = (0, 0);
    for part in field.reader(bytes) {
        let part = part?;
        match part.number {
            1 => drop(take_integer(&part, &mut seconds)),
            2 => drop(take_integer(&part, &mut nanos)),
            _ => {}
        }
    }
    let nanos = u32::try_from(nanos).unwrap_or(u32::MAX);
    let time = Timestamp::new(seconds, nanos).map_err(|error| error.context(format!("field {}: ", field.number)))?;
    *to = Some(time).filter(|time| *time != Timestamp::YEAR_ONE);
    Ok(true)
}

/// The two halves of a map's entry.
fn take_entry<T>(
    field: &Record<'_>,
    mut value: T,
    mut take_value: impl FnMut(&Record<'_>, &mut T) -> Result<bool>,
) -> Result<Option<(String, T)>> {
    let Value::Bytes(bytes) = field.value else { return Ok(None) };
    let mut key = String::new();
    for half in field.reader(bytes) {
        let half = half?;
        // What else an entry carries belongs to no record; Go drops it too.
        let _ = match half.number {
            1 => take_text(&half, &mut key)?,
            2 => take_value(&half, &mut value)?,
            _ => false,
        };
    }
    Ok(Some((key, value)))
}

pub(crate) fn take_label(field: &Record<'_>, to: &mut Labels) -> Result<bool> {
    let entry = take_entry(field, String::new(), take_text)?;
    Ok(entry.map(|(key, value)| to.insert(key, value)).is_some())
}

pub(crate) fn take_extension(field: &Record<'_>, to: &mut Extensions) -> Result<bool> {
    let entry = take_entry(field, Any::default(), take_message)?;
    Ok(entry.map(|(key, value)| to.insert(key, value)).is_some())
}

pub(crate) fn put_text(out: &mut Vec<u8>, number: u32, text: &str) {
    if !text.is_empty() {
        wire::put_string(out, number, text);
    }
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    if !bytes.is_empty() {
        wire::put_bytes(out, number, bytes);
    }
}

pub(crate) fn put_integer(out: &mut Vec<u8>, number: u32, value: i64) {
    if value != 0 {
        wire::put_number(out, number, value.cast_unsigned());
    }
}

pub(crate) fn put_message<T: Codec>(out: &mut Vec<u8>, number: u32, value: &T) {
    wire::put_message(out, number, |out| value.put_all(out));
}

pub(crate) fn put_optional<T: Codec>(out: &mut Vec<u8>, number: u32, value: Option<&T>) {
    if let Some(value) = value {
        put_message(out, number, value);
    }
}

pub(crate) fn put_time(out: &mut Vec<u8>, number: u32, time: Option<Timestamp>) {
    if let Some(time) = time {
        wire::put_message(out, number, |out| {
            put_integer(out, 1, time.seconds());
            put_integer(out, 2, i64::from(time.nanos()));
        });
    }
}

pub(crate) fn put_labels(out: &mut Vec<u8>, number: u32, labels: &Labels) {
    for (key, value) in labels {
        // Both halves are always written, as Go does it. The length is known, so nothing is copied twice.
        wire::put_tag(out, number, WireType::Bytes);
        let half = |text: &str| 1 + varint_bytes(text.len()) + text.len();
        wire::put_varint(out, (half(key) + half(value)) as u64);
        wire::put_string(out, 1, key);
        wire::put_string(out, 2, value);
    }
}

fn varint_bytes(length: usize) -> usize {
    let bits = usize::BITS - length.leading_zeros();
    bits.max(1).div_ceil(7) as usize
}

pub(crate) fn put_extensions(out: &mut Vec<u8>, number: u32, extensions: &Extensions) {
    for (name, value) in extensions {
        wire::put_message(out, number, |out| {
            wire::put_string(out, 1, name);
            put_message(out, 2, value);
        });
    }
}

/// Implements [`Codec`]: how each field is taken and put, by its number.
macro_rules! codec {
    ($type:ident $name:literal { $($number:literal $field:ident $take:expr, $put:expr;)* }) => {
        impl Codec for $type {
            const NAME: &'static str = $name;

            fn take(&mut self, field: &Record<'_>) -> Result<bool> {
                match field.number {
                    $($number => { let take: fn(&Record<'_>, &mut _) -> Result<bool> = $take; take(field, &mut self.$field) })*
                    _ => Ok(false),
                }
            }

            fn put(&self, out: &mut Vec<u8>) {
                $({ let put: fn(&mut Vec<u8>, u32, &_) = $put; put(out, $number, &self.$field); })*
            }

            fn unknown(&self) -> &Unrecognized {
                &self.unknown
            }

            fn unknown_mut(&mut self) -> &mut Unrecognized {
                &mut self.unknown
            }
        }
    };
}

codec! { Any "google.protobuf.Any" {
    1 type_url take_text, |out, n, v: &String| put_text(out, n, v);
    2 value |f, v| Ok(take_bytes(f, v)), |out, n, v: &Vec<u8>| put_bytes(out, n, v);
}}

codec! { Runtime "containerd.services.containers.v1.Container.Runtime" {
    1 name take_text, |out, n, v: &String| put_text(out, n, v);
    2 options take_optional, |out, n, v: &Option<Any>| put_optional(out, n, v.as_ref());
}}

codec! { Container "containerd.services.containers.v1.Container" {
    1 id take_text, |out, n, v: &String| put_text(out, n, v);
    2 labels take_label, put_labels;
    3 image take_text, |out, n, v: &String| put_text(out, n, v);
    4 runtime take_message, put_present;
    5 spec take_optional, |out, n, v: &Option<Any>| put_optional(out, n, v.as_ref());
    6 snapshotter take_text, |out, n, v: &String| put_text(out, n, v);
    7 snapshot_key take_text, |out, n, v: &String| put_text(out, n, v);
    8 created_at take_time, |out, n, v| put_time(out, n, *v);
    9 updated_at take_time, |out, n, v| put_time(out, n, *v);
    10 extensions take_extension, put_extensions;
    11 sandbox_id take_text, |out, n, v: &String| put_text(out, n, v);
}}

codec! { Namespace "containerd.services.namespaces.v1.Namespace" {
    1 name take_text, |out, n, v: &String| put_text(out, n, v);
    2 labels take_label, put_labels;
}}

codec! { Envelope "containerd.types.Envelope" {
    1 timestamp take_time, |out, n, v| put_time(out, n, *v);
    2 namespace take_text, |out, n, v: &String| put_text(out, n, v);
    3 topic take_text, |out, n, v: &String| put_text(out, n, v);
    4 event take_optional, |out, n, v: &Option<Any>| put_optional(out, n, v.as_ref());
}}

codec! { Descriptor "containerd.types.Descriptor" {
    1 media_type take_text, |out, n, v: &String| put_text(out, n, v);
    2 digest take_text, |out, n, v: &String| put_text(out, n, v);
    3 size |f, v| Ok(take_integer(f, v)), |out, n, v| put_integer(out, n, *v);
    5 annotations take_label, put_labels;
}}

codec! { Image "containerd.services.images.v1.Image" {
    1 name take_text, |out, n, v: &String| put_text(out, n, v);
    2 labels take_label, put_labels;
    3 target take_message, put_present;
    7 created_at take_time, |out, n, v| put_time(out, n, *v);
    8 updated_at take_time, |out, n, v| put_time(out, n, *v);
}}

codec! { Lease "containerd.services.leases.v1.Lease" {
    1 id take_text, |out, n, v: &String| put_text(out, n, v);
    2 created_at take_time, |out, n, v| put_time(out, n, *v);
    3 labels take_label, put_labels;
}}

codec! { LeaseResource "containerd.services.leases.v1.Resource" {
    1 id take_text, |out, n, v: &String| put_text(out, n, v);
    2 kind take_text, |out, n, v: &String| put_text(out, n, v);
}}

codec! { Sandbox "containerd.types.Sandbox" {
    1 id take_text, |out, n, v: &String| put_text(out, n, v);
    2 runtime take_message, put_present;
    3 spec take_optional, |out, n, v: &Option<Any>| put_optional(out, n, v.as_ref());
    4 labels take_label, put_labels;
    5 created_at take_time, |out, n, v| put_time(out, n, *v);
    6 updated_at take_time, |out, n, v| put_time(out, n, *v);
    7 extensions take_extension, put_extensions;
    10 sandboxer take_text, |out, n, v: &String| put_text(out, n, v);
}}

codec! { Blob "containerd.services.content.v1.Info" {
    1 digest take_text, |out, n, v: &String| put_text(out, n, v);
    2 size |f, v| Ok(take_integer(f, v)), |out, n, v| put_integer(out, n, *v);
    3 created_at take_time, |out, n, v| put_time(out, n, *v);
    4 updated_at take_time, |out, n, v| put_time(out, n, *v);
    5 labels take_label, put_labels;
}}

codec! { Snapshot "containerd.services.snapshots.v1.Info" {
    1 name take_text, |out, n, v: &String| put_text(out, n, v);
    2 parent take_text, |out, n, v: &String| put_text(out, n, v);
    3 kind take_kind, |out, n, v| put_integer(out, n, *v as i64);
    4 created_at take_time, |out, n, v| put_time(out, n, *v);
    5 updated_at take_time, |out, n, v| put_time(out, n, *v);
    6 labels take_label, put_labels;
}}

fn take_kind(field: &Record<'_>, to: &mut SnapshotKind) -> Result<bool> {
    let kinds = [SnapshotKind::Unknown, SnapshotKind::View, SnapshotKind::Active, SnapshotKind::Committed];
    let kind = kinds.into_iter().find(|kind| field.value == Value::Varint(*kind as u64));
    // A kind that is not known stays among the unknown fields.
    Ok(kind.map(|kind| *to = kind).is_some())
}

/// A message that is left out when nothing in it is set.
fn put_present<T: Codec>(out: &mut Vec<u8>, number: u32, value: &T) {
    let mut body = Vec::new();
    value.put_all(&mut body);
    put_bytes(out, number, &body);
}
