//! What records are called and labelled: what meets, and what nobody should be able to break anything with.

use proptest::prelude::*;
use std::collections::BTreeMap;

pub(crate) fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(vec!["a", "b", "a-b", "a.b", "B"]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["", "a\0", "a/b", "\u{1}", "a b", "a\n", "é", "version"]).prop_map(str::to_owned),
        1 => "\\PC{0,90}",
    ]
}

/// Mostly one namespace, so that operations meet in it.
pub(crate) fn namespace() -> impl Strategy<Value = String> {
    prop_oneof![8 => Just("a".to_owned()), 1 => name()]
}

/// Mostly one of two names, so that operations meet on one record.
pub(crate) fn one_of_few() -> impl Strategy<Value = String> {
    prop_oneof![8 => prop::sample::select(vec!["a", "b"]).prop_map(str::to_owned), 1 => name()]
}

pub(crate) fn labels() -> impl Strategy<Value = BTreeMap<String, String>> {
    let key = prop_oneof![4 => prop::sample::select(vec!["x", "y", "x.y"]).prop_map(str::to_owned), 1 => "\\PC{0,6}"];
    let value = prop_oneof![
        4 => prop::sample::select(vec!["", "1", "2"]).prop_map(str::to_owned),
        1 => (4085usize..4100).prop_map(|n| "v".repeat(n)),
        1 => "\\PC{0,6}",
    ];
    prop::collection::btree_map(key, value, 0..4)
}

pub(crate) fn fields(paths: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(prop::sample::select(paths).prop_map(str::to_owned), 0..3)
}

pub(crate) fn is_identifier(text: &str) -> bool {
    let mut parts = text.split(['.', '_', '-']);
    text.len() <= 76 && parts.all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Whether records can be made in a namespace of this name.
pub(crate) fn is_namespace(name: &str) -> bool {
    is_identifier(name) && name != "version"
}

pub(crate) fn are_short(labels: &BTreeMap<String, String>) -> bool {
    labels.iter().all(|(key, value)| key.len() + value.len() <= 4096)
}

/// Drops empty labels; answers whether those that are left can be stored.
pub(crate) fn settle(labels: &mut BTreeMap<String, String>) -> bool {
    labels.retain(|_, value| !value.is_empty());
    !labels.contains_key("")
}

/// Sets one label to what the request says.
pub(crate) fn set(labels: &mut BTreeMap<String, String>, request: &BTreeMap<String, String>, key: &str) {
    labels.insert(key.to_owned(), request.get(key).cloned().unwrap_or_default());
}
