//! Annotations of image documents.

use crate::check::context::{Checker, Shown};
use crate::check::view::View as _;
use crate::check::{names, patterns};
use crate::doc::Value;

pub(super) fn check(checker: &mut Checker<'_>, annotations: Value<'_>) {
    for member in annotations.members() {
        let key = member.key().unwrap_or_default();
        // The artifact manifest of image-spec 1.1's drafts, the referrers of distribution-spec, ocicrypt.
        let others = [
            "org.opencontainers.artifact.created",
            "org.opencontainers.artifact.description",
            "org.opencontainers.referrers.filtersApplied",
        ];
        let of_others = others.contains(&&*key) || key.starts_with("org.opencontainers.image.enc.");
        let runtime_keys = names::RUNTIME_ANNOTATIONS.contains(&&*key);
        if key.is_empty() {
            checker.say_key("OCI-IM-0609", member, "an annotation has an empty {}", &[&"key"]);
        } else if key.starts_with("org.opencontainers.") {
            let known = names::IMAGE_ANNOTATIONS.contains(&&*key) || of_others || runtime_keys;
            if !known {
                checker.key("OCI-IM-0603", member, &[&Shown(&key)]);
            }
        } else if !patterns::reverse_domain(&key) {
            checker.key("OCI-IM-0602", member, &[&Shown(&key)]);
        }
    }
    values(checker, annotations);
}

/// What the values of the predefined keys may be; labels have the same.
pub(super) fn values(checker: &mut Checker<'_>, annotations: Value<'_>) {
    let value = |name: &str| {
        let value = annotations.string(&format!("org.opencontainers.image.{name}"))?;
        Some((value, value.as_str()?))
    };
    if let Some((place, text)) = value("created").filter(|(_, text)| patterns::date_time(text).is_none()) {
        checker.at("OCI-IM-0604", place, &[&Shown(&text)]);
    }
    if let Some((place, text)) = value("licenses").filter(|(_, text)| !is_license(text)) {
        checker.at("OCI-IM-0605", place, &[&Shown(&text)]);
    }
    for name in ["url", "documentation", "source"] {
        let absolute = |text: &str| patterns::uri(text) && text.contains("://");
        let found = value(name).filter(|(_, text)| !text.is_empty() && !absolute(text));
        if let Some((place, text)) = found {
            checker.at("OCI-IM-0606", place, &[&Shown(&text)]);
        }
    }
    if let Some((place, text)) = value("base.digest").filter(|(_, text)| patterns::digest(text).is_none()) {
        checker.at("OCI-IM-0607", place, &[&Shown(&text)]);
    }
    if let Some((place, text)) = value("base.name") {
        let host = text.split('/').next().unwrap_or_default();
        let qualified = text.contains('/') && (host.contains(['.', ':']) || host == "localhost");
        if !qualified {
            checker.at("OCI-IM-0608", place, &[&Shown(&text)]);
        }
    }
    for name in ["version", "revision"] {
        if let Some((place, _)) = value(name).filter(|(_, text)| text.is_empty()) {
            checker.at("OCI-IM-0610", place, &[&name]);
        }
    }
}

/// The shape of an SPDX expression: identifiers with AND, OR and WITH between them, and brackets.
fn is_license(text: &str) -> bool {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let mut depth = 0usize;
    let mut wants_identifier = true;
    for word in spaced.split_whitespace() {
        let identifier = |word: &str| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.+:".contains(&byte));
        match word {
            "(" if wants_identifier => depth += 1,
            ")" if !wants_identifier && depth > 0 => depth -= 1,
            "AND" | "OR" | "WITH" if !wants_identifier => wants_identifier = true,
            _ if wants_identifier && identifier(word) && !matches!(word, "AND" | "OR" | "WITH") => {
                wants_identifier = false;
            }
            _ => return false,
        }
    }
    depth == 0 && !wants_identifier
}
