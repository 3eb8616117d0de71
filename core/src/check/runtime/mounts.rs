//! Mounts: where, what, from where.

use super::mount_options;
use super::namespaces::Namespaces;
use crate::check::context::{Checker, Shown};
use crate::check::view::{View as _, strings};
use crate::check::{Kind, PathKind, Platform, Severity, patterns};
use crate::doc::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// File systems that kernels have, in order. Others may be there too, so a name that is missing here is a warning.
const FILE_SYSTEMS: &[&str] = &[
    "9p",
    "aufs",
    "autofs",
    "bind",
    "binder",
    "binfmt_misc",
    "bpf",
    "btrfs",
    "ceph",
    "cgroup",
    "cgroup2",
    "cifs",
    "configfs",
    "cpuset",
    "debugfs",
    "devpts",
    "devtmpfs",
    "ecryptfs",
    "efivarfs",
    "erofs",
    "exfat",
    "ext2",
    "ext3",
    "ext4",
    "f2fs",
    "fuse",
    "fusectl",
    "gfs2",
    "hugetlbfs",
    "iso9660",
    "jfs",
    "mqueue",
    "nfs",
    "nfs4",
    "nfsd",
    "none",
    "ntfs3",
    "overlay",
    "proc",
    "pstore",
    "ramfs",
    "resctrl",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "smb3",
    "squashfs",
    "sysfs",
    "tmpfs",
    "tracefs",
    "ubifs",
    "udf",
    "vfat",
    "virtiofs",
    "xfs",
    "zfs",
];

/// What may be mounted inside `/proc`.
const INSIDE_PROC: &[&str] = &[
    "/proc/cpuinfo",
    "/proc/diskstats",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/swaps",
    "/proc/uptime",
    "/proc/loadavg",
    "/proc/slabinfo",
    "/proc/sys/kernel/ns_last_pid",
    "/proc/sys/crypto/fips_enabled",
    "/proc/net/dev",
];

/// Linux takes no longer paths.
pub(super) const LONGEST_PATH: usize = 4096;

/// What is known of a mount.
pub(super) struct Mount<'d> {
    pub(super) value: Value<'d>,
    /// Its type; empty if there is none.
    pub(super) kind: Cow<'d, str>,
    /// Where it is, in canonical form.
    pub(super) destination: Option<Cow<'d, str>>,
    /// Whether `bind` or `rbind` is among its options.
    pub(super) binds: bool,
    pub(super) options: Vec<(Value<'d>, Cow<'d, str>)>,
}

impl<'d> Mount<'d> {
    /// Reads a mount; the options are those that are strings.
    pub(super) fn read(value: Value<'d>) -> Self {
        let options: Vec<_> = strings(value.list("options")).collect();
        Mount {
            value,
            kind: value.text("type").unwrap_or_default(),
            destination: value
                .text("destination")
                .filter(|path| !path.is_empty() && path.len() <= LONGEST_PATH)
                .map(patterns::normal),
            binds: options.iter().any(|(_, text)| matches!(&**text, "bind" | "rbind")),
            options,
        }
    }

    /// Whether it has an option.
    pub(super) fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(_, text)| text == name)
    }

    /// Whether nothing can be written to it; the later of `ro` and `rw` counts.
    pub(super) fn read_only(&self) -> bool {
        let last = self.options.iter().rev().find(|(_, text)| matches!(&**text, "ro" | "rw" | "rro"));
        last.is_some_and(|(_, text)| text != "rw")
    }
}

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>, namespaces: &Namespaces<'_>) {
    let Some(list) = root.array("mounts") else { return };
    let mounts: Vec<Mount<'_>> = list.items().map(Mount::read).collect();
    for mount in &mounts {
        destination(checker, mount);
        if checker.platform == Platform::Windows {
            if !matches!(&*mount.kind, "" | "bind") {
                let value = mount.value.present("type").unwrap_or(mount.value);
                checker.at("OCI-RT-1109", value, &[&Shown(&mount.kind)]);
            }
        } else {
            kind_and_source(checker, mount, namespaces);
            id_mappings(checker, mount, namespaces);
        }
        if checker.platform == Platform::Linux {
            mount_options::check(checker, mount, root, namespaces);
        }
    }
    order(checker, &mounts);
    if checker.platform == Platform::Linux {
        default_file_systems(checker, list, &mounts, namespaces);
        below_read_only(checker, &mounts);
    }
}

fn destination(checker: &mut Checker<'_>, mount: &Mount<'_>) {
    let Some(value) = mount.value.string("destination") else { return };
    let text = value.as_str().unwrap_or_default();
    let windows = checker.platform == Platform::Windows;
    if text.is_empty() {
        checker.at("OCI-RT-0402", value, &[]);
        return;
    }
    let drive = text.get(1..2) == Some(":") && text.starts_with(|c: char| c.is_ascii_alphabetic());
    if !windows && (drive || text.contains('\\')) {
        checker.at("OCI-RT-0428", value, &[&Shown(&text), &"Linux"]);
        return;
    }
    if windows {
        if text.starts_with('/') {
            checker.at("OCI-RT-0428", value, &[&Shown(&text), &"Windows"]);
        } else if !drive && !text.starts_with('\\') {
            checker.at("OCI-RT-0403", value, &[&Shown(&text)]).severity(crate::check::Severity::Error);
        }
        return;
    }
    let normal = &*patterns::normal(Cow::Borrowed(&text));
    let edit = || [value.replace(crate::doc::quote(normal))];
    if !text.starts_with('/') {
        let found = checker.at("OCI-RT-0403", value, &[&Shown(&text)]);
        found.safe(format!("write {normal:?}"), edit());
        if checker.platform != Platform::Linux {
            checker.at("OCI-RT-0403", value, &[&Shown(&text)]).severity(crate::check::Severity::Error);
        }
    } else if text != normal && normal != "/" {
        checker.at("OCI-RT-0404", value, &[&Shown(&text)]).safe(format!("write {normal:?}"), edit());
    }
    if checker.platform != Platform::Linux {
        return;
    }
    if patterns::has_long_name(normal) {
        checker.say(
            "OCI-RT-0016",
            value,
            "{} has a part of more than 255 bytes, which no file system takes",
            &[&Shown(&text)],
        );
    }
    let steps = || text.split('/').filter(|step| !step.is_empty()).count();
    if !mount.binds && matches!(&*mount.kind, "proc" | "sysfs") && steps() > 1 {
        let words = "crun mounts a {} file system directly below the root only";
        checker.say("OCI-RT-0420", value, words, &[&mount.kind]).accepted(&["runc-1.1"]);
    }
    if normal == "/" {
        checker.at("OCI-RT-0405", value, &[]);
    } else if normal == "/proc" && mount.binds && !source_is_proc(mount) {
        let why = "only a proc file system can be mounted on /proc";
        checker.at("OCI-RT-0420", value, &[&why]).accepted(&["crun-1.8"]);
    } else if normal == "/proc" && !mount.binds && !matches!(&*mount.kind, "proc" | "") {
        checker.at("OCI-RT-0420", value, &[&"only a proc file system can be mounted on /proc"]);
    } else if normal.starts_with("/proc/") && !INSIDE_PROC.contains(&normal) {
        checker.at("OCI-RT-0420", value, &[&format!("{} is inside /proc", Shown(normal))]);
    } else if normal.starts_with("/proc/") && !mount.binds {
        checker.at("OCI-RT-0420", value, &[&format!("{} is a file: only a file can be bound there", Shown(normal))]);
    }
}

/// Whether what is bound comes from a proc file system, as far as its path tells.
fn source_is_proc(mount: &Mount<'_>) -> bool {
    mount.value.text("source").is_none_or(|source| source.starts_with("/proc"))
}

fn kind_and_source(checker: &mut Checker<'_>, mount: &Mount<'_>, namespaces: &Namespaces<'_>) {
    let value = mount.value;
    let linux = checker.platform == Platform::Linux;
    if linux && mount.kind.is_empty() && !mount.binds && checker.needs_more("OCI-RT-0410", value, "type") {
        let options_readable = value.present("options").is_none() || value.array("options").is_some();
        if options_readable {
            checker.missing("OCI-RT-0410", value, "type");
        }
    }
    let mapped = value.present("uidMappings").is_some() || value.present("gidMappings").is_some();
    if linux && mount.kind == "bind" && !mount.binds {
        let options_readable = value.present("options").is_none() || value.array("options").is_some();
        if options_readable && !mapped {
            let edit = match value.array("options") {
                Some(options) => options.push(r#""rbind""#),
                None => value.insert_member("options", r#"["rbind"]"#),
            };
            let place = value.present("type").unwrap_or(value);
            let found = checker.at("OCI-RT-0415", place, &[]).propose("add \"rbind\" to the options", edit);
            found.for_parent(value);
        }
    }
    let is_none = mount.kind == "none";
    if let (true, Some(place)) = (linux && is_none && !mount.binds, value.string("type")) {
        checker.say("OCI-RT-0411", place, "{} is no file system; it goes with \"bind\" or \"rbind\"", &[&"none"]);
    }
    if linux && mount.kind == "overlay" && !mount.binds {
        let place = value.present("options").unwrap_or(value);
        let has = |name: &str| mount.options.iter().any(|(_, text)| text.starts_with(name));
        let lacking = match () {
            () if !has("lowerdir") => Some("lowerdir="),
            () if has("upperdir=") && !has("workdir") => Some("workdir="),
            () => None,
        };
        if let Some(lacking) = lacking {
            checker.say("OCI-RT-0412", place, "an overlay needs the option {}", &[&lacking]).severity(Severity::Error);
        }
    }
    let known =
        FILE_SYSTEMS.binary_search(&&*mount.kind).is_ok() || mount.kind.starts_with("fuse.") || mount.kind.is_empty();
    if let (true, false, Some(place)) = (linux && !mount.binds, known, value.string("type")) {
        let kinds = checker.options.host.and_then(|host| host.filesystems());
        if !kinds.as_ref().is_some_and(|kinds| kinds.iter().any(|kind| *kind == mount.kind)) {
            let found = checker.at("OCI-RT-0411", place, &[&Shown(&mount.kind)]);
            if kinds.is_none() {
                found.warning();
            }
        }
    }
    let no_source = match linux && mount.binds {
        true => checker.needs_more("OCI-RT-0413", value, "source"),
        false => checker.lacks_or_empty(value, "source"),
    };
    if linux && mount.binds && no_source {
        checker.missing("OCI-RT-0413", value, "source");
    } else if linux
        && no_source
        && matches!(&*mount.kind, "ext2" | "ext3" | "ext4" | "xfs" | "btrfs" | "nfs" | "nfs4" | "cifs")
    {
        checker.missing("OCI-RT-0412", value, "source");
    }
    if let (true, Some(place)) = (mount.binds && !no_source, value.string("source")) {
        let source = place.as_str().unwrap_or_default();
        let is_config = checker.kind == Kind::RuntimeConfig || source.starts_with('/');
        if is_config
            && !source.contains('\0')
            && checker.ask("OCI-RT-0414", "paths", |host| host.path(&source)) == Some(PathKind::Missing)
        {
            checker.at("OCI-RT-0414", place, &[&Shown(&source)]);
        }
    }
    if mount.kind == "cgroup" && !mount.binds && !mount.read_only() && !namespaces.has("cgroup") {
        let place = value.present("type").unwrap_or(value);
        checker.at("OCI-RT-0427", place, &[]);
    }
}

fn id_mappings(checker: &mut Checker<'_>, mount: &Mount<'_>, namespaces: &Namespaces<'_>) {
    let value = mount.value;
    let empty = |name: &'static str| {
        value.present(name).is_none() || value.array(name).is_some_and(|list| list.items().next().is_none())
    };
    let (uid, gid) = (!empty("uidMappings"), !empty("gidMappings"));
    let any = value.present("uidMappings").is_some() || value.present("gidMappings").is_some();
    let asks = mount.options.iter().find(|(_, text)| matches!(&**text, "idmap" | "ridmap"));
    if any && !(uid && gid) {
        checker.at("OCI-RT-0430", value, &[]);
    } else if (any || asks.is_some()) && !mount.binds {
        let found = checker.at("OCI-RT-0431", value, &[]);
        // runc 1.1 hands the option to the kernel, and passes over the mappings.
        if asks.is_some() {
            found.refused(&["runc-1.1"]);
        }
    } else if let (true, None) = (any, asks) {
        let edit = value.array("options").and_then(|options| options.push(r#""ridmap""#));
        let place = value.present("options").unwrap_or(value);
        checker.at("OCI-RT-0432", place, &[]).propose("add \"ridmap\" to the options", edit);
    }
    if let (false, Some((option, _))) = (any, asks)
        && !namespaces.has("user")
    {
        checker.at("OCI-RT-0433", *option, &[]);
    }
    if checker.options.rootless && (any || asks.is_some()) {
        checker.at("OCI-RT-0434", value, &[]);
    }
}

/// Later mounts hide earlier ones.
fn order(checker: &mut Checker<'_>, mounts: &[Mount<'_>]) {
    let mut seen: BTreeMap<&str, &Mount<'_>> = BTreeMap::new();
    for mount in mounts {
        let Some(path) = mount.destination.as_deref().filter(|path| *path != "/") else { continue };
        let Some(place) = mount.value.present("destination") else { continue };
        if checker.platform == Platform::Windows {
            let raw = place.as_str().unwrap_or_default().to_lowercase().replace('/', "\\");
            let raw = raw.trim_end_matches('\\');
            let inside = mounts.iter().take(256).find(|other| {
                let text = other.value.text("destination").unwrap_or_default().to_lowercase().replace('/', "\\");
                let other_path = text.trim_end_matches('\\');
                !other_path.is_empty() && raw.strip_prefix(other_path).is_some_and(|rest| rest.starts_with('\\'))
            });
            if let Some(other) = inside {
                checker.at("OCI-RT-0429", place, &[&Shown(raw)]).related(other.value, "inside this mount");
            }
            continue;
        }
        if let Some(first) = seen.get(path) {
            // A remount of the same place changes its flags; that is no mistake.
            if !mount.has("remount") {
                let found = checker.at("OCI-RT-0406", place, &[&Shown(path)]);
                found.related(first.value, "this mount is hidden");
                // The kernel mounts the same instance in the same place once.
                if first.kind == mount.kind && matches!(&*mount.kind, "sysfs" | "mqueue") && !mount.binds {
                    found.severity(Severity::Error);
                }
            }
        } else {
            let below = format!("{path}/");
            let hidden = seen.range(below.as_str()..).next().filter(|(child, _)| child.starts_with(&below));
            if let Some((child, first)) = hidden {
                checker
                    .at("OCI-RT-0407", place, &[&Shown(path), &Shown(child)])
                    .related(first.value, "this mount is hidden");
            }
        }
        seen.insert(path, mount);
    }
}

fn default_file_systems(checker: &mut Checker<'_>, list: Value<'_>, mounts: &[Mount<'_>], namespaces: &Namespaces<'_>) {
    let at = |path: &str| mounts.iter().any(|mount| mount.destination.as_deref() == Some(path));
    if !at("/proc") && namespaces.is_new("pid") {
        let edit = list.push(r#"{"destination": "/proc", "type": "proc", "source": "proc"}"#);
        checker.at("OCI-RT-0408", list, &[]).propose("add /proc", edit);
    }
    let missing: Vec<_> = ["/sys", "/dev/pts", "/dev/shm"].into_iter().filter(|path| !at(path)).collect();
    // A bind of the host's /dev brings what is below it.
    if !missing.is_empty() && !mounts.iter().any(|mount| mount.binds && mount.destination.as_deref() == Some("/dev")) {
        checker.at("OCI-RT-0409", list, &[&missing.join(", ")]);
    }
}

/// Directories of `/sys` on which something is to be mounted.
const MADE_BY_KERNEL: &[&str] = &[
    "/sys/firmware",
    "/sys/firmware/efi/efivars",
    "/sys/fs",
    "/sys/fs/bpf",
    "/sys/fs/cgroup",
    "/sys/fs/fuse/connections",
    "/sys/fs/pstore",
    "/sys/fs/resctrl",
    "/sys/fs/selinux",
    "/sys/fs/smackfs",
    "/sys/hypervisor",
    "/sys/kernel",
    "/sys/kernel/config",
    "/sys/kernel/debug",
    "/sys/kernel/security",
    "/sys/kernel/tracing",
    "/sys/module",
    "/sys/block",
    "/sys/bus",
    "/sys/class",
    "/sys/dev",
    "/sys/devices",
    "/sys/power",
];

/// Places that cannot be made because what they are in is read-only.
fn below_read_only(checker: &mut Checker<'_>, mounts: &[Mount<'_>]) {
    let mut read_only: BTreeSet<&str> = BTreeSet::new();
    let mut sysfs: BTreeSet<&str> = BTreeSet::new();
    let mut mounted: BTreeSet<&str> = BTreeSet::new();
    for mount in mounts {
        let Some(path) = mount.destination.as_deref() else { continue };
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let mut above = parent;
        while !above.is_empty() {
            // The kernel makes these itself.
            let made = above == "/sys" && MADE_BY_KERNEL.contains(&path);
            let place = mount.value.present("destination").filter(|_| !made && read_only.contains(above));
            if let Some(place) = place {
                let found = checker.at("OCI-RT-0421", place, &[&Shown(path), &Shown(above)]);
                // Nobody makes directories in there.
                if sysfs.contains(above) {
                    found.severity(Severity::Error);
                }
                break;
            }
            // What is in another mount is that one's affair.
            if mounted.contains(above) {
                break;
            }
            above = above.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
        let empty_when_mounted = matches!(&*mount.kind, "tmpfs" | "sysfs" | "ramfs");
        if mount.kind == "sysfs" && !mount.binds {
            sysfs.insert(path);
            read_only.insert(path);
        }
        mounted.insert(path);
        if mount.read_only() && empty_when_mounted && !mount.binds {
            read_only.insert(path);
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn lists_that_are_searched_are_sorted() {
        assert!(super::FILE_SYSTEMS.is_sorted());
    }
}
