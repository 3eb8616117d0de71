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
