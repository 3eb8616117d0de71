//! The root file system, and the names of the host.

use super::namespaces::Namespaces;
use crate::check::context::{Checker, Shown};
use crate::check::view::View as _;
use crate::check::{Kind, PathKind, Platform, patterns};
use crate::doc::Value;

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>, namespaces: &Namespaces<'_>) {
    let windows = checker.platform == Platform::Windows;
    let hyperv = root.object("windows").is_some_and(|windows| windows.present("hyperv").is_some());
    match root.present("root") {
        None if !(windows && hyperv) && checker.needs("OCI-RT-0110", root, "root") => {
            let edit = root.insert_member("root", r#"{"path": "rootfs"}"#);
            checker.missing("OCI-RT-0110", root, "root").propose("add a root", edit);
        }
        Some(value) if windows && hyperv => {
            checker.key("OCI-RT-0119", value, &[]);
        }
        Some(value) => {
            if let Some(path) = value.string("path") {
                root_path(checker, path, windows);
            }
            if let (true, Some(readonly)) =
                (windows, value.present("readonly").filter(|_| value.truth("readonly") == Some(true)))
            {
                checker.at("OCI-RT-0118", readonly, &[]);
            }
        }
        None => {}
    }
    if checker.platform == Platform::Linux {
        host_name(checker, root, namespaces);
    }
}

fn root_path(checker: &mut Checker<'_>, value: Value<'_>, windows: bool) {
    let path = value.as_str().unwrap_or_default();
    if windows {
        let guid = path.strip_prefix(r"\\?\Volume{").and_then(|rest| rest.strip_suffix(r"}\"));
        let hex = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        let lengths = [8, 4, 4, 4, 12];
        let fits = guid.is_some_and(|guid| {
            guid.split('-').count() == 5 && guid.split('-').zip(lengths).all(|(part, length)| hex(part, length))
        });
        if !fits {
            checker.at("OCI-RT-0117", value, &[&Shown(&path)]);
        }
        return;
    }
    if path.is_empty() {
        checker.at("OCI-RT-0112", value, &[]);
        return;
    }
    if patterns::normal_path(&path) == "/" && path.starts_with('/') {
        checker.at("OCI-RT-0115", value, &[]);
        return;
    }
    let conventional = !path.starts_with('/') && matches!(patterns::normal_path(&path).as_str(), "/rootfs");
    // containerd gives absolute paths below its state directory.
    let managed = path.starts_with("/run/") || path.starts_with("/var/");
    if !conventional && !managed && checker.kind == Kind::RuntimeConfig {
        checker.at("OCI-RT-0116", value, &[&Shown(&path)]);
    }
    // A record's root is made when its task starts.
    if checker.kind != Kind::RuntimeConfig {
        return;
    }
    match checker.ask("OCI-RT-0113", "paths", |host| host.path(&path)) {
        Some(PathKind::Directory) | None => {}
        Some(PathKind::Symlink) => {
            if path.starts_with('/') {
                checker.at("OCI-RT-0114", value, &[&Shown(&path)]);
            }
        }
        Some(_) => {
            checker.at("OCI-RT-0113", value, &[&Shown(&path)]);
        }
    }
}

fn host_name(checker: &mut Checker<'_>, root: Value<'_>, namespaces: &Namespaces<'_>) {
    for (name, without_uts, too_long) in
        [("hostname", "OCI-RT-0120", "OCI-RT-0121"), ("domainname", "OCI-RT-0122", "OCI-RT-0123")]
    {
        let Some(value) = root.string(name) else { continue };
        let text = value.as_str().unwrap_or_default();
        if text.is_empty() {
            continue;
        }
        if !namespaces.has("uts") && namespaces.are_readable() {
            let edit = namespaces.list.and_then(|list| list.push(r#"{"type": "uts"}"#));
            let found = checker.at(without_uts, value, &[]).propose("add a uts namespace", edit);
            if let Some(place) = namespaces.list.or(root.present("linux")) {
                found.related(place, "no uts namespace here");
            }
        }
        if text.len() > 64 {
            checker.at(too_long, value, &[&text.len()]);
        } else if name == "hostname" && !patterns::host_name(&text) {
            checker.at("OCI-RT-0124", value, &[&Shown(&text)]);
        }
        if let (true, Some(path)) = (name == "hostname", namespaces.path("uts")) {
            checker.at("OCI-RT-0125", value, &[]).related(path, "the namespace is joined here");
        }
    }
}
