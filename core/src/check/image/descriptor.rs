//! Descriptors: what refers to a blob.

use crate::check::context::{Checker, Shown};
use crate::check::patterns;
use crate::check::view::{View as _, strings};
use crate::doc::{Shape, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The type of the two bytes `{}`.
pub(super) const EMPTY_TYPE: &str = "application/vnd.oci.empty.v1+json";
const EMPTY_DIGEST: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
const NOTHING_DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// What a descriptor is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Alone,
    Config,
    Layer,
    Manifest,
    Subject,
}

pub(super) fn check(checker: &mut Checker<'_>, value: Value<'_>, role: Role) {
    if value.shape() != Shape::Object {
        return;
    }
    if let Some(media_type) = value.string("mediaType") {
        let text = media_type.as_str().unwrap_or_default();
        if !patterns::media_type(&text) {
            checker.at("OCI-IM-0102", media_type, &[&Shown(&text)]);
        }
    }
    if let Some(artifact) = value.string("artifactType") {
        let text = artifact.as_str().unwrap_or_default();
        if !patterns::media_type(&text) {
            checker.at("OCI-IM-0113", artifact, &[&Shown(&text)]);
        }
    }
    let digest = value.string("digest");
    let digest_fits = digest.is_some_and(|digest| self::digest(checker, digest));
    let size = value.present("size").filter(|size| !checker.wrong_type.contains(&size.id()));
    let size = size.and_then(|size| Some((size, size.as_integer()?)));
    let text = digest.and_then(Value::as_str).unwrap_or_default();
    let empty = value.text("mediaType").is_some_and(|kind| kind == EMPTY_TYPE);
    if let Some((place, number)) = size {
        let nothing = text == NOTHING_DIGEST;
        if number < 0 {
            checker.at("OCI-IM-0108", place, &[&number]);
        } else if (number == 0 && matches!(role, Role::Layer | Role::Config) && !nothing) || (nothing && number != 0) {
            checker.at("OCI-IM-0109", place, &[&number]);
        } else if empty && digest_fits && (text != EMPTY_DIGEST || number != 2) {
            checker.at("OCI-IM-0116", value, &[]);
        }
    }
    urls(checker, value);
    data(checker, value, &text, size.map(|(_, size)| size));
    if let (Role::Config | Role::Layer, Some(platform)) = (role, value.present("platform")) {
        checker.key("OCI-IM-0120", platform, &[]);
    }
    if digest_fits {
        match checker.ask("OCI-IM-0118", "blobs", |host| host.blob(&text)) {
            Some(None) if role == Role::Manifest => {
                checker.at("OCI-IM-0505", value, &[&Shown(&text)]);
            }
            Some(Some((length, whole))) => {
                let right = whole && size.is_none_or(|(_, size)| size == i128::from(length));
                if !right {
                    checker.at("OCI-IM-0118", value, &[&Shown(&text)]);
                }
            }
            _ => {}
        }
    }
    if let Some(annotations) = value.object("annotations") {
        super::annotations::check(checker, annotations);
    }
}

/// Checks a digest; whether it can be used.
pub(super) fn digest(checker: &mut Checker<'_>, value: Value<'_>) -> bool {
    let text = value.as_str().unwrap_or_default();
    let Some((algorithm, encoded)) = patterns::digest(&text) else {
        let found = checker.at("OCI-IM-0104", value, &[&Shown(&text)]);
        if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let right = format!("sha256:{}", text.to_ascii_lowercase());
            found.propose(format!("write {right:?}"), [value.replace(crate::doc::quote(&right))]);
        }
        return false;
    };
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    match patterns::digest_length(algorithm) {
        Some(length) if encoded.len() != length || !encoded.bytes().all(hex) => {
            let found = checker.at("OCI-IM-0105", value, &[&algorithm, &length]);
            let lower = encoded.to_ascii_lowercase();
            if lower.len() == length && lower.bytes().all(hex) {
                let right = crate::doc::quote(&format!("{algorithm}:{lower}"));
                found.safe("write it in lower case", [value.replace(right)]);
            }
            false
        }
        Some(_) => true,
        None => {
            let found = checker.at("OCI-IM-0106", value, &[&Shown(algorithm)]);
            if matches!(algorithm, "md5" | "sha1") {
                found.severity(crate::check::Severity::Error);
            }
            true
        }
    }
}

fn urls(checker: &mut Checker<'_>, value: Value<'_>) {
    for (value, text) in strings(value.list("urls")) {
        if !patterns::uri(&text) {
            checker.at("OCI-IM-0121", value, &[&Shown(&text)]);
        } else if !text.starts_with("https://") && !text.starts_with("http://") {
            checker.at("OCI-IM-0110", value, &[&Shown(&text)]);
        }
    }
}

fn data(checker: &mut Checker<'_>, value: Value<'_>, digest: &str, size: Option<i128>) {
    let Some(place) = value.string("data") else { return };
    let text = place.as_str().unwrap_or_default();
    let Some(bytes) = patterns::base64(&text) else {
        checker.at("OCI-IM-0111", place, &[]);
        return;
    };
    let other = patterns::digest(digest).is_some_and(|(algorithm, encoded)| {
        patterns::digest_length(algorithm) == Some(encoded.len())
            && super::super::measure(&mut bytes.as_slice(), digest).is_ok_and(|(_, same)| !same)
    });
    if size.is_some_and(|size| size != bytes.len() as i128) || other {
        checker.at("OCI-IM-0112", place, &[&bytes.len()]);
    }
    if bytes.len() > 64 << 10 {
        checker.at("OCI-IM-0119", place, &[&bytes.len()]);
    }
}

/// Says where the same blob is described in two ways.
pub(super) fn consistent<'d>(checker: &mut Checker<'_>, descriptors: impl Iterator<Item = Value<'d>>) {
    let mut seen: BTreeMap<Cow<'_, str>, Value<'d>> = BTreeMap::new();
    for value in descriptors {
        let Some(digest) = value.text("digest") else { continue };
        let Some(first) = seen.get(&*digest).copied() else {
            seen.insert(digest, value);
            continue;
        };
        let sizes = first.integer("size") != value.integer("size");
        if sizes || first.text("mediaType") != value.text("mediaType") {
            let found = checker.at("OCI-IM-0117", value, &[]);
            found.related(first, "the other one");
            if sizes {
                found.severity(crate::check::Severity::Error);
            }
        }
    }
}
