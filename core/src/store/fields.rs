//! Records that are not decoded: a filter finds the one field that it names in the message as it is stored.

use crate::filter::join_path;
use crate::proto::wire::{Reader, Value};
use std::borrow::Cow;

/// A stored message. It is our own, so it is canonical and a single field stands once; and it was sealed, so there is no
/// error to tell.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn of(message: &'a [u8]) -> Self {
        Fields(message)
    }

    /// The bytes of every field of this number.
    fn each(self, number: u32) -> impl Iterator<Item = &'a [u8]> {
        Reader::new(self.0).map_while(Result::ok).filter_map(move |field| match field.value {
            Value::Bytes(bytes) if field.number == number => Some(bytes),
            _ => None,
        })
    }

    /// The message in a field. One that is not there has no fields.
    pub(super) fn message(self, number: u32) -> Fields<'a> {
        Fields(self.each(number).next().unwrap_or_default())
    }

    /// A text, unless it is empty: containerd counts an empty text as absent (containerd-metadata §8.6).
    pub(super) fn text(self, number: u32) -> Option<Cow<'a, [u8]>> {
        self.each(number).next().filter(|text| !text.is_empty()).map(Cow::Borrowed)
    }

    /// The value that a map has for a key: the names of `path`, joined with dots.
    pub(super) fn entry(self, number: u32, path: &[Vec<u8>]) -> Option<Cow<'a, [u8]>> {
        let key = join_path(path);
        let half = |entry, number| Fields(entry).each(number).next().unwrap_or_default();
        self.each(number).find(|entry| half(entry, 1) == &*key).map(|entry| Cow::Borrowed(half(entry, 2)))
    }
}
