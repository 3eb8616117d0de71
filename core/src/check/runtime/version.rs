//! The version that a config names, and members that are newer.

use crate::check::context::{Checker, Shown};
use crate::check::view::{View as _, strings};
use crate::check::{Profile, patterns};
use crate::doc::Value;

/// The newest version that this checker knows.
const NEWEST: [u64; 3] = [1, 3, 0];

/// Members by the version that brought them; `*` is every item or member.
const SINCE: [([u64; 3], &[&str]); 5] = [
    (
        [1, 0, 2],
        &[
            "/hooks/createRuntime",
            "/hooks/createContainer",
            "/hooks/startContainer",
            "/linux/personality",
            "/linux/seccomp/flags",
            "/linux/intelRdt/closID",
            "/linux/intelRdt/memBwSchema",
            "/linux/resources/memory/useHierarchy",
            "/windows/devices",
        ],
    ),
    (
        [1, 1, 0],
        &[
            "/domainname",
            "/linux/resources/unified",
            "/linux/seccomp/listenerPath",
            "/linux/seccomp/listenerMetadata",
            "/linux/seccomp/defaultErrnoRet",
            "/linux/resources/cpu/idle",
            "/linux/resources/cpu/burst",
            "/linux/resources/memory/checkBeforeUpdate",
            "/linux/timeOffsets",
            "/process/scheduler",
            "/process/ioPriority",
            "/zos",
        ],
    ),
    ([1, 2, 0], &[]),
    ([1, 2, 1], &["/process/execCPUAffinity"]),
    (
        [1, 3, 0],
        &[
            "/freebsd",
            "/linux/netDevices",
            "/linux/memoryPolicy",
            "/linux/intelRdt/schemata",
            "/linux/intelRdt/enableMonitoring",
            "/vm/hwConfig",
        ],
    ),
];

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>) {
    let Some((value, text)) = one(checker, root, "ociVersion") else { return };
    let Some((numbers, pre)) = patterns::semver(&text) else { return };
    // crun 1.8 looks for these characters, and refuses everything else.
    if checker.options.profile == Profile::Crun18 && !text.contains("1.0") && numbers != [1, 1, 0] {
        checker.say("OCI-RT-0103", value, "crun 1.8 does not take version {}", &[&Shown(&text)]).refused(&["crun-1.8"]);
    } else if numbers[0] > 1 || numbers > NEWEST {
        checker.at("OCI-RT-0103", value, &[&Shown(&text)]);
    } else if numbers[0] == 0 || (numbers == [1, 0, 0] && pre.starts_with("rc")) {
        checker.at("OCI-RT-0104", value, &[&Shown(&text)]);
    } else if pre == "dev" || pre.starts_with("dev.") {
        checker.at("OCI-RT-0106", value, &[&Shown(&text)]);
    }
    if numbers[0] == 1 && !pre.starts_with("rc") {
        newer_members(checker, root, value, numbers);
    }
}

/// The versions of a features document.
pub(super) fn features(checker: &mut Checker<'_>, root: Value<'_>) {
    one(checker, root, "ociVersionMin");
    one(checker, root, "ociVersionMax");
}

fn one<'d>(checker: &mut Checker<'_>, root: Value<'d>, name: &str) -> Option<(Value<'d>, String)> {
    let value = root.string(name)?;
    let text = value.as_str()?.into_owned();
    if patterns::semver(&text).is_none() {
        let padded = format!("{}.0", text.trim_start_matches(['v', 'V']));
        let found = checker.at("OCI-RT-0102", value, &[&name, &Shown(&text)]);
        if patterns::semver(&padded).is_some() {
            found.propose(format!("write {padded:?}"), [value.replace(crate::doc::quote(&padded))]);
        }
    }
    Some((value, text))
}

fn newer_members(checker: &mut Checker<'_>, root: Value<'_>, version: Value<'_>, numbers: [u64; 3]) {
    let mut newer = Vec::new();
    for (since, members) in SINCE.iter().filter(|(since, _)| *since > numbers) {
        newer.extend(members.iter().filter_map(|pointer| Some((*since, root.at(pointer)?))));
    }
    if numbers < [1, 1, 0] {
        let seccomp = root.object("linux").and_then(|linux| linux.object("seccomp"));
        let syscalls = seccomp.into_iter().flat_map(|seccomp| seccomp.list("syscalls"));
        newer.extend(syscalls.filter_map(|syscall| Some(([1, 1, 0], syscall.present("errnoRet")?))).take(1));
        let mounts = root.list("mounts");
        newer.extend(mounts.filter_map(|mount| Some(([1, 1, 0], mount.present("uidMappings")?))).take(1));
    }
    if numbers < [1, 2, 0] {
        let options = root.list("mounts").flat_map(|mount| strings(mount.list("options")));
        newer.extend(
            options
                .filter(|(_, text)| matches!(&**text, "idmap" | "ridmap"))
                .map(|(value, _)| ([1, 2, 0], value))
                .take(1),
        );
    }
    let newest = newer.iter().map(|(since, _)| *since).max();
    if let Some([major, minor, patch]) = newest {
        let needed = format!("{major}.{minor}.{patch}");
        let found = checker.at("OCI-RT-0105", version, &[&needed]);
        found.propose(format!("write {needed:?}"), [version.replace(format!("{needed:?}"))]);
        for (since, value) in newer.iter().take(20) {
            found.related(*value, format!("since {}.{}.{}", since[0], since[1], since[2]));
        }
    }
}
