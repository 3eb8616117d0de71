//! Lines and columns.

use crate::doc::Span;
use serde::Serialize;
use std::collections::BTreeMap;

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
    at: BTreeMap<usize, (usize, usize, usize)>,
}

impl Places {
    pub(super) fn new(text: &[u8], spans: impl Iterator<Item = Span>) -> Self {
        let mut at: BTreeMap<usize, _> =
            spans.flat_map(|span| [span.start, span.end]).map(|at| (at, (1, 1, 1))).collect();
        let (mut line, mut column, mut utf16, mut from) = (1, 1, 1, 0);
        for (offset, place) in &mut at {
            for byte in text.get(from..(*offset).min(text.len())).unwrap_or_default() {
                match byte {
                    b'\n' => (line, column, utf16) = (line + 1, 1, 1),
                    // The bytes behind a character's first.
                    0x80..=0xbf => {}
                    _ => (column, utf16) = (column + 1, utf16 + 1 + usize::from(*byte >= 0xf0)),
                }
            }
            from = from.max((*offset).min(text.len()));
            *place = (line, column, utf16);
        }
        Places { at }
    }

    pub(super) fn of(&self, span: Span) -> Place {
        let at = |offset| self.at.get(&offset).copied().unwrap_or((1, 1, 1));
        let ((line, column, column_utf16), (end_line, end_column, _)) = (at(span.start), at(span.end));
        Place { line, column, end_line, end_column, column_utf16, offset: span.start, length: span.end - span.start }
    }
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
}
