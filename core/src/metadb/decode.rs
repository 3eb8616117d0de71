//! Records from what lies in the file. Source: containerd-metadata §9.3.

use super::node::Node;
use super::{Kind, encoding};
use crate::model::{
    Any, Blob, Container, Descriptor, Extensions, Image, Ingest, Labels, Lease, LeaseResource, Namespace, Runtime,
    Sandbox, Snapshot, Timestamp,
};
use crate::text::{lossy, quote};

/// Something about a record that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// A text that is not UTF-8. The model shows the signs that are none as U+FFFD.
    NotText(String),
    /// A value that cannot be read. The model goes without it.
    Undecodable(String),
}

impl Problem {
    pub(super) fn text(&self) -> &str {
        match self {
            Problem::NotText(text) | Problem::Undecodable(text) => text,
        }
    }
}

/// Makes models of records and notes what is wrong on the way. What is missing reads as empty: so containerd does it.
#[derive(Default)]
pub(super) struct Decoder {
    pub(super) problems: Vec<Problem>,
}

impl Decoder {
    pub(super) fn text(&mut self, what: &str, bytes: &[u8]) -> String {
        if std::str::from_utf8(bytes).is_err() {
            self.problems.push(Problem::NotText(format!("{what} is not UTF-8: {}", quote(bytes))));
        }
        lossy(bytes).into_owned()
    }

    fn value<T>(&mut self, node: &Node, name: &str, decode: impl FnOnce(&[u8]) -> Result<T, String>) -> Option<T> {
        let decoded = decode(node.value(name)?);
        decoded.map_err(|problem| self.problems.push(Problem::Undecodable(format!("{name} {problem}")))).ok()
    }

    fn member(&mut self, node: &Node, name: &str) -> String {
        node.value(name).map(|bytes| self.text(name, bytes)).unwrap_or_default()
    }

    fn time(&mut self, node: &Node, name: &str) -> Option<Timestamp> {
        self.value(node, name, encoding::time).flatten()
    }

    fn any(&mut self, node: &Node, name: &str) -> Option<Any> {
        self.value(node, name, encoding::any)
    }

    fn labels(&mut self, node: &Node, name: &str) -> Labels {
        let mut out = Labels::new();
        for (key, value) in node.bucket(name).iter().flat_map(|labels| &labels.values) {
            let what = format!("the key of {name} {}", quote(key));
            let key = self.text(&what, key);
            let what = format!("{name} {}", quote(&key));
            out.insert(key, self.text(&what, value));
        }
        out
    }

    fn runtime(&mut self, node: &Node) -> Runtime {
        let Some(runtime) = node.bucket("runtime") else { return Runtime::default() };
        Runtime { name: self.member(runtime, "name"), options: self.any(runtime, "options"), ..Runtime::default() }
    }

    fn extensions(&mut self, node: &Node) -> Extensions {
        let mut out = Extensions::new();
        for (name, value) in node.bucket("extensions").iter().flat_map(|extensions| &extensions.values) {
            let name = self.text("the name of an extension", name);
            match encoding::any(value) {
                Ok(value) => drop(out.insert(name, value)),
                Err(problem) => {
                    self.problems.push(Problem::Undecodable(format!("extension {} {problem}", quote(&name))));
                }
            }
        }
        out
    }

    pub(super) fn namespace(&mut self, name: &[u8], labels: Option<&Node>) -> Namespace {
        let mut holder = Node::default();
        holder.buckets.extend(labels.map(|labels| (b"labels".to_vec(), labels.clone())));
        let name = self.text("the name", name);
        Namespace { name, labels: self.labels(&holder, "labels"), ..Namespace::default() }
    }

    /// Notes what is wrong with a record of any kind.
    pub(super) fn any_kind(&mut self, kind: Kind, node: &Node) {
        match kind {
            Kind::Container => drop(self.container(node)),
            Kind::Image => drop(self.image(node)),
            Kind::Lease => drop((self.lease(node), self.resources(node))),
            Kind::Sandbox => drop(self.sandbox(node)),
            Kind::Blob => drop(self.blob(node)),
            Kind::Ingest => drop(self.ingest(node)),
            Kind::Snapshot => drop(self.snapshot(node)),
        }
    }

    pub(super) fn container(&mut self, node: &Node) -> Container {
        Container {
            id: self.text("the id", &node.key),
            labels: self.labels(node, "labels"),
            image: self.member(node, "image"),
            runtime: self.runtime(node),
            spec: self.any(node, "spec"),
            snapshotter: self.member(node, "snapshotter"),
            snapshot_key: self.member(node, "snapshotKey"),
            created_at: self.time(node, "createdat"),
            updated_at: self.time(node, "updatedat"),
            extensions: self.extensions(node),
            sandbox_id: self.member(node, "sandboxid"),
            ..Container::default()
        }
    }

    pub(super) fn image(&mut self, node: &Node) -> Image {
        let target = match node.bucket("target") {
            Some(target) => Descriptor {
                media_type: self.member(target, "mediatype"),
                digest: self.member(target, "digest"),
                size: self.value(target, "size", encoding::varint).unwrap_or_default(),
                annotations: self.labels(node, "annotations"),
                ..Descriptor::default()
            },
            None => {
                // containerd's words for it.
                self.problems.push(Problem::Undecodable("unable to read target bucket".to_owned()));
                Descriptor::default()
            }
        };
        Image {
            name: self.text("the name", &node.key),
            labels: self.labels(node, "labels"),
            target,
            created_at: self.time(node, "createdat"),
            updated_at: self.time(node, "updatedat"),
            ..Image::default()
        }
    }

    pub(super) fn lease(&mut self, node: &Node) -> Lease {
        Lease {
            id: self.text("the id", &node.key),
            created_at: self.time(node, "createdat"),
            labels: self.labels(node, "labels"),
            ..Lease::default()
        }
    }

    /// What a lease holds, in the order in which containerd tells it.
    pub(super) fn resources(&mut self, node: &Node) -> Vec<LeaseResource> {
        let mut out = Vec::new();
        let mut add = |kind: &str, ids: Option<&Node>| {
            for id in ids.iter().flat_map(|ids| ids.values.keys()) {
                let id = self.text(&format!("the id of a resource of type {}", quote(kind)), id);
                out.push(LeaseResource { id, kind: kind.to_owned(), ..LeaseResource::default() });
            }
        };
        for kind in ["content", "images", "ingests"] {
            add(kind, node.bucket(kind));
        }
        for (snapshotter, ids) in node.bucket("snapshots").iter().flat_map(|snapshots| &snapshots.buckets) {
            add(&format!("snapshots/{}", lossy(snapshotter)), Some(ids));
        }
        out
    }

    pub(super) fn sandbox(&mut self, node: &Node) -> Sandbox {
        Sandbox {
            id: self.text("the id", &node.key),
            runtime: self.runtime(node),
            spec: self.any(node, "spec"),
            labels: self.labels(node, "labels"),
            created_at: self.time(node, "createdat"),
            updated_at: self.time(node, "updatedat"),
            extensions: self.extensions(node),
            sandboxer: self.member(node, "sandboxer"),
            ..Sandbox::default()
        }
    }

    pub(super) fn blob(&mut self, node: &Node) -> Blob {
        Blob {
            digest: self.text("the digest", &node.key),
            size: self.value(node, "size", encoding::varint).unwrap_or_default(),
            created_at: self.time(node, "createdat"),
            updated_at: self.time(node, "updatedat"),
            labels: self.labels(node, "labels"),
            ..Blob::default()
        }
    }

    pub(super) fn ingest(&mut self, node: &Node) -> Ingest {
        Ingest {
            reference: self.text("the reference", &node.key),
            backend_reference: self.member(node, "ref"),
            expires_at: self.time(node, "expireat"),
            expected: self.member(node, "expected"),
        }
    }

    /// The keys of the snapshots that were put on this one.
    pub(super) fn children(&mut self, node: &Node) -> Vec<String> {
        let children = node.bucket("children").iter().flat_map(|children| children.values.keys()).collect::<Vec<_>>();
        children.into_iter().map(|child| self.text("the key of a child", child)).collect()
    }

    pub(super) fn snapshot(&mut self, node: &Node) -> Snapshot {
        Snapshot {
            name: self.text("the key", &node.key),
            parent: self.member(node, "parent"),
            labels: self.labels(node, "labels"),
            created_at: self.time(node, "createdat"),
            updated_at: self.time(node, "updatedat"),
            backend_name: self.member(node, "name"),
            ..Snapshot::default()
        }
    }
}
