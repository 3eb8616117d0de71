//! Lets clients in that say the socket's path where HTTP wants a host.
//!
//! gRPC's C core (Python, Ruby, C++) and Java put the path of a unix socket, `%2Frun%2Fbook.sock` or `/run/book.sock`, into
//! `:authority`; the h2 crate takes that for a broken request (hyperium/h2#487, grpc/grpc#38142). Nobody here looks at the
//! authority. So in what is received, each byte of it that h2 could take offence at is replaced by a harmless one of the
//! same length, plain or in Huffman code. Lengths stay, so nothing else has to be understood: not the compression's table, in
//! which the value keeps its size, and not what comes before or after.
//! Sources: RFC 9113 §4.1, §6.2, §6.10; RFC 7541 §5, §6, appendix B.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that is read through [`Rewriter`].
pub(super) struct TolerantOfAuthorities<S> {
    stream: S,
    rewriter: Rewriter,
}

impl<S> TolerantOfAuthorities<S> {
    pub(super) fn new(stream: S) -> Self {
        TolerantOfAuthorities { stream, rewriter: Rewriter::default() }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TolerantOfAuthorities<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = to.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, to))?;
        if let Some(received) = to.filled_mut().get_mut(before..) {
            self.rewriter.pass(received);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TolerantOfAuthorities<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

const PREFACE_BYTES: usize = 24;
const FRAME_HEADER_BYTES: usize = 9;

const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;

/// Follows the frames of a connection, and changes what they say in `:authority`.
#[derive(Default)]
struct Rewriter {
    frame: Frame,
    block: Block,
}

/// Where in a frame the next byte is.
enum Frame {
    /// So many bytes mean nothing here.
    Skipped(usize),
    /// In the header of a frame: what of it came so far.
    Header([u8; FRAME_HEADER_BYTES], usize),
    /// At the length of the padding: what follows it in the frame, and the flags.
    PadLength { rest: usize, flags: u8 },
    /// In the priority: its bytes, those of the fragment behind it, and the padding behind that.
    Priority { left: usize, fragment: usize, padding: usize },
    /// In a part of a header block: its bytes, and the padding behind it.
    Fragment { left: usize, padding: usize },
}

impl Default for Frame {
    fn default() -> Self {
        Frame::Skipped(PREFACE_BYTES)
    }
}

impl Rewriter {
    fn pass(&mut self, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            let taken = self.take(bytes);
            bytes = bytes.get_mut(taken..).unwrap_or_default();
        }
    }

    /// Looks at the first bytes, at least one, and gives their number.
    fn take(&mut self, bytes: &mut [u8]) -> usize {
        match &mut self.frame {
            Frame::Skipped(left) => {
                let taken = bytes.len().min(*left);
                *left -= taken;
                if *left == 0 {
                    self.frame = Frame::Header([0; FRAME_HEADER_BYTES], 0);
                }
                taken
            }
            Frame::Header(header, filled) => {
                if let (Some(to), Some(from)) = (header.get_mut(*filled), bytes.first()) {
                    *to = *from;
                }
                *filled += 1;
                if *filled == FRAME_HEADER_BYTES {
                    let [a, b, c, kind, flags, ..] = *header;
                    self.frame = self.begin(u32::from_be_bytes([0, a, b, c]) as usize, kind, flags);
                }
                1
            }
            Frame::PadLength { rest, flags } => {
                let padding = bytes.first().copied().map_or(0, usize::from).min(*rest);
                self.frame = after_padding(*rest - padding, padding, *flags);
                1
            }
            Frame::Priority { left, fragment, padding } => {
                let taken = bytes.len().min(*left);
                *left -= taken;
                if *left == 0 {
                    self.frame = in_fragment(*fragment, *padding);
                }
                taken
            }
            Frame::Fragment { left, padding } => {
                let taken = bytes.len().min(*left);
                *left -= taken;
                for byte in bytes.iter_mut().take(taken) {
                    self.block.pass(byte);
                }
                if *left == 0 {
                    self.frame = skip(*padding);
                }
                taken
            }
        }
    }

    fn begin(&mut self, length: usize, kind: u8, flags: u8) -> Frame {
        match kind {
            HEADERS => {
                // h2 ends a connection whose blocks are cut off; a new one begins anew here in any case.
                self.block = Block::default();
                if flags & PADDED != 0 && length > 0 {
                    Frame::PadLength { rest: length - 1, flags }
                } else {
                    after_padding(length, 0, flags)
                }
            }
            CONTINUATION => in_fragment(length, 0),
            _ => skip(length),
        }
    }
}

fn after_padding(length: usize, padding: usize, flags: u8) -> Frame {
    const PRIORITY_BYTES: usize = 5;
    if flags & PRIORITY != 0 && length >= PRIORITY_BYTES {
        Frame::Priority { left: PRIORITY_BYTES, fragment: length - PRIORITY_BYTES, padding }
    } else {
        in_fragment(length, padding)
    }
}

fn in_fragment(left: usize, padding: usize) -> Frame {
    if left == 0 { skip(padding) } else { Frame::Fragment { left, padding } }
}

fn skip(left: usize) -> Frame {
    if left == 0 { Frame::Header([0; FRAME_HEADER_BYTES], 0) } else { Frame::Skipped(left) }
}

/// Where in a compressed header block the next byte is.
#[derive(Default)]
enum Block {
    /// At the first byte of a field.
    #[default]
    Field,
    /// In the number that names an indexed field, or a new size of the table: nothing follows it.
    LastOfNumber,
    /// In the number of a field whose value follows. No number that needs a second byte means `:authority`.
    NumberBeforeValue,
    /// At the length of a name.
    NameLength,
    /// In the length of a name; the shift of the next seven bits.
    MoreOfNameLength {
        huffman: bool,
        length: usize,
        shift: u32,
    },
    /// In a name: what is left of it, and how much of `:authority` it has said so far, if it has.
    Name {
        left: usize,
        name: Name,
    },
    /// At the length of a value.
    ValueLength {
        authority: bool,
    },
    MoreOfValueLength {
        authority: bool,
        huffman: bool,
        length: usize,
        shift: u32,
    },
    /// In a value that is left as it is.
    Value {
        left: usize,
    },
    /// In the plain value of `:authority`.
    PlainAuthority {
        left: usize,
    },
    /// In its Huffman code.
    CodedAuthority {
        left: usize,
        code: Code,
    },
}

/// Whether the name that is being read can be `:authority`.
struct Name {
    expected: &'static [u8],
    matched: Option<usize>,
}

const PLAIN_NAME: &[u8] = b":authority";
/// The same in Huffman code (RFC 7541, appendix B).
const CODED_NAME: &[u8] = &[0xb8, 0x3b, 0x53, 0x39, 0xec, 0x32, 0x7d, 0x7f];

/// The place of `:authority` in the static table.
const STATIC_AUTHORITY: u8 = 1;

impl Block {
    fn pass(&mut self, byte: &mut u8) {
        let now = *byte;
        let next = match std::mem::take(self) {
            Block::Field => field(now),
            Block::LastOfNumber => {
                if now & 0x80 == 0 {
                    Block::Field
                } else {
                    Block::LastOfNumber
                }
            }
            Block::NumberBeforeValue if now & 0x80 == 0 => Block::ValueLength { authority: false },
            Block::NumberBeforeValue => Block::NumberBeforeValue,
            Block::NameLength => match usize::from(now & 0x7f) {
                0x7f => Block::MoreOfNameLength { huffman: now & 0x80 != 0, length: 0x7f, shift: 0 },
                length => name(now & 0x80 != 0, length),
            },
            Block::MoreOfNameLength { huffman, length, shift } => {
                let length = longer(length, now, shift);
                if now & 0x80 == 0 {
                    name(huffman, length)
                } else {
                    Block::MoreOfNameLength { huffman, length, shift: shift.saturating_add(7) }
                }
            }
            Block::Name { left, mut name } => {
                name.matched = name.matched.filter(|at| name.expected.get(*at) == Some(&now)).map(|at| at + 1);
                match left.saturating_sub(1) {
                    0 => Block::ValueLength { authority: name.matched == Some(name.expected.len()) },
                    left => Block::Name { left, name },
                }
            }
            Block::ValueLength { authority } => match usize::from(now & 0x7f) {
                0x7f => Block::MoreOfValueLength { authority, huffman: now & 0x80 != 0, length: 0x7f, shift: 0 },
                length => value(authority, now & 0x80 != 0, length),
            },
            Block::MoreOfValueLength { authority, huffman, length, shift } => {
                let length = longer(length, now, shift);
                if now & 0x80 == 0 {
                    value(authority, huffman, length)
                } else {
                    Block::MoreOfValueLength { authority, huffman, length, shift: shift.saturating_add(7) }
                }
            }
            Block::Value { left } => match left.saturating_sub(1) {
                0 => Block::Field,
                left => Block::Value { left },
            },
            Block::PlainAuthority { left } => {
                if !is_harmless(now) {
                    *byte = b'-';
                }
                match left.saturating_sub(1) {
                    0 => Block::Field,
                    left => Block::PlainAuthority { left },
                }
            }
            Block::CodedAuthority { left, mut code } => {
                *byte = code.pass(now);
                match left.saturating_sub(1) {
                    0 => Block::Field,
                    left => Block::CodedAuthority { left, code },
                }
            }
        };
        *self = next;
    }
}

/// What follows the first byte of a field (RFC 7541 §6).
fn field(first: u8) -> Block {
    let (number_bits, has_value) = match first {
        0x80.. => (7, false),
        0x40.. => (6, true),
        0x20.. => (5, false),
        _ => (4, true),
    };
    let mask = (1u8 << number_bits) - 1;
    match (first & mask, has_value) {
        (number, true) if number == mask => Block::NumberBeforeValue,
        (number, false) if number == mask => Block::LastOfNumber,
        (_, false) => Block::Field,
        (0, true) => Block::NameLength,
        (number, true) => Block::ValueLength { authority: number == STATIC_AUTHORITY },
    }
}

/// A length with seven more bits. One that is too long for h2 is too long here, too.
fn longer(length: usize, byte: u8, shift: u32) -> usize {
    let more = usize::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
    length.saturating_add(more)
}

fn name(huffman: bool, left: usize) -> Block {
    let expected = if huffman { CODED_NAME } else { PLAIN_NAME };
    match left {
        0 => Block::ValueLength { authority: false },
        left => Block::Name { left, name: Name { expected, matched: Some(0) } },
    }
}

fn value(authority: bool, huffman: bool, left: usize) -> Block {
    match (left, authority, huffman) {
        (0, ..) => Block::Field,
        (_, false, _) => Block::Value { left },
        (_, true, false) => Block::PlainAuthority { left },
        (_, true, true) => Block::CodedAuthority { left, code: Code::default() },
    }
}

/// Whether a byte may stand anywhere in a host.
fn is_harmless(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Reads Huffman code bit by bit, and makes each slash a three. Codes cross the borders of bytes, and a byte that was passed on
/// cannot be changed any more; but these two differ only in their last bit. Other offensive letters stay: those who write
/// paths in Huffman code escape nothing.
#[derive(Default)]
struct Code {
    /// The bits of the code so far.
    bits: u32,
    /// How many they are.
    length: usize,
    /// The smallest code of that length.
    smallest: u32,
}

/// How many codes there are of each length: they are canonical, so this tells where one ends.
const CODES_BY_LENGTH: [u32; 31] =
    [0, 0, 0, 0, 0, 10, 26, 32, 6, 0, 5, 3, 2, 6, 2, 3, 0, 0, 0, 3, 8, 13, 26, 29, 12, 4, 15, 19, 29, 0, 4];

const SLASH: (u32, usize) = (0b01_1000, 6);

impl Code {
    fn pass(&mut self, byte: u8) -> u8 {
        let mut out = byte;
        for place in (0..8).rev() {
            let bit = u32::from(byte >> place & 1);
            self.bits = self.bits << 1 | bit;
            self.length += 1;
            self.smallest <<= 1;
            let codes = CODES_BY_LENGTH.get(self.length).copied().unwrap_or(u32::MAX);
            if self.bits.wrapping_sub(self.smallest) < codes {
                if (self.bits, self.length) == SLASH {
                    out |= 1 << place;
                }
                *self = Code::default();
            } else {
                self.smallest = self.smallest.wrapping_add(codes);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut out = length[1..].to_vec();
        out.extend_from_slice(&[kind, flags, 0, 0, 0, 1]);
        out.extend_from_slice(payload);
        out
    }

    /// What is left of these frames, whatever parts they come in.
    fn passed(frames: &[Vec<u8>]) -> Vec<u8> {
        let bytes = [PREFACE.to_vec(), frames.concat()].concat();
        let mut whole = bytes.clone();
        Rewriter::default().pass(&mut whole);
        for size in 1..bytes.len().min(40) {
            let mut parts = bytes.clone();
            let mut rewriter = Rewriter::default();
            parts.chunks_mut(size).for_each(|part| rewriter.pass(part));
            assert_eq!(parts, whole, "in parts of {size} bytes");
        }
        assert_eq!(whole[..PREFACE.len()], *PREFACE);
        whole[PREFACE.len()..].to_vec()
    }

    fn literal(bytes: &[u8], huffman: bool) -> Vec<u8> {
        let length = u8::try_from(bytes.len()).unwrap();
        assert!(length < 0x7f);
        [&[length | u8::from(huffman) << 7], bytes].concat()
    }

    fn field(first: &[u8], strings: &[Vec<u8>]) -> Vec<u8> {
        [first.to_vec(), strings.concat()].concat()
    }

    /// `/run/a.sock` in Huffman code: 6 + 6 + 6 + 6 + 6 + 5 + 6 + 5 + 5 + 5 + 7 bits, and one of padding.
    const CODED_PATH: &[u8] =
        &[0b0110_0010, 0b1100_1011, 0b0110_1010, 0b0110_0000, 0b0110_1011, 0b1010_0000, 0b1110_0100, 0b1110_1011];

    #[test]
    fn the_authority_is_replaced_however_it_is_written() {
        let harmless = literal(b"-run-a.sock", false);
        let path = literal(b"/run/a.sock", false);
        for (first, name) in [
            (&[0x41][..], Vec::new()),
            (&[0x01], Vec::new()),
            (&[0x11], Vec::new()),
            (&[0x40], literal(b":authority", false)),
            (&[0x00], literal(CODED_NAME, true)),
        ] {
            let block = |value: &Vec<u8>| field(first, &[name.clone(), value.clone()]);
            assert_eq!(passed(&[frame(1, 4, &block(&path))]), frame(1, 4, &block(&harmless)), "{first:x?}");
        }
        let escaped = |text: &[u8]| frame(1, 4, &field(&[0x41], &[literal(text, false)]));
        assert_eq!(passed(&[escaped(b"%2Frun%2Fa")]), escaped(b"-2Frun-2Fa"));
    }

    #[test]
    fn a_slash_in_huffman_code_becomes_a_letter_of_the_same_length() {
        let with = |value: &[u8]| frame(1, 4, &field(&[0x41], &[literal(value, true)]));
        let got = passed(&[with(CODED_PATH)]);
        let changed: Vec<usize> =
            got.iter().zip(with(CODED_PATH)).enumerate().filter(|(_, (a, b))| **a != *b).map(|(at, _)| at).collect();
        // The last bits of the two slashes: the sixth and the thirtieth bit of the value, which begins at byte 11.
        assert_eq!(changed, [11, 14]);
        assert_eq!(got[11], 0b0110_0110);
        assert_eq!(got[14], 0b0110_0100);
    }

    #[test]
    fn everything_else_stays() {
        let path = [literal(b"/a/b", false)];
        let long = [&[0x7f, 0x80, 0x01][..], &[b'/'; 255]].concat();
        let blocks = [
            // :path, by the static table and by its name.
            field(&[0x44], &path),
            field(&[0x40], &[literal(b":authoritx", false), path[0].clone()]),
            field(&[0x40], &[literal(b":authorit", false), path[0].clone()]),
            field(&[0x40], &[literal(b"", false), path[0].clone()]),
            // Indexed fields, a new size of the table, an index of two bytes, then a value.
            field(&[0x82, 0xff, 0x80, 0x01, 0x3f, 0xe1, 0x1f, 0x7f, 0x01], &path),
            // A value whose length has three bytes, then :authority.
            field(&[0x44], &[long]),
        ];
        for block in &blocks {
            assert_eq!(passed(&[frame(1, 4, block)]), frame(1, 4, block));
            let then = [block.clone(), field(&[0x41], &path)].concat();
            let changed = [block.clone(), field(&[0x41], &[literal(b"-a-b", false)])].concat();
            assert_eq!(passed(&[frame(1, 4, &then)]), frame(1, 4, &changed));
        }
        let data = [frame(0, 0, &field(&[0x41], &path))];
        assert_eq!(passed(&data), data[0], "DATA is no header block");
    }

    #[test]
    fn padding_priority_and_continuation_are_seen_through() {
        let block = |text: &[u8]| field(&[0x41], &[literal(text, false)]);
        let wrapped = |block: &[u8]| {
            let (one, two) = block.split_at(4);
            let padded = [&[3][..], &[0, 0, 0, 0, 9], one, b"/A/"].concat();
            vec![frame(1, PADDED | PRIORITY, &padded), frame(9, 0, &[]), frame(9, 4, two), frame(0, 1, b"A/")]
        };
        assert_eq!(passed(&wrapped(&block(b"/a/b"))), wrapped(&block(b"-a-b")).concat());
    }

    #[test]
    fn nonsense_is_passed_on() {
        // Paddings and lengths that lie, and bytes of every sort, must neither stop nor shift anything.
        let mut state = 1u32;
        for round in 0..2000 {
            let mut bytes = PREFACE.to_vec();
            for _ in 0..200 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                bytes.push(if state & 0x8000 == 0 { (state >> 24) as u8 & 0x0f } else { (state >> 24) as u8 });
            }
            let mut whole = bytes.clone();
            Rewriter::default().pass(&mut whole);
            let mut rewriter = Rewriter::default();
            bytes.chunks_mut(1 + round % 7).for_each(|part| rewriter.pass(part));
            assert_eq!(bytes, whole);
        }
    }
}
