//! What a quoted text means.

use std::borrow::Cow;

/// The text of a string or key: with its quotes, or bare. What is wrong in it was reported when it was read.
pub(super) fn decode(raw: &[u8]) -> Cow<'_, str> {
    let inside = match raw {
        [quote @ (b'"' | b'\''), rest @ ..] => match rest {
            [inside @ .., last] if last == quote => inside,
            _ => rest,
        },
        _ => raw,
    };
    let text = String::from_utf8_lossy(inside);
    if text.contains('\\') { Cow::Owned(unescape(&text)) } else { text }
}

const ONES: u64 = u64::MAX / 255;

/// How many bytes of a string's rest stand for themselves: up to a quote, a backslash or a control character.
pub(super) fn plain_length(text: &[u8], quote: u8) -> usize {
    // Eight bytes at a time. Where the lowest bit is set there is such a byte; bits above it may be wrong.
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word & (ONES << 7);
    let same = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let (chunks, rest) = text.as_chunks::<8>();
    for (at, chunk) in chunks.iter().enumerate() {
        let word = u64::from_le_bytes(*chunk);
        let stops = below(word, 0x20) | same(word, quote) | same(word, b'\\');
        if stops != 0 {
            return at * 8 + stops.trailing_zeros() as usize / 8;
        }
    }
    let stops = |byte: &u8| *byte < 0x20 || *byte == quote || *byte == b'\\';
    chunks.len() * 8 + rest.iter().position(stops).unwrap_or(rest.len())
}

/// How many spaces a text begins with.
pub(super) fn blank_length(text: &[u8]) -> usize {
    let (chunks, rest) = text.as_chunks::<8>();
    for (at, chunk) in chunks.iter().enumerate() {
        let others = u64::from_le_bytes(*chunk) ^ (ONES * u64::from(b' '));
        if others != 0 {
            return at * 8 + others.trailing_zeros() as usize / 8;
        }
    }
    chunks.len() * 8 + rest.iter().position(|byte| *byte != b' ').unwrap_or(rest.len())
}

fn unescape(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        result.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(letter) = rest.chars().next() else { break };
        rest = &rest[letter.len_utf8()..];
        match letter {
            'b' => result.push('\u{8}'),
            'f' => result.push('\u{c}'),
            'n' => result.push('\n'),
            'r' => result.push('\r'),
            't' => result.push('\t'),
            'u' => match code_unit(rest) {
                Some(unit) => {
                    rest = &rest[4..];
                    let pair = rest.strip_prefix("\\u").and_then(code_unit);
                    let units = [unit, pair.unwrap_or_default()];
                    match char::decode_utf16(units).next() {
                        Some(Ok(c)) => {
                            result.push(c);
                            if c.len_utf16() == 2 {
                                rest = &rest[6..];
                            }
                        }
                        _ => result.push('\u{fffd}'),
                    }
                }
                None => result.push('u'),
            },
            other => result.push(other),
        }
    }
    result.push_str(rest);
    result
}

/// Four hexadecimal digits.
pub(super) fn code_unit(text: &str) -> Option<u16> {
    let digits = text.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}
