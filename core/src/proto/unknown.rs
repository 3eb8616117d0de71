//! What a message carried that this version does not understand, kept at the level where it stood.
//!
//! prost drops unknown fields, and refuses a known number with an unexpected wire type. Go keeps both as unknown bytes
//! of the message they stand in and writes them after its known fields; so does this.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use super::schema::{Field, Kind, MapEntry, Schema};
use super::wire::{self, Reader, Record, Value};
use crate::Result;

/// The unknown fields of a message and of the messages in it.
///
/// They belong to the value that was decoded with them: whoever replaces a part of the value takes the part's unknown
/// fields away with [`UnknownFields::take`]. Those of a part that is gone are not written.
///
/// ```
/// use stowbook::proto::generated::containerd::services::containers::v1::Container;
/// use stowbook::proto::{self, unknown::Step};
///
/// // Field 99 is unknown in the container, field 98 in its runtime.
/// let bytes = b"\x0a\x03web\x98\x06\x01\x22\x03\x92\x06\x00";
/// let (mut container, unknown) = proto::decode::<Container>("container", bytes)?;
/// assert_eq!(unknown.own(), b"\x98\x06\x01");
/// assert_eq!(unknown.at(&[Step::Field(4)]), b"\x92\x06\x00");
///
/// container.image = "nginx".into();
/// assert_eq!(proto::encode(&container, &unknown), b"\x0a\x03web\x1a\x05nginx\x22\x03\x92\x06\x00\x98\x06\x01");
/// # Ok::<(), stowbook::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnknownFields {
    /// The records of this level, in the order they came.
    own: Vec<u8>,
    /// The levels below. None of them is empty.
    parts: BTreeMap<Step, UnknownFields>,
}

/// The way from a message to one of the messages in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Step {
    /// The message in a field.
    Field(u32),
    /// One message of a field that holds many: the field, and the place from 0.
    Item(u32, usize),
    /// The message in an entry of a map: the field, and the key as on the wire (for a string: its bytes).
    Entry(u32, Vec<u8>),
}

impl Step {
    /// The message that a map holds under a string.
    #[must_use]
    pub fn entry(number: u32, key: &str) -> Self {
        Step::Entry(number, key.as_bytes().to_vec())
    }
}

impl UnknownFields {
    /// Finds what is unknown in a message.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` with the position if the bytes are not protobuf, if a known string is not UTF-8 (named in full:
    /// `containerd.services.containers.v1.Container.image (3)`).
    pub fn collect(bytes: &[u8], schema: &Schema) -> Result<Self> {
        Ok(Collector::default().run(bytes, schema)?.0)
    }

    /// Parts a message in the bytes that prost decodes without loss or refusal, and what is unknown.
    ///
    /// # Errors
    ///
    /// Those of [`UnknownFields::collect`].
    pub fn split<'a>(bytes: &'a [u8], schema: &Schema) -> Result<(Cow<'a, [u8]>, Self)> {
        let (unknown, all_known) = Collector::default().run(bytes, schema)?;
        if all_known {
            return Ok((Cow::Borrowed(bytes), unknown));
        }
        let mut known = Vec::with_capacity(bytes.len());
        put_known(bytes, schema, &mut known)?;
        Ok((Cow::Owned(known), unknown))
    }

    /// Puts the unknown fields back into a message that holds the known ones: each behind the known fields of its level.
    ///
    /// `known` has to be an encoding in which a field that holds one message stands once, as all encoders write it.
    /// Bytes that are no protobuf are passed on.
    #[must_use]
    pub fn join(&self, known: Vec<u8>, schema: &Schema) -> Vec<u8> {
        if self.is_empty() {
            return known;
        }
        let mut out = Vec::with_capacity(known.len().saturating_add(self.own.len()));
        self.put_joined(&known, schema, &mut out);
        out
    }

    /// Whether everything was understood.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.own.is_empty() && self.parts.is_empty()
    }

    /// The unknown fields of the message itself, as they are on the wire.
    #[must_use]
    pub fn own(&self) -> &[u8] {
        &self.own
    }

    /// The unknown fields of a message in this one, as they are on the wire; empty if there are none.
    #[must_use]
    pub fn at(&self, path: &[Step]) -> &[u8] {
        path.iter().try_fold(self, |level, step| level.parts.get(step)).map_or(&[], UnknownFields::own)
    }

    /// Takes out what is unknown in a message in this one, and below it.
    pub fn take(&mut self, step: &Step) -> UnknownFields {
        self.parts.remove(step).unwrap_or_default()
    }

    /// Sets what is unknown in a message in this one, and below it.
    pub fn set(&mut self, step: Step, unknown: UnknownFields) {
        if unknown.is_empty() {
            self.parts.remove(&step);
        } else {
            self.parts.insert(step, unknown);
        }
    }

    fn put_joined(&self, known: &[u8], schema: &Schema, out: &mut Vec<u8>) {
        if self.parts.is_empty() {
            out.extend_from_slice(known);
        } else {
            let mut written = 0;
            let mut counts = Counts::default();
            // What follows a malformed record, if `known` ever holds one, is passed on below.
            for record in Reader::new(known).map_while(Result::ok) {
                self.put_record(&record, schema, &mut counts, out);
                written = record.end();
            }
            out.extend_from_slice(known.get(written..).unwrap_or_default());
        }
        out.extend_from_slice(&self.own);
    }

    fn put_record(&self, record: &Record<'_>, schema: &Schema, counts: &mut Counts, out: &mut Vec<u8>) {
        let number = record.number;
        if let (Some(field), Value::Bytes(content)) = (schema.field(number), record.value) {
            match field.kind {
                Kind::Message(schema) => {
                    let step =
                        if field.repeated { Step::Item(number, counts.next(number)) } else { Step::Field(number) };
                    if let Some(part) = self.parts.get(&step) {
                        return wire::put_message(out, number, |out| part.put_joined(content, schema, out));
                    }
                }
                Kind::Map(entry @ MapEntry { value: Kind::Message(schema), .. }) => {
                    let key = entry_key(content, entry);
                    if let Some(part) = self.parts.get(&Step::Entry(number, key)) {
                        return wire::put_message(out, number, |out| part.put_entry(content, schema, out));
                    }
                }
                _ => {}
            }
        }
        out.extend_from_slice(record.encoded);
    }

    /// The entry of a map with the unknown fields of its value.
    fn put_entry(&self, entry: &[u8], schema: &Schema, out: &mut Vec<u8>) {
        let mut has_value = false;
        for record in Reader::new(entry).map_while(Result::ok) {
            match record.value {
                Value::Bytes(content) if record.number == MapEntry::VALUE => {
                    has_value = true;
                    wire::put_message(out, MapEntry::VALUE, |out| self.put_joined(content, schema, out));
                }
                _ => out.extend_from_slice(record.encoded),
            }
        }
        if !has_value {
            // prost leaves out a value of defaults, but here it holds something after all.
            wire::put_message(out, MapEntry::VALUE, |out| self.put_joined(&[], schema, out));
        }
    }
}

/// How many messages of each field that holds many have been seen. Fields are few, so a list does.
#[derive(Default)]
struct Counts(Vec<(u32, usize)>);

impl Counts {
    /// The place of the next message of that field.
    fn next(&mut self, number: u32) -> usize {
        for (field, count) in &mut self.0 {
            if *field == number {
                let place = *count;
                *count = place.saturating_add(1);
                return place;
            }
        }
        self.0.push((number, 1));
        0
    }
}

/// What has been read of one message, which may come in several pieces: a field that holds one message and is sent
/// twice holds both, one after the other.
#[derive(Default)]
struct Level {
    own: Vec<u8>,
    /// The messages that may still go on.
    open: BTreeMap<u32, Level>,
    /// The messages that are complete.
    parts: BTreeMap<Step, UnknownFields>,
    counts: Counts,
}

impl Level {
    /// The message in a field that holds one.
    fn open(&mut self, number: u32) -> &mut Level {
        self.open.entry(number).or_default()
    }

    fn set(&mut self, step: Step, level: Level) {
        let unknown = level.finish();
        if unknown.is_empty() {
            self.parts.remove(&step);
        } else {
            self.parts.insert(step, unknown);
        }
    }

    fn finish(mut self) -> UnknownFields {
        for (number, level) in std::mem::take(&mut self.open) {
            self.set(Step::Field(number), level);
        }
        UnknownFields { own: self.own, parts: self.parts }
    }
}

/// One walk over a message. It goes no deeper than the schema does, and schemas are finite.
#[derive(Default)]
struct Collector {
    /// Whether something was met that prost would drop or refuse.
    found_unknown: bool,
}

impl Collector {
    /// What is unknown, and whether nothing is.
    fn run(mut self, bytes: &[u8], schema: &Schema) -> Result<(UnknownFields, bool)> {
        let mut level = Level::default();
        self.message(Reader::new(bytes), schema, &mut level)?;
        Ok((level.finish(), !self.found_unknown))
    }

    fn message(&mut self, reader: Reader<'_>, schema: &Schema, level: &mut Level) -> Result<()> {
        for record in reader {
            let record = record?;
            match schema.field(record.number).filter(|field| field.accepts(&record.value)) {
                Some(field) => self.known(&record, FieldName(schema, field), level)?,
                None => {
                    self.found_unknown = true;
                    // As Go does: the tag in its shortest form, the value as it came.
                    wire::put_tag(&mut level.own, record.number, record.value.wire_type());
                    level.own.extend_from_slice(record.encoded_value);
                }
            }
        }
        Ok(())
    }

    fn known(&mut self, record: &Record<'_>, name: FieldName<'_>, level: &mut Level) -> Result<()> {
        // Numbers that stand alone were checked when they were read.
        let Value::Bytes(content) = record.value else { return Ok(()) };
        let reader = record.reader(content);
        let FieldName(_, field) = name;
        match field.kind {
            Kind::Bytes => {}
            Kind::String => check_text(content, reader.offset(), "string", name)?,
            Kind::Varint => wire::check_packed_varints(reader)?,
            Kind::Fixed64 => wire::check_packed_fixed(content, reader.offset(), 8)?,
            Kind::Fixed32 => wire::check_packed_fixed(content, reader.offset(), 4)?,
            Kind::Message(schema) if field.repeated => {
                let mut item = Level::default();
                self.message(reader, schema, &mut item)?;
                let step = Step::Item(field.number, level.counts.next(field.number));
                level.set(step, item);
            }
            Kind::Message(schema) => self.message(reader, schema, level.open(field.number))?,
            Kind::Map(entry) => {
                let mut value = Level::default();
                self.entry(reader, entry, name, &mut value)?;
                // A later entry of the same key replaces the earlier one, with all that was unknown in it.
                level.set(Step::Entry(field.number, entry_key(content, entry)), value);
            }
        }
        Ok(())
    }

    fn entry(&mut self, reader: Reader<'_>, entry: &MapEntry, name: FieldName<'_>, value: &mut Level) -> Result<()> {
        for record in reader {
            let record = record?;
            let part = match record.number {
                MapEntry::KEY if entry.key.accepts(&record.value) => (entry.key, "the key of map"),
                MapEntry::VALUE if entry.value.accepts(&record.value) => (entry.value, "the value of map"),
                _ => {
                    // Go keeps nothing of it either: a map has no place for what is unknown in an entry.
                    self.found_unknown = true;
                    continue;
                }
            };
            match (part, record.value) {
                ((Kind::String, what), Value::Bytes(content)) => {
                    check_text(content, record.reader(content).offset(), what, name)?;
                }
                ((Kind::Message(schema), _), Value::Bytes(content)) => {
                    self.message(record.reader(content), schema, value)?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// A field as messages name it: `containerd.services.containers.v1.Container.image (3)`.
#[derive(Clone, Copy)]
struct FieldName<'a>(&'a Schema, &'a Field);

impl fmt::Display for FieldName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} ({})", self.0.name, self.1.name, self.1.number)
    }
}

fn check_text(bytes: &[u8], position: usize, what: &str, name: FieldName<'_>) -> Result<()> {
    match std::str::from_utf8(bytes) {
        Ok(_) => Ok(()),
        Err(error) => {
            let position = position.saturating_add(error.valid_up_to());
            let reason = format_args!("{what} field {name} contains invalid UTF-8");
            Err(wire::malformed(position, reason).with_detail("field", name))
        }
    }
}

/// The key of a map's entry as on the wire, without the length of a string; of a number, the shortest form. An entry
/// without a key has the default, an empty one.
fn entry_key(entry_bytes: &[u8], entry: &MapEntry) -> Vec<u8> {
    let mut key = Vec::new();
    for record in Reader::new(entry_bytes).map_while(Result::ok) {
        if record.number != MapEntry::KEY || !entry.key.accepts(&record.value) {
            continue;
        }
        key.clear();
        match record.value {
            Value::Bytes(content) => key.extend_from_slice(content),
            // Like the absent one.
            Value::Varint(0) => {}
            Value::Varint(number) => wire::put_varint(&mut key, number),
            _ => key.extend_from_slice(record.encoded_value),
        }
    }
    key
}

/// Writes the records that prost takes.
fn put_known(bytes: &[u8], schema: &Schema, out: &mut Vec<u8>) -> Result<()> {
    for record in Reader::new(bytes) {
        let record = record?;
        let Some(field) = schema.field(record.number).filter(|field| field.accepts(&record.value)) else { continue };
        match (field.kind, record.value) {
            (Kind::Message(schema), Value::Bytes(content)) => {
                let mut body = Vec::with_capacity(content.len());
                put_known(content, schema, &mut body)?;
                wire::put_bytes(out, record.number, &body);
            }
            (Kind::Map(entry), Value::Bytes(content)) => {
                let mut body = Vec::with_capacity(content.len());
                put_known_entry(content, entry, &mut body)?;
                wire::put_bytes(out, record.number, &body);
            }
            _ => out.extend_from_slice(record.encoded),
        }
    }
    Ok(())
}

fn put_known_entry(bytes: &[u8], entry: &MapEntry, out: &mut Vec<u8>) -> Result<()> {
    for record in Reader::new(bytes) {
        let record = record?;
        match (record.number, entry.value, record.value) {
            (MapEntry::VALUE, Kind::Message(schema), Value::Bytes(content)) => {
                let mut body = Vec::with_capacity(content.len());
                put_known(content, schema, &mut body)?;
                wire::put_bytes(out, MapEntry::VALUE, &body);
            }
            (MapEntry::KEY, _, value) if entry.key.accepts(&value) => out.extend_from_slice(record.encoded),
            (MapEntry::VALUE, _, value) if entry.value.accepts(&value) => out.extend_from_slice(record.encoded),
            _ => {}
        }
    }
    Ok(())
}
