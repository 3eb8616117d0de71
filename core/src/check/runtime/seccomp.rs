//! Seccomp profiles.

use crate::check::context::{Checker, Shown};
use crate::check::view::{View as _, strings};
use crate::check::{Profile, names};
use crate::doc::{Edit, Shape, Span, Value};
use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// What Docker's profiles have and OCI's do not.
pub(in crate::check) const DOCKER_MEMBERS: [&str; 6] =
    ["archMap", "includes", "excludes", "name", "comment", "minKernel"];

/// Without these nothing starts.
const NEEDED: [&str; 2] = ["execve", "exit_group"];

/// Without these runc does not get as far as the program.
const NEEDED_BY_RUNC: [&str; 5] = ["close", "fstatfs", "getdents64", "openat", "write"];

/// Architectures that runc 1.1 does not know.
const NEW_ARCHITECTURES: [&str; 6] = [
    "SCMP_ARCH_RISCV64",
    "SCMP_ARCH_LOONGARCH64",
    "SCMP_ARCH_M68K",
    "SCMP_ARCH_SH",
    "SCMP_ARCH_PARISC",
    "SCMP_ARCH_PARISC64",
];

/// The 32-bit architectures whose calls a 64-bit one serves too.
const SIBLINGS: [(&str, &[&str]); 4] = [
    ("SCMP_ARCH_X86_64", &["SCMP_ARCH_X86", "SCMP_ARCH_X32"]),
    ("SCMP_ARCH_AARCH64", &["SCMP_ARCH_ARM"]),
    ("SCMP_ARCH_S390X", &["SCMP_ARCH_S390"]),
    ("SCMP_ARCH_PPC64", &["SCMP_ARCH_PPC"]),
];

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>) {
    let Some(seccomp) = root.object("linux").and_then(|linux| linux.object("seccomp")) else { return };
    profile(checker, seccomp);
    for member in seccomp.members().chain(seccomp.list("syscalls").flat_map(Value::members)) {
        let key = member.key().unwrap_or_default();
        if DOCKER_MEMBERS.contains(&&*key) {
            docker_member(checker, member, &key);
        }
    }
}

/// A member that only Docker's profiles have. What says nothing is lost without harm.
fn docker_member(checker: &mut Checker<'_>, member: Value<'_>, key: &str) {
    let found = checker.key("OCI-RT-0921", member, &[&Shown(key)]);
    let is_empty = match member.shape() {
        Shape::Object | Shape::Array => member.children().next().is_none(),
        Shape::Null => true,
        _ => key == "comment",
    };
    let rule = member.parent().filter(|rule| rule.get("names").is_none());
    match (member.as_str(), rule) {
        (Some(name), Some(_)) if key == "name" => {
            let list = format!("\"names\": [{}]", crate::doc::quote(&name));
            let start = member.key_span().map_or(member.span().start, |span| span.start);
            let edit = Edit::replace(Span { start, end: member.span().end }, list.clone());
            found.propose(format!("write {list}"), [edit]);
        }
        _ if is_empty => {
            found.warning().propose("remove it", member.remove());
        }
        _ => {}
    }
}

/// Checks a profile, in a config or alone.
pub(super) fn profile(checker: &mut Checker<'_>, seccomp: Value<'_>) {
    let default = seccomp.text("defaultAction").unwrap_or_default();
    if let Some(value) = seccomp.present("defaultAction").filter(|_| default == "SCMP_ACT_NOTIFY") {
        checker.at("OCI-RT-0915", value, &[]);
    }
    if let Some(value) = seccomp.present("defaultErrnoRet").filter(|_| refuses_errno(&default)) {
        checker.at("OCI-RT-0913", value, &[&Shown(&default)]);
    }
    architectures(checker, seccomp);
    if let (Profile::Runc11, Some(value)) = (checker.options.profile, seccomp.list("flags").next()) {
        checker.say("OCI-RT-0904", value, "{} takes no flags of seccomp", &[&"runc 1.1"]);
    }
    let listener = seccomp.string("listenerPath").filter(|path| path.raw() != b"\"\"");
    if let Some(path) = listener.filter(|path| !path.as_str().unwrap_or_default().starts_with('/')) {
        checker.at("OCI-RT-0923", path, &[]);
    }
    if let (None, Some(metadata)) = (listener, seccomp.string("listenerMetadata").filter(|text| text.raw() != b"\"\""))
    {
        checker.key("OCI-RT-0917", metadata, &[]);
    }
    let mut actions = Actions::new();
    for rule in seccomp.list("syscalls") {
        self::rule(checker, seccomp, rule, &default, listener.is_some(), &mut actions);
    }
    strictness(checker, seccomp, &default);
}

/// Whether it is an action that has no error number. What is no action has a finding of its own.
fn refuses_errno(action: &str) -> bool {
    ACTIONS.contains(&action) && !takes_errno(action)
}

const ACTIONS: [&str; 9] = [
    "SCMP_ACT_ALLOW",
    "SCMP_ACT_ERRNO",
    "SCMP_ACT_KILL",
    "SCMP_ACT_KILL_PROCESS",
    "SCMP_ACT_KILL_THREAD",
    "SCMP_ACT_LOG",
    "SCMP_ACT_NOTIFY",
    "SCMP_ACT_TRACE",
    "SCMP_ACT_TRAP",
];

/// Each call with its arguments: where it stands first, and in which rule.
type Actions<'d> = BTreeMap<(Cow<'d, str>, &'d [u8]), (Value<'d>, Value<'d>)>;

fn takes_errno(action: &str) -> bool {
    matches!(action, "SCMP_ACT_ERRNO" | "SCMP_ACT_TRACE")
}

fn architectures(checker: &mut Checker<'_>, seccomp: Value<'_>) {
    let mut seen = BTreeSet::new();
    for (value, name) in strings(seccomp.list("architectures")) {
        let unknown = match checker.options.profile {
            Profile::Runc11 => NEW_ARCHITECTURES.contains(&&*name),
            Profile::Crun18 => name == "SCMP_ARCH_LOONGARCH64",
            _ => false,
        };
        if unknown {
            let words = "{} does not know the architecture {}";
            checker.say("OCI-RT-0903", value, words, &[&checker.options.profile.name(), &name]);
        }
        if !seen.insert(name.clone().into_owned()) {
            checker
                .at("OCI-RT-0905", value, &[&format!("{} occurs twice", Shown(&name))])
                .propose("remove it", value.remove());
        }
    }
    let Some(list) = seccomp.array("architectures") else { return };
    for (arch, siblings) in SIBLINGS {
        let lacking = siblings.iter().find(|sibling| !seen.contains(**sibling));
        if let (true, Some(sibling)) = (seen.contains(arch), lacking) {
            let edit = list.push(&crate::doc::quote(sibling));
            checker
                .at("OCI-RT-0905", list, &[&format!("{arch} is here without {sibling}")])
                .propose(format!("add {sibling}"), edit);
        }
    }
}

fn rule<'d>(
    checker: &mut Checker<'_>,
    seccomp: Value<'_>,
    rule: Value<'d>,
    default: &str,
    listened: bool,
    actions: &mut Actions<'d>,
) {
    let action = rule.text("action").unwrap_or_default();
    let place = rule.present("action");
    if let Some(list) = rule.array("names").filter(|list| list.items().next().is_none()) {
        checker.at("OCI-RT-0906", list, &[&"names is an empty list"]);
    }
    let same_errno = rule.integer("errnoRet") == seccomp.integer("defaultErrnoRet") || !takes_errno(&action);
    if let (true, Some(value)) = (!action.is_empty() && action == default && same_errno, place) {
        checker.at("OCI-RT-0909", value, &[&action]);
    }
    if let Some(value) = rule.present("errnoRet") {
        if refuses_errno(&action) {
            checker.at(
                "OCI-RT-0914",
                value,
                &[&format!("errnoRet goes with SCMP_ACT_ERRNO and SCMP_ACT_TRACE, not {}", Shown(&action))],
            );
        } else if value.as_integer().is_some_and(|number| number > 4095) && !checker.wrong_type.contains(&value.id()) {
            checker.at("OCI-RT-0914", value, &[&"an error number is at most 4095"]);
        }
    }
    if let (true, false, Some(value)) = (action == "SCMP_ACT_NOTIFY", listened, place) {
        checker.at("OCI-RT-0916", value, &[]);
    }
    for (value, name) in strings(rule.list("names")) {
        self::name(checker, rule, value, name, &action, actions);
    }
    arguments(checker, rule);
}

fn name<'d>(
    checker: &mut Checker<'_>,
    rule: Value<'d>,
    value: Value<'d>,
    name: Cow<'d, str>,
    action: &str,
    actions: &mut Actions<'d>,
) {
    if name.is_empty() {
        checker.at("OCI-RT-0907", value, &[]);
        return;
    }
    if !names::is_syscall(&name) {
        let found = checker.at("OCI-RT-0908", value, &[&Shown(&name)]);
        if let Some(near) = found.guess(&name, names::SYSCALLS.iter().copied()) {
            found.propose(format!("write {near:?}"), [value.replace(crate::doc::quote(near))]);
        }
        return;
    }
    if action == "SCMP_ACT_NOTIFY" && name == "write" {
        checker.at("OCI-RT-0919", value, &[]);
    }
    let args = rule.present("args").map(Value::raw).unwrap_or_default();
    match actions.entry((name, args)) {
        Entry::Occupied(there) => {
            let ((name, _), (first, other)) = (there.key(), there.get());
            let other = other.text("action").unwrap_or_default();
            if other != action && !action.is_empty() {
                let found = checker.at("OCI-RT-0910", value, &[&name, &Shown(&other), &Shown(action)]);
                found.related(*first, "the other rule");
            }
        }
        Entry::Vacant(place) => {
            place.insert((value, rule));
        }
    }
}

fn arguments(checker: &mut Checker<'_>, rule: Value<'_>) {
    let mut seen = BTreeMap::new();
    for arg in rule.list("args") {
        let op = arg.text("op").unwrap_or_default();
        if let Some(value) = arg.present("valueTwo").filter(|value| value.as_integer() != Some(0))
            && op.starts_with("SCMP_CMP_")
            && op != "SCMP_CMP_MASKED_EQ"
        {
            checker.at("OCI-RT-0922", value, &[&op]);
        }
        if let Some(index) = arg.integer("index")
            && let Some(first) = seen.insert(index, arg)
        {
            let list = rule.present("args").unwrap_or(rule);
            checker.at("OCI-RT-0920", arg, &[&index]).related(first, "the other one").for_parent(list);
        }
    }
}

fn strictness(checker: &mut Checker<'_>, seccomp: Value<'_>, default: &str) {
    let denies = |action: &str| {
        matches!(
            action,
            "SCMP_ACT_KILL"
                | "SCMP_ACT_KILL_PROCESS"
                | "SCMP_ACT_KILL_THREAD"
                | "SCMP_ACT_ERRNO"
                | "SCMP_ACT_TRAP"
                | "SCMP_ACT_TRACE"
        )
    };
    if !denies(default) {
        let rules = seccomp.list("syscalls").filter(|rule| rule.list("args").next().is_none());
        for rule in rules.filter(|rule| rule.text("action").is_some_and(|action| denies(&action))) {
            for (value, name) in strings(rule.list("names")) {
                if name == "execve" {
                    checker.at("OCI-RT-0918", value, &[&name]);
                } else if NEEDED_BY_RUNC.contains(&&*name) {
                    checker.at("OCI-RT-0918", value, &[&name]).accepted(&["crun-1.8"]);
                }
            }
        }
        return;
    }
    let mut allowed = NEEDED.map(|name| (name, false));
    let mut clone3 = false;
    let mut filtered_clone = None;
    for rule in seccomp.list("syscalls") {
        let action = rule.text("action").unwrap_or_default();
        let allows = matches!(&*action, "SCMP_ACT_ALLOW" | "SCMP_ACT_LOG" | "SCMP_ACT_NOTIFY" | "SCMP_ACT_TRACE");
        let has_args = rule.list("args").next().is_some();
        for (value, name) in strings(rule.list("names")) {
            for (needed, is_allowed) in &mut allowed {
                *is_allowed |= allows && name == *needed;
            }
            clone3 |= name == "clone3";
            if name == "clone" && allows && has_args {
                filtered_clone = Some(value);
            }
        }
    }
    // A rule whose names or action cannot be read may allow anything.
    let named = |rule: Value<'_>| {
        let mut names = rule.list("names").peekable();
        let action = rule.text("action").is_some_and(|action| ACTIONS.contains(&&*action));
        action && names.peek().is_some() && names.all(|name| name.as_str().is_some_and(|name| !name.is_empty()))
    };
    let readable = match seccomp.present("syscalls") {
        Some(_) => seccomp.array("syscalls").is_some_and(|rules| rules.items().all(named)),
        None => true,
    };
    // `execveat` alone starts nothing that a runtime starts.
    if let Some((needed, _)) = allowed.iter().find(|(_, is_allowed)| !is_allowed && readable) {
        checker.at("OCI-RT-0918", seccomp, &[needed]);
    } else if let (false, Some(clone)) = (clone3, filtered_clone) {
        checker.at("OCI-RT-0924", seccomp, &[]).related(clone, "clone is filtered here");
    }
}
