//! JSON texts without loss: every key and value with its place, and everything else as it was written.
//!
//! A [`Document`] is a view over a text. It keeps what a decoder throws away: order, duplicate keys, how a number was
//! written, and the place of each key and value. A text that is not quite JSON still gives a tree: each [`Problem`] is
//! recorded, and reading goes on behind it. Changes are [`Edit`]s of the text, so what they do not name stays as it is.
//!
//! ```
//! use stowbook::doc::Document;
//!
//! let document = Document::parse(br#"{"a": [1, 2.50], "a": null,}"#);
//! let number = document.at("/a/1");
//! assert!(number.is_none(), "the last of two equal keys counts");
//! assert_eq!(document.problems().len(), 1, "a trailing comma");
//! ```

mod edit;
mod parse;
mod pointer;
mod problem;
mod string;
#[cfg(test)]
mod tests;

pub(crate) use edit::quote;
pub use edit::{Edit, apply};
pub use pointer::escape;
pub use problem::{Problem, ProblemKind};

use std::borrow::Cow;

/// How deep objects and lists may be nested. What is deeper is skipped, and a problem says so.
pub const MAX_DEPTH: usize = 128;
/// How long a text may be, in bytes. A longer one is not read, and a problem says so.
pub const MAX_LENGTH: usize = 16 << 20;
/// How many problems are recorded; reading goes on without recording.
pub const MAX_PROBLEMS: usize = 1000;

/// A place in a text: byte offsets, the end exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The offset of the first byte.
    pub start: usize,
    /// The offset behind the last byte.
    pub end: usize,
}

/// What sort of value stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number; [`Value::raw`] has its text.
    Number,
    /// A string.
    String,
    /// A list.
    Array,
    /// An object.
    Object,
    /// A value that could not be read: a problem tells why.
    Lost,
}

/// A node of the tree. Children follow their parent at once, so the tree needs no pointers but `next`.
#[derive(Clone, Copy, Debug)]
struct Node {
    shape: Shape,
    /// Whether the value is a string without escapes between double quotes, in a text that is UTF-8.
    plain: bool,
    /// Whether the key is.
    plain_key: bool,
    /// What [`tag`] makes of the key.
    tag: u16,
    start: u32,
    end: u32,
    /// The key with its quotes; an empty span at 0 is no key.
    key: (u32, u32),
    parent: u32,
    /// The first node behind this one's descendants.
    next: u32,
    /// The position among the parent's children.
    position: u32,
    /// The [`bit`]s of its members' tags. Most members that are asked for are not there, which this tells at once.
    keys: u32,
}

/// What stands for a node that is not there.
static NOWHERE: Node = Node {
    shape: Shape::Lost,
    plain: false,
    plain_key: false,
    tag: NO_TAG,
    start: 0,
    end: 0,
    key: (0, 0),
    parent: 0,
    next: 0,
    position: 0,
    keys: 0,
};

/// The tag of what has no key.
const NO_TAG: u16 = 0;

/// A number by which most keys differ. Of a name in the source the compiler works it out, so members are found by comparing
/// numbers.
#[inline(always)]
pub(crate) const fn tag(key: &[u8]) -> u16 {
    let length = key.len();
    let (Some((first, _)), Some((last, _)), (_, [middle, ..])) =
        (key.split_first(), key.split_last(), key.split_at(length / 2))
    else {
        return 1;
    };
    let mixed = (length as u32) ^ ((*first as u32) << 4) ^ ((*middle as u32) << 7) ^ ((*last as u32) << 9);
    // Never `NO_TAG`.
    (mixed as u16) | 1
}

/// One of 32 bits for a tag.
fn bit(tag: u16) -> u32 {
    // The upper bits of a product depend on all bits of the tag.
    1 << (u32::from(tag).wrapping_mul(0x9e37_79b1) >> 27)
}

/// A text and what was read in it.
#[derive(Debug)]
pub struct Document<'t> {
    text: &'t [u8],
    /// The text, if it is UTF-8; else nothing.
    utf8: &'t str,
    nodes: Vec<Node>,
    problems: Vec<Problem>,
    deepest: usize,
}

impl<'t> Document<'t> {
    /// Reads a text. Nothing fails: what is wrong is in [`Document::problems`].
    pub fn parse(text: &'t [u8]) -> Self {
        parse::parse(text)
    }

    /// The text, as it was given.
    pub fn text(&self) -> &'t [u8] {
        self.text
    }

    /// What is not JSON in the text, in the order of the text. Empty for a text that every JSON reader takes.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The nesting of the deepest value: 0 for a number alone, 1 for `[]`.
    pub fn depth(&self) -> usize {
        self.deepest
    }

    /// The outermost value. An empty text has a lost one.
    pub fn root(&self) -> Value<'_> {
        Value { document: self, index: 0 }
    }

    /// The value at a JSON pointer (RFC 6901). Of equal keys the last one counts.
    pub fn at(&self, pointer: &str) -> Option<Value<'_>> {
        pointer::resolve(self.root(), pointer)
    }
}

/// A value of a document.
#[derive(Clone, Copy, Debug)]
pub struct Value<'d> {
    document: &'d Document<'d>,
    index: u32,
}

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.document, other.document) && self.index == other.index
    }
}

impl<'d> Value<'d> {
    #[inline]
    fn node(self) -> &'d Node {
        // An index is only made from a node that is there.
        self.document.nodes.get(self.index as usize).unwrap_or(&NOWHERE)
    }

    /// The document it is part of.
    pub fn document(self) -> &'d Document<'d> {
        self.document
    }

    /// A number that tells the values of one document apart, in the order of the text.
    pub fn id(self) -> u32 {
        self.index
    }

    /// What sort of value it is.
    pub fn shape(self) -> Shape {
        self.node().shape
    }

    /// The place of the value.
    pub fn span(self) -> Span {
        let node = self.node();
        Span { start: node.start as usize, end: node.end as usize }
    }

    /// The place of its key with the quotes, for a member of an object.
    pub fn key_span(self) -> Option<Span> {
        let (start, end) = self.node().key;
        (end > start).then_some(Span { start: start as usize, end: end as usize })
    }

    /// Its key, for a member of an object.
    pub fn key(self) -> Option<Cow<'d, str>> {
        let span = self.key_span()?;
        if self.node().plain_key {
            return Some(Cow::Borrowed(self.document.utf8.get(span.start + 1..span.end - 1)?));
        }
        Some(string::decode(self.document.text.get(span.start..span.end)?))
    }

    /// Its tag; of members with equal keys it is equal.
    pub(crate) fn tag(self) -> u16 {
        self.node().tag
    }

    /// The text of the value as it was written.
    pub fn raw(self) -> &'d [u8] {
        let span = self.span();
        self.document.text.get(span.start..span.end).unwrap_or_default()
    }

    /// The string, decoded; what is not Unicode is replaced by U+FFFD.
    #[inline]
    pub fn as_str(self) -> Option<Cow<'d, str>> {
        let node = self.node();
        if node.plain {
            return Some(Cow::Borrowed(self.document.utf8.get(node.start as usize + 1..node.end as usize - 1)?));
        }
        (node.shape == Shape::String).then(|| string::decode(self.raw()))
    }

    /// Whether it is certainly a string that stands between its quotes as it is.
    pub(crate) fn is_plain(self) -> bool {
        self.node().plain
    }

    /// The truth value.
    pub fn as_bool(self) -> Option<bool> {
        match self.shape() {
            Shape::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The number as it was written.
    pub fn as_number(self) -> Option<&'d str> {
        if self.shape() != Shape::Number {
            return None;
        }
        // A number is ASCII.
        let Span { start, end } = self.span();
        self.document.utf8.get(start..end).or_else(|| std::str::from_utf8(self.raw()).ok())
    }

    /// The number, if it is an integer in plain digits that fits.
    pub fn as_integer(self) -> Option<i128> {
        let number = self.as_number()?;
        // Few are longer than a machine's integers, which are much faster to read.
        number.parse::<i64>().map(i128::from).or_else(|_| number.parse()).ok()
    }

    /// The value that holds this one.
    pub fn parent(self) -> Option<Value<'d>> {
        (self.index != 0).then(|| Value { document: self.document, index: self.node().parent })
    }

    /// The position among the values of the parent.
    pub fn position(self) -> usize {
        self.node().position as usize
    }

    /// How many values are inside at any depth.
    pub fn weight(self) -> usize {
        self.node().next.saturating_sub(self.index + 1) as usize
    }

    /// The values inside at any depth, in the order of the text.
    pub(crate) fn descendants(self) -> impl DoubleEndedIterator<Item = Value<'d>> {
        let document = self.document;
        (self.index + 1..self.node().next).map(move |index| Value { document, index })
    }

    /// The next value of the parent.
    pub(crate) fn next_sibling(self) -> Option<Value<'d>> {
        let (next, parent) = (self.node().next, self.parent()?);
        (next < parent.node().next).then_some(Value { document: self.document, index: next })
    }

    /// The values directly inside, in order: the items of a list, the members of an object with every duplicate.
    pub fn children(self) -> Children<'d> {
        Children { document: self.document, at: self.index + 1, end: self.node().next }
    }

    /// The items of a list; nothing for other values.
    pub fn items(self) -> Children<'d> {
        match self.shape() {
            Shape::Array => self.children(),
            _ => Children { document: self.document, at: 0, end: 0 },
        }
    }

    /// The members of an object, in order and with every duplicate; nothing for other values. [`Value::key`] has the key.
    pub fn members(self) -> Children<'d> {
        match self.shape() {
            Shape::Object => self.children(),
            _ => Children { document: self.document, at: 0, end: 0 },
        }
    }

    /// The member of an object with this key; the last one, as decoders do, if there are several.
    #[inline(always)]
    pub fn get(self, key: &str) -> Option<Value<'d>> {
        self.find(tag(key.as_bytes()), key)
    }

    /// The value at a JSON pointer (RFC 6901) that begins here.
    pub(crate) fn at(self, pointer: &str) -> Option<Value<'d>> {
        pointer::resolve(self, pointer)
    }

    /// The same as [`Value::get`], with the tag of the key.
    #[inline(never)]
    pub(crate) fn find(self, tag: u16, key: &str) -> Option<Value<'d>> {
        let Node { shape: Shape::Object, next: end, keys, .. } = *self.node() else { return None };
        if keys & bit(tag) == 0 {
            return None;
        }
        let (mut found, mut at) = (None, self.index + 1);
        while at < end {
            let value = Value { document: self.document, index: at };
            let node = value.node();
            if node.tag == tag && value.key_is(key) {
                found = Some(value);
            }
            at = node.next.max(at + 1);
        }
        found
    }

    /// Whether this is a member with that key.
    pub fn key_is(self, key: &str) -> bool {
        let Some(span) = self.key_span() else { return false };
        let raw = self.document.text.get(span.start..span.end).unwrap_or_default();
        match raw {
            [_, inside @ .., _] if self.node().plain_key => inside == key.as_bytes(),
            _ => string::decode(raw) == key,
        }
    }

    /// Where it is, as a JSON pointer (RFC 6901).
    pub fn pointer(self) -> String {
        pointer::of(self)
    }
}

/// The values inside a value.
#[derive(Clone, Debug)]
pub struct Children<'d> {
    document: &'d Document<'d>,
    at: u32,
    end: u32,
}

impl Children<'_> {
    /// The same without any value.
    pub(crate) fn empty(self) -> Self {
        Children { end: self.at, ..self }
    }
}

impl<'d> Iterator for Children<'d> {
    type Item = Value<'d>;

    fn next(&mut self) -> Option<Value<'d>> {
        if self.at >= self.end {
            return None;
        }
        let value = Value { document: self.document, index: self.at };
        self.at = value.node().next.max(self.at + 1);
        Some(value)
    }
}
