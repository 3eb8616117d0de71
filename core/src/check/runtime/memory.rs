//! Limits of memory and processors.

use crate::check::context::{Checker, Shown};
use crate::check::view::View as _;
use crate::check::{Cgroup, patterns};
use crate::doc::Value;

const MIB: i128 = 1 << 20;

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>) {
    let Some(resources) = root.object("linux").and_then(|linux| linux.object("resources")) else { return };
    if let Some(memory) = resources.object("memory") {
        self::memory(checker, memory);
    }
    if let Some(cpu) = resources.object("cpu") {
        processors(checker, cpu);
        lists(checker, cpu);
    }
}

fn memory(checker: &mut Checker<'_>, memory: Value<'_>) {
    let number = |name: &str| {
        let range = i128::from(i64::MIN)..=i128::from(i64::MAX);
        Some((memory.present(name)?, memory.integer(name).filter(|number| range.contains(number))?))
    };
    for name in ["limit", "reservation", "swap"] {
        if let Some((value, amount)) = number(name).filter(|(_, amount)| *amount < -1) {
            checker.at("OCI-RT-0811", value, &[&name, &amount]);
        }
    }
    let limit = number("limit").filter(|(_, limit)| *limit > 0);
    if let Some((value, amount)) = limit.filter(|(_, limit)| *limit < 6 * MIB) {
        let found = checker.at("OCI-RT-0812", value, &[&amount]);
        if amount > 2 * MIB {
            found.warning();
        }
    }
    if let Some((value, swap)) = number("swap").filter(|(_, swap)| *swap > 0) {
        match limit {
            Some((other, limit)) if swap < limit => {
                let edit = value.replace(limit.to_string());
                let found = checker.at("OCI-RT-0813", value, &[&swap, &limit]);
                found.related(other, "the limit").propose("make it as large as the limit", [edit]);
            }
            None if memory.present("limit").is_none_or(|limit| limit.as_integer().is_some()) => {
                let found = checker.at("OCI-RT-0814", value, &[]);
                if let Some(limit) = memory.get("limit") {
                    found.related(limit, "this is no limit");
                }
            }
            _ => {}
        }
    }
    if let (Some((value, reservation)), Some((other, limit))) = (number("reservation"), limit)
        && reservation > limit
    {
        checker.at("OCI-RT-0815", value, &[&reservation, &limit]).related(other, "the limit");
    }
    if let Some(value) = memory.present("swappiness").filter(|_| checker.options.cgroup == Cgroup::V2) {
        checker.at("OCI-RT-0816", value, &[]).warning();
    }
    for name in ["kernel", "kernelTCP"] {
        if let Some((value, _)) = number(name) {
            checker.key("OCI-RT-0817", value, &[&name]);
        }
    }
    if let (Some(true), Some(value)) = (memory.truth("disableOOMKiller"), memory.present("disableOOMKiller")) {
        let harm = if limit.is_none() { ", and without a limit it can hang a host with cgroup v1" } else { "" };
        checker.at("OCI-RT-0818", value, &[&harm]);
    }
    if let Some(value) = memory.present("useHierarchy") {
        checker.key("OCI-RT-0819", value, &[]);
    }
}

fn processors(checker: &mut Checker<'_>, cpu: Value<'_>) {
    let number = |name: &str| {
        let range = i128::from(i64::MIN)..=i128::from(u64::MAX);
        Some((cpu.present(name)?, cpu.integer(name).filter(|number| range.contains(number))?))
    };
    if let Some((value, shares)) = number("shares").filter(|(_, shares)| *shares == 1 || *shares > 262_144) {
        checker.at("OCI-RT-0821", value, &[&shares]);
    }
    let quota = number("quota");
    match quota {
        Some((value, amount @ 1..1000)) => {
            checker.at("OCI-RT-0822", value, &[&amount]);
        }
        Some((value, amount)) if amount < -1 => {
            checker.at("OCI-RT-0824", value, &[&amount]);
        }
        Some((value, amount)) if amount >= 1 << 44 => {
            let words = "cpu.quota is {} microseconds, more than the kernel takes; leave it out for no limit";
            checker.say("OCI-RT-0822", value, words, &[&amount]);
        }
        _ => {}
    }
    if let Some((value, period)) =
        number("period").filter(|(_, period)| *period != 0 && !(1000..=1_000_000).contains(period))
    {
        checker.at("OCI-RT-0823", value, &[&period]);
    }
    if let (Some((value, burst)), Some((other, quota))) = (number("burst"), quota)
        && quota > 0
        && burst > quota
    {
        checker.at("OCI-RT-0825", value, &[&burst, &quota]).related(other, "the quota");
    }
    match (number("idle"), cpu.present("shares")) {
        (Some((value, idle)), _) if !(0..=1).contains(&idle) => {
            checker.at("OCI-RT-0828", value, &[&format!("idle is {idle}; it has to be 0 or 1")]);
        }
        (Some((value, 1)), Some(shares)) if checker.options.systemd_cgroup => {
            checker.at("OCI-RT-0828", value, &[&"idle and shares cannot both be set"]).related(shares, "the shares");
        }
        _ => {}
    }
    let period = number("realtimePeriod").map(|(_, period)| period);
    if let Some((value, runtime)) = number("realtimeRuntime") {
        if runtime < -1 || period.is_some_and(|period| period > 0 && runtime > period) {
            checker.at("OCI-RT-0829", value, &[&"realtimeRuntime is from -1 to realtimePeriod"]);
        } else if checker.options.cgroup == Cgroup::V2 {
            checker.at("OCI-RT-0829", value, &[&"cgroup v2 has no limits for real-time processes"]);
        }
    }
}

fn lists(checker: &mut Checker<'_>, cpu: Value<'_>) {
    for name in ["cpus", "mems"] {
        let Some(value) = cpu.string(name) else { continue };
        let text = value.as_str().unwrap_or_default();
        if text.is_empty() {
            continue;
        }
        let Some(ranges) = patterns::number_list(&text) else {
            checker.at("OCI-RT-0826", value, &[&name, &Shown(&text)]);
            continue;
        };
        if text.trim() != text {
            checker
                .at("OCI-RT-0826", value, &[&name, &Shown(&text)])
                .warning()
                .propose("trim it", [value.replace(crate::doc::quote(text.trim()))]);
        }
        let most = ranges.iter().map(|(_, high)| *high).max().unwrap_or_default();
        if name == "cpus" {
            let processors = checker.ask("OCI-RT-0827", "processors", |host| host.processors());
            if processors.is_some_and(|processors| most >= processors) {
                checker.at("OCI-RT-0827", value, &[&most]).severity(crate::check::Severity::Error);
            }
        }
    }
}
