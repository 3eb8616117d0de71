//! Lines and columns.

use crate::doc::Span;
use serde::Serialize;

/// A place in a text. Lines and columns count from 1; a column counts Unicode characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
    /// The line of the end.
    pub end_line: usize,
    /// The column behind the last character.
    pub end_column: usize,
    /// The column in UTF-16 code units, as editors count.
    pub column_utf16: usize,
    /// The offset in bytes.
    pub offset: usize,
    /// The length in bytes.
    pub length: usize,
}

/// The places of spans, found in one walk over the text.
pub(super) struct Places {
    /// Offsets, in order, and for each its line, its column, and its column in UTF-16.
    at: Vec<(usize, (usize, usize, usize))>,
}

impl Places {
    pub(super) fn new(text: &[u8], spans: impl Iterator<Item = Span>) -> Self {
        let mut at: Vec<(usize, _)> = spans.flat_map(|span| [span.start, span.end]).map(|at| (at, (1, 1, 1))).collect();
        at.sort_unstable_by_key(|(offset, _)| *offset);
        at.dedup_by_key(|(offset, _)| *offset);
        let (mut line, mut column, mut utf16, mut from) = (1, 1, 1, 0);
        for (offset, place) in &mut at {
            let mut piece = text.get(from..(*offset).min(text.len())).unwrap_or_default();
            // Only what stands on the offset's own line counts for its column.
            if let Some(last) = piece.iter().rposition(|byte| *byte == b'\n') {
                let (lines, rest) = piece.split_at(last + 1);
                line += count(lines, |byte| byte == b'\n');
                (column, utf16, piece) = (1, 1, rest);
            }
            // Of a character's bytes the first counts; four of them are two code units.
            let characters = count(piece, |byte| !matches!(byte, 0x80..=0xbf));
            column += characters;
            utf16 += characters + count(piece, |byte| byte >= 0xf0);
            from = from.max((*offset).min(text.len()));
            *place = (line, column, utf16);
        }
        Places { at }
    }

    pub(super) fn of(&self, span: Span) -> Place {
        let at = |offset| {
            let found =
                self.at.binary_search_by_key(&offset, |(offset, _)| *offset).ok().and_then(|at| self.at.get(at));
            found.map_or((1, 1, 1), |(_, place)| *place)
        };
        let ((line, column, column_utf16), (end_line, end_column, _)) = (at(span.start), at(span.end));
        Place { line, column, end_line, end_column, column_utf16, offset: span.start, length: span.end - span.start }
    }
}

/// How many bytes are such. Counted in bytes for as long as they hold it, many are looked at in one step.
fn count(bytes: &[u8], is: impl Fn(u8) -> bool) -> usize {
    let chunks = bytes.chunks(usize::from(u8::MAX));
    chunks.map(|chunk| usize::from(chunk.iter().fold(0_u8, |sum, byte| sum.wrapping_add(u8::from(is(*byte)))))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let text = "a\n\tü𝄞x\n".as_bytes();
        let span = Span { start: text.len() - 2, end: text.len() };
        let place = Places::new(text, [span].into_iter()).of(span);
        assert_eq!((place.line, place.column, place.column_utf16), (2, 4, 5));
        assert_eq!((place.end_line, place.end_column), (3, 1));
    }

    #[test]
    fn long_pieces_are_counted_whole() {
        for length in [0, 1, 254, 255, 256, 1000] {
            assert_eq!(count(&vec![b'\n'; length], |byte| byte == b'\n'), length);
            assert_eq!(count(&vec![b'a'; length], |byte| byte == b'\n'), 0);
        }
    }
}
