//! Records as JSON, exactly: texts as texts, and what is not UTF-8 as base64 in a member `‹name›_base64` in its place.

use super::Kind;
use super::encoding;
use super::node::Node;
use base64::Engine as _;
use serde_json::{Map, Value, json};

pub(super) fn base64(bytes: &[u8]) -> Value {
    base64::engine::general_purpose::STANDARD.encode(bytes).into()
}

/// The name of a member for a key: the text itself, or `_base64:` and its base64.
pub(super) fn name(key: &[u8]) -> String {
    match std::str::from_utf8(key) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("_base64:{}", base64::engine::general_purpose::STANDARD.encode(key)),
    }
}

/// The members of an object, and what of the record could not be read: its bytes stand in a member `‹name›_base64`.
#[derive(Default)]
pub(super) struct Object {
    pub(super) members: Map<String, Value>,
    pub(super) problems: Vec<String>,
}

impl Object {
    pub(super) fn text(&mut self, name: &str, bytes: &[u8]) {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.members.insert(name.to_owned(), text.into()),
            Err(_) => self.members.insert(format!("{name}_base64"), base64(bytes)),
        };
    }

    fn raw(&mut self, name: &str, bytes: &[u8], problem: &str) {
        self.problems.push(format!("{name} {problem}"));
        self.members.insert(format!("{name}_base64"), base64(bytes));
    }

    fn decoded<T>(
        &mut self,
        node: Option<&Node>,
        stored: &str,
        name: &str,
        decode: impl FnOnce(&[u8]) -> Result<T, String>,
        show: impl FnOnce(T) -> Value,
    ) {
        match node.and_then(|node| node.value(stored)).map(|bytes| (bytes, decode(bytes))) {
            Some((_, Ok(value))) => drop(self.members.insert(name.to_owned(), show(value))),
            Some((bytes, Err(problem))) => self.raw(name, bytes, &problem),
            None => drop(self.members.insert(name.to_owned(), Value::Null)),
        }
    }

    /// A time that was never set is null.
    fn time(&mut self, node: &Node, stored: &str, name: &str) {
        self.decoded(Some(node), stored, name, encoding::time, |time| json!(time));
    }

    fn any(&mut self, node: Option<&Node>, stored: &str, name: &str) {
        self.decoded(node, stored, name, encoding::any, |any| json!(any));
    }

    fn size(&mut self, node: Option<&Node>) {
        self.decoded(node, "size", "size", encoding::varint, Value::from);
    }

    fn value(&mut self, node: Option<&Node>, stored: &str, name: &str) {
        self.text(name, node.and_then(|node| node.value(stored)).unwrap_or_default());
    }

    /// Pairs of texts; null where there are none. Those that are not both UTF-8 stand in a list of their own.
    pub(super) fn pairs(&mut self, name: &str, node: Option<&Node>) {
        let mut texts = Map::new();
        let mut others = Vec::new();
        for (key, value) in node.iter().flat_map(|node| &node.values) {
            match (std::str::from_utf8(key), std::str::from_utf8(value)) {
                (Ok(key), Ok(value)) => drop(texts.insert(key.to_owned(), value.into())),
                _ => others.push(json!({"key": base64(key), "value": base64(value)})),
            }
        }
        let texts = if texts.is_empty() { Value::Null } else { texts.into() };
        self.members.insert(name.to_owned(), texts);
        if !others.is_empty() {
            self.members.insert(format!("{name}_base64"), others.into());
        }
    }

    fn object(&mut self, name: &str, inner: Object) {
        self.problems.extend(inner.problems.into_iter().map(|problem| format!("{name} {problem}")));
        self.members.insert(name.to_owned(), inner.members.into());
    }

    fn runtime(&mut self, node: &Node) {
        let mut runtime = Object::default();
        runtime.value(node.bucket("runtime"), "name", "name");
        runtime.any(node.bucket("runtime"), "options", "options");
        self.object("runtime", runtime);
    }

    fn extensions(&mut self, node: &Node) {
        let mut extensions = Object::default();
        let mut others = Vec::new();
        for (name, value) in node.bucket("extensions").iter().flat_map(|extensions| &extensions.values) {
            match (std::str::from_utf8(name), encoding::any(value)) {
                (Ok(name), Ok(any)) => drop(extensions.members.insert(name.to_owned(), json!(any))),
                (Ok(name), Err(problem)) => extensions.raw(name, value, &problem),
                (Err(_), _) => others.push(json!({"name": base64(name), "value": base64(value)})),
            }
        }
        self.object("extensions", extensions);
        if !others.is_empty() {
            self.members.insert("extensions_base64".to_owned(), others.into());
        }
    }

    fn resources(&mut self, node: &Node) {
        let mut out = Vec::new();
        let mut add = |kind: &[u8], ids: Option<&Node>| {
            for id in ids.iter().flat_map(|ids| ids.values.keys()) {
                let mut resource = Object::default();
                resource.text("id", id);
                resource.text("type", kind);
                out.push(resource.members);
            }
        };
        for kind in ["content", "images", "ingests"] {
            add(kind.as_bytes(), node.bucket(kind));
        }
        for (snapshotter, ids) in node.bucket("snapshots").iter().flat_map(|snapshots| &snapshots.buckets) {
            add(&[b"snapshots/", snapshotter.as_slice()].concat(), Some(ids));
        }
        self.members.insert("resources".to_owned(), out.into());
    }

    /// What of the record is not containerd's: kept so that nothing of the file is lost.
    fn unknown(&mut self, node: &Node, values: &[&str], buckets: &[&str]) {
        let known = |names: &[&str], name: &[u8]| names.iter().any(|known| known.as_bytes() == name);
        let mut out = Vec::new();
        for (name, value) in node.values.iter().filter(|(name, _)| !known(values, name)) {
            let mut member = Object::default();
            member.text("name", name);
            member.members.insert("value_base64".to_owned(), base64(value));
            out.push(member.members);
        }
        for (name, _) in node.buckets.iter().filter(|(name, _)| !known(buckets, name)) {
            let mut member = Object::default();
            member.text("bucket", name);
            out.push(member.members);
        }
        if !out.is_empty() {
            self.members.insert("unknown".to_owned(), out.into());
        }
    }
}

/// A record in the members that containerd's messages have.
pub(super) fn record(kind: Kind, node: &Node) -> Object {
    let mut out = Object::default();
    let key = match kind {
        Kind::Container | Kind::Lease | Kind::Sandbox => "id",
        Kind::Image | Kind::Snapshot => "name",
        Kind::Blob => "digest",
        Kind::Ingest => "reference",
    };
    out.text(key, &node.key);
    if kind != Kind::Ingest {
        out.pairs("labels", node.bucket("labels"));
        out.time(node, "createdat", "created_at");
    }
    if !matches!(kind, Kind::Ingest | Kind::Lease) {
        out.time(node, "updatedat", "updated_at");
    }
    let (values, buckets): (&[&str], &[&str]) = match kind {
        Kind::Container => {
            out.value(Some(node), "image", "image");
            out.runtime(node);
            out.any(Some(node), "spec", "spec");
            out.value(Some(node), "snapshotter", "snapshotter");
            out.value(Some(node), "snapshotKey", "snapshot_key");
            out.extensions(node);
            out.value(Some(node), "sandboxid", "sandbox_id");
            let values = &["createdat", "updatedat", "spec", "image", "snapshotter", "snapshotKey", "sandboxid"];
            (values, &["labels", "runtime", "extensions"])
        }
        Kind::Image => {
            let mut target = Object::default();
            let stored = node.bucket("target");
            if stored.is_none() {
                target.problems.push("is missing".to_owned());
            }
            target.value(stored, "mediatype", "media_type");
            target.value(stored, "digest", "digest");
            target.size(stored);
            target.pairs("annotations", node.bucket("annotations"));
            out.object("target", target);
            (&["createdat", "updatedat"], &["labels", "annotations", "target"])
        }
        Kind::Lease => {
            out.resources(node);
            (&["createdat"], &["labels", "content", "images", "ingests", "snapshots"])
        }
        Kind::Sandbox => {
            out.runtime(node);
            out.any(Some(node), "spec", "spec");
            out.extensions(node);
            out.value(Some(node), "sandboxer", "sandboxer");
            (&["createdat", "updatedat", "spec", "sandboxer"], &["labels", "runtime", "extensions"])
        }
        Kind::Blob => {
            out.size(Some(node));
            (&["createdat", "updatedat", "size"], &["labels"])
        }
        Kind::Ingest => {
            out.value(Some(node), "ref", "backend_reference");
            out.time(node, "expireat", "expires_at");
            out.value(Some(node), "expected", "expected");
            (&["ref", "expireat", "expected"], &[])
        }
        Kind::Snapshot => {
            out.value(Some(node), "parent", "parent");
            out.value(Some(node), "name", "backend_name");
            let mut children = Vec::new();
            for child in node.bucket("children").iter().flat_map(|children| children.values.keys()) {
                children
                    .push(std::str::from_utf8(child).map_or_else(|_| json!({"base64": base64(child)}), Value::from));
            }
            out.members.insert("children".to_owned(), children.into());
            (&["createdat", "updatedat", "name", "parent"], &["labels", "children"])
        }
    };
    out.unknown(node, values, buckets);
    out
}
