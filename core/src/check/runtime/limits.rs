//! Resource limits, OOM score and security labels of the process.

use crate::check::context::{Checker, Shown};
use crate::check::view::View as _;
use crate::check::{Platform, names, patterns};
use crate::doc::Value;
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
    let mut seen: BTreeMap<String, Value<'_>> = BTreeMap::new();
    for rlimit in process.list("rlimits") {
        let (soft, hard) = (rlimit.integer("soft"), rlimit.integer("hard"));
        if let (Some(soft), Some(hard), Some(value)) = (soft, hard, rlimit.present("soft"))
            && soft > hard
        {
            let edit = rlimit.present("hard").map(|value| value.replace(soft.to_string()));
            checker.at("OCI-RT-0323", value, &[&soft, &hard]).propose("raise hard", edit);
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
        if let Some(first) = seen.insert(name.clone(), value) {
            let edit = first.parent().and_then(Value::remove);
            checker
                .at("OCI-RT-0322", value, &[&name])
                .related(first, "it is here already")
                .propose("drop the earlier", edit);
        }
        let least = match name.as_str() {
            "RLIMIT_NOFILE" => 3,
            "RLIMIT_NPROC" => 1,
            "RLIMIT_AS" | "RLIMIT_STACK" => 64 << 10,
            _ => 0,
        };
        if soft.is_some_and(|soft| soft < least && soft >= 0) {
            checker.at("OCI-RT-0325", rlimit, &[&name, &soft.unwrap_or_default()]);
        }
        if let (true, Some(value)) = (name == "RLIMIT_NOFILE" && hard > Some(1_048_576), rlimit.present("hard")) {
            checker.at("OCI-RT-0324", value, &[&hard.unwrap_or_default()]);
        }
    }
}

fn labels(checker: &mut Checker<'_>, process: Value<'_>) {
    if let Some(value) = process.string("apparmorProfile") {
        let profile = value.as_str().unwrap_or_default();
        if profile.contains(char::is_whitespace) {
            checker.at("OCI-RT-0333", value, &[&Shown(&profile), &"is not the name of a profile"]);
        } else if !profile.is_empty()
            && profile != "unconfined"
            && checker.ask("OCI-RT-0333", "apparmor", |host| host.apparmor()) == Some(false)
        {
            checker.at("OCI-RT-0333", value, &[&Shown(&profile), &"cannot be applied: AppArmor is off on this host"]);
        }
    }
    if let Some(value) = process.string("selinuxLabel") {
        let label = value.as_str().unwrap_or_default();
        if !label.is_empty() && !patterns::selinux_label(&label) {
            checker.at("OCI-RT-0334", value, &[&Shown(&label), &"is not user:role:type with a level or without"]);
        } else if !label.is_empty() && checker.ask("OCI-RT-0334", "selinux", |host| host.selinux()) == Some(false) {
            checker.at("OCI-RT-0334", value, &[&Shown(&label), &"cannot be applied: SELinux is off on this host"]);
        }
    }
}
