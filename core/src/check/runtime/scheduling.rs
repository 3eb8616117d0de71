//! Scheduler, I/O priority and the processors of the process.

use crate::check::context::{Checker, Shown};
use crate::check::patterns;
use crate::check::view::View as _;
use crate::doc::Value;

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>) {
    let Some(process) = root.object("process") else { return };
    let cpus = root.object("linux").and_then(|linux| linux.object("resources")?.object("cpu")?.string("cpus"));
    if let Some(scheduler) = process.object("scheduler") {
        self::scheduler(checker, scheduler, cpus);
    }
    if let Some(priority) = process.object("ioPriority") {
        let class = priority.text("class").unwrap_or_default();
        let number = priority.integer("priority").unwrap_or_default();
        if let (true, Some(value)) = (class == "IOPRIO_CLASS_IDLE" && number != 0, priority.present("priority")) {
            checker.at("OCI-RT-0343", value, &[]);
        }
    }
    if let Some(affinity) = process.object("execCPUAffinity") {
        for name in ["initial", "final"] {
            if let Some(value) = affinity.string(name) {
                self::affinity(checker, value, cpus);
            }
        }
    }
}

fn scheduler(checker: &mut Checker<'_>, scheduler: Value<'_>, cpus: Option<Value<'_>>) {
    let policy = scheduler.text("policy").unwrap_or_default();
    if policy == "SCHED_ISO" {
        let value = scheduler.present("policy").unwrap_or(scheduler);
        checker.at("OCI-RT-0351", value, &[]).warning();
    }
    let known = policy.starts_with("SCHED_");
    let number = |name: &str| Some((scheduler.present(name)?, scheduler.integer(name)?));
    if let Some((value, nice)) = number("nice") {
        let uses = matches!(&*policy, "SCHED_OTHER" | "SCHED_BATCH");
        if !(-20..=19).contains(&nice) && uses {
            checker.at("OCI-RT-0352", value, &[&nice, &"has to be from -20 to 19"]);
        } else if known && !uses && nice != 0 {
            checker.at("OCI-RT-0352", value, &[&nice, &format!("is ignored with {policy}")]).warning();
        }
    }
    let real_time = matches!(&*policy, "SCHED_FIFO" | "SCHED_RR");
    match number("priority") {
        Some((value, priority)) if real_time && !(1..=99).contains(&priority) => {
            checker.at("OCI-RT-0353", value, &[&priority, &"has to be from 1 to 99"]);
        }
        Some((value, priority)) if known && !real_time && priority != 0 => {
            checker.at("OCI-RT-0353", value, &[&priority, &"goes with SCHED_FIFO and SCHED_RR only"]);
        }
        None if real_time && checker.lacks(scheduler, "priority") => {
            checker.at("OCI-RT-0353", scheduler, &[&0, &"has to be from 1 to 99"]);
        }
        _ => {}
    }
    deadline(checker, scheduler, &policy);
    if let (true, Some(cpus)) = (policy == "SCHED_DEADLINE", cpus) {
        checker.at("OCI-RT-0356", scheduler, &[]).related(cpus, "the processors are limited here");
    }
}

fn deadline(checker: &mut Checker<'_>, scheduler: Value<'_>, policy: &str) {
    let names = ["runtime", "deadline", "period"];
    let values = names.map(|name| scheduler.integer(name).unwrap_or_default());
    let [runtime, deadline, period] = values;
    if policy != "SCHED_DEADLINE" {
        let set = names.iter().zip(values).find(|(_, number)| *number != 0);
        if let (true, Some((name, _))) = (policy.starts_with("SCHED_"), set) {
            let value = scheduler.present(name).unwrap_or(scheduler);
            checker.at("OCI-RT-0354", value, &[&format!("{name} goes with SCHED_DEADLINE only")]);
        }
        return;
    }
    let period = if period == 0 { deadline } else { period };
    let value = scheduler.present("runtime").unwrap_or(scheduler);
    if runtime < 1024 {
        checker.at("OCI-RT-0354", value, &[&"SCHED_DEADLINE takes a runtime of at least 1024 ns"]);
    } else if runtime > deadline || deadline > period || deadline > i128::from(i64::MAX) {
        checker.at("OCI-RT-0354", value, &[&"it takes runtime <= deadline <= period"]);
    }
}

fn affinity(checker: &mut Checker<'_>, value: Value<'_>, cpus: Option<Value<'_>>) {
    let text = value.as_str().unwrap_or_default();
    if text.trim().is_empty() {
        return;
    }
    let Some(ranges) = patterns::number_list(&text).filter(|ranges| ranges.iter().all(|(_, high)| *high < 8192)) else {
        checker.at("OCI-RT-0360", value, &[&Shown(&text)]);
        return;
    };
    let Some(allowed) = cpus.and_then(|cpus| patterns::number_list(&cpus.as_str()?)) else { return };
    // Nobody writes lists as long as that, and comparing them takes long.
    if ranges.len().max(allowed.len()) > 256 {
        return;
    }
    let inside = |(low, high): &(u64, u64)| {
        (*low..=*high).all(|cpu| allowed.iter().any(|(from, to)| (from..=to).contains(&&cpu)))
    };
    if let (false, Some(cpus)) = (ranges.iter().all(inside), cpus) {
        checker.at("OCI-RT-0361", value, &[&Shown(&text)]).related(cpus, "the processors are limited here");
    }
}
