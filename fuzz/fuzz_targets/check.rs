//! Texts of any bytes: they are read and checked without a crash, and what is put right stays right.
#![no_main]
#![allow(missing_docs)]

use libfuzzer_sys::fuzz_target;
use stowbook::check::{Kind, Options, fix, validate};
use stowbook::doc::Document;

fuzz_target!(|data: &[u8]| {
    // The first byte chooses the kind.
    let (first, text) = data.split_first().unwrap_or((&0, &[]));
    let kind = Kind::ALL.get(usize::from(*first)).map(|(kind, _)| *kind);
    assert_eq!(Document::parse(text).text(), text);
    let options = Options { advice: true, ..Options::default() };
    let report = validate(text, kind, &options);
    assert!(report.diagnostics.iter().all(|one| one.span.offset + one.span.length <= text.len()));
    // Each round of repairs is a check of its own, so only short texts are repaired.
    if text.len() < 1000 {
        let fixed = fix(text, kind, &options);
        assert!(fixed.text.len() <= 8 * text.len() + 4096);
    }
});
