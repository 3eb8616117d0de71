//! Platforms: processor, operating system, variant.

use crate::check::context::{Checker, Shown};
use crate::check::names;
use crate::check::view::{View as _, strings};
use crate::doc::Value;

/// The codes of the rules about a platform.
pub(super) struct Codes {
    pub(super) architecture: &'static str,
    pub(super) os: &'static str,
    pub(super) variant: &'static str,
    pub(super) spelling: &'static str,
}

/// Other names of architectures, as kernels and distributions use them, and the variant that goes with them.
const ALIASES: [(&str, &str, &str); 9] = [
    ("x86_64", "amd64", ""),
    ("x86-64", "amd64", ""),
    ("aarch64", "arm64", ""),
    ("i386", "386", ""),
    ("i686", "386", ""),
    ("x86", "386", ""),
    ("armhf", "arm", "v7"),
    ("armel", "arm", "v6"),
    ("loongarch64", "loong64", ""),
];

pub(super) fn check(checker: &mut Checker<'_>, holder: Value<'_>, codes: &Codes) {
    let architecture = holder.text("architecture").unwrap_or_default();
    if let Some(value) = holder.string("architecture") {
        // The convention of what is attached to an image.
        if !names::GOARCH.contains(&&*architecture) && architecture != "unknown" {
            let found = checker.at(codes.architecture, value, &[&Shown(&architecture), &"processor architecture"]);
            let lower = architecture.to_lowercase();
            let alias = ALIASES.iter().find(|(alias, _, _)| *alias == lower);
            match alias {
                Some((_, right, "")) => {
                    found.safe(format!("write {right:?}"), [value.replace(crate::doc::quote(right))]);
                }
                Some((_, right, variant)) => {
                    found.propose(format!("write {right:?} with the variant {variant:?}"), []);
                }
                None => {}
            }
        }
    }
    let os = holder.text("os").unwrap_or_default();
    if let Some(value) = holder.string("os")
        && !names::GOOS.contains(&&*os)
        && os != "unknown"
    {
        checker.at(codes.os, value, &[&Shown(&os), &"operating system"]);
    }
    variant(checker, holder, &architecture, codes);
}

fn variant(checker: &mut Checker<'_>, holder: Value<'_>, architecture: &str, codes: &Codes) {
    let Some(value) = holder.string("variant").filter(|value| value.raw() != b"\"\"") else {
        let lacks = checker.lacks(holder, "variant") || holder.string("variant").is_some();
        if architecture == "arm" && lacks && codes.spelling == "OCI-IM-0315" {
            checker.missing(codes.spelling, holder, "variant");
        }
        return;
    };
    let text = value.as_str().unwrap_or_default();
    let version = |text: &str, numbers: std::ops::RangeInclusive<u32>| {
        let digits = text.strip_prefix('v').unwrap_or_default();
        let (major, minor) = digits.split_once('.').unwrap_or((digits, "0"));
        major.parse().is_ok_and(|major| numbers.contains(&major)) && minor.parse::<u32>().is_ok()
    };
    let known = match architecture {
        "arm" => version(&text, 5..=8),
        "arm64" => version(&text, 8..=9),
        "amd64" => version(&text, 1..=4) && !text.contains('.'),
        "ppc64le" => ["power8", "power9", "power10"].contains(&&*text),
        "riscv64" => ["rva20u64", "rva22u64", "rva23u64"].contains(&&*text),
        _ => return,
    };
    if known {
        return;
    }
    let right = format!("v{text}");
    let spelled = matches!(architecture, "arm" | "arm64") && version(&right, 5..=9);
    let code = if spelled { codes.spelling } else { codes.variant };
    let found = match code == "OCI-IM-0315" {
        true => checker.at(code, value, &[&Shown(&text)]),
        false => checker.at(code, value, &[&Shown(&text), &"variant of the processor architecture"]),
    };
    if spelled {
        found.propose(format!("write {right:?}"), [value.replace(crate::doc::quote(&right))]);
    }
}

/// What an operating system's version and features may be.
pub(super) fn windows(checker: &mut Checker<'_>, platform: Value<'_>) {
    if platform.text("os").as_deref() != Some("windows") {
        return;
    }
    if checker.lacks_or_empty(platform, "os.version") {
        checker.missing("OCI-IM-0311", platform, "os.version");
    }
    for (value, feature) in strings(platform.list("os.features")).filter(|(_, feature)| feature != "win32k") {
        checker.at("OCI-IM-0311", value, &[&Shown(&feature)]);
    }
}
