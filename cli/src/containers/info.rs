//! A record in the shape of `ctr containers info`.

use base64::Engine as _;
use serde_json::{Map, Value, json};
use stowbook::model::{Any, Container};
use stowbook::{Error, Result};

const INDENT: &str = "    ";

/// The record as JSON, the spec in it as it was written: order, unknown members and the text of numbers stay.
pub(super) fn record(container: &Container) -> String {
    let labels = if container.labels.is_empty() { Value::Null } else { json!(container.labels) };
    let extensions: Map<_, _> = container.extensions.iter().map(|(name, value)| (name.clone(), any(value))).collect();
    let time = |time: Option<_>| time.unwrap_or(stowbook::model::Timestamp::YEAR_ONE);
    let fields = json!({
        "ID": container.id,
        "Labels": labels,
        "Image": container.image,
        "Runtime": {
            "Name": container.runtime.name,
            "Options": container.runtime.options.as_ref().map(any),
        },
        "SnapshotKey": container.snapshot_key,
        "Snapshotter": container.snapshotter,
        "CreatedAt": time(container.created_at),
        "UpdatedAt": time(container.updated_at),
        "Extensions": if extensions.is_empty() { Value::Null } else { extensions.into() },
        "SandboxID": container.sandbox_id,
    });
    let mut text = fields.to_string();
    if let Some(spec) = &container.spec {
        text.pop();
        text.push_str(",\"Spec\":");
        text.push_str(&json_text(spec).map_or_else(|| any(spec).to_string(), str::to_owned));
        text.push('}');
    }
    indent(&text)
}

/// The spec alone.
///
/// # Errors
/// `NotFound` without one, `FailedPrecondition` when it is not JSON.
pub(super) fn spec(container: &Container) -> Result<String> {
    let spec = container.spec.as_ref().ok_or_else(|| {
        Error::not_found(format!("spec of container {:?}", container.id)).with_help("the record has no spec")
    })?;
    json_text(spec).map(indent).ok_or_else(|| {
        Error::failed_precondition(format!("the spec of container {:?} is not JSON", container.id))
            .with_detail("type_url", &spec.type_url)
    })
}

/// The value's text, if it is JSON that nests at most 128 deep: set on lines, deeper text would fill the memory.
fn json_text(any: &Any) -> Option<&str> {
    serde_json::from_slice::<Value>(&any.value).ok()?;
    std::str::from_utf8(&any.value).ok()
}

/// An opaque value as Go prints it: empty members are left out.
fn any(any: &Any) -> Value {
    let mut out = Map::new();
    if !any.type_url.is_empty() {
        out.insert("type_url".to_owned(), any.type_url.clone().into());
    }
    if !any.value.is_empty() {
        out.insert("value".to_owned(), base64::engine::general_purpose::STANDARD.encode(&any.value).into());
    }
    out.into()
}

/// Sets JSON on lines, and changes nothing else about it. Expects text that is JSON.
fn indent(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let mut chars = json.chars().peekable();
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n(INDENT, depth));
    };
    while let Some(c) = chars.next() {
        if in_string {
            out.push(c);
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            '"' => {
                in_string = true;
                out.push(c);
            }
            '{' | '[' => {
                out.push(c);
                while chars.next_if(char::is_ascii_whitespace).is_some() {}
                match chars.next_if(|next| matches!(next, '}' | ']')) {
                    Some(close) => out.push(close),
                    None => {
                        depth += 1;
                        line(&mut out, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            _ if c.is_ascii_whitespace() => {}
            _ => out.push(c),
        }
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_keeps_its_text() {
        let mut container = Container::new("web", "runc");
        let text = r#"{"b":1.0, "a" : {}, "n":12345678901234567890123, "b":"\"{,\\"  ,"l":[ ],"x":[1,{"y":null}]}"#;
        container.spec = Some(Any::new("t", text));
        let expected = r#"{
    "b": 1.0,
    "a": {},
    "n": 12345678901234567890123,
    "b": "\"{,\\",
    "l": [],
    "x": [
        1,
        {
            "y": null
        }
    ]
}
"#;
        assert_eq!(spec(&container).unwrap(), expected);
        assert!(record(&container).contains("\"n\": 12345678901234567890123,"));
    }

    #[test]
    fn a_spec_that_is_not_json_is_shown_as_bytes() {
        let mut container = Container::new("web", "runc");
        container.spec = Some(Any::new("t", [0xff]));
        let value: Value = serde_json::from_str(&record(&container)).unwrap();
        assert_eq!(value["Spec"], json!({"type_url": "t", "value": "/w=="}));
        assert!(spec(&container).is_err());
        container.spec = Some(Any::new("t", "[".repeat(100_000) + &"]".repeat(100_000)));
        assert!(record(&container).len() < 400_000);
        assert!(spec(&container).is_err());
    }

    #[test]
    fn has_the_members_of_ctr_in_its_order() {
        let recorded = include_str!("../../tests/fixtures/ctr-info-1.6.20.json");
        let recorded: Map<String, Value> = serde_json::from_str(recorded).unwrap();
        let mut container = Container::new("demo", "io.containerd.runc.v2");
        container.runtime.options = Some(Any::new("containerd.runc.v1.Options", []));
        let time = |name: &str| recorded[name].as_str().and_then(|time| stowbook::model::Timestamp::parse(time).ok());
        (container.created_at, container.updated_at) = (time("CreatedAt"), time("UpdatedAt"));
        container.spec = Some(Any::new("t", recorded["Spec"].to_string()));
        let mut ours: Map<String, Value> = serde_json::from_str(&record(&container)).unwrap();
        // Containerd 2.x has one member more.
        assert_eq!(ours.shift_remove("SandboxID"), Some(json!("")));
        assert_eq!(ours, recorded);
        assert!(ours.keys().eq(recorded.keys()), "{:?}", ours.keys());
    }
}
