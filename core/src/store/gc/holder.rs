//! The records of a namespace, as far as they refer to one another. Source: containerd-metadata §10.5.

use super::scan::Visit;
use crate::model::{Container, Labels, LeaseResource, Sandbox, Timestamp};
use crate::storage::Read;
use crate::storage::layout::{self, Space};
use crate::store::{content, halves, images, leases, snapshots};
use crate::{Error, Result};
use std::ops::ControlFlow;

/// A record that may refer to others. Books and containerd's databases show theirs as these.
pub(crate) enum Holder {
    Lease {
        id: String,
        labels: Labels,
        resources: Vec<LeaseResource>,
    },
    Snapshot {
        snapshotter: String,
        key: String,
        parent: String,
        /// What the snapshotter calls it.
        backend_name: String,
        labels: Labels,
    },
    Ingest {
        reference: String,
        expires_at: Option<Timestamp>,
        expected: String,
    },
    Content {
        digest: String,
        labels: Labels,
    },
    Image {
        name: String,
        target: String,
        labels: Labels,
    },
    Container {
        id: String,
        image: String,
        snapshotter: String,
        snapshot_key: String,
        sandbox_id: String,
        labels: Labels,
    },
    Sandbox {
        id: String,
        labels: Labels,
    },
}

/// Shows the records of a namespace of a book, with their keys, in the order in which containerd collects.
pub(super) fn each(read: &dyn Read, namespace: &str, visit: &mut Visit<'_>) -> Result<()> {
    in_space(read, namespace, Space::Lease, |key, parts, value| {
        let [id] = texts(key, parts)?;
        let labels = leases::decode(value)?.labels;
        let resources = leases::list_resources(read, namespace, &id)?;
        visit(key, Holder::Lease { id, labels, resources })
    })?;
    in_space(read, namespace, Space::Snapshot, |key, parts, value| {
        let stored = snapshots::record::decode(value)?;
        let [snapshotter, name] = texts(key, parts)?;
        let (parent, backend_name, labels) = (stored.parent, stored.backend_name, stored.labels);
        visit(key, Holder::Snapshot { snapshotter, key: name, parent, backend_name, labels })
    })?;
    in_space(read, namespace, Space::Ingest, |key, parts, value| {
        let [reference] = texts(key, parts)?;
        let ingest = content::record::decode_ingest(&reference, value)?;
        visit(key, Holder::Ingest { reference, expires_at: ingest.expires_at, expected: ingest.expected })
    })?;
    in_space(read, namespace, Space::Blob, |key, parts, value| {
        let labels = content::record::decode_blob(value)?.labels;
        let [digest] = texts(key, parts)?;
        visit(key, Holder::Content { digest, labels })
    })?;
    in_space(read, namespace, Space::Image, |key, parts, value| {
        let image = images::decode(value)?;
        let [name] = texts(key, parts)?;
        visit(key, Holder::Image { name, target: image.target.digest, labels: image.labels })
    })?;
    in_space(read, namespace, Space::ContainerHead, |key, parts, value| {
        let Container { image, snapshotter, snapshot_key, sandbox_id, labels, .. } = halves::decode_head(value)?;
        let [id] = texts(key, parts)?;
        visit(key, Holder::Container { id, image, snapshotter, snapshot_key, sandbox_id, labels })
    })?;
    in_space(read, namespace, Space::SandboxHead, |key, parts, value| {
        let sandbox: Sandbox = halves::decode_head(value)?;
        let [id] = texts(key, parts)?;
        visit(key, Holder::Sandbox { id, labels: sandbox.labels })
    })
}

/// Shows each record of a space in a namespace: its key, the parts of the key behind the namespace, and its value.
fn in_space(
    read: &dyn Read,
    namespace: &str,
    space: Space,
    mut visit: impl FnMut(&[u8], Vec<Vec<u8>>, &[u8]) -> Result<()>,
) -> Result<()> {
    let records = layout::records(space, namespace.as_bytes());
    read.scan(&records, layout::prefix_end(&records).as_deref(), &mut |key, value| {
        let mut parts = layout::parse(key).map(|(_, parts)| parts).unwrap_or_default();
        let parts = parts.split_off(parts.len().min(1));
        visit(key, parts, value)?;
        Ok(ControlFlow::Continue(()))
    })
}

/// The parts of a key as texts, all `N` of them.
fn texts<const N: usize>(key: &[u8], parts: Vec<Vec<u8>>) -> Result<[String; N]> {
    let texts = parts.into_iter().map(String::from_utf8).collect::<Result<Vec<_>, _>>().ok();
    texts
        .and_then(|texts| texts.try_into().ok())
        .ok_or_else(|| Error::data_loss(format!("{} is not UTF-8", layout::describe(key))))
}
