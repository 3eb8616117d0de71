//! Resource limits, OOM score and security labels of the process.

use crate::check::context::{Checker, Shown};
use crate::check::view::View as _;
use crate::check::{Platform, Severity, names, patterns};
use crate::doc::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>) {
    let Some(process) = root.object("process") else { return };
    rlimits(checker, process);
    if let (Some(value), Some(score @ -1000..0)) = (process.present("oomScoreAdj"), process.integer("oomScoreAdj")) {
        checker.at("OCI-RT-0332", value, &[&score]);
    }
    if checker.platform == Platform::Linux {
        labels(checker, process);
    }
}

fn rlimits(checker: &mut Checker<'_>, process: Value<'_>) {
    let known = if checker.platform == Platform::Linux { names::RLIMITS_LINUX } else { names::RLIMITS_POSIX };
    let mut seen: BTreeMap<Cow<'_, str>, Value<'_>> = BTreeMap::new();
    for rlimit in process.list("rlimits") {
        // What is no 64-bit number has a finding of its own.
        let number = |name| rlimit.integer(name).filter(|number| (0..=i128::from(u64::MAX)).contains(number));
        let (soft, hard) = (number("soft"), number("hard"));
        if let (Some(soft), Some(hard), Some(value)) = (soft, hard, rlimit.present("soft"))
            && soft > hard
        {
            let edit = rlimit.present("hard").map(|value| value.replace(soft.to_string()));
            let found = checker.at("OCI-RT-0323", value, &[&soft, &hard]).propose("raise hard", edit);
            if let Some(other) = rlimit.present("hard") {
                found.related(other, "the hard limit");
            }
        }
        let Some(value) = rlimit.string("type") else { continue };
        let name = value.as_str().unwrap_or_default().into_owned();
        if !known.contains(&name.as_str()) {
            let prefixed = format!("RLIMIT_{}", name.to_uppercase());
            let upper = name.to_uppercase();
            let meant = known.iter().copied().find(|known| *known == prefixed || *known == upper);
            let meant = meant.or_else(|| checker.guess(&name, known.iter().copied()));
            let found = checker.at("OCI-RT-0321", value, &[&Shown(&name)]);
            if let Some(meant) = meant {
                found.propose(format!("write {meant}"), [value.replace(crate::doc::quote(meant))]);
            }
            continue;
        }
        if let Some(first) = seen.insert(name.clone().into(), value) {
            let edit = first.parent().and_then(Value::remove);
            checker
                .at("OCI-RT-0322", value, &[&name])
                .related(first, "it is here already")
                .propose("drop the earlier", edit);
        }
        if let Some(soft) = soft {
            too_low(checker, rlimit, &name, soft);
        }
        if let (true, Some(value), Some(hard)) = (name == "RLIMIT_NOFILE", rlimit.present("hard"), hard) {
            let most = checker.ask("OCI-RT-0324", "the most open files", |host| host.most_open_files());
            let found = (hard > most.map_or(1_048_576, i128::from)).then(|| checker.at("OCI-RT-0324", value, &[&hard]));
            if let (Some(found), Some(_)) = (found, most) {
                found.severity(Severity::Error);
            }
        }
    }
}

/// Limits under which runtimes were seen to fail before the program starts, or the program with its first steps.
fn too_low(checker: &mut Checker<'_>, rlimit: Value<'_>, name: &str, soft: i128) {
    let (none_starts, some_start, odd) = match name {
        "RLIMIT_NOFILE" => (17, 0, 0),
        "RLIMIT_AS" | "RLIMIT_DATA" => ((64 << 10) + 1, 0, 1 << 20),
        "RLIMIT_STACK" => (4096, 0, 64 << 10),
        "RLIMIT_FSIZE" => (0, 4096, 0),
        "RLIMIT_NPROC" => (0, 0, 1),
        _ => return,
    };
    if soft >= none_starts.max(some_start).max(odd) {
        return;
    }
    let found = checker.at("OCI-RT-0325", rlimit, &[&name, &soft]);
    if soft < none_starts {
        found.severity(Severity::Error);
    } else if soft < some_start {
        found.severity(Severity::Error).accepted(&["runc-1.1"]);
    }
}

fn labels(checker: &mut Checker<'_>, process: Value<'_>) {
    if let Some(value) = process.string("apparmorProfile") {
        let profile = value.as_str().unwrap_or_default();
        if profile.contains(char::is_whitespace) {
            checker.at("OCI-RT-0333", value, &[&Shown(&profile), &"is not the name of a profile"]);
        } else if checker.ask("OCI-RT-0333", "apparmor", |host| host.apparmor()) == Some(false) {
            let why = "cannot be applied: AppArmor is off on this host";
            let found = checker.at("OCI-RT-0333", value, &[&Shown(&profile), &why]);
            if profile.is_empty() {
                found.accepted(&["runc-1.1"]);
            }
        }
    }
    if let Some(value) = process.string("selinuxLabel") {
        let label = value.as_str().unwrap_or_default();
        if !label.is_empty() && !patterns::selinux_label(&label) {
            checker.at("OCI-RT-0334", value, &[&Shown(&label), &"is not user:role:type with a level or without"]);
        } else if checker.ask("OCI-RT-0334", "selinux", |host| host.selinux()) == Some(false) {
            let why = "cannot be applied: SELinux is off on this host";
            let found = checker.at("OCI-RT-0334", value, &[&Shown(&label), &why]);
            if label.is_empty() {
                found.accepted(&["runc-1.1"]);
            }
        }
    }
}
