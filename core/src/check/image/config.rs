//! The configs of images.

use super::{annotations, descriptor, platform};
use crate::check::context::{Checker, Shown};
use crate::check::view::{View as _, strings};
use crate::check::{patterns, runtime};
use crate::doc::{Shape, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

const PLATFORM: platform::Codes =
    platform::Codes { architecture: "OCI-IM-0407", os: "OCI-IM-0407", variant: "OCI-IM-0407", spelling: "OCI-IM-0407" };

/// What Docker wrote before anybody knew the time.
const ZERO_TIME: i64 = -62_135_596_800;

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>) {
    if root.shape() != Shape::Object {
        return;
    }
    platform::check(checker, root, &PLATFORM);
    if root.text("os").as_deref() == Some("windows") && checker.lacks_or_empty(root, "os.version") {
        checker.missing("OCI-IM-0426", root, "os.version");
    }
    file_system(checker, root);
    times(checker, root);
    if let Some(config) = root.object("config") {
        self::config(checker, root, config);
    }
    runtime::image_advice(checker, root);
}

fn file_system(checker: &mut Checker<'_>, root: Value<'_>) {
    let Some(rootfs) = root.object("rootfs") else { return };
    if let Some(value) = rootfs.string("type") {
        let text = value.as_str().unwrap_or_default();
        if text != "layers" {
            checker
                .at("OCI-IM-0404", value, &[&Shown(&text)])
                .propose("write \"layers\"", [value.replace("\"layers\"")]);
        }
    }
    let Some(list) = rootfs.array("diff_ids") else { return };
    if list.items().next().is_none() {
        checker.at("OCI-IM-0427", list, &[]).warning();
    }
    for (value, text) in strings(list.items()) {
        let length = patterns::digest(&text).and_then(|(algorithm, _)| patterns::digest_length(algorithm));
        let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        let fits = match (patterns::digest(&text), length) {
            (Some((_, encoded)), Some(length)) => encoded.len() == length && hex(encoded),
            (Some(_), None) => descriptor::digest(checker, value),
            (None, _) => false,
        };
        if !fits {
            checker.at("OCI-IM-0405", value, &[&Shown(&text)]);
        }
    }
    let Some(history) = root.array("history").filter(|history| history.items().next().is_some()) else { return };
    let layers = history.items().filter(|entry| entry.truth("empty_layer") != Some(true)).count();
    let ids = list.items().count();
    let readable = |entry: Value<'_>| {
        let empty = entry.present("empty_layer");
        entry.shape() == Shape::Object && empty.is_none_or(|empty| empty.as_bool().is_some())
    };
    if layers != ids && history.items().all(readable) {
        checker.at("OCI-IM-0422", history, &[&layers, &ids]).related(list, "the layers");
    }
}

fn times(checker: &mut Checker<'_>, root: Value<'_>) {
    let of_history = root.list("history").filter_map(|entry| entry.string("created"));
    for value in root.string("created").into_iter().chain(of_history) {
        let text = value.as_str().unwrap_or_default();
        match patterns::date_time(&text) {
            None => {
                checker.at("OCI-IM-0408", value, &[&Shown(&text)]);
            }
            // No time at all; the check has no clock that could tell the future.
            Some(at) if at <= ZERO_TIME || text.starts_with('9') => {
                checker.at("OCI-IM-0409", value, &[&Shown(&text)]);
            }
            Some(_) => {}
        }
    }
}

fn config(checker: &mut Checker<'_>, root: Value<'_>, config: Value<'_>) {
    environment(checker, config);
    if let Some(value) = config.string("User") {
        user(checker, value);
    }
    let windows = root.text("os").as_deref() == Some("windows");
    for port in config.object("ExposedPorts").into_iter().flat_map(Value::members) {
        let key = port.key().unwrap_or_default();
        let (number, protocol) = key.split_once('/').unwrap_or((&key, "tcp"));
        let digits = number.len() <= 5 && number.bytes().all(|byte| byte.is_ascii_digit());
        let fits = digits && number.parse::<u32>().is_ok_and(|port| (1..=65535).contains(&port));
        if !fits || !matches!(protocol, "tcp" | "udp" | "sctp") {
            checker.key("OCI-IM-0413", port, &[&Shown(&key)]);
        }
    }
    for volume in config.object("Volumes").into_iter().flat_map(Value::members) {
        let key = volume.key().unwrap_or_default();
        if !key.starts_with('/') && !windows {
            checker.key("OCI-IM-0414", volume, &[&Shown(&key)]).warning();
        }
    }
    if let Some(value) = config.string("WorkingDir").filter(|value| value.raw() != b"\"\"") {
        let text = value.as_str().unwrap_or_default();
        let absolute = text.starts_with('/') || (windows && (text.get(1..2) == Some(":") || text.starts_with('\\')));
        if !absolute {
            checker.at("OCI-IM-0415", value, &[&Shown(&text)]);
        }
    }
    let nothing = |name| checker.lacks_or_empty(config, name);
    if nothing("Entrypoint") && nothing("Cmd") {
        checker.at("OCI-IM-0417", config, &[]);
    }
    if let Some(value) = config.string("StopSignal").filter(|value| value.raw() != b"\"\"") {
        let text = value.as_str().unwrap_or_default();
        if !patterns::signal(&text) {
            checker.at("OCI-IM-0418", value, &[&Shown(&text)]);
        }
    }
    labels(checker, config);
    if let Some(value) = config.present("ArgsEscaped").filter(|value| value.as_bool() == Some(true) && !windows) {
        checker.key("OCI-IM-0421", value, &[]);
    }
    let docker = ["Memory", "MemorySwap", "CpuShares", "Healthcheck", "Shell", "OnBuild"];
    for member in docker.iter().filter_map(|name| config.present(name)) {
        let zero = member.as_integer() == Some(0) || member.raw() == b"[]";
        if !zero {
            let key = member.key().unwrap_or_default();
            checker.key("OCI-IM-0424", member, &[&key]);
        }
    }
    if let Some(health) = config.object("Healthcheck") {
        health_check(checker, health);
    }
}

fn environment(checker: &mut Checker<'_>, config: Value<'_>) {
    let mut seen: BTreeMap<Cow<'_, str>, Value<'_>> = BTreeMap::new();
    for (value, text) in strings(config.list("Env")) {
        let split = text.split_once('=').filter(|(name, rest)| !name.is_empty() && !rest.contains('\n'));
        let Some((name, _)) = split else {
            checker.at("OCI-IM-0410", value, &[&Shown(text.split('=').next().unwrap_or_default())]);
            continue;
        };
        if !patterns::env_name(name) {
            checker.at("OCI-IM-0411", value, &[&Shown(name), &"is not made of letters, digits and _"]);
        }
        if let Some(first) = seen.insert(name.to_owned().into(), value) {
            checker.at("OCI-IM-0411", value, &[&Shown(name), &"is set twice"]).related(first, "the other one");
        }
    }
}

fn user(checker: &mut Checker<'_>, value: Value<'_>) {
    let text = value.as_str().unwrap_or_default();
    let parts: Vec<&str> = text.split(':').collect();
    let out_of_range = |part: &&str| {
        let digits = part.strip_prefix(['-', '+']).unwrap_or(part);
        let numeric = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        numeric
            && !part
                .trim_start_matches('+')
                .parse::<i64>()
                .is_ok_and(|number| (0..=i64::from(i32::MAX)).contains(&number))
    };
    let why = match parts.as_slice() {
        [_, _, _, ..] => "has more than one colon",
        parts if parts.iter().any(out_of_range) => "has a number outside 0 to 2147483647",
        [_, ""] => "has an empty group, which means group 0",
        ["", _] => "has an empty user, which means user 0",
        _ => return,
    };
    checker.at("OCI-IM-0412", value, &[&Shown(&text), &why]);
}

fn labels(checker: &mut Checker<'_>, config: Value<'_>) {
    let Some(labels) = config.object("Labels") else { return };
    for label in labels.members() {
        let key = label.key().unwrap_or_default();
        let length = key.len() + label.as_str().map_or(0, |text| text.len());
        if key.is_empty() {
            checker.key("OCI-IM-0419", label, &[]).warning();
        } else if key.starts_with("containerd.io/") || key.starts_with("io.cri-containerd") {
            checker.key("OCI-IM-0420", label, &[&Shown(&key), &"is reserved for containerd, which skips it"]);
        } else if length > 4096 {
            checker.key(
                "OCI-IM-0420",
                label,
                &[&Shown(&key), &"is longer than 4096 bytes with its value, so containerd drops it"],
            );
        }
    }
    annotations::values(checker, labels);
}

fn health_check(checker: &mut Checker<'_>, health: Value<'_>) {
    let first = health.list("Test").next();
    let kind = first.and_then(Value::as_str).unwrap_or_default();
    if let Some(first) = first.filter(|_| !matches!(&*kind, "NONE" | "CMD" | "CMD-SHELL")) {
        checker.at("OCI-IM-0425", first, &[&format!("\"{}\" is none of NONE, CMD and CMD-SHELL", Shown(&kind))]);
    }
    for name in ["Interval", "Timeout", "StartPeriod", "StartInterval"] {
        // Durations are in nanoseconds.
        if let (Some(value), Some(time)) = (health.present(name), health.integer(name))
            && time != 0
            && time < 1_000_000
        {
            checker.at("OCI-IM-0425", value, &[&format!("{name} is less than a millisecond")]);
        }
    }
}
