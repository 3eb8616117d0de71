use crate::filter::{Adaptor, join_path};
use crate::model::Envelope;
use crate::proto::json::{self, Spelling};
use crate::proto::known;
use crate::proto::schema::{Kind, MapEntry, Schema};
use crate::proto::unknown::UnknownFields;
use crate::proto::wire::{Reader, Value};
use crate::rules::validate_identifier;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::json;
use std::borrow::Cow;

/// What the topics of changes begin with that containerd tells nobody of.
pub(super) const OWN_TOPICS: &str = "/stowbook/";

/// One event of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Its number: one more than that of the event before it, in the order of the commits.
    pub number: u64,
    /// What happened.
    pub envelope: Envelope,
}

impl Event {
    /// Whether containerd's own subscribers would see it. They do not see topics below `/stowbook/`, nor events in a
    /// namespace whose name is no identifier: containerd makes such changes, and fails to tell of them
    /// (containerd-metadata §2.5).
    #[must_use]
    pub fn is_published(&self) -> bool {
        !self.envelope.topic.starts_with(OWN_TOPICS) && validate_identifier(&self.envelope.namespace).is_ok()
    }

    /// The message about what happened as JSON; none for a type that is not known, or bytes that are no such message.
    #[must_use]
    pub fn payload(&self, spelling: Spelling) -> Option<serde_json::Value> {
        let event = self.envelope.event.as_ref()?;
        json::to_json(known::event_or_record(&event.type_url)?, &event.value, spelling).ok()
    }

    /// The event as JSON: `number`, `timestamp`, `namespace`, `topic`, `published`, `type_url`, and the message as `payload`,
    /// or, where it has no JSON, its bytes as `value_base64`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let Envelope { timestamp, namespace, topic, event, .. } = &self.envelope;
        let mut out = json!({
            "number": self.number, "timestamp": timestamp, "namespace": namespace, "topic": topic,
            "published": self.is_published(),
        });
        if let (Some(event), Some(out)) = (event, out.as_object_mut()) {
            out.insert("type_url".to_owned(), event.type_url.as_str().into());
            match self.payload(Spelling::Exact) {
                Some(payload) => out.insert("payload".to_owned(), payload),
                None => out.insert("value_base64".to_owned(), BASE64.encode(&event.value).into()),
            };
        }
        out
    }
}

/// An event that did not come from a log: its number is 0.
impl From<Envelope> for Event {
    fn from(envelope: Envelope) -> Self {
        Event { number: 0, envelope }
    }
}

/// What a filter sees. Source: containerd-metadata §8.6, and `Envelope.Field` of containerd 2.3.
impl Adaptor for Event {
    fn field<'a>(&'a self, path: &[Vec<u8>]) -> Option<Cow<'a, [u8]>> {
        let Envelope { namespace, topic, event, .. } = &self.envelope;
        let (first, rest) = path.split_first()?;
        let text = match first.as_slice() {
            b"namespace" => namespace,
            b"topic" => topic,
            b"event" => {
                let event = event.as_ref()?;
                // containerd's clients can ask for the fields of event messages only.
                let schema = known::event(&event.type_url).or_else(|| {
                    topic.starts_with(OWN_TOPICS).then(|| known::event_or_record(&event.type_url)).flatten()
                })?;
                // Go looks into no message that it cannot read to its end.
                UnknownFields::collect(&event.value, schema).ok()?;
                return message_field(schema, &event.value, rest).map(Cow::Owned);
            }
            _ => return None,
        };
        (!text.is_empty()).then_some(Cow::Borrowed(text.as_bytes()))
    }
}

/// A field of a message as containerd's generated accessors give it: texts that are not empty, labels, and those of a message
/// in the message. Numbers, times, lists and opaque values have none. It goes no deeper than the schema does.
fn message_field(schema: &Schema, message: &[u8], path: &[Vec<u8>]) -> Option<Vec<u8>> {
    let (first, rest) = path.split_first()?;
    let field = schema.fields.iter().find(|field| field.name.as_bytes() == first.as_slice())?;
    let values = |message, number| {
        Reader::new(message).map_while(Result::ok).filter_map(move |record| match record.value {
            Value::Bytes(bytes) if record.number == number => Some(bytes),
            _ => None,
        })
    };
    match field.kind {
        Kind::String if !field.repeated => {
            values(message, field.number).last().filter(|text| !text.is_empty()).map(<[u8]>::to_vec)
        }
        Kind::Map(MapEntry { key: Kind::String, value: Kind::String }) if field.name == "labels" => {
            let key = join_path(rest);
            let half = |entry, number| values(entry, number).last().unwrap_or_default();
            let entry = values(message, field.number).filter(|entry| half(entry, MapEntry::KEY) == &*key).last()?;
            Some(half(entry, MapEntry::VALUE).to_vec())
        }
        Kind::Message(schema) if !field.repeated && schema.name != "google.protobuf.Any" => {
            let parts: Vec<&[u8]> = values(message, field.number).collect();
            // An absent message has no fields, and neither has an empty one.
            message_field(schema, &parts.concat(), rest)
        }
        _ => None,
    }
}
