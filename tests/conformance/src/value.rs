//! Messages as the vectors write them: like proto3 JSON, what is empty left out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Map, Value};
use stowbook::Event;
use stowbook::model::{Any, Container, Envelope, Namespace};

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

/// The request of an operation that names a namespace.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ByName {
    pub(crate) name: String,
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

/// An event as the vectors write it: without its number and its time.
pub(crate) fn event(event: &Event) -> Value {
    let mut out = event.to_json();
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
    fn text(mut self, name: &str, text: &str) -> Self {
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
    let Container { id, labels, image, runtime, spec, snapshotter, snapshot_key, extensions, sandbox_id, .. } =
        container;
    let options = runtime.options.as_ref().map(any);
    Message::default()
        .text("id", id)
        .map("labels", labels.iter().map(|(key, value)| (key.clone(), value.as_str().into())))
        .text("image", image)
        .field("runtime", Some(Message::default().text("name", &runtime.name).field("options", options).end()))
        .field("spec", spec.as_ref().map(any))
        .text("snapshotter", snapshotter)
        .text("snapshot_key", snapshot_key)
        .field("created_at", container.created_at.map(|time| time.to_string().into()))
        .field("updated_at", container.updated_at.map(|time| time.to_string().into()))
        .map("extensions", extensions.iter().map(|(name, value)| (name.clone(), any(value))))
        .text("sandbox", sandbox_id)
        .end()
}

pub(crate) fn namespace(namespace: &Namespace) -> Value {
    Message::default()
        .text("name", &namespace.name)
        .map("labels", namespace.labels.iter().map(|(key, value)| (key.clone(), value.as_str().into())))
        .end()
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
