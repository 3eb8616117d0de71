//! What the kernel refuses in a new user namespace, whose root is nobody outside of it.

use super::mounts::Mount;
use super::namespaces::Namespaces;
use crate::check::Severity;
use crate::check::context::{Checker, Shown};
use crate::check::view::View as _;
use crate::doc::Value;

/// File systems that show a namespace: who mounts one has to own that namespace.
const OF_NAMESPACES: [(&str, &str, &[&str]); 4] = [
    ("proc", "pid", &[]),
    // crun binds the host's instead.
    ("sysfs", "network", &["crun-1.8"]),
    ("mqueue", "ipc", &[]),
    ("cgroup2", "cgroup", &[]),
];

/// File systems that only root of the host may mount.
const OF_HOST: &[&str] = &[
    "btrfs",
    "cifs",
    "configfs",
    "debugfs",
    "devtmpfs",
    "erofs",
    "ext2",
    "ext3",
    "ext4",
    "hugetlbfs",
    "iso9660",
    "nfs",
    "nfs4",
    "pstore",
    "securityfs",
    "squashfs",
    "tracefs",
    "vfat",
    "xfs",
];

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>, namespaces: &Namespaces<'_>) {
    if !namespaces.is_new("user") || !namespaces.are_readable() {
        return;
    }
    for mount in root.list("mounts").map(Mount::read).filter(|mount| !mount.binds) {
        let Some(place) = mount.value.string("type") else { continue };
        let shown = OF_NAMESPACES.iter().find(|(kind, namespace, _)| *kind == mount.kind && !namespaces.has(namespace));
        if let Some((kind, namespace, taken)) = shown {
            let words = "{} cannot be mounted in a new user namespace without a new {} namespace";
            let found = checker.say("OCI-RT-0607", place, words, &[kind, namespace]);
            found.severity(Severity::Error).accepted(taken);
            if let Some(list) = namespaces.list {
                let entry = format!(r#"{{"type": "{namespace}"}}"#);
                found.related(list, format!("no {namespace} namespace here"));
                found.propose(format!("add a {namespace} namespace"), list.push(&entry));
            }
        } else if OF_HOST.contains(&&*mount.kind) {
            let words = "{} cannot be mounted in a new user namespace";
            checker.say("OCI-RT-0411", place, words, &[&Shown(&mount.kind)]);
        }
        if let (Some((option, text)), "tmpfs") = (mount.options.iter().find(|(_, text)| text == "noswap"), &*mount.kind)
        {
            let words = "tmpfs takes the option {} from root of the host only, not in a new user namespace";
            checker.say("OCI-RT-0417", *option, words, &[text]).severity(Severity::Error);
        }
    }
}
