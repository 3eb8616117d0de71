//! Devices, and who may use them.

use super::namespaces::Namespaces;
use crate::check::context::{Checker, Shown};
use crate::check::view::View as _;
use crate::check::{Kind, PathKind, Platform, Severity, names, patterns};
use crate::doc::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Nodes that every runtime makes.
const SUPPLIED: [&str; 8] =
    ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/console", "/dev/ptmx"];

/// What a rule about devices is about.
struct Access<'d> {
    value: Value<'d>,
    allow: bool,
    kind: Cow<'d, str>,
    major: Option<i128>,
    minor: Option<i128>,
    access: Cow<'d, str>,
}

impl Access<'_> {
    /// Whether it names a sort of device that there is, or all of them.
    fn is_readable(&self) -> bool {
        matches!(&*self.kind, "" | "a" | "b" | "c")
    }

    fn is_for_all(&self) -> bool {
        matches!(&*self.kind, "" | "a")
    }

    fn takes(&self, kind: &str, major: i128, minor: i128) -> bool {
        let number = |rule: Option<i128>, number| rule.is_none_or(|rule| rule == number || rule == -1);
        self.is_for_all() || (self.kind == kind && number(self.major, major) && number(self.minor, minor))
    }
}

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>) {
    let Some(linux) = root.object("linux") else { return };
    let list = linux.object("resources").and_then(|resources| resources.array("devices"));
    let rules: Vec<Access<'_>> = list.into_iter().flat_map(Value::items).map(read).collect();
    access(checker, &rules);
    nodes(checker, root, linux, list.map(|_| rules.as_slice()));
}

fn read(value: Value<'_>) -> Access<'_> {
    Access {
        value,
        allow: value.truth("allow").unwrap_or(false),
        kind: value.text("type").unwrap_or_default(),
        major: value.integer("major"),
        minor: value.integer("minor"),
        access: value.text("access").unwrap_or_default(),
    }
}

fn access(checker: &mut Checker<'_>, rules: &[Access<'_>]) {
    for (position, rule) in rules.iter().enumerate() {
        if let (false, Some(value)) = (rule.is_readable(), rule.value.present("type")) {
            let found = checker.at("OCI-RT-0711", value, &[&Shown(&rule.kind)]);
            if let Some(meant) = names::meant("OCI-RT-0702", &rule.kind).filter(|meant| *meant != "p") {
                found.propose(format!("write {meant:?}"), [value.replace(crate::doc::quote(meant))]);
            }
        }
        if checker.needs_more("OCI-RT-0712", rule.value, "access") {
            let edit = match rule.value.present("access") {
                Some(value) => Some(value.replace(r#""rwm""#)),
                None => rule.value.insert_member("access", r#""rwm""#),
            };
            checker.missing("OCI-RT-0712", rule.value, "access").propose("write \"rwm\"", edit);
        } else if let Some(value) = rule.value.string("access") {
            let fits = rule.access.len() <= 3
                && rule.access.chars().all(|letter| "rwm".contains(letter) && rule.access.matches(letter).count() == 1);
            if !fits {
                checker.at("OCI-RT-0713", value, &[&Shown(&rule.access)]);
            }
        }
        for name in ["major", "minor"] {
            match (rule.value.present(name), rule.value.integer(name)) {
                (Some(value), Some(-1)) => {
                    checker.at("OCI-RT-1042", value, &[&name]).propose("leave it out", value.remove());
                }
                (Some(value), Some(number)) if !(0..=i128::from(u32::MAX)).contains(&number) => {
                    checker.say("OCI-RT-1042", value, "{} {} is the number of no device", &[&name, &number]);
                }
                _ => {}
            }
        }
        let numbered = rule.value.present("major").or(rule.value.present("minor"));
        if let (true, Some(value)) = (rule.kind == "a", numbered) {
            checker.at("OCI-RT-0717", value, &[]);
        }
        let whole = rule.is_for_all() && rule.access.len() == 3;
        let known = matches!(&*rule.kind, "" | "a" | "b" | "c") && !rule.access.is_empty();
        if position == 0 && (rule.allow || !whole) && rule.value.truth("allow").is_some() && known {
            checker.at("OCI-RT-0714", rule.value, &[]);
        }
    }
    // A rule for all devices undoes what came before it.
    let last_for_all = rules.iter().rposition(|rule| rule.is_for_all() && rule.access.len() == 3);
    if let Some((last, over)) = last_for_all.and_then(|last| Some((last, rules.get(last)?))) {
        for rule in rules.iter().take(last).filter(|rule| rule.allow != over.allow) {
            checker.at("OCI-RT-0715", rule.value, &[]).related(over.value, "this later rule undoes it");
        }
    }
}

fn nodes(checker: &mut Checker<'_>, root: Value<'_>, linux: Value<'_>, rules: Option<&[Access<'_>]>) {
    let mut paths: BTreeMap<Cow<'_, str>, Value<'_>> = BTreeMap::new();
    let mut numbers: BTreeMap<Cow<'_, str>, Value<'_>> = BTreeMap::new();
    // A rule for no sort of device may have been meant for any.
    let rules = rules.filter(|rules| (1..=1000).contains(&rules.len()) && rules.iter().all(Access::is_readable));
    for device in linux.list("devices") {
        let kind = device.text("type").unwrap_or_default().into_owned();
        let node = matches!(kind.as_str(), "b" | "c" | "u");
        if let Some(value) = device.string("path") {
            path(checker, root, device, value, &mut paths);
        }
        let lacking = ["major", "minor"].into_iter().find(|name| checker.needs("OCI-RT-0704", device, name));
        if let (true, Some(name)) = (node, lacking) {
            checker.missing("OCI-RT-0704", device, name);
        }
        for (name, most) in [("major", 4095), ("minor", 1_048_575)] {
            let Some(value) = device.present(name) else { continue };
            let Some(number) = value.as_integer() else { continue };
            if kind == "p" && number != 0 {
                checker.at("OCI-RT-0706", value, &[]).propose("leave it out", value.remove());
                break;
            }
            if node && !(0..=most).contains(&number) {
                checker.at("OCI-RT-0705", value, &[&name, &number, &most]);
            }
        }
        let (Some(major), Some(minor), true) = (device.integer("major"), device.integer("minor"), node) else {
            continue;
        };
        let same_kind = if kind == "u" { "c".to_owned() } else { kind.clone() };
        if let Some(first) = numbers.insert(format!("{same_kind} {major}:{minor}").into(), device)
            && first.text("path") != device.text("path")
        {
            checker.at("OCI-RT-0708", device, &[&kind, &major, &minor]).related(first, "the other one");
        }
        // What is no device, or is made anyway, needs no rule.
        let supplied = device.text("path").is_none_or(|path| SUPPLIED.contains(&&*path))
            || !(0..=4095).contains(&major)
            || !(0..=1_048_575).contains(&minor);
        if let Some(rules) = rules.filter(|_| !supplied) {
            let allowed =
                rules.iter().rev().find(|rule| rule.takes(&same_kind, major, minor)).is_none_or(|rule| rule.allow);
            if !allowed {
                let list = rules.first().and_then(|rule| rule.value.parent());
                let entry = format!(
                    r#"{{"allow": true, "type": "{same_kind}", "major": {major}, "minor": {minor}, "access": "rwm"}}"#
                );
                let found = checker.at("OCI-RT-0716", device, &[&same_kind, &major, &minor]);
                found.propose("add a rule that allows it", list.and_then(|list| list.push(&entry)));
            }
        }
    }
}

fn path<'d>(
    checker: &mut Checker<'_>,
    root: Value<'_>,
    device: Value<'d>,
    value: Value<'d>,
    seen: &mut BTreeMap<Cow<'d, str>, Value<'d>>,
) {
    let path = value.as_str().unwrap_or_default().into_owned();
    if patterns::has_long_name(&path) {
        let words = "{} has a part of more than 255 bytes, which no file system takes";
        checker.say("OCI-RT-0016", value, words, &[&Shown(&path)]);
    }
    if !path.starts_with('/') {
        checker.at("OCI-RT-0703", value, &[&Shown(&path)]);
        return;
    }
    if path.ends_with('/') {
        checker.say("OCI-RT-0703", value, "the device's path \"{}\" ends with a slash", &[&Shown(&path)]);
    }
    if let Some(first) = seen.insert(path.clone().into(), value) {
        checker.at("OCI-RT-0707", value, &[&Shown(&path)]).related(first, "it is here already");
    } else if SUPPLIED.contains(&path.as_str()) {
        checker.at("OCI-RT-0718", value, &[&path]).propose("remove the device", device.remove());
    }
    let rootfs = root.object("root").and_then(|root| root.text("path"));
    if let (true, Some(rootfs)) = (checker.platform == Platform::Linux && checker.kind == Kind::RuntimeConfig, rootfs) {
        let place = format!("{}{path}", rootfs.trim_end_matches('/'));
        let there = checker.ask("OCI-RT-0719", "paths", |host| host.path(&place));
        if there.is_some_and(|there| !matches!(there, PathKind::Missing | PathKind::Device)) {
            let found = checker.at("OCI-RT-0719", value, &[&Shown(&path)]);
            if there == Some(PathKind::Directory) {
                found.severity(Severity::Error);
                // runc leaves alone what is there, unless it has to bind the host's node.
                if !Namespaces::read(root).is_new("user") {
                    found.accepted(&["runc-1.1"]);
                }
            }
        }
    }
}
