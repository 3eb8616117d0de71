//! Filters of any bytes: they are parsed or refused, and match without a crash.
#![no_main]
#![allow(missing_docs)]

use libfuzzer_sys::fuzz_target;
use stowbook::filter::{FieldMap, Filter};

// A line feed is no part of any filter, so it can part the texts of a list.
fuzz_target!(|data: &[u8]| {
    let texts: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    let Ok(filter) = Filter::parse(&texts) else { return };
    let empty = FieldMap::default();
    let full =
        FieldMap::from_iter([("id", &b"web-1"[..]), ("labels.app", b"\xff\xfe"), ("image", "nginx:é".as_bytes())]);
    let (first, second) = (filter.matches(&empty), filter.matches(&full));
    let again = Filter::parse(&texts).expect("what was parsed once is parsed again");
    assert_eq!((first, second), (again.matches(&empty), again.matches(&full)));
    // One text alone selects no more than the list.
    for text in &texts {
        let alone = Filter::parse([text]).expect("each text of a list that was parsed is a filter");
        assert!(!alone.matches(&full) || second);
    }
});
