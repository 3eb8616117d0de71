//! Messages as the vectors write them: like proto3 JSON, what is empty left out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use stowbook::model::{
    Any, Blob, Container, Descriptor, Envelope, Image, IngestStatus, Labels, Lease, LeaseResource, Namespace, Runtime,
    Sandbox, Snapshot, SnapshotKind, Timestamp,
};
use stowbook::proto::generated::containerd::services::content::v1::{WriteAction, WriteContentRequest};

/// Which fields an update changes.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Mask {
    paths: Vec<String>,
}

impl Mask {
    pub(crate) fn paths(&self) -> Vec<&str> {
        self.paths.iter().map(String::as_str).collect()
    }
}

/// The request of an operation that names a container.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ById {
    pub(crate) id: String,
}

/// The request of an operation that names a namespace or an image.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ByName {
    pub(crate) name: String,
}

/// The request of an operation that names a sandbox.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BySandboxId {
    pub(crate) sandbox_id: String,
}

/// The request of a list.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Filters {
    pub(crate) filters: Vec<String>,
}

/// The request of a list of namespaces. containerd looks at nothing in it.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Namespaces {
    #[serde(rename = "filter")]
    _filter: String,
}

/// A request that creates or updates a container. A missing container is an empty one.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct WithContainer {
    pub(crate) container: Container,
    pub(crate) update_mask: Mask,
}

/// A request that creates or updates a namespace. A missing namespace is an empty one.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct WithNamespace {
    pub(crate) namespace: Namespace,
    pub(crate) update_mask: Mask,
}

/// The request that creates a lease.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NewLease {
    pub(crate) id: String,
    pub(crate) labels: Labels,
}

/// A request about a lease. A missing resource is an empty one.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct OfLease {
    pub(crate) id: String,
    pub(crate) sync: bool,
    pub(crate) resource: LeaseResource,
}

/// A request that creates or updates an image. A missing image is an empty one.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct WithImage {
    #[serde(deserialize_with = "image_of_any_size")]
    pub(crate) image: Image,
    pub(crate) update_mask: Mask,
    pub(crate) source_date_epoch: Option<Timestamp>,
}

/// An image whose target's size may be a text, as large integers are.
fn image_of_any_size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Image, D::Error> {
    use serde::de::Error as _;
    let mut image = Value::deserialize(deserializer)?;
    if let Some(size) = image.pointer_mut("/target/size")
        && let Some(number) = size.as_str().and_then(|text| text.parse::<i64>().ok())
    {
        *size = number.into();
    }
    Image::deserialize(image).map_err(D::Error::custom)
}

/// The request that deletes an image.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DeleteImage {
    pub(crate) name: String,
    pub(crate) sync: bool,
    pub(crate) target: Option<Descriptor>,
}

/// A request that creates or updates a sandbox. A missing sandbox is an empty one.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct WithSandbox {
    pub(crate) sandbox: Sandbox,
    pub(crate) fields: Vec<String>,
}

/// The request of an operation that names a blob.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ByDigest {
    pub(crate) digest: String,
}

/// The request of an operation that names an ingest.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ByRef {
    #[serde(rename = "ref")]
    pub(crate) reference: String,
}

/// A request that updates a blob. A missing blob is an empty one.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct WithBlob {
    pub(crate) info: Blob,
    pub(crate) update_mask: Mask,
}

/// The messages of a stream that writes content.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct WriteMessages {
    messages: Vec<WriteMessage>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct WriteMessage {
    action: Action,
    #[serde(rename = "ref")]
    reference: String,
    total: i64,
    expected: String,
    offset: i64,
    data_text: String,
    labels: Labels,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Action {
    #[default]
    Stat,
    Write,
    Commit,
}

impl WriteMessages {
    pub(crate) fn messages(self) -> impl Iterator<Item = WriteContentRequest> {
        self.messages.into_iter().map(|message| WriteContentRequest {
            action: match message.action {
                Action::Stat => WriteAction::Stat,
                Action::Write => WriteAction::Write,
                Action::Commit => WriteAction::Commit,
            }
            .into(),
            r#ref: message.reference,
            total: message.total,
            expected: message.expected,
            offset: message.offset,
            data: message.data_text.into_bytes(),
            labels: message.labels,
        })
    }
}

/// Any request about snapshots: no two of them have different fields of one name.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SnapshotRequest {
    pub(crate) snapshotter: String,
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) parent: String,
    pub(crate) labels: Labels,
    pub(crate) filters: Vec<String>,
    pub(crate) info: Snapshot,
    pub(crate) update_mask: Mask,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Publish {
    pub(crate) topic: String,
    pub(crate) event: Any,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Forward {
    pub(crate) envelope: Envelope,
}

/// An event, of which the core has made JSON, as the vectors write it: without its number and its time.
pub(crate) fn event(mut out: Value) -> Value {
    if let Some(members) = out.as_object_mut() {
        members.retain(|name, _| !matches!(name.as_str(), "number" | "timestamp" | "published"));
    }
    out
}

/// A message in the making.
#[derive(Default)]
pub(crate) struct Message(Map<String, Value>);

impl Message {
    /// Sets a text, unless it is empty.
    pub(crate) fn text(mut self, name: &str, text: &str) -> Self {
        if !text.is_empty() {
            self.0.insert(name.to_owned(), text.into());
        }
        self
    }

    /// Sets a field, if there is one.
    pub(crate) fn field(mut self, name: &str, value: Option<Value>) -> Self {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value);
        }
        self
    }

    /// Sets a map, unless it is empty.
    fn map(self, name: &str, entries: impl Iterator<Item = (String, Value)>) -> Self {
        let map: Map<_, _> = entries.collect();
        let map = (!map.is_empty()).then_some(Value::Object(map));
        self.field(name, map)
    }

    /// Sets a map of texts, unless it is empty.
    fn labels(self, name: &str, labels: &Labels) -> Self {
        self.map(name, labels.iter().map(|(key, value)| (key.clone(), value.as_str().into())))
    }

    /// Sets a time, if there is one.
    fn time(self, name: &str, time: Option<Timestamp>) -> Self {
        self.field(name, time.map(|time| time.to_string().into()))
    }

    /// Sets an integer of 64 bits, unless it is zero.
    pub(crate) fn integer(self, name: &str, number: i64) -> Self {
        self.field(name, integer(number))
    }

    /// Sets a list, unless it is empty.
    pub(crate) fn list(self, name: &str, values: Vec<Value>) -> Self {
        let list = (!values.is_empty()).then_some(Value::Array(values));
        self.field(name, list)
    }

    pub(crate) fn end(self) -> Value {
        Value::Object(self.0)
    }
}

pub(crate) fn container(container: &Container) -> Value {
    let Container { extensions, .. } = container;
    Message::default()
        .text("id", &container.id)
        .labels("labels", &container.labels)
        .text("image", &container.image)
        .field("runtime", Some(runtime(&container.runtime)))
        .field("spec", container.spec.as_ref().map(any))
        .text("snapshotter", &container.snapshotter)
        .text("snapshot_key", &container.snapshot_key)
        .time("created_at", container.created_at)
        .time("updated_at", container.updated_at)
        .map("extensions", extensions.iter().map(|(name, value)| (name.clone(), any(value))))
        .text("sandbox", &container.sandbox_id)
        .end()
}

pub(crate) fn sandbox(sandbox: &Sandbox) -> Value {
    let Sandbox { extensions, .. } = sandbox;
    Message::default()
        .text("sandbox_id", &sandbox.id)
        .field("runtime", Some(runtime(&sandbox.runtime)))
        .field("spec", sandbox.spec.as_ref().map(any))
        .labels("labels", &sandbox.labels)
        .time("created_at", sandbox.created_at)
        .time("updated_at", sandbox.updated_at)
        .map("extensions", extensions.iter().map(|(name, value)| (name.clone(), any(value))))
        .text("sandboxer", &sandbox.sandboxer)
        .end()
}

pub(crate) fn lease(lease: &Lease) -> Value {
    Message::default().text("id", &lease.id).time("created_at", lease.created_at).labels("labels", &lease.labels).end()
}

pub(crate) fn lease_resource(resource: &LeaseResource) -> Value {
    Message::default().text("id", &resource.id).text("type", &resource.kind).end()
}

fn runtime(runtime: &Runtime) -> Value {
    let options = runtime.options.as_ref().map(any);
    Message::default().text("name", &runtime.name).field("options", options).end()
}

pub(crate) fn image(image: &Image) -> Value {
    let target = Message::default()
        .text("media_type", &image.target.media_type)
        .text("digest", &image.target.digest)
        .integer("size", image.target.size)
        .labels("annotations", &image.target.annotations);
    Message::default()
        .text("name", &image.name)
        .labels("labels", &image.labels)
        .field("target", Some(target.end()))
        .time("created_at", image.created_at)
        .time("updated_at", image.updated_at)
        .end()
}

pub(crate) fn blob(blob: &Blob) -> Value {
    Message::default()
        .text("digest", &blob.digest)
        .integer("size", blob.size)
        .time("created_at", blob.created_at)
        .time("updated_at", blob.updated_at)
        .labels("labels", &blob.labels)
        .end()
}

/// Without its times, which the vectors do not have.
pub(crate) fn ingest_status(status: &IngestStatus) -> Value {
    Message::default()
        .text("ref", &status.reference)
        .integer("offset", status.offset)
        .integer("total", status.total)
        .text("expected", &status.expected)
        .end()
}

pub(crate) fn snapshot(snapshot: &Snapshot) -> Value {
    let kind = match snapshot.kind {
        SnapshotKind::View => "VIEW",
        SnapshotKind::Active => "ACTIVE",
        SnapshotKind::Committed => "COMMITTED",
        _ => "",
    };
    Message::default()
        .text("name", &snapshot.name)
        .text("parent", &snapshot.parent)
        .text("kind", kind)
        .time("created_at", snapshot.created_at)
        .time("updated_at", snapshot.updated_at)
        .labels("labels", &snapshot.labels)
        .end()
}

/// An integer of 64 bits, unless it is zero: a number, and a text where not every reader has the number exactly.
fn integer(number: i64) -> Option<Value> {
    let exact = number.unsigned_abs() < 1 << 53;
    (number != 0).then(|| if exact { number.into() } else { number.to_string().into() })
}

pub(crate) fn namespace(namespace: &Namespace) -> Value {
    Message::default().text("name", &namespace.name).labels("labels", &namespace.labels).end()
}

fn any(any: &Any) -> Value {
    let value = (!any.value.is_empty()).then(|| bytes("value_text", "value_base64", &any.value));
    let mut message = Message::default().text("type_url", &any.type_url);
    message.0.extend(value);
    message.end()
}

/// Bytes as a member: as text under one name where they are text, else in base64 under the other.
pub(crate) fn bytes(text_name: &str, base64_name: &str, bytes: &[u8]) -> (String, Value) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text_name.to_owned(), text.into()),
        Err(_) => (base64_name.to_owned(), BASE64.encode(bytes).into()),
    }
}

/// Bytes that are given as text, or in base64.
pub(crate) fn from_text_or_base64(text: Option<String>, base64: Option<String>) -> serde_json::Result<Vec<u8>> {
    use serde::de::Error as _;
    match base64 {
        Some(base64) => BASE64.decode(base64).map_err(serde_json::Error::custom),
        None => Ok(text.unwrap_or_default().into_bytes()),
    }
}

/// An expected answer with the value of each `Any` in the one form that [`container`] gives it.
pub(crate) fn normalized(mut expected: Value) -> Value {
    match &mut expected {
        Value::Array(values) => {
            for value in values {
                *value = normalized(value.take());
            }
        }
        Value::Object(members) => {
            for value in members.values_mut() {
                *value = normalized(value.take());
            }
            let decoded = members.get("value_base64").and_then(Value::as_str).and_then(|text| BASE64.decode(text).ok());
            if let Some(decoded) = decoded {
                members.remove("value_base64");
                members.extend((!decoded.is_empty()).then(|| bytes("value_text", "value_base64", &decoded)));
            }
        }
        _ => {}
    }
    expected
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_container_is_written_without_what_is_empty() {
        assert_eq!(container(&Container::default()), json!({"runtime": {}}));
        let request = json!({"container": {
            "id": "c", "labels": {"a": "1"}, "image": "i", "runtime": {"name": "r", "options": {}},
            "spec": {"type_url": "t", "value_text": "s"}, "snapshotter": "o", "snapshot_key": "k",
            "created_at": "2026-11-21T02:03:31.5Z", "updated_at": "2026-11-21T02:03:31Z",
            "extensions": {"e": {"type_url": "u", "value_base64": "/w=="}}, "sandbox": "b",
        }});
        let read: WithContainer = WithContainer::deserialize(&request).unwrap();
        assert_eq!(container(&read.container), request["container"]);
    }

    #[test]
    fn an_image_is_written_as_it_was_read() {
        let size = |size: &Value| {
            let request = json!({"image": {
                "name": "i", "labels": {"a": "1"}, "created_at": "2026-11-21T02:03:31.5Z",
                "target": {"media_type": "m", "digest": "d", "size": size, "annotations": {"b": "2"}},
            }});
            let read = WithImage::deserialize(&request).unwrap();
            assert_eq!(image(&read.image), request["image"]);
        };
        size(&json!(9_007_199_254_740_991_i64));
        size(&json!("9007199254740992"));
        size(&json!("-9223372036854775808"));
        assert_eq!(image(&Image::default()), json!({"target": {}}));
        assert!(WithImage::deserialize(json!({"image": {"target": {"size": "large"}}})).is_err());
    }

    #[test]
    fn a_sandbox_is_written_as_it_was_read() {
        let request = json!({"sandbox": {
            "sandbox_id": "s", "runtime": {"name": "r", "options": {}}, "spec": {"type_url": "t"}, "labels": {"a": "1"},
            "created_at": "2026-11-21T02:03:31.5Z", "extensions": {"e": {}}, "sandboxer": "shim",
        }, "fields": ["labels"]});
        let read = WithSandbox::deserialize(&request).unwrap();
        assert_eq!(sandbox(&read.sandbox), request["sandbox"]);
        assert_eq!(sandbox(&Sandbox::default()), json!({"runtime": {}}));
    }

    #[test]
    fn members_that_a_request_does_not_have_are_errors() {
        assert!(WithContainer::deserialize(json!({"container": {"colour": "red"}})).is_err());
        assert!(WithContainer::deserialize(json!({"containers": {}})).is_err());
        assert!(Namespaces::deserialize(json!({"filters": ["a"]})).is_err());
    }

    #[test]
    fn both_ways_to_write_bytes_are_the_same() {
        assert_eq!(normalized(json!([{"spec": {"value_base64": "cw=="}}])), json!([{"spec": {"value_text": "s"}}]));
        assert_eq!(normalized(json!({"type_url": "t", "value_base64": ""})), json!({"type_url": "t"}));
        assert_eq!(normalized(json!({"value_base64": "/w=="})), json!({"value_base64": "/w=="}));
    }
}
