//! The text between quotes, its escape sequences decoded. Source: containerd-metadata §8.4.

/// What a quoted token stands for; `None` if an escape sequence names a value that does not exist.
///
/// The scanner has seen the token, so that each sequence is complete.
pub(super) fn unquote(token: &[u8]) -> Option<Vec<u8>> {
    let [quote, inner @ .., last] = token else { return None };
    if quote != last {
        return None;
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let [byte, after @ ..] = rest {
        rest = match byte {
            b'\\' => unescape(after, *quote, &mut out)?,
            _ => {
                out.push(*byte);
                after
            }
        };
    }
    Some(out)
}

/// Decodes one escape sequence from behind its backslash and gives what follows it.
fn unescape<'t>(sequence: &'t [u8], quote: u8, out: &mut Vec<u8>) -> Option<&'t [u8]> {
    let (first, rest) = sequence.split_first()?;
    match first {
        b'a' => out.push(0x07),
        b'b' => out.push(0x08),
        b'f' => out.push(0x0c),
        b'n' => out.push(b'\n'),
        b'r' => out.push(b'\r'),
        b't' => out.push(b'\t'),
        b'v' => out.push(0x0b),
        b'\\' => out.push(b'\\'),
        b'0'..=b'7' => {
            let (value, rest) = number(sequence, 8, 3)?;
            out.push(u8::try_from(value).ok()?);
            return Some(rest);
        }
        b'x' => {
            let (value, rest) = number(rest, 16, 2)?;
            out.push(u8::try_from(value).ok()?);
            return Some(rest);
        }
        b'u' => return character(rest, 4, out),
        b'U' => return character(rest, 8, out),
        byte if *byte == quote => out.push(quote),
        _ => return None,
    }
    Some(rest)
}

fn character<'t>(digits: &'t [u8], count: usize, out: &mut Vec<u8>) -> Option<&'t [u8]> {
    let (value, rest) = number(digits, 16, count)?;
    let c = match value {
        // Half a surrogate pair is no error to Go.
        0xd800..=0xdfff => '\u{fffd}',
        _ => char::from_u32(value)?,
    };
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    Some(rest)
}

/// The number that `count` digits stand for. Eight digits fit, whatever they are.
fn number(text: &[u8], radix: u32, count: usize) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_at_checked(count)?;
    let value = u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()?;
    Some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::unquote;

    #[test]
    fn escapes_become_bytes_and_characters() {
        assert_eq!(unquote(br#""""#).unwrap(), b"");
        assert_eq!(unquote(br#""\a\b\f\n\r\t\v\\\"""#).unwrap(), b"\x07\x08\x0c\n\r\t\x0b\\\"");
        assert_eq!(unquote(br"|\x41\xff\377\u00e9\U0001F600|").unwrap(), b"A\xff\xff\xc3\xa9\xf0\x9f\x98\x80");
        assert_eq!(unquote(br"/\ud800\//").unwrap(), b"\xef\xbf\xbd/");
    }

    #[test]
    fn values_that_do_not_exist_are_refused() {
        for token in [&br"/\400/"[..], br"/\U00110000/", br"/\UFFFFFFFF/", br"/\|/", b"/", b"", b"/a|"] {
            assert_eq!(unquote(token), None, "{}", token.escape_ascii());
        }
    }
}
