//! The cgroup's path, and limits beside memory and processors.

use crate::check::Cgroup;
use crate::check::context::{Checker, Shown};
use crate::check::view::View as _;
use crate::doc::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>) {
    let Some(linux) = root.object("linux") else { return };
    path(checker, linux);
    let Some(resources) = linux.object("resources") else { return };
    if checker.options.rootless
        && checker.options.cgroup == Cgroup::V1
        && resources.members().any(|member| !member.key_is("devices"))
    {
        checker.key("OCI-RT-0810", resources, &[]);
    }
    pids(checker, resources);
    block_io(checker, resources);
    huge_pages(checker, resources);
    network(checker, resources);
    for device in resources.object("rdma").into_iter().flat_map(Value::members) {
        if checker.lacks(device, "hcaHandles") && checker.lacks(device, "hcaObjects") {
            checker.at("OCI-RT-0871", device, &[]);
        }
    }
    if let Some(unified) = resources.object("unified").filter(|unified| unified.members().next().is_some()) {
        self::unified(checker, resources, unified);
    }
}

fn path(checker: &mut Checker<'_>, linux: Value<'_>) {
    let systemd = checker.options.systemd_cgroup;
    let Some(value) = linux.string("cgroupsPath") else { return };
    if value.raw() == b"\"\"" {
        checker.at("OCI-RT-0804", value, &[]);
        return;
    }
    let path = value.as_str().unwrap_or_default();
    let parts: Vec<&str> = path.split(':').collect();
    if path.split('/').any(|step| step == "..") {
        checker.at("OCI-RT-0801", value, &[&Shown(&path)]);
    } else if let &[slice, _, _] = parts.as_slice() {
        if !systemd {
            checker.at("OCI-RT-0802", value, &[&Shown(&path), &"is a plain name unless systemd manages the cgroups"]);
        }
        if !slice.is_empty() && slice != "-" && !is_slice(slice) {
            checker.at("OCI-RT-0803", value, &[&Shown(slice)]);
        }
    } else if systemd {
        let found = checker.at("OCI-RT-0802", value, &[&Shown(&path), &"has to be slice:prefix:name for systemd"]);
        found.severity(crate::check::Severity::Error);
    } else if !path.starts_with('/') {
        checker.at("OCI-RT-0805", value, &[&Shown(&path)]);
    }
}

fn is_slice(text: &str) -> bool {
    text == "-.slice"
        || text.strip_suffix(".slice").is_some_and(|name| {
            name.split('-').all(|part| {
                !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":_.\\".contains(&byte))
            })
        })
}

/// The kernel has no more numbers for processes.
const MOST_PIDS: i128 = 4_194_304;

fn pids(checker: &mut Checker<'_>, resources: Value<'_>) {
    let limit = resources.object("pids").and_then(|pids| pids.present("limit"));
    match limit.and_then(|limit| Some((limit, limit.as_integer()?))) {
        Some((value, number)) if number < -1 => {
            checker.at("OCI-RT-0831", value, &[&number]);
        }
        Some((value, 0)) => {
            checker.at("OCI-RT-0832", value, &[]);
        }
        Some((value, number)) if number > MOST_PIDS => {
            let words = "pids.limit is {}; the kernel takes 4194304 at most, and -1 for no limit";
            checker.say("OCI-RT-0831", value, words, &[&number]).severity(crate::check::Severity::Error);
        }
        _ => {}
    }
}

fn block_io(checker: &mut Checker<'_>, resources: Value<'_>) {
    let Some(io) = resources.object("blockIO") else { return };
    let mut weight = |holder: Value<'_>, name: &str| {
        if let (Some(value), Some(number)) = (holder.present(name), holder.integer(name))
            && number != 0
            && !(10..=1000).contains(&number)
            && !checker.wrong_type.contains(&value.id())
        {
            checker.at("OCI-RT-0841", value, &[&name, &number]);
        }
    };
    weight(io, "weight");
    weight(io, "leafWeight");
    for device in io.list("weightDevice") {
        weight(device, "weight");
        weight(device, "leafWeight");
    }
    for device in io.list("weightDevice") {
        if checker.lacks(device, "weight") && checker.lacks(device, "leafWeight") {
            checker.at("OCI-RT-0842", device, &[]);
        }
    }
    let throttles =
        ["throttleReadBpsDevice", "throttleWriteBpsDevice", "throttleReadIOPSDevice", "throttleWriteIOPSDevice"];
    for device in throttles.into_iter().flat_map(|name| io.list(name)) {
        for name in ["major", "minor"] {
            let negative = device.present(name).filter(|value| value.as_integer().is_some_and(|number| number < 0));
            if let Some(value) = negative {
                checker.say("OCI-RT-0843", value, "{} is negative: there is no such device", &[&name]);
            }
        }
    }
    if let Some(value) = io.present("leafWeight").filter(|_| checker.options.cgroup != Cgroup::V1) {
        checker.key("OCI-RT-0844", value, &[]);
    }
}

fn huge_pages(checker: &mut Checker<'_>, resources: Value<'_>) {
    let mut seen: BTreeMap<Cow<'_, str>, Value<'_>> = BTreeMap::new();
    for limit in resources.list("hugepageLimits") {
        let Some(value) = limit.string("pageSize") else { continue };
        let size = value.as_str().unwrap_or_default().into_owned();
        if !crate::check::patterns::huge_page_size(&size) {
            continue;
        }
        if let Some(first) = seen.insert(size.clone().into(), value) {
            checker.at("OCI-RT-0852", value, &[&Shown(&size), &"occurs twice"]).related(first, "it is here already");
            continue;
        }
        let sizes = checker.ask("OCI-RT-0852", "huge page sizes", |host| host.huge_page_sizes());
        if sizes.is_some_and(|sizes| !sizes.contains(&size)) {
            checker
                .at("OCI-RT-0852", value, &[&Shown(&size), &"is no size of huge pages on this host"])
                .severity(crate::check::Severity::Error);
        }
    }
}

fn network(checker: &mut Checker<'_>, resources: Value<'_>) {
    let Some(network) = resources.object("network").filter(|network| network.members().next().is_some()) else {
        return;
    };
    let mut seen: BTreeMap<Cow<'_, str>, Value<'_>> = BTreeMap::new();
    let mut empty = false;
    for priority in network.list("priorities") {
        let Some(value) = priority.string("name") else { continue };
        let name = value.as_str().unwrap_or_default().into_owned();
        if name.is_empty() {
            empty = true;
            checker.at("OCI-RT-0862", value, &[&"an interface without a name has a priority"]);
        } else if let Some(first) = seen.insert(name.clone().into(), value) {
            checker
                .at("OCI-RT-0862", value, &[&format!("{} has two priorities", Shown(&name))])
                .related(first, "the other one");
        }
    }
    if checker.options.cgroup != Cgroup::V1 && !empty {
        // The first of the members that cgroup v2 does not have.
        let first = network.list("priorities").find_map(|priority| priority.present("name"));
        let place = first.or(network.present("classID")).unwrap_or(network);
        checker.at("OCI-RT-0861", place, &[]);
    }
}

/// The files of cgroup v2 by the typed member that writes the same.
const TYPED: [(&str, [&str; 2]); 8] = [
    ("memory.max", ["memory", "limit"]),
    ("memory.low", ["memory", "reservation"]),
    ("memory.swap.max", ["memory", "swap"]),
    ("pids.max", ["pids", "limit"]),
    ("cpu.max", ["cpu", "quota"]),
    ("cpu.weight", ["cpu", "shares"]),
    ("cpuset.cpus", ["cpu", "cpus"]),
    ("io.weight", ["blockIO", "weight"]),
];

fn unified(checker: &mut Checker<'_>, resources: Value<'_>, unified: Value<'_>) {
    if checker.options.cgroup == Cgroup::V1 {
        checker.key("OCI-RT-0883", unified, &[]);
    }
    let typed =
        TYPED.map(|(file, [group, name])| (file, resources.object(group).and_then(|group| group.present(name))));
    for member in unified.members() {
        let file = member.key().unwrap_or_default();
        if file.contains('/') || matches!(&*file, "" | "." | "..") {
            checker.key("OCI-RT-0881", member, &[&Shown(&file)]);
            continue;
        }
        let controller = file.split('.').next().unwrap_or_default();
        let known = ["cpu", "cpuset", "io", "memory", "pids", "hugetlb", "rdma", "misc", "cgroup", "dmem"];
        if !known.contains(&controller) {
            checker.key("OCI-RT-0882", member, &[&Shown(&file)]);
            continue;
        }
        let other = typed.iter().find(|(name, _)| *name == file).and_then(|(_, other)| *other);
        if let Some(other) = other {
            checker.key("OCI-RT-0884", member, &[&Shown(&file)]).related(other, "the same limit");
        }
        if let Some(text) = member.as_str()
            && !value_fits(&file, &text)
        {
            checker.at("OCI-RT-0885", member, &[&Shown(&file), &Shown(&text)]);
        }
    }
}

fn value_fits(file: &str, text: &str) -> bool {
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let or_max = |text: &str| text.trim() == "max" || number(text).is_some();
    match file {
        "memory.max" | "memory.high" | "memory.low" | "memory.min" | "memory.swap.max" | "memory.swap.high" => {
            let digits = text.trim().trim_end_matches(['k', 'K', 'm', 'M', 'g', 'G']);
            text.trim() == "max" || number(digits).is_some()
        }
        "pids.max" => or_max(text),
        "cpu.max" => {
            let mut parts = text.split_whitespace();
            parts.next().is_some_and(or_max)
                && parts.next().is_none_or(|period| number(period).is_some())
                && parts.next().is_none()
        }
        "cpu.weight" => number(text).is_some_and(|weight| (1..=10_000).contains(&weight)),
        "io.weight" => {
            let weight = text.trim().strip_prefix("default ").unwrap_or(text);
            weight.contains(':') || number(weight).is_some_and(|weight| (1..=10_000).contains(&weight))
        }
        _ => true,
    }
}
