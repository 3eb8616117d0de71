//! What else is in the section `linux`.

use super::mounts::Mount;
use crate::check::context::{Checker, Shown};
use crate::check::seen::Seen;
use crate::check::view::{View as _, strings};
use crate::check::{PathKind, names, patterns};
use crate::doc::Value;

/// Members that older specifications and other formats have here, and where they belong.
pub(in crate::check) const OLD_MEMBERS: [(&str, &str); 8] = [
    ("capabilities", "process.capabilities"),
    ("rlimits", "process.rlimits"),
    ("apparmorProfile", "process.apparmorProfile"),
    ("selinuxProcessLabel", "process.selinuxLabel"),
    ("cgroupParent", "linux.cgroupsPath"),
    ("privileged", "no member of a runtime config"),
    ("image", "no member of a runtime config"),
    ("command", "process.args"),
];

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>) {
    let Some(linux) = root.object("linux") else { return };
    propagation(checker, root, linux);
    paths(checker, linux);
    if let Some(value) = linux.string("mountLabel") {
        let label = value.as_str().unwrap_or_default();
        if !label.is_empty() && !patterns::selinux_label(&label) {
            checker.at("OCI-RT-1005", value, &[&Shown(&label)]);
        } else if !label.is_empty() && checker.ask("OCI-RT-1005", "selinux", |host| host.selinux()) == Some(false) {
            checker.say(
                "OCI-RT-1005",
                value,
                "mountLabel \"{}\" cannot be applied: SELinux is off on this host",
                &[&Shown(&label)],
            );
        }
    }
    let flags = linux.object("personality").and_then(|personality| personality.array("flags"));
    if let Some(flags) = flags.filter(|flags| flags.items().next().is_some()) {
        checker.at("OCI-RT-1012", flags, &[]);
    }
    if let Some(rdt) = linux.object("intelRdt") {
        resource_director(checker, rdt);
    }
    if let Some(policy) = linux.object("memoryPolicy") {
        memory_policy(checker, policy);
    }
    for (old, home) in OLD_MEMBERS {
        if let Some(value) = linux.present(old) {
            checker.key("OCI-RT-1041", value, &[&old, &home]);
        }
    }
    shared(checker, root);
}

fn propagation(checker: &mut Checker<'_>, root: Value<'_>, linux: Value<'_>) {
    let Some(value) = linux.string("rootfsPropagation") else { return };
    let text = value.as_str().unwrap_or_default();
    if text.is_empty() {
        let edit = value.remove();
        let found = checker.at("OCI-RT-1001", value, &[&""]).accepted(&["runc-1.1", "crun-1.8"]);
        found.propose("leave it out", edit);
        return;
    }
    if !names::MOUNT_PROPAGATION.contains(&&*text) {
        let found = checker.at("OCI-RT-1001", value, &[&Shown(&text)]);
        if let Some(near) = found.guess(&text, names::MOUNT_PROPAGATION.iter().copied()) {
            found.safe(format!("write {near:?}"), [value.replace(crate::doc::quote(near))]);
        }
    } else if let ("unbindable", Some(mount)) = (&*text, root.list("mounts").find(|mount| Mount::read(*mount).binds)) {
        let words = "with the root file system {} nothing can be bound into it";
        checker.say("OCI-RT-1001", value, words, &[&text]).related(mount, "this is bound").refused(&["crun-1.8"]);
    } else if text == "runbindable" {
        checker
            .say("OCI-RT-1001", value, "{} is refused by runtimes: the root file system has to be bound", &[&text])
            .refused(&["crun-1.8"]);
    } else if let Some(plain) = text.strip_prefix('r') {
        let found = checker.at("OCI-RT-1002", value, &[&text]);
        found.propose(format!("write {plain:?}"), [value.replace(crate::doc::quote(plain))]);
    }
}

fn paths(checker: &mut Checker<'_>, linux: Value<'_>) {
    let mut seen = Seen::default();
    for (name, code) in [("maskedPaths", "OCI-RT-1003"), ("readonlyPaths", "OCI-RT-1004")] {
        for (value, path) in strings(linux.list(name)) {
            if !path.starts_with('/') {
                let long = patterns::has_long_name(&path);
                let found = checker.at(code, value, &[&Shown(&path)]);
                if long {
                    found.refused(&["runc-1.1", "crun-1.8"]);
                }
                continue;
            }
            if patterns::has_long_name(&path) {
                let words = "{} has a part of more than 255 bytes, which no file system takes";
                checker.say("OCI-RT-0016", value, words, &[&Shown(&path)]);
            }
            if path.len() > super::mounts::LONGEST_PATH {
                continue;
            }
            let normal = patterns::normal(path.clone());
            if normal == "/proc" && name == "maskedPaths" {
                let found = checker.say(code, value, "{} as a whole cannot be masked: runc needs it", &[&path]);
                found.refused(&["runc-1.1"]);
            }
            let parent = || match name {
                "maskedPaths" => ancestors(&normal).find_map(|above| seen.get(above)),
                _ => None,
            };
            if let Some(first) = seen.get(&normal) {
                checker
                    .at("OCI-RT-1006", value, &[&Shown(&path), &"is listed twice"])
                    .related(first, "it is here already");
            } else if let Some(parent) = parent() {
                checker
                    .at("OCI-RT-1006", value, &[&Shown(&path), &"is inside a masked directory"])
                    .related(parent, "this one");
            } else {
                seen.insert(normal, value);
            }
        }
    }
}

/// The directories above a path.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').skip(1).filter_map(|(at, _)| path.get(..at))
}

fn resource_director(checker: &mut Checker<'_>, rdt: Value<'_>) {
    if let Some(value) = rdt.string("closID") {
        let id = value.as_str().unwrap_or_default();
        // `/` alone is the default group.
        if matches!(&*id, "." | "..") || (id.contains('/') && &*id != "/") {
            checker.at("OCI-RT-1021", value, &[&Shown(&id)]);
        }
    }
    if let Some(value) = rdt.string("l3CacheSchema") {
        let schema = value.as_str().unwrap_or_default();
        if !schema.lines().all(|line| line.starts_with("L3") || line.starts_with("MB:"))
            || schema.is_empty()
            || schema.contains('\n')
        {
            checker.at("OCI-RT-1024", value, &[&Shown(&schema)]);
        }
    }
    for (value, _) in strings(rdt.list("schemata")).filter(|(_, line)| line.contains('\n')) {
        checker.at("OCI-RT-1025", value, &[]);
    }
    for name in ["enableCMT", "enableMBM"] {
        if let Some(value) = rdt.present(name) {
            checker.key("OCI-RT-1026", value, &[&name]);
        }
    }
    if checker.ask("OCI-RT-1023", "paths", |host| host.path("/sys/fs/resctrl/schemata")) == Some(PathKind::Missing) {
        let limits = rdt.present("l3CacheSchema").or(rdt.present("memBwSchema")).is_some();
        checker.key("OCI-RT-1023", rdt, &[]).refused(if limits { &["runc-1.1"] } else { &[] });
    }
}

fn memory_policy(checker: &mut Checker<'_>, policy: Value<'_>) {
    let mode = policy.text("mode").unwrap_or_default();
    let nodes = policy.string("nodes");
    let text = nodes.and_then(Value::as_str).unwrap_or_default();
    let none = matches!(&*mode, "MPOL_DEFAULT" | "MPOL_LOCAL");
    let some = matches!(&*mode, "MPOL_BIND" | "MPOL_INTERLEAVE" | "MPOL_WEIGHTED_INTERLEAVE" | "MPOL_PREFERRED_MANY");
    match nodes {
        Some(value) if !text.is_empty() && patterns::number_list(&text).is_none() => {
            checker.at("OCI-RT-1032", value, &[&format!("{} is no list of nodes", Shown(&text))]);
        }
        Some(value) if none && !text.is_empty() => {
            checker.at("OCI-RT-1032", value, &[&format!("{mode} takes no nodes")]);
        }
        _ if some && text.is_empty() && nodes.is_none() == checker.lacks(policy, "nodes") => {
            checker.at("OCI-RT-1032", nodes.unwrap_or(policy), &[&format!("{mode} takes at least one node")]);
        }
        _ => {}
    }
    let flags: Vec<_> = strings(policy.list("flags")).collect();
    let find = |name: &str| flags.iter().find(|(_, flag)| flag == name).map(|(value, _)| *value);
    if let (Some(_), Some(value)) = (find("MPOL_F_STATIC_NODES"), find("MPOL_F_RELATIVE_NODES")) {
        checker.at("OCI-RT-1033", value, &[]);
    }
}

/// `shared` needs a mount that the host shares, which only the host knows.
fn shared(checker: &mut Checker<'_>, root: Value<'_>) {
    for value in root.list("mounts") {
        if !strings(value.list("options")).any(|(_, text)| super::mount_options::is_shared(&text)) {
            continue;
        }
        let mount = Mount::read(value);
        if let Some((option, text)) = super::mount_options::propagation(&mount).filter(|_| mount.binds) {
            checker.at("OCI-RT-0435", *option, &[text]);
        }
    }
}
