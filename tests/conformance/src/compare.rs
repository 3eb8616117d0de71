//! What differs between the answer that is expected and the one that came.

use crate::place::Answer;
use crate::value::normalized;
use crate::vectors::{Outcome, Refusal};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use stowbook::ErrorKind;
use stowbook::model::Timestamp;

/// One difference.
#[derive(Debug, PartialEq)]
pub(crate) struct Difference {
    /// The field: `container.labels.a`. Empty for the answer as a whole.
    pub(crate) place: String,
    /// What was expected, and what came; or a sentence.
    pub(crate) text: String,
}

impl Difference {
    /// A sentence about the answer as a whole.
    pub(crate) fn note(text: impl Into<String>) -> Self {
        Difference { place: String::new(), text: text.into() }
    }

    fn at(place: &str, expected: &str, got: &str) -> Self {
        let (expected, got) = excerpts(expected, got);
        Difference { place: place.to_owned(), text: format!("expected {expected}\n     got {got}") }
    }
}

/// When the steps of a case ran, and which instants the placeholders `@N` stand for.
#[derive(Default)]
pub(crate) struct Times {
    /// The first and the last instant that step N can have given.
    steps: Vec<(i128, i128)>,
    known: BTreeMap<String, Timestamp>,
}

impl Times {
    /// Notes that the next step ran from `before` to `after` on a clock with steps of this length.
    pub(crate) fn add_step(&mut self, before: Timestamp, after: Timestamp, tick: Duration) {
        let tick = i128::try_from(tick.as_nanos()).unwrap_or(i128::MAX / 2);
        self.steps.push((nanos(before) - tick, nanos(after)));
    }

    /// What is wrong with this time as the instant of this placeholder, if something is.
    fn check(&mut self, placeholder: &str, text: &str) -> Option<String> {
        let Ok(time) = Timestamp::parse(text) else { return Some(format!("got {text:?}, which is no time")) };
        if let Some(known) = self.known.get(placeholder) {
            return (*known != time).then(|| format!("expected {placeholder}, which was {known}\n     got {time}"));
        }
        let step =
            placeholder.trim_start_matches('@').split('.').next().and_then(|number| number.parse::<usize>().ok());
        let Some((first, last)) = step.and_then(|step| self.steps.get(step)) else {
            return Some(format!("expected {placeholder}, which is no step that was played; got {time}"));
        };
        if !(*first..=*last).contains(&nanos(time)) {
            return Some(format!("expected {placeholder}, but {time} does not lie within that step"));
        }
        if let Some((other, _)) = self.known.iter().find(|(_, known)| **known == time) {
            return Some(format!("expected {placeholder}, another instant than {other}; both are {time}"));
        }
        self.known.insert(placeholder.to_owned(), time);
        None
    }
}

fn nanos(time: Timestamp) -> i128 {
    i128::from(time.seconds()) * 1_000_000_000 + i128::from(time.nanos())
}

/// All that differs.
pub(crate) fn compare(expected: &Outcome, got: &Answer, times: &mut Times) -> Vec<Difference> {
    let mut out = Vec::new();
    match (&expected.ok, &expected.error, got) {
        (_, _, Answer::Unsupported(text) | Answer::Broken(text)) => out.push(Difference::note(text)),
        (Some(expected), _, Answer::Ok(got)) => values("", &normalized(expected.clone()), got, times, &mut out),
        (_, Some(expected), Answer::Refused { kind, message }) => refusals(expected, *kind, message, &mut out),
        (expected_ok, expected_error, got) => {
            let expected = match (expected_ok, expected_error) {
                (Some(expected), _) => format!("the answer {expected}"),
                (_, Some(Refusal { kind, message, .. })) => {
                    format!("the error {kind}: {}", message.as_deref().unwrap_or_default())
                }
                (None, None) => "nothing".to_owned(),
            };
            let got = match got {
                Answer::Refused { kind, message } => {
                    format!("the error {kind}: {}", seen_by_a_client(message))
                }
                Answer::Ok(got) => format!("the answer {got}"),
                Answer::Unsupported(text) | Answer::Broken(text) => text.clone(),
            };
            out.push(Difference::at("", &expected, &got));
        }
    }
    out
}

/// All that differs in what was published.
pub(crate) fn compare_events(expected: &[Value], got: Vec<Value>, times: &mut Times) -> Vec<Difference> {
    let mut out = Vec::new();
    values("events", &normalized(Value::Array(expected.to_vec())), &normalized(Value::Array(got)), times, &mut out);
    out
}

fn refusals(expected: &Refusal, kind: ErrorKind, message: &[u8], out: &mut Vec<Difference>) {
    if expected.kind != kind.code() {
        out.push(Difference::at("error.kind", &expected.kind, kind.code()));
    }
    if expected.code != kind.names().grpc {
        out.push(Difference::at("error.code", &expected.code.to_string(), &kind.names().grpc.to_string()));
    }
    if let Some(expected) = &expected.message {
        let got = seen_by_a_client(message);
        if *expected != got {
            out.push(Difference::at("error.message", expected, &got));
        }
    }
    if let Some(expected) = &expected.message_base64 {
        let got = BASE64.encode(message);
        if *expected != got {
            out.push(Difference::at("error.message_base64", expected, &got));
        }
    }
    if expected.message.is_none() && expected.message_base64.is_none() {
        out.push(Difference::note("the vector expects an error without a message"));
    }
}

/// A message after its way over a wire: each byte that is not UTF-8 is U+FFFD.
fn seen_by_a_client(message: &[u8]) -> String {
    let mut out = String::new();
    for chunk in message.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
    }
    out
}

/// Go's zero time.
const YEAR_ONE: &str = "0001-01-01T00:00:00Z";

fn values(place: &str, expected: &Value, got: &Value, times: &mut Times, out: &mut Vec<Difference>) {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => {
            for (name, expected) in expected {
                let place = join(place, name);
                match got.get(name) {
                    Some(got) => values(&place, expected, got, times, out),
                    // 1.6 says so where there is no time (containerd-grpc §2.2), and the core's model has none then.
                    None if *expected == YEAR_ONE => {}
                    None => out.push(Difference::at(&place, &expected.to_string(), "nothing")),
                }
            }
            for (name, got) in got.iter().filter(|(name, _)| !expected.contains_key(*name)) {
                out.push(Difference::at(&join(place, name), "nothing", &got.to_string()));
            }
        }
        (Value::Array(expected), Value::Array(got)) => {
            for (number, (expected, got)) in expected.iter().zip(got).enumerate() {
                values(&format!("{place}[{number}]"), expected, got, times, out);
            }
            for (number, expected) in expected.iter().enumerate().skip(got.len()) {
                out.push(Difference::at(&format!("{place}[{number}]"), &expected.to_string(), "the end of the list"));
            }
            for (number, got) in got.iter().enumerate().skip(expected.len()) {
                out.push(Difference::at(&format!("{place}[{number}]"), "the end of the list", &got.to_string()));
            }
        }
        (Value::String(expected), Value::String(got)) if is_time(expected) => {
            if let Some(text) = times.check(expected, got) {
                out.push(Difference { place: place.to_owned(), text });
            }
        }
        (Value::String(expected), Value::String(got)) if expected == "@generated" => {
            if !is_generated_id(got) {
                out.push(Difference::at(place, "an id that the server made", got));
            }
        }
        _ if expected == got => {}
        _ => out.push(Difference::at(place, &expected.to_string(), &got.to_string())),
    }
}

fn join(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
}

/// Whether a text stands for the instant of a step: `@3`, `@3.2`.
fn is_time(text: &str) -> bool {
    text.strip_prefix('@').is_some_and(|number| {
        number.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// Decimal digits, a hyphen, four characters of URL-safe base64.
fn is_generated_id(text: &str) -> bool {
    text.split_once('-').is_some_and(|(number, random)| {
        !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && random.len() == 4
            && random.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    })
}

/// How much of a long text is shown, in characters.
const SHOWN: usize = 200;

/// Two texts, or where they are long, the parts of them that differ first.
fn excerpts(one: &str, other: &str) -> (String, String) {
    let same = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    let start = if one.chars().count().max(other.chars().count()) > SHOWN { same.saturating_sub(SHOWN / 2) } else { 0 };
    let excerpt = |text: &str| {
        let mut shown: String = text.chars().skip(start).take(SHOWN).collect();
        if start > 0 {
            shown.insert(0, '…');
        }
        if text.chars().count() > start + SHOWN {
            shown.push_str(&format!("… ({} bytes)", text.len()));
        }
        shown
    };
    (excerpt(one), excerpt(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize as _;
    use serde_json::json;

    fn times() -> Times {
        let mut times = Times::default();
        for second in [10, 20, 30] {
            let at = |nanos| Timestamp::new(second, nanos).unwrap();
            times.add_step(at(0), at(999), Duration::ZERO);
        }
        times
    }

    /// The places that differ.
    fn places(expected: &Value, got: Value) -> Vec<String> {
        let outcome = Outcome::deserialize(json!({"ok": expected})).unwrap();
        compare(&outcome, &Answer::Ok(got), &mut times()).into_iter().map(|difference| difference.place).collect()
    }

    #[test]
    fn equal_answers_do_not_differ() {
        let value = json!({"b": [1, {"c": "x"}], "a": {}});
        assert!(places(&value, json!({"a": {}, "b": [1, {"c": "x"}]})).is_empty(), "the order of members is free");
        assert!(places(&json!({}), json!({})).is_empty());
    }

    #[test]
    fn each_difference_has_its_place() {
        assert_eq!(places(&json!({"a": {"b": "x"}}), json!({"a": {"b": "y"}})), ["a.b"]);
        assert_eq!(places(&json!({"a": 1, "b": 2}), json!({"b": 2, "c": 3})), ["a", "c"]);
        assert_eq!(places(&json!({"l": [1, 2, 3]}), json!({"l": [2, 1]})), ["l[0]", "l[1]", "l[2]"]);
        assert_eq!(places(&json!({"l": []}), json!({"l": [1]})), ["l[0]"]);
        assert_eq!(places(&json!({"n": 1}), json!({"n": "1"})), ["n"]);
        assert_eq!(places(&json!({"spec": {}}), json!({})), ["spec"], "present and empty is not absent");
    }

    #[test]
    fn placeholders_are_the_instants_of_their_steps() {
        let at = |second: i64, nanos: u32| Timestamp::new(second, nanos).unwrap().to_string();
        let same = json!({"made": "@0", "changed": "@0"});
        assert!(places(&same, json!({"made": at(10, 5), "changed": at(10, 5)})).is_empty());
        assert_eq!(places(&same, json!({"made": at(10, 5), "changed": at(10, 6)})), ["changed"], "equal, so equal");
        assert_eq!(places(&json!({"made": "@1"}), json!({"made": at(10, 5)})), ["made"], "another step's");
        assert_eq!(places(&json!({"made": "@7"}), json!({"made": at(10, 5)})), ["made"], "no such step");
        assert_eq!(places(&json!({"made": "@0"}), json!({"made": "soon"})), ["made"]);
        let two = json!({"a": "@0", "b": "@0.2"});
        assert_eq!(places(&two, json!({"a": at(10, 5), "b": at(10, 5)})), ["b"], "different, so different");
        assert!(places(&two, json!({"a": at(10, 5), "b": at(10, 6)})).is_empty());
        assert_eq!(places(&json!({"made": at(10, 5)}), json!({"made": at(10, 6)})), ["made"], "a time that is said");
        assert!(places(&json!({"text": "@"}), json!({"text": "@"})).is_empty(), "not every @ is a placeholder");
    }

    #[test]
    fn placeholders_hold_over_the_steps_of_a_case() {
        let mut times = times();
        let time = |second| Answer::Ok(json!({"t": Timestamp::new(second, 1).unwrap().to_string()}));
        let outcome = |text: &str| Outcome::deserialize(json!({"ok": {"t": text}})).unwrap();
        assert!(compare(&outcome("@1"), &time(20), &mut times).is_empty());
        assert_eq!(compare(&outcome("@1"), &time(30), &mut times).len(), 1);
        assert!(compare(&outcome("@2"), &time(30), &mut times).is_empty());
    }

    #[test]
    fn a_coarse_clock_may_show_the_last_tick() {
        let at = |nanos| Timestamp::new(10, nanos).unwrap();
        let mut times = Times::default();
        times.add_step(at(1_900_000), at(2_000_000), Duration::from_millis(1));
        assert_eq!(times.check("@0", &at(1_000_000).to_string()), None);
        assert!(times.check("@0", &at(0).to_string()).is_some());
    }

    #[test]
    fn generated_ids_have_their_form() {
        for id in ["1-abcd", "1699999999123456789-A_-9"] {
            assert!(places(&json!({"id": "@generated"}), json!({"id": id})).is_empty(), "{id}");
        }
        for id in ["abcd", "-abcd", "1-abc", "1-ab+d", "x1-abcd"] {
            assert_eq!(places(&json!({"id": "@generated"}), json!({"id": id})), ["id"], "{id}");
        }
    }

    fn error(expected: Value, kind: ErrorKind, message: &[u8]) -> Vec<String> {
        let outcome = Outcome::deserialize(json!({"error": expected})).unwrap();
        let answer = Answer::Refused { kind, message: message.to_vec() };
        compare(&outcome, &answer, &mut Times::default()).into_iter().map(|difference| difference.place).collect()
    }

    #[test]
    fn errors_are_compared_by_kind_code_and_message() {
        let expected = json!({"kind": "not_found", "code": 5, "message": "m"});
        assert!(error(expected.clone(), ErrorKind::NotFound, b"m").is_empty());
        assert_eq!(error(expected.clone(), ErrorKind::NotFound, b"n"), ["error.message"]);
        assert_eq!(error(expected, ErrorKind::Unknown, b"m"), ["error.kind", "error.code"]);
        let wrong_code = json!({"kind": "not_found", "code": 6, "message": "m"});
        assert_eq!(error(wrong_code, ErrorKind::NotFound, b"m"), ["error.code"]);
        assert_eq!(error(json!({"kind": "not_found", "code": 5}), ErrorKind::NotFound, b"m"), [""]);
    }

    #[test]
    fn bytes_that_are_not_text_are_compared_as_a_client_sees_them_or_to_the_byte() {
        let seen = json!({"kind": "unknown", "code": 2, "message": "a\u{fffd}\u{fffd}b"});
        assert!(error(seen, ErrorKind::Unknown, b"a\xe2\x82b").is_empty());
        let exact = |base64: &str| json!({"kind": "unknown", "code": 2, "message_base64": base64});
        assert!(error(exact("/w=="), ErrorKind::Unknown, b"\xff").is_empty());
        assert_eq!(error(exact("/w=="), ErrorKind::Unknown, b"\xfe"), ["error.message_base64"]);
    }

    #[test]
    fn an_answer_is_not_an_error() {
        let outcome = |value: Value| Outcome::deserialize(value).unwrap();
        let refused = Answer::Refused { kind: ErrorKind::NotFound, message: b"m".to_vec() };
        assert_eq!(compare(&outcome(json!({"ok": {}})), &refused, &mut Times::default()).len(), 1);
        let expected = outcome(json!({"error": {"kind": "not_found", "code": 5, "message": "m"}}));
        assert_eq!(compare(&expected, &Answer::Ok(json!({})), &mut Times::default()).len(), 1);
        let broken = Answer::Broken("gone".to_owned());
        assert_eq!(compare(&expected, &broken, &mut Times::default()), [Difference::note("gone")]);
    }

    #[test]
    fn long_texts_are_shown_where_they_differ() {
        let long = "v".repeat(5000);
        let (one, other) = excerpts(&format!("{long}a"), &format!("{long}b"));
        assert!(one.ends_with("va") && other.ends_with("vb") && one.chars().count() < 2 * SHOWN, "{one}");
        assert_eq!(excerpts("a", "b"), ("a".to_owned(), "b".to_owned()));
    }
}
