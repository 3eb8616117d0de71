//! What a filter sees of a record.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// A record with fields that a filter can ask for.
pub trait Adaptor {
    /// The value of a field, or `None` if the record does not have it. The path has one name at least; each may be any
    /// bytes, even none.
    fn field<'a>(&'a self, path: &[Vec<u8>]) -> Option<Cow<'a, [u8]>>;
}

impl<A: Adaptor + ?Sized> Adaptor for &A {
    fn field<'a>(&'a self, path: &[Vec<u8>]) -> Option<Cow<'a, [u8]>> {
        (**self).field(path)
    }
}

/// The names of a path joined with dots, which is how labels are looked up: `labels.a.b` and `labels."a.b"` both ask for
/// the label `a.b`. A single name is borrowed.
///
/// ```
/// use stowbook::filter::join_path;
/// assert_eq!(*join_path(&[b"a".to_vec(), b"b".to_vec()]), *b"a.b");
/// ```
#[must_use]
pub fn join_path(path: &[Vec<u8>]) -> Cow<'_, [u8]> {
    match path {
        [] => Cow::Borrowed(&[]),
        [only] => Cow::Borrowed(only),
        _ => Cow::Owned(path.join(&b'.')),
    }
}

/// A record that is just fields: values by their paths, the names joined with dots.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldMap(BTreeMap<Vec<u8>, Vec<u8>>);

impl<K: Into<Vec<u8>>, V: Into<Vec<u8>>> FromIterator<(K, V)> for FieldMap {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(fields: I) -> Self {
        FieldMap(fields.into_iter().map(|(path, value)| (path.into(), value.into())).collect())
    }
}

impl Adaptor for FieldMap {
    fn field<'a>(&'a self, path: &[Vec<u8>]) -> Option<Cow<'a, [u8]>> {
        self.0.get(&*join_path(path)).map(|value| Cow::Borrowed(value.as_slice()))
    }
}
