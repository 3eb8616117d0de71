//! Texts that occurred.

use crate::doc::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Texts, each with the value where it occurred. They are mostly a handful, which is faster looked through than kept in
/// order; a long list must not take longer than its length.
#[derive(Default)]
pub(super) struct Seen<'d> {
    few: Vec<(Cow<'d, str>, Value<'d>)>,
    many: BTreeMap<Cow<'d, str>, Value<'d>>,
}

/// How many are looked through one by one.
const FEW: usize = 24;

impl<'d> Seen<'d> {
    /// Where a text occurred.
    pub(super) fn get(&self, text: &str) -> Option<Value<'d>> {
        let few = self.few.iter().find(|(one, _)| one == text);
        few.map(|(_, value)| *value).or_else(|| if self.many.is_empty() { None } else { self.many.get(text).copied() })
    }

    /// Takes a text that has not occurred.
    pub(super) fn insert(&mut self, text: Cow<'d, str>, value: Value<'d>) {
        if self.few.len() < FEW {
            self.few.push((text, value));
        } else {
            self.many.insert(text, value);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.few.is_empty()
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Cow<'d, str>, Value<'d>)> {
        self.few.iter().map(|(text, value)| (text, *value)).chain(self.many.iter().map(|(text, value)| (text, *value)))
    }
}
