//! Text as Go treats it: quoting for messages, and bytes that are not UTF-8.

pub(crate) mod printable;

use std::borrow::Cow;

/// The text, each byte that does not belong to valid UTF-8 replaced by U+FFFD (one per byte, as Go does it).
#[must_use]
pub(crate) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(bytes.len() + 8);
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(std::iter::repeat_n('\u{fffd}', chunk.invalid().len()));
    }
    Cow::Owned(out)
}

/// Quotes a text as Go's `%q` does. Source: containerd-metadata §0.3.
#[must_use]
pub(crate) fn quote(text: impl AsRef<[u8]>) -> String {
    use std::fmt::Write as _;
    let bytes = text.as_ref();
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' | '\\' => {
                    out.push('\\');
                    out.push(c);
                }
                '\x07' => out.push_str("\\a"),
                '\x08' => out.push_str("\\b"),
                '\x0c' => out.push_str("\\f"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\x0b' => out.push_str("\\v"),
                _ if printable::is_printable(c) => out.push(c),
                // Writing to a String cannot fail.
                '\0'..=' ' | '\x7f' => drop(write!(out, "\\x{:02x}", c as u32)),
                _ if (c as u32) < 0x10000 => drop(write!(out, "\\u{:04x}", c as u32)),
                _ => drop(write!(out, "\\U{:08x}", c as u32)),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_like_go() {
        assert_eq!(quote("a\"b\\c"), r#""a\"b\\c""#);
        assert_eq!(quote("\x07\x08\x0c\n\r\t\x0b\x00\x1f\x7f"), r#""\a\b\f\n\r\t\v\x00\x1f\x7f""#);
        assert_eq!(quote(b"\xff\xe2\x82"), r#""\xff\xe2\x82""#);
        assert_eq!(quote("é漢\u{a0}\u{200b}\u{feff}\u{e0001}"), "\"é漢\\u00a0\\u200b\\ufeff\\U000e0001\"");
        assert_eq!(quote("\u{fffd}"), "\"\u{fffd}\"");
    }
}
