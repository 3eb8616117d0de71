//! Protobuf's wire format, read from a slice without trust and without allocation, and written to a vector.
//!
//! The reader knows no message: it gives the records of one level, and what is inside a length-delimited record is for
//! the caller to read on. What it accepts is what Go's protobuf accepts, but for the depth of groups.

use std::fmt::Display;

use crate::{Error, Result};

/// The highest field number that a message can have.
pub const MAX_FIELD_NUMBER: u32 = (1 << 29) - 1;

/// How many groups may stand inside each other. Nothing that containerd sends holds a group at all.
pub const MAX_GROUP_DEPTH: usize = 100;

/// The longest varint, in bytes.
const MAX_VARINT_BYTES: usize = 10;

/// How a value is laid out: the low three bits of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u8)]
pub enum WireType {
    /// Seven bits a byte, lowest first.
    Varint = 0,
    /// Eight bytes, lowest first.
    Fixed64 = 1,
    /// A length, and as many bytes: strings, bytes, messages, packed numbers.
    Bytes = 2,
    /// Records up to the end of the group of the same number. Deprecated; read, never understood.
    StartGroup = 3,
    /// The end of a group.
    EndGroup = 4,
    /// Four bytes, lowest first.
    Fixed32 = 5,
}

/// The value of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// A number: bool, enum, and the integers of variable length.
    Varint(u64),
    /// Eight bytes as a number.
    Fixed64(u64),
    /// What the length was put before.
    Bytes(&'a [u8]),
    /// The records inside a group, checked, without its two tags.
    Group(&'a [u8]),
    /// Four bytes as a number.
    Fixed32(u32),
}

impl Value<'_> {
    /// The wire type in the value's tag.
    #[must_use]
    pub fn wire_type(&self) -> WireType {
        match self {
            Value::Varint(_) => WireType::Varint,
            Value::Fixed64(_) => WireType::Fixed64,
            Value::Bytes(_) => WireType::Bytes,
            Value::Group(_) => WireType::StartGroup,
            Value::Fixed32(_) => WireType::Fixed32,
        }
    }
}

/// One record: a field's number and value, and where they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record<'a> {
    /// The field's number, from 1 to [`MAX_FIELD_NUMBER`].
    pub number: u32,
    /// The value.
    pub value: Value<'a>,
    /// The whole record, tag included, as it was sent.
    pub encoded: &'a [u8],
    /// The record without its tag: a length still stands before its bytes, an end tag after a group.
    pub encoded_value: &'a [u8],
    /// Where the record begins, in bytes from the start of the outermost message.
    pub position: usize,
}

impl<'a> Record<'a> {
    /// Where the value ends, in bytes from the start of the outermost message.
    #[must_use]
    pub fn end(&self) -> usize {
        self.position.saturating_add(self.encoded.len())
    }

    /// A reader of the records inside `content`, which ends where this record ends; its errors keep counting from the
    /// start of the outermost message.
    #[must_use]
    pub fn reader(&self, content: &'a [u8]) -> Reader<'a> {
        Reader::nested(content, self.end().saturating_sub(content.len()))
    }
}

/// The records of one message, in the order they were sent. After an error there is no more.
///
/// ```
/// use stowbook::proto::wire::{Reader, Value};
/// let records: Vec<_> = Reader::new(b"\x0a\x03web").collect::<Result<_, _>>()?;
/// assert_eq!((records[0].number, records[0].value), (1, Value::Bytes(b"web")));
///
/// let error = Reader::new(b"\x0a\x04web").next().unwrap().unwrap_err();
/// assert_eq!(
///     error.message(),
///     "malformed protobuf at byte 1: length 4 passes the end, 3 bytes are left: invalid argument"
/// );
/// # Ok::<(), stowbook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    /// What is not read yet.
    rest: &'a [u8],
    /// Where `rest` ends, in bytes from the start of the outermost message.
    end: usize,
}

impl<'a> Reader<'a> {
    /// Reads a message from its start.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader::nested(bytes, 0)
    }

    /// Reads a message that stands `base` bytes after the start of the outermost one, from where errors count.
    #[must_use]
    pub fn nested(bytes: &'a [u8], base: usize) -> Self {
        Reader { rest: bytes, end: base.saturating_add(bytes.len()) }
    }

    /// Where the next record begins, in bytes from the start of the outermost message.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.end.saturating_sub(self.rest.len())
    }

    #[inline]
    fn record(&mut self) -> Result<Record<'a>> {
        let (start, position) = (self.rest, self.offset());
        let (number, wire_type) = self.tag()?;
        let value_start = self.rest;
        let value = match wire_type {
            WireType::Varint => Value::Varint(self.varint()?),
            WireType::Fixed64 => Value::Fixed64(u64::from_le_bytes(self.array()?)),
            WireType::Bytes => Value::Bytes(self.length_delimited()?),
            WireType::StartGroup => {
                let end = self.group(number, position, MAX_GROUP_DEPTH)?;
                Value::Group(up_to(value_start, end))
            }
            WireType::EndGroup => return Err(malformed(position, format_args!("group {number} ends but is not open"))),
            WireType::Fixed32 => Value::Fixed32(u32::from_le_bytes(self.array()?)),
        };
        let (encoded, encoded_value) = (up_to(start, self.rest), up_to(value_start, self.rest));
        Ok(Record { number, value, encoded, encoded_value, position })
    }

    #[inline]
    fn tag(&mut self) -> Result<(u32, WireType)> {
        let position = self.offset();
        let tag = self.varint()?;
        let number = match u32::try_from(tag >> 3) {
            Ok(number @ 1..=MAX_FIELD_NUMBER) => number,
            _ => return Err(malformed(position, format_args!("field number {} is out of range", tag >> 3))),
        };
        let wire_type = match tag & 7 {
            0 => WireType::Varint,
            1 => WireType::Fixed64,
            2 => WireType::Bytes,
            3 => WireType::StartGroup,
            4 => WireType::EndGroup,
            5 => WireType::Fixed32,
            other => return Err(malformed(position, format_args!("field {number} has the wire type {other}"))),
        };
        Ok((number, wire_type))
    }

    #[inline]
    fn varint(&mut self) -> Result<u64> {
        // Most varints are tags and short lengths.
        if let [byte @ 0..0x80, rest @ ..] = self.rest {
            self.rest = rest;
            return Ok(u64::from(*byte));
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Result<u64> {
        let mut value = 0_u64;
        let mut rest = self.rest;
        for (index, shift) in (0..u64::BITS).step_by(7).enumerate() {
            let Some((byte, behind)) = rest.split_first() else { break };
            rest = behind;
            if index == MAX_VARINT_BYTES - 1 && *byte > 1 {
                let reason = if *byte < 0x80 { "varint passes 64 bits" } else { "varint is longer than 10 bytes" };
                return Err(malformed(self.offset(), reason));
            }
            value |= u64::from(byte & 0x7f).wrapping_shl(shift);
            if *byte < 0x80 {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err(malformed(self.offset(), "the message ends in the middle of a varint"))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        match self.rest.split_first_chunk() {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(*bytes)
            }
            None => Err(malformed(self.offset(), format_args!("the message ends in the middle of {N} fixed bytes"))),
        }
    }

    #[inline]
    fn length_delimited(&mut self) -> Result<&'a [u8]> {
        let position = self.offset();
        let length = self.varint()?;
        match usize::try_from(length).ok().and_then(|length| self.rest.split_at_checked(length)) {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(bytes)
            }
            None => {
                let left = self.rest.len();
                Err(malformed(position, format_args!("length {length} passes the end, {left} bytes are left")))
            }
        }
    }

    /// Passes the rest of a group whose start tag stands at `opened`, and gives what begins with its end tag. `depth` counts
    /// this group too.
    fn group(&mut self, number: u32, opened: usize, depth: usize) -> Result<&'a [u8]> {
        let Some(depth_left) = depth.checked_sub(1) else {
            return Err(malformed(opened, format_args!("groups stand more than {MAX_GROUP_DEPTH} deep")));
        };
        while !self.rest.is_empty() {
            let (end, position) = (self.rest, self.offset());
            let (inner, wire_type) = self.tag()?;
            match wire_type {
                WireType::EndGroup if inner == number => return Ok(end),
                WireType::EndGroup => {
                    return Err(malformed(position, format_args!("group {inner} ends while group {number} is open")));
                }
                WireType::StartGroup => drop(self.group(inner, position, depth_left)?),
                WireType::Varint => drop(self.varint()?),
                WireType::Fixed64 => drop(self.array::<8>()?),
                WireType::Bytes => drop(self.length_delimited()?),
                WireType::Fixed32 => drop(self.array::<4>()?),
            }
        }
        Err(malformed(opened, format_args!("group {number} does not end")))
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Result<Record<'a>>;

    // Inlined, so that of a record only what the caller looks at is computed.
    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let record = self.record();
        if record.is_err() {
            self.rest = &[];
        }
        Some(record)
    }
}

/// The part of `bytes` before `rest`, with which it ends.
#[inline]
fn up_to<'a>(bytes: &'a [u8], rest: &[u8]) -> &'a [u8] {
    bytes.get(..bytes.len().saturating_sub(rest.len())).unwrap_or_default()
}

/// Checks a packed list of varints: what the reader would read as records.
pub(super) fn check_packed_varints(mut reader: Reader<'_>) -> Result<()> {
    while !reader.rest.is_empty() {
        reader.varint()?;
    }
    Ok(())
}

/// Checks a packed list of numbers of `width` bytes each, which stands `position` bytes after the start of the outermost
/// message.
pub(super) fn check_packed_fixed(bytes: &[u8], position: usize, width: usize) -> Result<()> {
    if bytes.chunks(width).all(|number| number.len() == width) {
        return Ok(());
    }
    Err(malformed(position, format_args!("a packed list of {} bytes holds no whole number of {width}", bytes.len())))
}

/// The error of everything that is not protobuf: `malformed protobuf at byte 12: ‹reason›: invalid argument`.
#[cold]
pub(super) fn malformed(position: usize, reason: impl Display) -> Error {
    Error::invalid_argument(format!("malformed protobuf at byte {position}: {reason}"))
        .with_detail("position_bytes", position)
}

/// Appends a number in as few bytes as it takes.
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        // The mask leaves one byte.
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a tag. `number` has to be from 1 to [`MAX_FIELD_NUMBER`], or no reader will accept the message.
pub fn put_tag(out: &mut Vec<u8>, number: u32, wire_type: WireType) {
    put_varint(out, (u64::from(number) << 3) | wire_type as u64);
}

/// Appends a field that holds a number, also when it is 0; leaving a default out is for the caller to decide.
pub fn put_number(out: &mut Vec<u8>, number: u32, value: u64) {
    put_tag(out, number, WireType::Varint);
    put_varint(out, value);
}

/// Appends a field that holds bytes or an encoded message, also when it is empty.
pub fn put_bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    put_tag(out, number, WireType::Bytes);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends a field that holds a string, also when it is empty.
pub fn put_string(out: &mut Vec<u8>, number: u32, text: &str) {
    put_bytes(out, number, text.as_bytes());
}

/// Appends a field that holds a message, which `write` appends to the vector it is given.
pub fn put_message(out: &mut Vec<u8>, number: u32, write: impl FnOnce(&mut Vec<u8>)) {
    put_tag(out, number, WireType::Bytes);
    let start = out.len();
    write(out);
    let length = out.len().saturating_sub(start);
    // The length is known only now, and is moved to its place: cheaper than a vector for each message.
    put_varint(out, length as u64);
    let length_bytes = out.len().saturating_sub(start).saturating_sub(length);
    if let Some(message) = out.get_mut(start..) {
        message.rotate_right(length_bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Result<Vec<Record<'_>>> {
        Reader::new(bytes).collect()
    }

    fn failure(bytes: &[u8]) -> String {
        read(bytes).unwrap_err().to_string()
    }

    #[test]
    fn reads_each_wire_type() {
        let bytes = b"\x08\x96\x01\x11\x01\x00\x00\x00\x00\x00\x00\x00\x1a\x02ab\x23\x08\x01\x24\x2d\x02\x00\x00\x00";
        let records = read(bytes).unwrap();
        let values: Vec<_> = records.iter().map(|record| (record.number, record.value)).collect();
        let expected = [
            (1, Value::Varint(150)),
            (2, Value::Fixed64(1)),
            (3, Value::Bytes(b"ab")),
            (4, Value::Group(b"\x08\x01")),
            (5, Value::Fixed32(2)),
        ];
        assert_eq!(values, expected);
        assert_eq!(records.iter().flat_map(|record| record.encoded).copied().collect::<Vec<_>>(), bytes);
        assert_eq!(records[2].encoded_value, b"\x02ab");
        assert_eq!(records[3].encoded_value, b"\x08\x01\x24");
        assert_eq!(records[2].position, 12);
    }

    #[test]
    fn says_where_and_why_a_message_is_malformed() {
        let at = |position, reason| format!("malformed protobuf at byte {position}: {reason}: invalid argument");
        assert_eq!(failure(b"\x08"), at(1, "the message ends in the middle of a varint"));
        assert_eq!(failure(b"\x08\x01\x80"), at(2, "the message ends in the middle of a varint"));
        assert_eq!(failure(b"\x00\x01"), at(0, "field number 0 is out of range"));
        assert_eq!(failure(b"\x80\x80\x80\x80\x10\x00"), at(0, "field number 536870912 is out of range"));
        assert!(read(b"\xf8\xff\xff\xff\x0f\x00").is_ok(), "the highest number is 536870911");
        assert_eq!(failure(b"\x0e"), at(0, "field 1 has the wire type 6"));
        assert_eq!(failure(b"\x09\x00\x00"), at(1, "the message ends in the middle of 8 fixed bytes"));
        assert_eq!(failure(b"\x0d\x00\x00"), at(1, "the message ends in the middle of 4 fixed bytes"));
        assert_eq!(failure(b"\x0a\x05ab"), at(1, "length 5 passes the end, 2 bytes are left"));
        let longest = b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
        assert_eq!(failure(longest), at(1, "length 18446744073709551615 passes the end, 0 bytes are left"));
        assert_eq!(failure(b"\x0c"), at(0, "group 1 ends but is not open"));
        assert_eq!(failure(b"\x08\x01\x0b\x10\x01"), at(2, "group 1 does not end"));
        assert_eq!(failure(b"\x0b\x14"), at(1, "group 2 ends while group 1 is open"));
        let error = Reader::nested(b"\x08", 40).next().unwrap().unwrap_err();
        assert_eq!(error.details()[0].value, "41");
    }

    #[test]
    fn bounds_a_varint() {
        let field = |varint: &[u8]| [b"\x08", varint].concat();
        assert_eq!(
            read(&field(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")).unwrap()[0].value,
            Value::Varint(u64::MAX)
        );
        assert!(failure(&field(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02")).contains("varint passes 64 bits"));
        assert!(failure(&field(&[0x80; 11])).contains("varint is longer than 10 bytes"));
        assert_eq!(read(&field(b"\x81\x80\x00")).unwrap()[0].value, Value::Varint(1), "as Go: more bytes than needed");
    }

    #[test]
    fn bounds_the_depth_of_groups() {
        let nested = |depth: usize| [vec![0x0b; depth], vec![0x0c; depth]].concat();
        assert_eq!(read(&nested(MAX_GROUP_DEPTH)).unwrap().len(), 1);
        assert!(failure(&nested(MAX_GROUP_DEPTH + 1)).contains("at byte 100: groups stand more than 100 deep"));
        assert!(failure(&[0x0b; 1 << 20]).contains("groups stand more than 100 deep"));
    }

    #[test]
    fn stops_at_the_first_error() {
        let mut reader = Reader::new(b"\x00\x08\x01");
        assert!(reader.next().unwrap().is_err());
        assert!(reader.next().is_none());
    }

    #[test]
    fn packed_lists_are_checked() {
        assert!(check_packed_varints(Reader::new(b"\x01\x80\x01")).is_ok());
        assert!(check_packed_varints(Reader::nested(b"\x01\x80", 7)).unwrap_err().message().contains("at byte 8"));
        assert!(check_packed_fixed(&[0; 8], 0, 4).is_ok());
        assert!(check_packed_fixed(&[0; 9], 3, 4).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut expected_start = 0;
            for record in Reader::new(&bytes) {
                let Ok(record) = record else { break };
                prop_assert_eq!(record.position, expected_start);
                prop_assert_eq!(record.encoded, &bytes[expected_start..record.end()]);
                expected_start = record.end();
            }
        }

        #[test]
        fn what_is_written_is_read(number in 1..=MAX_FIELD_NUMBER, value: u64, text: String) {
            let mut bytes = Vec::new();
            put_number(&mut bytes, number, value);
            put_string(&mut bytes, number, &text);
            put_message(&mut bytes, number, |out| put_number(out, 1, value));
            let records = read(&bytes).unwrap();
            prop_assert_eq!(records[0].value, Value::Varint(value));
            prop_assert_eq!(records[1].value, Value::Bytes(text.as_bytes()));
            let Value::Bytes(body) = records[2].value else { panic!("{records:?}") };
            let inner = records[2].reader(body).next().unwrap().unwrap();
            prop_assert_eq!((inner.value, inner.end()), (Value::Varint(value), bytes.len()));
        }
    }
}
