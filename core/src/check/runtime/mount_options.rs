//! The options of mounts.

use super::mounts::Mount;
use super::namespaces::Namespaces;
use crate::check::context::{Checker, Shown};
use crate::check::seen::Seen;
use crate::check::view::View as _;
use crate::check::{Profile, Severity, names, patterns};
use crate::doc::Value;
use std::borrow::Cow;

/// What each file system takes beside flags, where the list is closed.
const DATA: &[(&str, &[&str])] = &[
    (
        "tmpfs",
        &[
            "size",
            "nr_blocks",
            "nr_inodes",
            "mode",
            "uid",
            "gid",
            "huge",
            "mpol",
            "noswap",
            "inode32",
            "inode64",
            "usrquota",
            "grpquota",
            "quota",
        ],
    ),
    ("devpts", &["newinstance", "ptmxmode", "mode", "uid", "gid", "max"]),
    ("proc", &["hidepid", "gid", "subset"]),
    ("sysfs", &[]),
    ("mqueue", &[]),
    (
        "cgroup2",
        &[
            "nsdelegate",
            "favordynmods",
            "memory_localevents",
            "memory_recursiveprot",
            "memory_hugetlb_accounting",
            "pids_localevents",
        ],
    ),
    (
        "overlay",
        &[
            "lowerdir",
            "upperdir",
            "workdir",
            "redirect_dir",
            "index",
            "nfs_export",
            "xino",
            "metacopy",
            "volatile",
            "userxattr",
        ],
    ),
];

/// Options that one program knows.
const PRIVATE: &[&str] = &["copy-symlink", "src-nofollow", "dest-nofollow", "U", "Z", "z"];

/// Options of which the later counts.
const OPPOSITES: &[&[&str]] = &[
    &["ro", "rw"],
    &["suid", "nosuid"],
    &["dev", "nodev"],
    &["exec", "noexec"],
    &["bind", "rbind"],
    &["private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable"],
    &["relatime", "norelatime"],
    &["strictatime", "nostrictatime"],
    &["atime", "noatime"],
    &["sync", "async"],
];

/// Flags that crun 1.8 does not know.
const NEW_FLAGS: &[&str] = &["iversion", "loud", "noiversion", "nosymfollow", "silent", "symfollow"];

const ALIASES: &[(&str, &str)] =
    &[("readonly", "ro"), ("read-only", "ro"), ("readwrite", "rw"), ("read-write", "rw"), ("recursive", "rbind")];

const CONTEXTS: &[&str] = &["context", "fscontext", "defcontext", "rootcontext"];

fn is_flag(name: &str) -> bool {
    let lists = [names::MOUNT_FLAGS, names::MOUNT_RECURSIVE, names::MOUNT_PROPAGATION];
    lists.into_iter().any(|list| names::is_among(list, name))
}

pub(super) fn check(checker: &mut Checker<'_>, mount: &Mount<'_>, root: Value<'_>, namespaces: &Namespaces<'_>) {
    let mut seen = Seen::default();
    for (value, text) in &mount.options {
        let name = text.split_once('=').map_or(&**text, |(name, _)| name);
        let list_of_options =
            text.contains(',') && text.split(',').all(|part| is_flag(part.trim()) || part.contains('='));
        if list_of_options && !text.starts_with("lowerdir=") && !text.contains("context=") && !text.starts_with("mpol=")
        {
            let parts: Vec<String> = text.split(',').map(|part| crate::doc::quote(part.trim())).collect();
            checker
                .at("OCI-RT-0422", *value, &[&Shown(text)])
                .safe("make it several options", [value.replace(parts.join(", "))]);
            continue;
        }
        if let Some(first) = seen.get(text) {
            checker
                .at("OCI-RT-0419", *value, &[&Shown(text)])
                .related(first, "it is here already")
                .safe("remove it", value.remove());
            continue;
        }
        contradiction(checker, mount, *value, text, &seen);
        seen.insert(text.clone(), *value);
        kind_of_option(checker, mount, *value, text, name);
        identity(checker, root, *value, text, namespaces);
    }
}

fn contradiction(checker: &mut Checker<'_>, mount: &Mount<'_>, value: Value<'_>, text: &str, seen: &Seen<'_>) {
    let Some(group) = OPPOSITES.iter().find(|group| group.contains(&text)) else { return };
    let earlier = group.iter().find_map(|other| Some((*other, seen.get(other)?)));
    // `private` and `rprivate` of a bind are set one after the other.
    if let Some((other, first)) = earlier
        && !(mount.kind.is_empty() && text.trim_start_matches('r') == other.trim_start_matches('r') && text != "ro")
    {
        let edit = first.remove();
        let found = checker.at("OCI-RT-0418", value, &[&text, &other]);
        found.related(first, "it is contradicted").propose("keep one of them", edit);
        // The kernel takes one kind of propagation at a time; runc sets them one after the other.
        if names::MOUNT_PROPAGATION.contains(&text) && text.trim_start_matches('r') != other.trim_start_matches('r') {
            found.severity(Severity::Error).accepted(&["runc-1.1"]);
        }
    }
}

fn kind_of_option(checker: &mut Checker<'_>, mount: &Mount<'_>, value: Value<'_>, text: &str, name: &str) {
    if names::is_among(names::MOUNT_RECURSIVE, text) {
        checker.at("OCI-RT-0425", value, &[&text]);
        return;
    }
    if text == "remount" && !mount.binds {
        let words = "the option {} changes a mount; here is none yet";
        checker.say("OCI-RT-0417", value, words, &[&text]).severity(Severity::Error);
        return;
    }
    // crun takes it for a flag that changes nothing, runc 1.1 for data.
    if text == "defaults" && is_closed(mount) {
        let found = checker.at("OCI-RT-0417", value, &[&text]).severity(Severity::Error).accepted(&["crun-1.8"]);
        found.propose("leave it out", value.remove());
        return;
    }
    if checker.options.profile == Profile::Crun18 && NEW_FLAGS.contains(&text) && is_closed(mount) {
        checker.say("OCI-RT-0417", value, "crun 1.8 does not know the option {}", &[&text]).refused(&["crun-1.8"]);
        return;
    }
    // An empty one changes nothing.
    if is_flag(text) || matches!(text, "idmap" | "ridmap" | "") {
        return;
    }
    if text == "tmpcopyup" {
        if mount.kind != "tmpfs" || mount.destination.as_deref() == Some("/") {
            checker.at("OCI-RT-0424", value, &[]);
        }
        return;
    }
    if PRIVATE.contains(&text) || name == "idmap" || name == "ridmap" {
        checker.at("OCI-RT-0426", value, &[&Shown(text)]);
        return;
    }
    let alias = ALIASES.iter().find(|(alias, _)| *alias == text).map(|(_, right)| *right);
    if let Some(right) = alias {
        let edit = value.replace(crate::doc::quote(right));
        let edit = if mount.has(right) { value.remove() } else { Some(edit) };
        let words = if mount.binds { "\"{}\" is no mount option, and a bind mount passes over it" } else { "" };
        let found = checker.say("OCI-RT-0417", value, words, &[&Shown(text)]).safe(format!("write {right:?}"), edit);
        if is_closed(mount) {
            found.severity(Severity::Error);
        }
        return;
    }
    // Guessing takes longer than all the rest, so nobody guesses what is known.
    let near = |checker: &Checker<'_>| {
        let flags = [names::MOUNT_FLAGS, names::MOUNT_PROPAGATION].into_iter().flatten().copied();
        if text.contains('=') || text.len() <= 3 { None } else { checker.guess(text, flags) }
    };
    if mount.binds {
        let near = near(checker);
        let found = checker.at("OCI-RT-0416", value, &[&Shown(text)]);
        if let Some(near) = near {
            found.propose(format!("write {near:?}"), [value.replace(crate::doc::quote(near))]);
        }
        return;
    }
    if CONTEXTS.contains(&name) && text.contains('=') {
        return;
    }
    let known = DATA.iter().find(|(kind, _)| *kind == mount.kind);
    match known {
        Some((kind, keys)) if keys.contains(&name) => {
            data_value(checker, value, kind, text);
        }
        // overlay and cgroup2 grow; the others are closed.
        Some((kind, keys)) => {
            let meant = checker.guess(name, keys.iter().copied()).or_else(|| near(checker));
            let found = checker.at("OCI-RT-0417", value, &[&Shown(text)]);
            if !matches!(*kind, "overlay" | "cgroup2") {
                found.severity(crate::check::Severity::Error);
            }
            if let Some(meant) = meant {
                let right = text.replacen(name, meant, 1);
                found.propose(format!("write {right:?}"), [value.replace(crate::doc::quote(&right))]);
            }
        }
        None => {
            if let Some(near) = near(checker) {
                let edit = value.replace(crate::doc::quote(near));
                checker.at("OCI-RT-0417", value, &[&Shown(text)]).propose(format!("write {near:?}"), [edit]);
            }
        }
    }
}

/// Whether the kernel refuses options that it does not know for this file system.
fn is_closed(mount: &Mount<'_>) -> bool {
    !mount.binds && matches!(&*mount.kind, "tmpfs" | "devpts" | "proc" | "sysfs" | "mqueue")
}

fn data_value(checker: &mut Checker<'_>, value: Value<'_>, kind: &str, text: &str) {
    let (name, given) = text.split_once('=').unwrap_or((text, ""));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let amount = |units: &[char]| digits(given.strip_suffix(units).unwrap_or(given));
    let octal = || !given.is_empty() && given.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    let fits = match name {
        _ if kind == "devpts" => match name {
            "mode" | "ptmxmode" => octal(),
            "uid" | "gid" | "max" => digits(given),
            _ => true,
        },
        _ if kind == "proc" => match name {
            "hidepid" => matches!(given, "0" | "1" | "2" | "4" | "off" | "noaccess" | "invisible" | "ptraceable"),
            "subset" => given == "pid",
            "gid" => digits(given),
            _ => true,
        },
        _ if kind != "tmpfs" => true,
        "size" => amount(&['k', 'K', 'm', 'M', 'g', 'G', 't', 'T', 'p', 'P', 'e', 'E', '%']),
        "nr_blocks" | "nr_inodes" => amount(&['k', 'K', 'm', 'M', 'g', 'G', 't', 'T', 'p', 'P', 'e', 'E']),
        "mode" => (1..=4).contains(&given.len()) && given.bytes().all(|byte| (b'0'..=b'7').contains(&byte)),
        "uid" | "gid" => digits(given),
        "huge" => matches!(given, "never" | "always" | "within_size" | "advise"),
        "mpol" => ["default", "prefer", "bind", "interleave", "local"].iter().any(|policy| given.starts_with(policy)),
        _ => true,
    };
    if fits {
        return;
    }
    let found = checker.at("OCI-RT-0423", value, &[&Shown(text), &kind]);
    let short = given.trim_end_matches(['b', 'B']).trim_end_matches('i');
    if let (true, Some(_)) = (matches!(name, "size" | "nr_blocks" | "nr_inodes"), patterns::bytes(given)) {
        let right = format!("{name}={}", short.to_lowercase());
        found.safe(format!("write {right:?}"), [value.replace(crate::doc::quote(&right))]);
    }
}

/// `uid=` and `gid=` of a file system have to exist in the user namespace.
fn identity(checker: &mut Checker<'_>, root: Value<'_>, value: Value<'_>, text: &str, namespaces: &Namespaces<'_>) {
    let Some((name @ ("uid" | "gid"), number)) = text.split_once('=') else { return };
    let Ok(number) = number.parse::<i128>() else { return };
    let linux = root.object("linux");
    let Some(mappings) = linux.and_then(|linux| linux.array(if name == "uid" { "uidMappings" } else { "gidMappings" }))
    else {
        return;
    };
    if namespaces.is_new("user") && super::mappings::mapped(mappings, number) == Some(false) {
        checker.at("OCI-RT-0436", value, &[&Shown(text)]).related(mappings, "these numbers are mapped");
    }
}

pub(super) fn is_shared(option: &str) -> bool {
    matches!(option, "shared" | "rshared")
}

/// `shared` propagation is only of use on a mount that the host shares.
pub(super) fn propagation<'m, 'd>(mount: &'m Mount<'d>) -> Option<&'m (Value<'d>, Cow<'d, str>)> {
    mount.options.iter().find(|(_, text)| is_shared(text))
}
