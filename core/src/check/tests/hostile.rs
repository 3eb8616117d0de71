//! Texts that nobody wrote.

use super::*;
use proptest::prelude::*;

fn text() -> Vec<u8> {
    let base = json(&folder("cases").join("rec.json"));
    serde_json::to_vec(&base["document"]).unwrap()
}

fn check_all(text: &[u8]) {
    let options = Options { advice: true, ..Options::default() };
    // A message may quote the text.
    let may_quote = text.windows(2).any(|pair| pair == b"{}");
    for kind in [None, Some(Kind::ContainerdRecord), Some(Kind::RuntimeConfig), Some(Kind::ImageIndex)] {
        let report = validate(text, kind, &options);
        for one in &report.diagnostics {
            assert!(one.span.offset + one.span.length <= text.len(), "{one:?}");
            assert!(may_quote || !one.message.contains("{}"), "{one:?}");
        }
        // The same text gives the same bytes.
        let again = validate(text, kind, &options);
        assert_eq!(serde_json::to_string(&report).unwrap(), serde_json::to_string(&again).unwrap());
    }
}

#[test]
fn every_beginning_of_a_record_can_be_checked() {
    let text = text();
    for end in (0..text.len()).step_by(397) {
        check_all(&text[..end]);
    }
}

#[test]
fn findings_are_counted_when_they_are_too_many() {
    let text = format!("{{{}}}", vec![r#""a":1"#; 30_000].join(","));
    let report = validate(text.as_bytes(), Some(Kind::RuntimeConfig), &Options::default());
    assert_eq!(report.diagnostics.len(), 1001);
    assert!(report.diagnostics[1000].message.ends_with("more findings are not listed"));
}

#[test]
fn secrets_are_not_in_reports() {
    let text = br#"{"process": {"env": ["DB_PASSWORD=hunter22", "no"], "cwd": 1, "args": {"a": "DB_PASSWORD"}}}"#;
    let report = validate(text, Some(Kind::RuntimeConfig), &Options { advice: true, ..Options::default() });
    assert!(!serde_json::to_string(&report).unwrap().contains("hunter22"));
    assert_eq!(report.secrets.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_bytes_can_be_checked(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        check_all(&bytes);
    }

    #[test]
    fn damaged_records_can_be_checked(
        at in any::<prop::sample::Index>(),
        length in 0..40usize,
        piece in prop_oneof![Just("null"), Just("{"), Just("]"), Just("\""), Just("1e5"), Just("[]"), Just(",,"), Just("-1")],
    ) {
        let mut text = text();
        let start = at.index(text.len());
        let end = (start + length).min(text.len());
        text.splice(start..end, piece.bytes());
        check_all(&text);
    }
}

#[test]
fn a_text_that_was_cut_is_put_right_once_or_not_at_all() {
    let text = r#"{"ociVersion": "1.2.0", /* a */ "root": {"path": "r", 'readonly': true,}, "mounts": [{"destination" "/a"}, // b
        {"destination": "/b\n", "options": ["ro", "ro"]}], hostname: "x"}"#;
    for end in 0..=text.len() {
        let options = Options::default();
        let once = fix(&text.as_bytes()[..end], Some(Kind::RuntimeConfig), &options);
        let twice = fix(&once.text, Some(Kind::RuntimeConfig), &options);
        assert_eq!((twice.text, twice.codes), (once.text, vec![]), "{}", &text[..end]);
    }
}
