use super::Kind;
use super::node::Node;
use crate::filter::{Adaptor, join_path};
use std::borrow::Cow;

/// What a filter sees of a record: its bytes. Source: containerd-metadata §8.6.
pub(super) struct Fields<'a>(pub(super) Kind, pub(super) &'a Node);

impl Adaptor for Fields<'_> {
    fn field<'s>(&'s self, path: &[Vec<u8>]) -> Option<Cow<'s, [u8]>> {
        let Fields(kind, node) = self;
        let (first, rest) = path.split_first()?;
        let first = std::str::from_utf8(first).ok()?;
        let label = |bucket: &str| node.bucket(bucket)?.values.get(&*join_path(rest)).map(Vec::as_slice);
        // In a bucket of a record: there unless it is empty.
        let inner = |bucket: &str, names: &[&str]| {
            let name = std::str::from_utf8(rest.first()?).ok().filter(|name| names.contains(name))?;
            node.bucket(bucket)?.value(name).filter(|value| !value.is_empty())
        };
        let filled = |value: Option<&'s [u8]>| value.filter(|value| !value.is_empty());
        let key = Some(node.key.as_slice());
        let value = match (kind, first) {
            (Kind::Ingest, "ref") | (Kind::Blob, "digest") | (Kind::Snapshot, "name") | (Kind::Sandbox, "id") => key,
            (Kind::Ingest, _) => None,
            (_, "labels") if !rest.is_empty() => label("labels"),
            (Kind::Container | Kind::Lease, "id") | (Kind::Image, "name") => filled(key),
            (Kind::Container, "image") => filled(node.value("image")),
            (Kind::Container, "runtime") => inner("runtime", &["name"]),
            (Kind::Image, "target") => inner("target", &["digest", "mediatype"]),
            (Kind::Image, "annotations") if !rest.is_empty() => label("annotations"),
            (Kind::Snapshot, "parent") => Some(node.value("parent").unwrap_or_default()),
            _ => None,
        };
        value.map(Cow::Borrowed)
    }
}
