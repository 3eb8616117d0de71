//! Namespaces: which are new, which are joined.

use crate::check::context::{Checker, Shown};
use crate::check::view::View as _;
use crate::check::{Kind, PathKind, Profile, names};
use crate::doc::{Shape, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// How many values a list of namespaces may hold to be looked at.
const MOST: usize = 1000;

/// The namespaces of a config.
pub(super) struct Namespaces<'d> {
    pub(super) list: Option<Value<'d>>,
    /// The first entry of each type.
    entries: BTreeMap<Cow<'d, str>, Value<'d>>,
    /// Whether every entry has a type that can be read; rules about what is missing are silent otherwise.
    readable: bool,
}

impl<'d> Namespaces<'d> {
    pub(super) fn read(root: Value<'d>) -> Self {
        let linux = root.object("linux");
        // There are eight; a list as long as that is nobody's.
        let list = linux.and_then(|linux| linux.array("namespaces")).filter(|list| list.weight() < MOST);
        let mut entries = BTreeMap::new();
        let mut readable = linux.is_none_or(|linux| linux.present("namespaces").is_none()) || list.is_some();
        readable &= root.present("linux").is_none_or(|linux| linux.shape() == Shape::Object);
        for entry in list.into_iter().flat_map(Value::items) {
            match entry.text("type") {
                Some(kind) => {
                    readable &= names::NAMESPACES.contains(&&*kind);
                    entries.entry(kind).or_insert(entry);
                }
                None => readable = false,
            }
        }
        Namespaces { list, entries, readable }
    }

    pub(super) fn has(&self, kind: &str) -> bool {
        self.entries.contains_key(kind)
    }

    pub(super) fn get(&self, kind: &str) -> Option<Value<'d>> {
        self.entries.get(kind).copied()
    }

    /// The path by which it is joined.
    pub(super) fn path(&self, kind: &str) -> Option<Value<'d>> {
        self.get(kind)?.string("path").filter(|path| path.raw() != b"\"\"")
    }

    /// Whether it is made for the container.
    pub(super) fn is_new(&self, kind: &str) -> bool {
        self.has(kind) && self.path(kind).is_none()
    }

    pub(super) fn are_readable(&self) -> bool {
        self.readable
    }
}

/// The types by the names that paths end in.
const FILES: [(&str, &str); 10] = [
    ("net", "network"),
    ("pid", "pid"),
    ("pid_for_children", "pid"),
    ("mnt", "mount"),
    ("uts", "uts"),
    ("ipc", "ipc"),
    ("user", "user"),
    ("cgroup", "cgroup"),
    ("time", "time"),
    ("time_for_children", "time"),
];

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>, namespaces: &Namespaces<'_>) {
    let Some(linux) = root.object("linux") else { return };
    let mut seen: BTreeMap<Cow<'_, str>, Value<'_>> = BTreeMap::new();
    for entry in linux.list("namespaces") {
        let kind = entry.text("type").unwrap_or_default();
        if let Some(first) = seen.get(&kind) {
            let edit = entry.remove();
            checker
                .at("OCI-RT-0602", entry, &[&Shown(&kind)])
                .related(*first, "the first one")
                .propose("drop the later", edit);
        } else if !kind.is_empty() {
            seen.insert(kind.clone(), entry);
        }
        match entry.string("path") {
            // Go takes it for none.
            Some(path) if path.raw() == b"\"\"" => {
                let edit = path.remove();
                let found = checker.at("OCI-RT-0603", path, &[&""]).accepted(&["runc-1.1"]);
                found.propose("leave it out", edit);
            }
            Some(path) => self::path(checker, path, &kind),
            None => {}
        }
        if let (true, Some(value)) =
            (kind == "time" && checker.options.profile == Profile::Runc11, entry.present("type"))
        {
            checker.say("OCI-RT-0601", value, "{} does not know time namespaces", &[&"runc 1.1"]);
        }
    }
    if !namespaces.are_readable() {
        return;
    }
    let place = namespaces.list.unwrap_or(linux);
    if namespaces.has("mount") {
        if let Some(path) = namespaces.path("mount") {
            checker.at("OCI-RT-0609", path, &[]);
        }
    } else {
        let restricted = ["maskedPaths", "readonlyPaths"]
            .iter()
            .find_map(|name| linux.array(name).filter(|list| list.items().next().is_some()));
        // One cause, one finding: what a runtime refuses comes before what it lets leak.
        match restricted {
            Some(list) if namespaces.entries.is_empty() => {
                let place = namespaces.list.unwrap_or(list);
                let edit = namespaces.list.and_then(|list| list.push(r#"{"type": "mount"}"#));
                checker.at("OCI-RT-0606", place, &[]).propose("add a mount namespace", edit);
            }
            Some(list) => {
                let edit = namespaces.list.and_then(|list| list.push(r#"{"type": "mount"}"#));
                let found = checker.at("OCI-RT-0606", list, &[]).related(place, "no mount namespace here");
                found.propose("add a mount namespace", edit);
                // Nothing can be mounted then.
                if namespaces.is_new("user") {
                    found.refused(&["crun-1.8", "crun-head"]);
                }
            }
            None => {
                checker.at("OCI-RT-0608", place, &[]);
            }
        }
    }
    let fresh_proc = root.list("mounts").any(|mount| mount.text("type").as_deref() == Some("proc"));
    // In a new user namespace it is not mounted at all.
    if !namespaces.has("pid") && fresh_proc && !namespaces.is_new("user") {
        checker.at("OCI-RT-0607", place, &[]);
    }
}

fn path(checker: &mut Checker<'_>, value: Value<'_>, kind: &str) {
    let path = value.as_str().unwrap_or_default();
    if !path.starts_with('/') {
        checker.at("OCI-RT-0603", value, &[&Shown(&path)]);
        return;
    }
    let mut steps = path.rsplit('/');
    let (last, folder) = (steps.next().unwrap_or_default(), steps.next().unwrap_or_default());
    let of = match folder {
        "ns" => FILES.iter().find(|(file, _)| *file == last).map(|(_, kind)| *kind),
        "netns" => Some("network"),
        _ => None,
    };
    if let Some(of) = of.filter(|of| *of != kind && names::NAMESPACES.contains(&kind)) {
        checker.at("OCI-RT-0605", value, &[&Shown(&path), &of, &kind]);
        return;
    }
    if checker.kind == Kind::RuntimeConfig
        && checker.ask("OCI-RT-0604", "paths", |host| host.path(&path)) == Some(PathKind::Missing)
    {
        checker.at("OCI-RT-0604", value, &[&Shown(&path)]);
    }
}
