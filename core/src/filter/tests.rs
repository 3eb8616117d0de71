#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used)]

use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::path::Path;

/// The cases of a suite of conformance vectors, `{{TEXT*N}}` written out.
fn cases(suite: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(suite);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut suite: Value = serde_json::from_str(&text).unwrap();
    expand(&mut suite);
    suite["cases"].as_array().unwrap().clone()
}

fn expand(value: &mut Value) {
    match value {
        Value::String(text) => *text = expanded(text),
        Value::Array(items) => items.iter_mut().for_each(expand),
        Value::Object(members) => {
            let members = std::mem::take(members).into_iter().map(|(name, mut member)| {
                expand(&mut member);
                (expanded(&name), member)
            });
            *value = Value::Object(members.collect());
        }
        _ => {}
    }
}

fn expanded(text: &str) -> String {
    let Some((before, rest)) = text.split_once("{{") else { return text.into() };
    let (inner, after) = rest.split_once("}}").unwrap();
    let (repeated, count) = inner.rsplit_once('*').unwrap();
    before.to_owned() + &repeated.repeat(count.parse().unwrap()) + &expanded(after)
}

/// A text under its name, or under the name with `_base64` if it is not UTF-8.
fn put(object: &mut Value, name: &str, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => object[name] = text.into(),
        Err(_) => object[format!("{name}_base64")] = BASE64.encode(bytes).into(),
    }
}

fn outcome(result: Result<Value>) -> Value {
    let error = match result {
        Ok(value) => return json!({ "ok": value }),
        Err(error) => error,
    };
    let names = error.kind().names();
    let mut object = json!({ "kind": names.code, "code": names.grpc });
    put(&mut object, "message", error.message_bytes());
    json!({ "error": object })
}

fn parsed(text: &[u8]) -> Result<Value> {
    let filter = Filter::parse([text])?;
    if filter.is_all() {
        return Ok(json!({ "always": true }));
    }
    let selectors = filter.selectors().flatten().map(|selector| {
        let mut object = json!({ "operator": selector.operator().as_str() });
        match selector.path().iter().map(|name| String::from_utf8(name.clone())).collect::<Result<Vec<_>, _>>() {
            Ok(path) => object["path"] = path.into(),
            Err(_) => object["path_base64"] = selector.path().iter().map(|name| BASE64.encode(name)).collect(),
        }
        if selector.operator() != Operator::Present {
            put(&mut object, "value", selector.value());
        }
        object
    });
    Ok(json!({ "selectors": selectors.collect::<Value>() }))
}

fn fields(request: &Value) -> FieldMap {
    let fields = request["fields"].as_object().unwrap();
    fields.iter().map(|(path, value)| (path.as_str(), value.as_str().unwrap())).collect()
}

fn texts(request: &Value) -> Vec<&str> {
    request["filters"].as_array().into_iter().flatten().map(|text| text.as_str().unwrap()).collect()
}

/// Plays all cases of a suite and compares, except those that this build says it cannot do.
fn play(suite: &str, count: usize, answer: impl Fn(&Value) -> Result<Value>) {
    let cases = cases(suite);
    assert_eq!(cases.len(), count);
    for case in cases {
        for step in case["steps"].as_array().unwrap() {
            let result = answer(&step["request"]);
            if cfg!(not(feature = "regex")) && result.as_ref().is_err_and(|e| e.kind() == ErrorKind::NotImplemented) {
                assert!(step["request"].to_string().contains(r"\p"), "{case}");
                continue;
            }
            assert_eq!(outcome(result), step["expect"]["2.3"], "{case}");
        }
    }
}

#[test]
fn parses_as_containerd_does() {
    play("filters-parse.json", 1093, |request| {
        let text = match (request["text"].as_str(), request["text_base64"].as_str()) {
            (Some(text), _) => text.into(),
            (_, Some(bytes)) => BASE64.decode(bytes).unwrap(),
            _ => panic!("{request}"),
        };
        parsed(&text)
    });
}

#[test]
fn matches_as_containerd_does() {
    play("filters-match.json", 162, |request| {
        let filter = Filter::parse(texts(request))?;
        Ok(json!({ "match": filter.matches(&fields(request)) }))
    });
}

fn named(id: &str) -> FieldMap {
    FieldMap::from_iter([("id", id)])
}

#[test]
fn a_record_that_knows_its_fields_can_be_any_type() {
    let record = named("a");
    let dynamic: &dyn Adaptor = &record;
    assert!(Filter::parse(["id==a"]).unwrap().matches(dynamic));
    assert!(Filter::all().matches(&&record));
}

#[test]
fn the_first_error_counts_and_says_where() {
    let error = Filter::parse(["id~=[", "id==a,,", "id="]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert_eq!(
        error.message(),
        "filters: parse error: [id==a, >|,|< ,]: expected field or quoted: invalid argument".replace("< ,]", "< ]")
    );
    let details: Vec<_> = error.details().iter().map(|detail| (detail.name, detail.value.as_str())).collect();
    assert_eq!(details, [("filter", "1"), ("position_bytes", "6")]);
    assert!(error.help().is_some());
}

#[test]
fn an_expression_that_does_not_compile_matches_nothing_and_is_told() {
    let filter = Filter::parse(["id", r#"id==a,id~="[""#, "id~=/(?=x)/"]).unwrap();
    let told: Vec<_> = filter.warnings().iter().map(|w| (w.filter, w.selector, w.reason.as_str())).collect();
    assert_eq!(
        told,
        [
            (1, 1, "error parsing regexp: missing closing ]: `[`"),
            (2, 0, "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"),
        ]
    );
    assert_eq!(filter.warnings()[0].pattern, b"[");
    assert!(!Filter::parse(["id~=["]).unwrap().matches(&named("[")));
}

#[test]
fn expressions_of_a_filter_share_one_budget() {
    let one = r"id~=/(?:[a-z]{31}x){32}/";
    assert!(Filter::parse([one]).is_ok());
    let error = Filter::parse(std::iter::repeat_n(one, 10_000)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResourceExhausted);
    assert_eq!(error.message(), "filters: regular expressions too large: resource exhausted");
    // What cannot be parsed is told first, wherever it stands.
    let texts = std::iter::repeat_n(one, 10_000).chain(["id="]);
    assert_eq!(Filter::parse(texts).unwrap_err().kind(), ErrorKind::InvalidArgument);
}

#[cfg(not(feature = "regex"))]
#[test]
fn a_unicode_class_is_an_error_where_its_tables_are_missing() {
    for text in [r"id~=\pL", r"id~=[\p{Greek}]", r#"id==x,id~="\\P{Han}""#] {
        let error = Filter::parse([text]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotImplemented, "{text}");
        assert!(error.help().unwrap().contains("regex"));
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..4)) {
        if let Ok(filter) = Filter::parse(&texts) {
            let _ = filter.matches(&named("web-1"));
        }
    }

    /// Bytes from the language itself get further than any bytes.
    #[test]
    fn no_filter_like_text_makes_it_panic(text in r#"[ab"/|,. =!~\\\\(){}\[\]*+?^$0-9xupQE:<>PIimsU\-\u{0}\u{fffd}é\u{200b}\n]{0,60}"#) {
        let quoted = format!("id~=\"{}\"", text.replace('\\', r"\\").replace('"', r#"\""#));
        for text in [&text, &quoted, &format!("id~={text}")] {
            if let Ok(filter) = Filter::parse([text]) {
                let _ = filter.matches(&named("ab"));
                prop_assert!(filter.selectors().len() == 1);
            }
        }
    }

    #[test]
    fn any_value_can_be_quoted(value in prop::collection::vec(any::<u8>(), 0..40)) {
        let escaped: String = value.iter().map(|byte| format!("\\x{byte:02x}")).collect();
        let filter = Filter::parse([format!("id==\"{escaped}\"")]).unwrap();
        prop_assert!(filter.matches(&FieldMap::from_iter([("id", value)])));
    }
}

/// A megabyte of each awkward kind: no overflow, no error but an orderly one. Times are for people: `--nocapture`.
#[test]
fn a_megabyte_of_anything_is_answered() {
    const LEN: usize = 1 << 20;
    let quoted = |text: &str, count: usize| format!("id~=\"{}\"", text.repeat(count));
    let shapes: Vec<(&str, String)> = vec![
        ("blanks", " ".repeat(LEN)),
        ("dots", "a.".repeat(LEN / 2)),
        ("commas", "a,".repeat(LEN / 2) + "a"),
        ("presence only", "a,".repeat(LEN / 2)),
        ("comparisons", "id==a,".repeat(LEN / 6) + "id"),
        ("operators", format!("id{}", "=".repeat(LEN))),
        ("open quote", format!("id==\"{}", "a".repeat(LEN))),
        ("escapes", format!("id==\"{}\"", r"\x41".repeat(LEN / 4))),
        ("wrong escapes", format!("id==\"{}\"", r"\q".repeat(LEN / 2))),
        ("one value", format!("id=={}", "v".repeat(LEN))),
        ("one field", "f".repeat(LEN)),
        ("illegal bytes", "\u{0}".repeat(LEN)),
        ("regex: literal", quoted("abcdefgh", LEN / 8)),
        ("regex: literal, any case", format!("id~=\"(?i){}\"", "abcdefgh".repeat(LEN / 8))),
        ("regex: open groups", quoted("(", LEN)),
        ("regex: groups", format!("id~=\"{}{}\"", "(".repeat(LEN / 2), ")".repeat(LEN / 2))),
        ("regex: 990 groups", format!("id~=\"{}{}\"", "(?:a|b".repeat(330), ")*".repeat(330))),
        ("regex: open brackets", quoted("[", LEN)),
        ("regex: half names", quoted("[:", LEN / 2)),
        ("regex: sets", quoted("[a-c]", LEN / 5)),
        ("regex: bars", quoted("|", LEN)),
        ("regex: one character or another", quoted("a|", LEN / 2)),
        (
            "regex: alternatives",
            (0..LEN / 8).fold(String::from("id~=\""), |text, n| text + &format!("|n{n:06}")) + "\"",
        ),
        (
            "regex: longer and longer",
            (1..1440).fold(String::from("id~=\""), |text, n| text + &"a".repeat(n) + "|") + "\"",
        ),
        (
            "regex: longer, under the limit",
            (1..490).fold(String::from("id~=\""), |text, n| text + &"a".repeat(n) + "|") + "\"",
        ),
        ("regex: stars", quoted("a*", LEN / 2)),
        ("regex: optional", quoted("a?", LEN / 2)),
        ("regex: double stars", quoted("*", LEN)),
        ("regex: counts", quoted("a{1000}", LEN / 7)),
        ("regex: counts of nothing", quoted("(?:){1000}", LEN / 10)),
        ("regex: large counted", format!("id~=\"(?:{}){{1000}}\"", "abcdefgh".repeat(LEN / 8))),
        ("regex: half counts", quoted("{1", LEN / 2)),
        ("regex: digits", format!("id~=\"a{{{}}}\"", "1".repeat(LEN))),
        ("regex: flags", quoted("(?i)", LEN / 4)),
        ("regex: folded ranges", format!("id~=\"(?i){}\"", "[A-\u{1e943}]".repeat(LEN / 8))),
        ("regex: classes", quoted(r"\\pL", LEN / 4)),
        ("regex: one long set", format!("id~=\"[{}]\"", r"\\pL".repeat(LEN / 4))),
        ("regex: equal sets", quoted("(?:b|b)", LEN / 7)),
        ("regex: many", "id~=[a-c]x,".repeat(LEN / 11) + "id"),
        ("regex: many refused", "id~=[x,".repeat(LEN / 7) + "id"),
        ("regex: names", quoted("(?P<n>a)", LEN / 8)),
        ("regex: places", quoted("^$", LEN / 2)),
        ("regex: verbatim", quoted(r"\\Qa\\E", LEN / 7)),
    ];
    let record = FieldMap::from_iter([("id", "abc".repeat(1365))]);
    for (name, text) in shapes {
        #[allow(clippy::disallowed_methods)]
        let start = std::time::Instant::now();
        let parsed = Filter::parse([&text]);
        let parse_time = start.elapsed();
        let outcome = match &parsed {
            Ok(filter) => format!("{}, {} warnings", filter.matches(&record), filter.warnings().len()),
            Err(error) => error.kind().to_string(),
        };
        println!(
            "{name:32} {:4} KB  parse {parse_time:>9.1?}  all {:>9.1?}  {outcome}",
            text.len() >> 10,
            start.elapsed()
        );
    }
}
