use super::*;
use proptest::prelude::*;

fn kinds(text: &str) -> Vec<ProblemKind> {
    Document::parse(text.as_bytes()).problems().iter().map(|problem| problem.kind).collect()
}

/// The value again, from what the document says of it.
fn rebuild(value: Value<'_>) -> serde_json::Value {
    match value.shape() {
        Shape::Array => value.items().map(rebuild).collect(),
        Shape::Object => {
            value.members().filter_map(|member| Some((member.key()?.into_owned(), rebuild(member)))).collect()
        }
        Shape::String => value.as_str().unwrap().into_owned().into(),
        _ => serde_json::from_slice(value.raw()).unwrap_or_default(),
    }
}

/// Whether the value is in a member that a later one of its name hides.
fn hidden(value: Value<'_>) -> bool {
    let Some(parent) = value.parent() else { return false };
    let last = value.key().and_then(|key| parent.get(&key));
    last.is_some_and(|last| last != value) || hidden(parent)
}

fn fixed(text: &str) -> String {
    let document = Document::parse(text.as_bytes());
    let edits: Vec<_> = document.problems().iter().flat_map(|problem| problem.edits.clone()).collect();
    String::from_utf8(apply(text.as_bytes(), &edits).0).unwrap()
}

#[test]
fn each_problem_is_named_and_the_rest_is_read() {
    use ProblemKind as P;
    let cases: &[(&str, P, &str)] = &[
        (r#"{"b":2,}"#, P::TrailingComma, r#"{"b":2}"#),
        (r#"{"a":1,,"b":2}"#, P::ExtraComma, r#"{"a":1,"b":2}"#),
        (r#"{"a":1 "b":2}"#, P::MissingComma, r#"{"a":1, "b":2}"#),
        (r#"{"a" 1,"b":2}"#, P::MissingColon, r#"{"a": 1,"b":2}"#),
        (r#"{"a"=1,"b":2}"#, P::EqualsForColon, r#"{"a":1,"b":2}"#),
        ("{\"a\":1, // note\n\"b\":2}", P::Comment, "{\"a\":1, \n\"b\":2}"),
        (r#"{"a":1,/*/ note */"b":2}"#, P::Comment, r#"{"a":1,"b":2}"#),
        (r#"{'a"':1,"b":2}"#, P::SingleQuotes, r#"{"a\"":1,"b":2}"#),
        (r#"{a:1,"b":2}"#, P::BareKey, r#"{"a":1,"b":2}"#),
        (r#"{"a":True,"b":2}"#, P::BareWord, r#"{"a":true,"b":2}"#),
        ("{\"a\":\"x,\n\"b\":2}", P::UnterminatedString, "{\"a\":\"x\",\n\"b\":2}"),
        ("{\"a\":\"x\ty\",\"b\":2}", P::ControlCharacter, "{\"a\":\"x\\ty\",\"b\":2}"),
        (r#"{"a":[1},"b":2}"#, P::MissingClose, ""),
        (r#"{"a":1,"b":2"#, P::MissingClose, r#"{"a":1,"b":2}"#),
        (r#"{"a":1],"b":2}"#, P::ExtraClose, r#"{"a":1,"b":2}"#),
        (r#"{"b":2}}"#, P::TrailingData, r#"{"b":2}"#),
        ("\u{feff}{\"b\":2}", P::ByteOrderMark, r#"{"b":2}"#),
        (r#"{"a":007,"b":2}"#, P::NumberForm, ""),
        (r#"{"a":"\x","b":2}"#, P::BadEscape, ""),
        (r#"{"a":"\ud800","b":2}"#, P::LoneSurrogate, ""),
        (r#"{"a":,"b":2}"#, P::MissingValue, ""),
        (r#"{"a":@,"b":2}"#, P::Unexpected, ""),
    ];
    for (text, kind, right) in cases {
        assert_eq!(kinds(text).first(), Some(kind), "{text}");
        let document = Document::parse(text.as_bytes());
        // A bracket that closes too much takes the rest with it.
        let rest = document.at("/b").and_then(Value::as_integer) == Some(2);
        assert!(rest || kinds(text).len() == 2, "{text}");
        if !right.is_empty() {
            assert_eq!(fixed(text), *right);
        }
    }
    assert_eq!(kinds(""), [P::Empty]);
    assert_eq!(kinds("  "), [P::Empty]);
}

#[test]
fn depth_is_bounded_without_recursion() {
    let deep = "[".repeat(1_000_000);
    assert!(kinds(&deep).contains(&ProblemKind::TooDeep));
    let just = format!("{}1{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    assert_eq!(kinds(&just), []);
    assert_eq!(Document::parse(just.as_bytes()).depth(), MAX_DEPTH);
    let behind = format!("{{\"deep\":[{just}],\"b\":2}}");
    assert_eq!(Document::parse(behind.as_bytes()).at("/b").and_then(Value::as_integer), Some(2));
}

#[test]
fn pointers_find_what_they_name() {
    let document = Document::parse(br#"{"a/b":[{"~":"x"}],"a/b":[1,{"~":"y","\u00e9":0}]}"#);
    let value = document.at("/a~1b/1/~0").unwrap();
    assert_eq!(value.as_str().unwrap(), "y");
    assert_eq!(value.pointer(), "/a~1b/1/~0");
    assert_eq!(document.at("/a~1b/1/é").unwrap().pointer(), "/a~1b/1/é");
    assert!(document.at("/a~1b/01").is_none() && document.at("a").is_none() && document.at("/a~1b/2").is_none());
}

#[test]
fn edits_keep_the_layout() {
    let text = "{\n  \"a\": [1, 2],\n  \"b\": {}\n}\n";
    let document = Document::parse(text.as_bytes());
    let edits = [
        document.at("/a").unwrap().push("3").unwrap(),
        document.at("/a/0").unwrap().remove().unwrap(),
        document.at("/b").unwrap().insert_member("c", "true").unwrap(),
        document.root().insert_member("d", "null").unwrap(),
        document.at("/b").unwrap().rename("B").unwrap(),
    ];
    let (changed, applied) = apply(text.as_bytes(), &edits);
    assert_eq!(applied, edits.len());
    let changed = String::from_utf8(changed).unwrap();
    assert_eq!(changed, "{\n  \"a\": [2, 3],\n  \"B\": {\"c\": true},\n  \"d\": null\n}\n");
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?",
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
        "\"[a-c]{0,3}(\\\\u00[0-9a-f]{2}|\\\\n|\\\\\\\\)?\"",
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            (proptest::collection::vec(inner.clone(), 0..5), "[ \n\t]{0,2}")
                .prop_map(|(items, space)| format!("[{space}{}{space}]", items.join(&format!("{space},{space}")))),
            proptest::collection::vec(("[a-z~/]{0,3}", inner), 0..5).prop_map(|members| {
                let members: Vec<_> = members.iter().map(|(key, value)| format!("\"{key}\" : {value}")).collect();
                format!("{{{}}}", members.join(", "))
            }),
        ]
    })
}

/// Texts made of the pieces of JSON, mostly wrong.
fn almost_json() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just(":"),
        Just("\""),
        Just("'"),
        Just("\"a\""),
        Just("\"b\":"),
        Just("1"),
        Just("-"),
        Just("0"),
        Just(".5"),
        Just("e3"),
        Just("true"),
        Just("nul"),
        Just(" "),
        Just("\n"),
        Just("\\"),
        Just("\\u00"),
        Just("//"),
        Just("/*"),
        Just("*/"),
        Just("\u{1}"),
        Just("é"),
        Just("=")
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let document = Document::parse(&bytes);
        prop_assert_eq!(document.text(), &bytes[..]);
        prop_assert_eq!(apply(&bytes, &[]).0, bytes.clone());
        for index in 0..document.nodes.len() as u32 {
            let span = Value { document: &document, index }.span();
            prop_assert!(span.start <= span.end && span.end <= bytes.len());
        }
    }

    #[test]
    fn validity_is_that_of_serde_json(text in prop_oneof![json(), almost_json()]) {
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        let range = theirs.as_ref().err().is_some_and(|error| error.to_string().contains("out of range"));
        prop_assert!(range || theirs.is_ok() == kinds(&text).is_empty(), "{} {:?} {:?}", text, theirs, kinds(&text));
        if let Ok(theirs) = theirs {
            prop_assert_eq!(rebuild(Document::parse(text.as_bytes()).root()), theirs);
        }
    }

    #[test]
    fn each_value_is_found_by_its_pointer(text in json()) {
        let document = Document::parse(text.as_bytes());
        for index in 0..document.nodes.len() as u32 {
            let value = Value { document: &document, index };
            let pointer = value.pointer();
            match document.at(&pointer) {
                Some(found) => prop_assert_eq!(found.pointer(), pointer),
                // A member that a later one of its name hides, and what is in it, cannot be found.
                None => prop_assert!(hidden(value)),
            }
        }
    }

    #[test]
    fn an_edit_changes_its_span_only(text in json(), pick in any::<prop::sample::Index>()) {
        let document = Document::parse(text.as_bytes());
        let value = Value { document: &document, index: pick.index(document.nodes.len()) as u32 };
        let span = value.span();
        let (changed, _) = apply(text.as_bytes(), &[value.replace("\"new\"")]);
        let changed = String::from_utf8(changed).unwrap();
        prop_assert_eq!(&changed[..span.start], &text[..span.start]);
        prop_assert_eq!(&changed[span.start + 5..], &text[span.end..]);
        if let Some(edit) = value.remove() {
            let (changed, _) = apply(text.as_bytes(), &[edit]);
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&changed).is_ok());
        }
    }
}
