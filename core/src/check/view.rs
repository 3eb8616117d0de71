//! Short ways to members of objects.

use crate::doc::{Children, Shape, Value, tag};
use std::borrow::Cow;

/// Members by name. A member of another type than asked for is not there: a rule about types speaks of it.
///
/// What is inlined is the tag alone, which the compiler works out of a name that it sees.
pub(super) trait View<'d>: Copy {
    /// The member with this tag and name that passes.
    fn member(self, tag: u16, name: &str, passes: fn(Shape) -> bool) -> Option<Value<'d>>;

    /// The member, unless it is `null`, which counts as absent.
    #[inline(always)]
    fn present(self, name: &str) -> Option<Value<'d>> {
        self.member(tag(name.as_bytes()), name, |shape| shape != Shape::Null)
    }

    /// The member that is an object.
    #[inline(always)]
    fn object(self, name: &str) -> Option<Value<'d>> {
        self.member(tag(name.as_bytes()), name, |shape| shape == Shape::Object)
    }

    /// The member that is a list.
    #[inline(always)]
    fn array(self, name: &str) -> Option<Value<'d>> {
        self.member(tag(name.as_bytes()), name, |shape| shape == Shape::Array)
    }

    /// The member that is a string.
    #[inline(always)]
    fn string(self, name: &str) -> Option<Value<'d>> {
        self.member(tag(name.as_bytes()), name, |shape| shape == Shape::String)
    }

    /// The items of a member.
    #[inline(always)]
    fn list(self, name: &str) -> Children<'d> {
        self.tagged_list(tag(name.as_bytes()), name)
    }

    /// The text of a member.
    #[inline(always)]
    fn text(self, name: &str) -> Option<Cow<'d, str>> {
        self.tagged_text(tag(name.as_bytes()), name)
    }

    /// The number of a member.
    #[inline(always)]
    fn integer(self, name: &str) -> Option<i128> {
        self.tagged_integer(tag(name.as_bytes()), name)
    }

    /// The truth value of a member.
    #[inline(always)]
    fn truth(self, name: &str) -> Option<bool> {
        self.tagged_truth(tag(name.as_bytes()), name)
    }

    fn tagged_list(self, tag: u16, name: &str) -> Children<'d>;
    fn tagged_text(self, tag: u16, name: &str) -> Option<Cow<'d, str>>;
    fn tagged_integer(self, tag: u16, name: &str) -> Option<i128>;
    fn tagged_truth(self, tag: u16, name: &str) -> Option<bool>;
}

impl<'d> View<'d> for Value<'d> {
    #[inline(never)]
    fn member(self, tag: u16, name: &str, passes: fn(Shape) -> bool) -> Option<Value<'d>> {
        self.find(tag, name).filter(|member| passes(member.shape()))
    }

    #[inline(never)]
    fn tagged_list(self, tag: u16, name: &str) -> Children<'d> {
        match self.find(tag, name) {
            Some(member) => member.items(),
            // A string has no items.
            None => self.items().empty(),
        }
    }

    #[inline(never)]
    fn tagged_text(self, tag: u16, name: &str) -> Option<Cow<'d, str>> {
        self.find(tag, name)?.as_str()
    }

    #[inline(never)]
    fn tagged_integer(self, tag: u16, name: &str) -> Option<i128> {
        self.find(tag, name)?.as_integer()
    }

    #[inline(never)]
    fn tagged_truth(self, tag: u16, name: &str) -> Option<bool> {
        self.find(tag, name)?.as_bool()
    }
}

/// The strings among some values.
pub(super) fn strings<'d>(values: Children<'d>) -> impl Iterator<Item = (Value<'d>, Cow<'d, str>)> {
    values.filter_map(|value| Some((value, value.as_str()?)))
}
