//! Vector files: cases of steps, each with the answer that was recorded from containerd.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Error as _};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The version whose answer holds where a step has no other one.
pub(crate) const REFERENCE: &str = "2.3";

/// The versions whose answers were recorded.
pub(crate) const VERSIONS: [&str; 2] = ["1.6", REFERENCE];

/// One file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Suite {
    #[serde(rename = "suite")]
    pub(crate) name: String,
    #[serde(rename = "description")]
    _description: String,
    pub(crate) cases: Vec<Case>,
}

/// Steps that begin on an empty book.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) id: String,
    #[serde(rename = "group")]
    _group: String,
    pub(crate) steps: Vec<Step>,
    /// The versions that know the case; none: all.
    #[serde(default)]
    pub(crate) versions: Vec<String>,
    /// What an implementation may lack.
    #[serde(default)]
    pub(crate) requires: Vec<String>,
    /// Whether the answers tell of events.
    #[serde(default)]
    pub(crate) events: bool,
    /// The versions that die of it. What is expected is what they answer to the same with its empty parts said.
    #[serde(default)]
    crash: Vec<String>,
}

/// One operation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) op: String,
    #[serde(default)]
    namespace: Header,
    #[serde(default)]
    lease: Header,
    pub(crate) request: Value,
    /// What a version that dies of the request is asked in its place.
    #[serde(default)]
    stand_in: Option<Value>,
    #[serde(default, rename = "wire")]
    _wire: Option<bool>,
    expect: BTreeMap<String, Outcome>,
}

/// A header of a request, which may be given several times.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum Header {
    #[default]
    Absent,
    Once(String),
    Often(Vec<String>),
}

/// What a step is to answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) struct Outcome {
    pub(crate) ok: Option<Value>,
    pub(crate) error: Option<Refusal>,
    /// What was published, in order.
    #[serde(default)]
    pub(crate) events: Vec<Value>,
}

/// An expected error.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refusal {
    pub(crate) kind: String,
    pub(crate) code: u8,
    /// The message as a client sees it.
    pub(crate) message: Option<String>,
    /// The message to the byte, where it is not UTF-8.
    pub(crate) message_base64: Option<String>,
}

impl Case {
    /// Makes of a case of which this version dies one that it survives, with what stands in for the requests that kill it. Without
    /// such, the case is left as one that only the other versions know.
    pub(crate) fn spare(&mut self, version: &str) {
        if !self.crash.iter().any(|dying| dying == version) {
            return;
        }
        let mut spared = false;
        for step in &mut self.steps {
            if let Some(stand_in) = step.stand_in.take() {
                step.request = stand_in;
                spared = true;
            }
        }
        if !spared {
            self.versions =
                VERSIONS.iter().filter(|known| **known != version).map(|known| (*known).to_owned()).collect();
        }
    }
}

impl Step {
    /// The namespace of the operation. Of a repeated header the first one counts.
    pub(crate) fn namespace(&self) -> Option<&str> {
        self.namespace.first()
    }

    /// The lease of the operation.
    pub(crate) fn lease(&self) -> Option<&str> {
        self.lease.first()
    }

    /// What this version of containerd answers; where the reference died of the step, what another one answers.
    pub(crate) fn expected(&self, version: &str) -> Option<&Outcome> {
        self.expect.get(version).or_else(|| self.expect.get(REFERENCE)).or_else(|| self.expect.values().next())
    }

    /// The request, as the message of this type.
    pub(crate) fn request<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        T::deserialize(&self.request)
    }
}

impl Header {
    fn first(&self) -> Option<&str> {
        match self {
            Header::Absent => None,
            Header::Once(value) => Some(value),
            Header::Often(values) => values.first().map(String::as_str),
        }
    }
}

/// Reads a file, with every `{{TEXT*N}}` written out.
pub(crate) fn load(path: &Path) -> Result<Suite, Box<dyn std::error::Error>> {
    Ok(parse(&std::fs::read(path)?)?)
}

fn parse(text: &[u8]) -> serde_json::Result<Suite> {
    let suite = Suite::deserialize(expand(serde_json::from_slice(text)?)?)?;
    let mut ids = BTreeSet::new();
    for case in &suite.cases {
        let wrong = |what: &str| Err(serde_json::Error::custom(format_args!("case {}: {what}", case.id)));
        if !ids.insert(&case.id) {
            return wrong("another case has its id");
        }
        let mut outcomes = case.steps.iter().flat_map(|step| step.expect.values());
        if outcomes.any(|outcome| outcome.ok.is_some() == outcome.error.is_some()) {
            return wrong("an expectation is neither an answer nor an error, or both");
        }
    }
    if suite.cases.is_empty() {
        return Err(serde_json::Error::custom("there are no cases"));
    }
    Ok(suite)
}

fn expand(value: Value) -> serde_json::Result<Value> {
    Ok(match value {
        Value::String(text) => Value::String(expand_text(&text)?),
        Value::Array(values) => Value::Array(values.into_iter().map(expand).collect::<serde_json::Result<_>>()?),
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| Ok((expand_text(&name)?, expand(value)?)));
            Value::Object(members.collect::<serde_json::Result<Map<_, _>>>()?)
        }
        other => other,
    })
}

/// Writes `{{TEXT*N}}` out: TEXT, N times.
fn expand_text(text: &str) -> serde_json::Result<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, repeat)) = rest.split_once("{{") {
        let parts = repeat.split_once("}}").and_then(|(inner, after)| Some((inner.rsplit_once('*')?, after)));
        let parsed = parts.and_then(|((what, times), after)| Some((what, times.parse::<usize>().ok()?, after)));
        let Some((what, times, after)) = parsed else {
            return Err(serde_json::Error::custom(format_args!("{text:?} repeats nothing: write {{{{TEXT*N}}}}")));
        };
        out.push_str(before);
        out.push_str(&what.repeat(times));
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn repeats_are_written_out() {
        for (text, expanded) in [
            ("plain", "plain"),
            ("{{v*3}}", "vvv"),
            ("a{{bc*2}}d{{e*1}}", "abcbcde"),
            ("{{**2}}", "**"),
            ("{{ü *2}}", "ü ü "),
            ("x{{y*0}}", "x"),
            ("{one} }}", "{one} }}"),
        ] {
            assert_eq!(expand_text(text).unwrap(), expanded, "{text}");
        }
    }

    #[test]
    fn a_repeat_that_cannot_be_read_is_an_error() {
        for text in ["{{v}}", "{{v*}}", "{{v*x}}", "{{v*2", "{{v*-1}}"] {
            assert!(expand_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn repeats_are_written_out_in_names_and_deep_inside() {
        let value = json!({"{{k*2}}": [{"a": "{{v*2}}"}, 1, null]});
        assert_eq!(expand(value).unwrap(), json!({"kk": [{"a": "vv"}, 1, null]}));
    }

    fn suite(step: &Value) -> serde_json::Result<Suite> {
        let cases = json!([{"id": "a", "group": "g", "steps": [step]}]);
        parse(json!({"suite": "s", "description": "", "cases": cases}).to_string().as_bytes())
    }

    #[test]
    fn the_first_of_several_headers_counts() {
        for (namespace, first) in
            [(json!("n"), Some("n")), (json!(["a", "b"]), Some("a")), (json!([""]), Some("")), (json!([]), None)]
        {
            let step = json!({"op": "x", "namespace": namespace, "request": {}, "expect": {"2.3": {"ok": {}}}});
            assert_eq!(suite(&step).unwrap().cases[0].steps[0].namespace(), first);
        }
        let step = json!({"op": "x", "request": {}, "expect": {"2.3": {"ok": {}}}});
        assert_eq!(suite(&step).unwrap().cases[0].steps[0].namespace(), None);
    }

    #[test]
    fn a_version_without_its_own_answer_has_the_reference() {
        let expect = json!({"2.3": {"ok": {"new": 1}}, "1.6": {"ok": {"old": 1}}});
        let suite = suite(&json!({"op": "x", "request": {}, "expect": expect})).unwrap();
        let answer = |version| suite.cases[0].steps[0].expected(version).and_then(|outcome| outcome.ok.clone());
        assert_eq!(answer("1.6"), Some(json!({"old": 1})));
        assert_eq!(answer("2.3"), Some(json!({"new": 1})));
        assert_eq!(answer("9.9"), Some(json!({"new": 1})));
    }

    #[test]
    fn what_the_format_does_not_have_is_an_error() {
        let ok = json!({"2.3": {"ok": {}}});
        assert!(suite(&json!({"op": "x", "request": {}, "expect": ok, "more": 1})).is_err());
        assert!(suite(&json!({"op": "x", "request": {}, "expect": {"2.3": {}}})).is_err());
        assert!(suite(&json!({"op": "x", "expect": ok})).is_err());
    }
}
