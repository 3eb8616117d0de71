//! Reading UTF-8 as Go reads it: a byte that belongs to no character is wrong by itself, and reading goes on after it.

/// The character at the start of `bytes` and how many bytes it takes; no character, and one byte, where that is not UTF-8.
/// `None` at the end.
pub(super) fn first(bytes: &[u8]) -> Option<(Option<char>, usize)> {
    let byte = *bytes.first()?;
    if byte.is_ascii() {
        return Some((Some(char::from(byte)), 1));
    }
    // A character takes four bytes at most, and what is invalid is not looked at beyond its first byte.
    let start = bytes.get(..4).unwrap_or(bytes);
    let c = start.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
    Some((c, c.map_or(1, char::len_utf8)))
}

#[cfg(test)]
mod tests {
    use super::first;

    #[test]
    fn reads_characters_and_single_wrong_bytes() {
        assert_eq!(first(b""), None);
        assert_eq!(first(b"ab"), Some((Some('a'), 1)));
        assert_eq!(first("é".as_bytes()), Some((Some('é'), 2)));
        assert_eq!(first("界x".as_bytes()), Some((Some('界'), 3)));
        assert_eq!(first("😀😀".as_bytes()), Some((Some('😀'), 4)));
        for wrong in [&b"\xff"[..], b"\xe7\x95", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\x80a"] {
            assert_eq!(first(wrong), Some((None, 1)), "{wrong:x?}");
        }
    }
}
