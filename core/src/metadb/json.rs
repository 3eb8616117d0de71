//! Records as JSON, exactly: texts as texts, and what is not UTF-8 as base64 in a member `‹name›_base64` in its place.

use super::Kind;
use super::base64::push_base64;
use super::encoding;
use super::node::Node;
use crate::model::Any;
use serde_json::{Map, Value};

/// The name of a member for a key: the text itself, or `_base64:` and its base64.
pub(super) fn name(key: &[u8]) -> String {
    match std::str::from_utf8(key) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            let mut name = "_base64:".to_owned();
            push_base64(key, &mut name);
            name
        }
    }
}

/// A record's text as it is written. Most of a database is base64 of specs, so nothing is built of values first.
#[derive(Default)]
pub(super) struct Json {
    pub(super) text: String,
    /// What of the record could not be read: its bytes stand in a member `‹name›_base64`.
    pub(super) problems: Vec<String>,
    /// Whether there is something that containerd does not know.
    pub(super) has_unknown: bool,
}

impl Json {
    /// The text as a value.
    pub(super) fn members(&self) -> Map<String, Value> {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    pub(super) fn string(&mut self, text: &str) {
        // Without a way out of the loop it goes over many bytes at once.
        let needs_escapes = |found, byte: u8| found | matches!(byte, 0..0x20 | b'"' | b'\\');
        if text.bytes().fold(false, needs_escapes) {
            self.text.push_str(&Value::from(text).to_string());
        } else {
            self.text.push('"');
            self.text.push_str(text);
            self.text.push('"');
        }
    }

    fn base64(&mut self, bytes: &[u8]) {
        self.text.push('"');
        push_base64(bytes, &mut self.text);
        self.text.push('"');
    }

    fn object(&mut self, write: impl FnOnce(&mut Object<'_>)) {
        self.text.push('{');
        write(&mut Object { json: self, first: true });
        self.text.push('}');
    }

    fn list<T>(&mut self, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Json, T)) {
        self.text.push('[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            write(self, item);
        }
        self.text.push(']');
    }
}

fn any(json: &mut Json, any: &Any) {
    json.object(|out| {
        out.member("type_url").string(&any.type_url);
        out.member("value_base64").base64(&any.value);
    });
}

/// The members of an object, one behind another.
struct Object<'a> {
    json: &'a mut Json,
    first: bool,
}

impl Object<'_> {
    /// Begins a member, whose value comes next.
    fn member(&mut self, name: &str) -> &mut Json {
        if !std::mem::take(&mut self.first) {
            self.json.text.push(',');
        }
        self.json.string(name);
        self.json.text.push(':');
        self.json
    }

    fn null(&mut self, name: &str) {
        self.member(name).text.push_str("null");
    }

    fn bytes(&mut self, name: &str, bytes: &[u8]) {
        self.member(&format!("{name}_base64")).base64(bytes);
    }

    fn text(&mut self, name: &str, bytes: &[u8]) {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.member(name).string(text),
            Err(_) => self.bytes(name, bytes),
        }
    }

    fn raw(&mut self, name: &str, bytes: &[u8], problem: &str) {
        self.json.problems.push(format!("{name} {problem}"));
        self.bytes(name, bytes);
    }

    fn decoded<T>(
        &mut self,
        node: Option<&Node>,
        stored: &str,
        name: &str,
        decode: impl FnOnce(&[u8]) -> Result<T, String>,
        show: impl FnOnce(&mut Json, T),
    ) {
        match node.and_then(|node| node.value(stored)).map(|bytes| (bytes, decode(bytes))) {
            Some((_, Ok(value))) => show(self.member(name), value),
            Some((bytes, Err(problem))) => self.raw(name, bytes, &problem),
            None => self.null(name),
        }
    }

    /// A time that was never set is null.
    fn time(&mut self, node: &Node, stored: &str, name: &str) {
        self.decoded(Some(node), stored, name, encoding::time, |json, time| match time {
            Some(time) => json.string(&time.to_string()),
            None => json.text.push_str("null"),
        });
    }

    fn any(&mut self, node: Option<&Node>, stored: &str, name: &str) {
        self.decoded(node, stored, name, encoding::any, |json, value| any(json, &value));
    }

    fn size(&mut self, node: Option<&Node>) {
        self.decoded(node, "size", "size", encoding::varint, |json, size| json.text.push_str(&size.to_string()));
    }

    fn value(&mut self, node: Option<&Node>, stored: &str, name: &str) {
        self.text(name, node.and_then(|node| node.value(stored)).unwrap_or_default());
    }

    /// Pairs of texts; null where there are none. Those that are not both UTF-8 stand in a list of their own.
    fn pairs<'a>(&mut self, name: &str, node: Option<&'a Node>) {
        let pairs = || node.into_iter().flat_map(|node| &node.values);
        let text = |(key, value): (&'a Vec<u8>, &'a Vec<u8>)| Some((utf8(key)?, utf8(value)?));
        if pairs().any(|pair| text(pair).is_some()) {
            self.member(name).object(|out| {
                for (key, value) in pairs().filter_map(text) {
                    out.member(key).string(value);
                }
            });
        } else {
            self.null(name);
        }
        if pairs().any(|pair| text(pair).is_none()) {
            let others = pairs().filter(|pair| text(*pair).is_none());
            self.member(&format!("{name}_base64")).list(others, |json, (key, value)| {
                json.object(|out| {
                    out.member("key").base64(key);
                    out.member("value").base64(value);
                });
            });
        }
    }

    fn object(&mut self, name: &str, write: impl FnOnce(&mut Object<'_>)) {
        let before = self.json.problems.len();
        self.member(name).object(write);
        for problem in self.json.problems.iter_mut().skip(before) {
            problem.insert_str(0, &format!("{name} "));
        }
    }

    fn runtime(&mut self, node: &Node) {
        let runtime = node.bucket("runtime");
        self.object("runtime", |out| {
            out.value(runtime, "name", "name");
            out.any(runtime, "options", "options");
        });
    }

    fn extensions(&mut self, node: &Node) {
        let extensions = || node.bucket("extensions").into_iter().flat_map(|extensions| &extensions.values);
        self.object("extensions", |out| {
            for (name, value) in extensions() {
                match (utf8(name), encoding::any(value)) {
                    (Some(name), Ok(value)) => any(out.member(name), &value),
                    (Some(name), Err(problem)) => out.raw(name, value, &problem),
                    (None, _) => {}
                }
            }
        });
        if extensions().any(|(name, _)| utf8(name).is_none()) {
            let others = extensions().filter(|(name, _)| utf8(name).is_none());
            self.member("extensions_base64").list(others, |json, (name, value)| {
                json.object(|out| {
                    out.member("name").base64(name);
                    out.member("value").base64(value);
                });
            });
        }
    }

    fn resources(&mut self, node: &Node) {
        let direct = ["content", "images", "ingests"].map(|kind| (kind.as_bytes().to_vec(), node.bucket(kind)));
        let snapshots = node.bucket("snapshots").into_iter().flat_map(|snapshots| &snapshots.buckets);
        let snapshots = snapshots.map(|(name, ids)| ([b"snapshots/", name.as_slice()].concat(), Some(ids)));
        let all: Vec<_> = direct.into_iter().chain(snapshots).collect();
        let each = all.iter().flat_map(|(kind, ids)| {
            ids.iter().flat_map(|ids| ids.values.keys()).map(move |id| (kind.as_slice(), id.as_slice()))
        });
        self.member("resources").list(each, |json, (kind, id)| {
            json.object(|out| {
                out.text("id", id);
                out.text("type", kind);
            });
        });
    }

    /// What of the record is not containerd's: kept so that nothing of the file is lost.
    fn unknown(&mut self, node: &Node, values: &[&str], buckets: &[&str]) {
        let known = |names: &[&str], name: &[u8]| names.iter().any(|known| known.as_bytes() == name);
        let values = node.values.iter().filter(|(name, _)| !known(values, name));
        let buckets = node.buckets.keys().filter(|name| !known(buckets, name));
        let all: Vec<_> =
            values.map(|(name, value)| (name, Some(value))).chain(buckets.map(|name| (name, None))).collect();
        if all.is_empty() {
            return;
        }
        self.json.has_unknown = true;
        self.member("unknown").list(all, |json, (name, value)| {
            json.object(|out| match value {
                Some(value) => {
                    out.text("name", name);
                    out.bytes("value", value);
                }
                None => out.text("bucket", name),
            });
        });
    }
}

fn utf8(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// The labels of a namespace.
pub(super) fn labels(node: Option<&Node>) -> Json {
    let mut json = Json::default();
    json.object(|out| out.pairs("labels", node));
    json
}

/// A record in the members that containerd's messages have.
pub(super) fn record(kind: Kind, node: &Node) -> Json {
    let mut json = Json::default();
    json.object(|out| members(out, kind, node));
    json
}

fn members(out: &mut Object<'_>, kind: Kind, node: &Node) {
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
            let stored = node.bucket("target");
            out.object("target", |target| {
                if stored.is_none() {
                    target.json.problems.push("is missing".to_owned());
                }
                target.value(stored, "mediatype", "media_type");
                target.value(stored, "digest", "digest");
                target.size(stored);
                target.pairs("annotations", node.bucket("annotations"));
            });
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
            let children = node.bucket("children").into_iter().flat_map(|children| children.values.keys());
            out.member("children").list(children, |json, child| match utf8(child) {
                Some(child) => json.string(child),
                None => json.object(|out| out.member("base64").base64(child)),
            });
            (&["createdat", "updatedat", "name", "parent"], &["labels", "children"])
        }
    };
    out.unknown(node, values, buckets);
}
