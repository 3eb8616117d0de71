//! Kernel parameters.

use super::mounts::Mount;
use super::namespaces::Namespaces;
use crate::check::context::{Checker, Shown};
use crate::check::view::View as _;
use crate::check::{PathKind, Profile, names};
use crate::doc::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Parameters that take a number, and nothing else. There are more.
const NUMBERS: [&str; 14] = [
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
    "kernel.shm_rmid_forced",
    "net.core.somaxconn",
    "net.ipv4.ip_forward",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_syncookies",
    "net.ipv6.conf.all.disable_ipv6",
];

/// The key with dots; keys may be written with slashes too.
pub(super) fn normal(key: &str) -> String {
    match key.find(['.', '/']) {
        Some(at) if key.as_bytes().get(at) == Some(&b'/') => key
            .chars()
            .map(|c| {
                if c == '/' {
                    '.'
                } else if c == '.' {
                    '/'
                } else {
                    c
                }
            })
            .collect(),
        _ => key.to_owned(),
    }
}

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>, namespaces: &Namespaces<'_>) {
    let Some(linux) = root.object("linux") else { return };
    let Some(sysctl) = linux.object("sysctl") else { return };
    let mut seen: BTreeMap<Cow<'_, str>, Value<'_>> = BTreeMap::new();
    let proc = root.list("mounts").map(Mount::read).find(|mount| mount.destination.as_deref() == Some("/proc"));
    let proc = proc.filter(Mount::read_only).map(|mount| mount.value);
    for member in sysctl.members() {
        let key = member.key().unwrap_or_default();
        if key.is_empty() {
            checker.say_key("OCI-RT-0630", member, "a {} has an empty key", &[&"sysctl"]);
            continue;
        }
        let name = normal(&key);
        if let Some(first) = seen.insert(name.clone().into(), member)
            && first.key() != member.key()
        {
            checker.key("OCI-RT-0638", member, &[&Shown(&key)]).related(first, "the same parameter");
        }
        one(checker, root, namespaces, member, &name, proc);
    }
}

/// Checks a parameter; the mount is that of a `/proc` to which nothing can be written.
fn one(
    checker: &mut Checker<'_>,
    root: Value<'_>,
    namespaces: &Namespaces<'_>,
    member: Value<'_>,
    name: &str,
    proc: Option<Value<'_>>,
) {
    let place = namespaces.list.or(root.present("linux"));
    let lacks = |kind: &str| !namespaces.has(kind) && namespaces.are_readable();
    let shown = Shown(name);
    let mut needs = |code: &'static str, kind: &str| {
        let found = checker.key(code, member, &[&shown]);
        // crun does not ask whose namespace it is.
        if namespaces.has(kind) {
            found.accepted(&["crun-1.8"]);
        }
        if let Some(place) = place {
            found.related(place, format!("no {kind} namespace here"));
        }
        let entry = format!(r#"{{"type": {}}}"#, crate::doc::quote(kind));
        found.propose(format!("add a {kind} namespace"), namespaces.list.and_then(|list| list.push(&entry)));
    };
    match name {
        _ if name.ends_with('.') => {
            checker.say_key("OCI-RT-0631", member, "{} is a directory of kernel parameters", &[&shown]);
            return;
        }
        "kernel.hostname" => {
            checker.key("OCI-RT-0634", member, &[]);
            return;
        }
        "kernel.domainname" => {
            let conflicts = root.text("domainname").is_some_and(|name| !name.is_empty());
            if conflicts || lacks("uts") {
                let why = if conflicts { "it conflicts with domainname" } else { "there is no uts namespace" };
                checker.key("OCI-RT-0635", member, &[&why]).refused(if conflicts { &["crun-1.8"] } else { &[] });
            } else if namespaces.is_new("user") {
                let found = checker.key("OCI-RT-0635", member, &[&"it cannot be set in a new user namespace"]);
                found.refused(&["runc-1.1", "crun-1.8"]);
            } else {
                checker.key("OCI-RT-0635", member, &[&"domainname is the member for it"]).warning();
            }
            return;
        }
        _ if name.starts_with("net.") => {
            let joined = namespaces.path("network").and_then(Value::as_str);
            if lacks("network") || joined.is_some_and(|path| path == "/proc/1/ns/net") {
                return needs("OCI-RT-0632", "network");
            }
        }
        _ if names::NAMESPACED_SYSCTL.contains(&name) || name.starts_with("fs.mqueue.") => {
            if lacks("ipc") {
                return needs("OCI-RT-0633", "ipc");
            }
        }
        _ if name.starts_with("user.") => {
            if lacks("user") {
                return needs("OCI-RT-0636", "user");
            }
            let profile = checker.options.profile;
            if matches!(profile, Profile::Runc11 | Profile::Crun18) {
                checker.say_key("OCI-RT-0636", member, "{} sets no {}", &[&profile.name(), &shown]);
                return;
            }
        }
        _ => {
            checker.key("OCI-RT-0631", member, &[&shown]);
            return;
        }
    }
    // What is mounted read-only cannot be written; crun writes before it mounts.
    if let Some(proc) = proc {
        let words = "{} cannot be set: /proc is mounted read-only";
        let found = checker.say_key("OCI-RT-0637", member, words, &[&shown]);
        found.severity(crate::check::Severity::Error).accepted(&["crun-1.8"]);
        found.related(proc, "this mount is read-only");
        return;
    }
    let numeric = NUMBERS.contains(&name) || name.starts_with("fs.mqueue.");
    if let Some(text) =
        member.as_str().filter(|text| numeric && !text.is_empty() && text.trim().parse::<i64>().is_err())
    {
        checker.say("OCI-RT-0630", member, "{} takes a number, not \"{}\"", &[&shown, &Shown(&text)]);
        return;
    }
    let path = format!("/proc/sys/{}", name.replace('/', "\u{0}").replace('.', "/").replace('\u{0}', "."));
    if checker.ask("OCI-RT-0637", "paths", |host| host.path(&path)) == Some(PathKind::Missing) {
        checker.key("OCI-RT-0637", member, &[&shown]).severity(crate::check::Severity::Error);
    }
}
