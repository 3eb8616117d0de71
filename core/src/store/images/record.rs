//! Where filters find what they name in a stored image.

use crate::filter::Adaptor;
use crate::model::Image;
use crate::proto::Message as _;
use crate::store::fields::Fields;
use std::borrow::Cow;

/// A record that is not stored: filters see what they would see if it were.
impl Adaptor for Image {
    fn field<'s>(&'s self, path: &[Vec<u8>]) -> Option<Cow<'s, [u8]>> {
        let message = self.encode();
        Stored(Fields::of(&message)).field(path).map(|value| Cow::Owned(value.into_owned()))
    }
}

/// An image's message. Source: containerd-metadata §8.6.
pub(super) struct Stored<'a>(pub(super) Fields<'a>);

impl Adaptor for Stored<'_> {
    fn field<'s>(&'s self, path: &[Vec<u8>]) -> Option<Cow<'s, [u8]>> {
        let (first, rest) = path.split_first()?;
        let target = || self.0.message(3);
        match (first.as_slice(), rest) {
            (b"name", _) => self.0.text(1),
            (b"target", [name, ..]) if name == b"mediatype" => target().text(1),
            (b"target", [name, ..]) if name == b"digest" => target().text(2),
            (b"labels", key) => self.0.entry(2, key),
            (b"annotations", key) => target().entry(5, key),
            _ => None,
        }
    }
}
