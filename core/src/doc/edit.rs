//! Changes of a text that touch nothing else.

use super::{Document, Shape, Span, Value};

/// One replacement: what stands in the span makes room for the new text. An empty span inserts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// What goes.
    pub span: Span,
    /// What comes.
    pub text: String,
}

impl Edit {
    /// Puts a text in the place of another.
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Edit { span, text: text.into() }
    }

    /// Takes a text out.
    pub fn delete(span: Span) -> Self {
        Edit::replace(span, "")
    }

    /// Puts a text before a byte.
    pub fn insert(at: usize, text: impl Into<String>) -> Self {
        Edit::replace(Span { start: at, end: at }, text)
    }
}

/// Applies edits to a text, in any order. An edit that reaches into an earlier one or over the end is left out; the count
/// of those that were applied is given with the text. Insertions at one place keep their order.
pub fn apply(text: &[u8], edits: &[Edit]) -> (Vec<u8>, usize) {
    let mut ordered: Vec<&Edit> = edits.iter().collect();
    ordered.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut result = Vec::with_capacity(text.len());
    let (mut at, mut applied) = (0, 0);
    for edit in ordered {
        if let (Some(before), true) = (text.get(at..edit.span.start), edit.span.end <= text.len()) {
            if edit.span.end < edit.span.start {
                continue;
            }
            result.extend_from_slice(before);
            result.extend_from_slice(edit.text.as_bytes());
            at = edit.span.end;
            applied += 1;
        }
    }
    result.extend_from_slice(text.get(at..).unwrap_or_default());
    (result, applied)
}

impl Document<'_> {
    /// The white space that stands before a value's line, for what is put beside it; nothing if it shares the line.
    fn indentation(&self, at: usize) -> &str {
        // A line may be as long as the text, and many may ask.
        let before = self.text.get(at.saturating_sub(MOST_INDENTATION)..at).unwrap_or_default();
        let blank = before.iter().rev().position(|byte| *byte == b'\n' || !byte.is_ascii_whitespace());
        let line = blank.map(|length| before.len() - length - 1);
        match line.and_then(|line| before.get(line..)) {
            Some(blank @ [b'\n', ..]) => std::str::from_utf8(blank).unwrap_or_default(),
            _ => "",
        }
    }
}

/// Nobody indents further, in bytes.
const MOST_INDENTATION: usize = 1024;

impl Value<'_> {
    /// Puts another value in the place of this one.
    pub fn replace(self, json: impl Into<String>) -> Edit {
        Edit::replace(self.span(), json)
    }

    /// Gives a member another key.
    pub fn rename(self, key: &str) -> Option<Edit> {
        Some(Edit::replace(self.key_span()?, quote(key)))
    }

    /// Takes a member or an item out, with the comma that goes with it. The root stays.
    pub fn remove(self) -> Option<Edit> {
        let parent = self.parent()?;
        let start = |value: Value<'_>| value.key_span().unwrap_or(value.span()).start;
        let span = match self.next_sibling() {
            Some(next) => Span { start: start(self), end: start(next) },
            None => {
                let before = parent.children().take_while(|sibling| *sibling != self).last();
                Span { start: before.map_or(start(self), |before| before.span().end), end: self.span().end }
            }
        };
        Some(Edit::delete(span))
    }

    /// Puts a member at the end of an object, in the layout of the last one.
    pub fn insert_member(self, key: &str, json: &str) -> Option<Edit> {
        (self.shape() == Shape::Object).then(|| self.append(&format!("{}: {json}", quote(key))))
    }

    /// Puts an item at the end of a list, in the layout of the last one.
    pub fn push(self, json: &str) -> Option<Edit> {
        (self.shape() == Shape::Array).then(|| self.append(json))
    }

    fn append(self, text: &str) -> Edit {
        match self.children().last() {
            Some(last) => {
                let start = last.key_span().unwrap_or(last.span()).start;
                let indentation = self.document().indentation(start);
                let gap = if indentation.is_empty() { " " } else { indentation };
                Edit::insert(last.span().end, format!(",{gap}{text}"))
            }
            None => Edit::insert(self.span().start + 1, text),
        }
    }
}

/// A text as a JSON string.
pub(crate) fn quote(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}
