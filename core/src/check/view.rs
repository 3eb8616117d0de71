//! Short ways to members of objects.

use crate::doc::{Children, Shape, Value};
use std::borrow::Cow;

/// Members by name, all inlined: so [`Value::get`] meets the name as a constant. A member of another type than asked for is not there: a rule about types speaks of it.
pub(super) trait View<'d>: Copy {
    /// The member, unless it is `null`, which counts as absent.
    fn present(self, name: &str) -> Option<Value<'d>>;

    /// The member that is an object.
    #[inline(always)]
    fn object(self, name: &str) -> Option<Value<'d>> {
        self.present(name).filter(|member| member.shape() == Shape::Object)
    }

    /// The member that is a list.
    #[inline(always)]
    fn array(self, name: &str) -> Option<Value<'d>> {
        self.present(name).filter(|member| member.shape() == Shape::Array)
    }

    /// The member that is a string.
    #[inline(always)]
    fn string(self, name: &str) -> Option<Value<'d>> {
        self.present(name).filter(|member| member.shape() == Shape::String)
    }

    /// The items of a member.
    fn list(self, name: &str) -> Children<'d>;

    /// The text of a member.
    #[inline(always)]
    fn text(self, name: &str) -> Option<Cow<'d, str>> {
        self.present(name)?.as_str()
    }

    /// The number of a member.
    #[inline(always)]
    fn integer(self, name: &str) -> Option<i128> {
        self.present(name)?.as_integer()
    }

    /// The truth value of a member.
    #[inline(always)]
    fn truth(self, name: &str) -> Option<bool> {
        self.present(name)?.as_bool()
    }
}

impl<'d> View<'d> for Value<'d> {
    #[inline(always)]
    fn present(self, name: &str) -> Option<Value<'d>> {
        self.get(name).filter(|member| member.shape() != Shape::Null)
    }

    #[inline(always)]
    fn list(self, name: &str) -> Children<'d> {
        match self.get(name) {
            Some(member) => member.items(),
            // A string has no items.
            None => self.items().empty(),
        }
    }
}

/// The strings among some values.
pub(super) fn strings<'d>(values: Children<'d>) -> impl Iterator<Item = (Value<'d>, Cow<'d, str>)> {
    values.filter_map(|value| Some((value, value.as_str()?)))
}
