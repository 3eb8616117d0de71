//! Time offsets and network devices.

use super::namespaces::Namespaces;
use crate::check::context::{Checker, Shown};
use crate::check::view::View as _;
use crate::doc::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>, namespaces: &Namespaces<'_>) {
    let Some(linux) = root.object("linux") else { return };
    if let Some(offsets) = linux.object("timeOffsets").filter(|offsets| offsets.members().next().is_some()) {
        time_offsets(checker, offsets, namespaces);
    }
    if let Some(devices) = linux.object("netDevices").filter(|devices| devices.members().next().is_some()) {
        net_devices(checker, devices, namespaces);
    }
}

fn time_offsets(checker: &mut Checker<'_>, offsets: Value<'_>, namespaces: &Namespaces<'_>) {
    let mut unknown = false;
    for member in offsets.members() {
        let clock = member.key().unwrap_or_default();
        if !matches!(&*clock, "monotonic" | "boottime") {
            let found = checker.key("OCI-RT-0641", member, &[&Shown(&clock)]);
            if let Some(right) = found.guess(&clock, ["monotonic", "boottime"]) {
                found.propose(format!("write {right:?}"), member.rename(right));
            }
            unknown = true;
        }
    }
    // The other rules are about offsets that could be set.
    if unknown {
        return;
    }
    if !namespaces.has("time") && namespaces.are_readable() {
        let edit = namespaces.list.and_then(|list| list.push(r#"{"type": "time"}"#));
        checker.at("OCI-RT-0640", offsets, &[]).propose("add a time namespace", edit);
    } else if let Some(path) = namespaces.path("time") {
        checker.at("OCI-RT-0643", offsets, &[]).related(path, "the namespace is joined here");
    }
}

fn net_devices(checker: &mut Checker<'_>, devices: Value<'_>, namespaces: &Namespaces<'_>) {
    let mut names: BTreeMap<Cow<'_, str>, Value<'_>> = BTreeMap::new();
    let fits = |name: &str| {
        !name.is_empty()
            && name.len() <= 15
            && !matches!(name, "." | "..")
            && !name.contains(|c: char| c == '/' || c == ':' || c.is_whitespace() || c.is_control())
    };
    for member in devices.members() {
        let key = member.key().unwrap_or_default().into_owned();
        if !fits(&key) {
            checker.key("OCI-RT-0650", member, &[&Shown(&key)]);
        }
        let renamed = member.string("name").filter(|name| name.raw() != b"\"\"");
        if let Some(value) = renamed.filter(|value| !fits(&value.as_str().unwrap_or_default())) {
            checker.at("OCI-RT-0650", value, &[&Shown(&value.as_str().unwrap_or_default())]);
        }
        let name = renamed.and_then(Value::as_str).map_or(key, std::borrow::Cow::into_owned);
        if let Some(first) = names.insert(name.clone().into(), member) {
            checker.at("OCI-RT-0652", member, &[&Shown(&name)]).related(first, "the other one");
        }
    }
    let without = !namespaces.has("network") && namespaces.are_readable();
    if without || checker.options.rootless {
        let why = if without { "there is no network namespace" } else { "the container is rootless" };
        checker.key("OCI-RT-0651", devices, &[&why]);
    }
}
