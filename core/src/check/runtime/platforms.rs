//! Windows, virtual machines, FreeBSD and Solaris.

use crate::check::context::{Checker, Shown};
use crate::check::view::View as _;
use crate::doc::Value;

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>) {
    if let Some(windows) = root.object("windows") {
        self::windows(checker, root, windows);
    }
    if let Some(vm) = root.object("vm") {
        for (name, code) in [("kernel", "OCI-RT-1121"), ("hypervisor", "OCI-RT-1122")] {
            let path = vm.object(name).and_then(|part| part.string("path"));
            if let Some(path) = path.filter(|path| !path.as_str().unwrap_or_default().starts_with('/')) {
                checker.at(code, path, &[&Shown(&path.as_str().unwrap_or_default())]);
            }
        }
    }
    if let Some(jail) = root.object("freebsd").and_then(|freebsd| freebsd.object("jail")) {
        self::jail(checker, jail);
    }
    if let Some(solaris) = root.object("solaris") {
        self::solaris(checker, solaris);
    }
}

fn windows(checker: &mut Checker<'_>, root: Value<'_>, windows: Value<'_>) {
    if let Some(list) = windows.array("layerFolders").filter(|list| list.items().next().is_none()) {
        checker.at("OCI-RT-1101", list, &[]);
    }
    if let Some(cpu) = windows.object("resources").and_then(|resources| resources.object("cpu")) {
        let set: Vec<_> =
            ["count", "shares", "maximum"].into_iter().filter(|name| cpu.present(name).is_some()).collect();
        if set.len() > 1 {
            checker.at("OCI-RT-1103", cpu, &[&set.join(" and ")]);
        }
    }
    let path = windows.object("hyperv").and_then(|hyperv| hyperv.string("utilityVMPath"));
    if let Some(path) = path.filter(|path| path.raw() == b"\"\"") {
        checker.at("OCI-RT-1105", path, &[]);
    }
    if let Some(network) = windows.object("network") {
        let others = ["endpointList", "networkSharedContainerName"];
        let other = others.iter().find_map(|name| network.present(name));
        if let (Some(namespace), Some(other)) = (network.string("networkNamespace"), other) {
            checker.at("OCI-RT-1106", namespace, &[]).related(other, "it does not go with this");
        }
    }
    if let (Some(true), Some(value)) =
        (windows.truth("servicing"), root.present("process").and(windows.present("servicing")))
    {
        checker.at("OCI-RT-1108", value, &[]);
    }
}

fn jail(checker: &mut Checker<'_>, jail: Value<'_>) {
    if let (Some("new"), Some(interface)) = (jail.text("vnet").as_deref(), jail.string("interface")) {
        checker.at("OCI-RT-1144", interface, &[&"interface does not go with a new vnet"]);
    }
    for (mode, addresses) in [("ip4", "ip4Addr"), ("ip6", "ip6Addr")] {
        let given = jail.array(addresses).filter(|list| list.items().next().is_some());
        let mode_text = jail.text(mode).unwrap_or_default();
        if let (true, Some(list)) = (matches!(&*mode_text, "inherit" | "disable"), given) {
            checker.at("OCI-RT-1144", list, &[&format!("{addresses} does not go with {mode} {mode_text}")]);
        }
    }
}

fn solaris(checker: &mut Checker<'_>, solaris: Value<'_>) {
    let ncpus = solaris.object("cappedCPU").and_then(|cpu| cpu.string("ncpus"));
    if let Some(value) = ncpus {
        let text = value.as_str().unwrap_or_default();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        if !digits(whole) || !digits(fraction) || zero {
            checker.at("OCI-RT-1151", value, &[&Shown(&text), &"a positive number"]);
        }
    }
    let memory = solaris.object("cappedMemory");
    let amounts = ["physical", "swap"].into_iter().filter_map(|name| memory?.string(name));
    for value in amounts.chain(solaris.string("maxShmMemory")) {
        let text = value.as_str().unwrap_or_default();
        let digits = text.strip_suffix(['k', 'K', 'm', 'M', 'g', 'G', 't', 'T']).unwrap_or(&text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            checker.at("OCI-RT-1151", value, &[&Shown(&text), &"a number with k, m or g"]);
        }
    }
}
