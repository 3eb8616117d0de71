//! A sandbox's record as it is stored: which fields make its head and its body, and where filters find what they name.

use crate::filter::{Adaptor, Filter};
use crate::model::codec::{put_labels, put_text, put_time};
use crate::model::{Any, Extensions, Runtime, Sandbox};
use crate::proto::wire;
use crate::storage::layout::Space;
use crate::store::fields::Fields;
use crate::store::halves::Halved;
use std::borrow::Cow;

impl Halved for Sandbox {
    const HEAD: Space = Space::SandboxHead;
    const BODY: Space = Space::SandboxBody;
    const BODY_FIELDS: [u32; 3] = [2, 3, 7];

    fn id(&self) -> &str {
        &self.id
    }

    fn body(&self) -> (&Runtime, Option<&Any>, &Extensions) {
        (&self.runtime, self.spec.as_ref(), &self.extensions)
    }

    fn encode_head(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        put_text(&mut out, 1, &self.id);
        wire::put_message(&mut out, 2, |out| {
            put_text(out, 1, &self.runtime.name);
            out.extend_from_slice(self.runtime.unknown.as_bytes());
        });
        put_labels(&mut out, 4, &self.labels);
        put_time(&mut out, 5, self.created_at);
        put_time(&mut out, 6, self.updated_at);
        put_text(&mut out, 10, &self.sandboxer);
        out.extend_from_slice(self.unknown.as_bytes());
        out
    }

    fn is_selected(filter: &Filter, head: Fields<'_>) -> bool {
        filter.matches(&Head(head))
    }
}

/// A record that is not stored: filters see what they would see if it were.
impl Adaptor for Sandbox {
    fn field<'s>(&'s self, path: &[Vec<u8>]) -> Option<Cow<'s, [u8]>> {
        let head = self.encode_head();
        Head(Fields::of(&head)).field(path).map(|value| Cow::Owned(value.into_owned()))
    }
}

struct Head<'a>(Fields<'a>);

/// Source: containerd-metadata §8.6.
impl Adaptor for Head<'_> {
    fn field<'s>(&'s self, path: &[Vec<u8>]) -> Option<Cow<'s, [u8]>> {
        let (first, rest) = path.split_first()?;
        match first.as_slice() {
            b"id" => self.0.text(1),
            b"labels" => self.0.entry(4, rest),
            _ => None,
        }
    }
}
