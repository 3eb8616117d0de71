//! Advice on secure configuration. Asked for, not given: what works is not wrong.

use super::mounts::Mount;
use super::namespaces::Namespaces;
use super::sysctl;
use crate::check::context::{Checker, Shown};
use crate::check::view::{View as _, strings};
use crate::check::{Platform, patterns};
use crate::doc::{Shape, Value};
use std::collections::BTreeSet;

const MASKED: [&str; 10] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/sys/firmware",
    "/proc/scsi",
];
const READ_ONLY: [&str; 5] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// Capabilities that reach into the kernel or the host's hardware.
const RAW: [&str; 11] = [
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_BOOT",
    "CAP_BPF",
    "CAP_PERFMON",
    "CAP_MAC_ADMIN",
    "CAP_MAC_OVERRIDE",
    "CAP_SYSLOG",
    "CAP_SYS_TIME",
    "CAP_AUDIT_CONTROL",
    "CAP_CHECKPOINT_RESTORE",
];

/// Calls that were used to break out of containers.
const DANGEROUS: [&str; 22] = [
    "mount",
    "umount2",
    "keyctl",
    "add_key",
    "request_key",
    "bpf",
    "userfaultfd",
    "perf_event_open",
    "unshare",
    "setns",
    "kexec_load",
    "kexec_file_load",
    "open_by_handle_at",
    "init_module",
    "finit_module",
    "delete_module",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "fsopen",
    "fsmount",
    "move_mount",
];

const SOCKETS: [&str; 6] =
    ["docker.sock", "containerd.sock", "crio.sock", "podman.sock", "dockershim.sock", "cri-dockerd.sock"];

/// Directories of a host that nobody shares without thinking.
const SENSITIVE: [&str; 14] = [
    "/",
    "/etc",
    "/boot",
    "/dev",
    "/lib",
    "/proc",
    "/sys",
    "/usr",
    "/root",
    "/home",
    "/var/lib/docker",
    "/var/lib/containerd",
    "/var/lib/kubelet",
    "/var/log",
];

/// Kernel parameters that the Pod Security Standards call safe.
const SAFE_SYSCTLS: [&str; 11] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",
];

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>, namespaces: &Namespaces<'_>) {
    redact_secrets(checker, root);
    if !checker.options.advice {
        return;
    }
    if let Some(hooks) = root.object("hooks").filter(|hooks| hooks.members().next().is_some()) {
        checker.key("OCI-SEC-083", hooks, &[]);
    }
    if checker.platform != Platform::Linux {
        return;
    }
    let process = root.object("process");
    let linux = root.object("linux");
    if let Some(process) = process {
        capabilities(checker, root, process, namespaces);
        self::process(checker, process);
    }
    if let Some(linux) = linux {
        isolation(checker, root, linux, namespaces);
        seccomp(checker, linux);
        paths(checker, linux);
        resources(checker, linux);
        devices(checker, linux);
        sysctls(checker, linux);
    }
    if let Some(filesystem) = root.object("root")
        && filesystem.truth("readonly") != Some(true)
    {
        let edit = match filesystem.get("readonly") {
            Some(value) => Some(value.replace("true")),
            None => filesystem.insert_member("readonly", "true"),
        };
        let place = filesystem.present("readonly").unwrap_or(filesystem);
        checker.at("OCI-SEC-043", place, &[]).propose("make it read-only", edit);
    }
    mounts(checker, root);
}

fn capabilities(checker: &mut Checker<'_>, root: Value<'_>, process: Value<'_>, namespaces: &Namespaces<'_>) {
    let Some(capabilities) = process.object("capabilities") else { return };
    let linux = root.object("linux");
    let bounding: Vec<_> = strings(capabilities.list("bounding")).collect();
    if bounding.len() >= 38 {
        checker.at("OCI-SEC-001", capabilities, &[&bounding.len()]);
        return;
    }
    let unconfined =
        linux.is_some_and(|linux| linux.present("seccomp").is_none() && linux.list("maskedPaths").next().is_none());
    if unconfined && bounding.iter().any(|(_, name)| name == "CAP_SYS_ADMIN") && bounding.len() > 20 {
        checker.at("OCI-SEC-001", capabilities, &[&bounding.len()]);
    }
    for (value, name) in bounding {
        let code = match &*name {
            "CAP_SYS_ADMIN" => "OCI-SEC-002",
            "CAP_NET_ADMIN" | "CAP_NET_RAW" => "OCI-SEC-003",
            name if RAW.contains(&name) => "OCI-SEC-004",
            "CAP_SYS_PTRACE" if !namespaces.has("pid") => "OCI-SEC-005",
            "CAP_DAC_READ_SEARCH" => "OCI-SEC-006",
            "CAP_NET_BIND_SERVICE" => continue,
            _ => "OCI-SEC-007",
        };
        checker.at(code, value, &[&Shown(&name)]).propose("drop it", value.remove());
    }
    if let Some(list) = capabilities.array("inheritable").filter(|list| list.items().next().is_some()) {
        checker.at("OCI-SEC-008", list, &[]).propose("empty it", [list.replace("[]")]);
    }
}

fn process(checker: &mut Checker<'_>, process: Value<'_>) {
    if process.truth("noNewPrivileges") != Some(true) {
        let edit = match process.get("noNewPrivileges") {
            Some(value) => Some(value.replace("true")),
            None => process.insert_member("noNewPrivileges", "true"),
        };
        let place = process.present("noNewPrivileges").unwrap_or(process);
        checker.at("OCI-SEC-020", place, &[]).propose("set noNewPrivileges", edit);
    }
    let user = process.object("user");
    match user.and_then(|user| user.present("uid")) {
        Some(uid) if uid.as_integer() == Some(0) => {
            checker.at("OCI-SEC-021", uid, &[]);
        }
        None => {
            checker.at("OCI-SEC-021", user.unwrap_or(process), &[]);
        }
        _ => {}
    }
    for gid in user.into_iter().flat_map(|user| user.list("additionalGids")) {
        // 6 is the group of disks.
        if let Some(number @ (0 | 6)) = gid.as_integer() {
            checker.at("OCI-SEC-022", gid, &[&number]);
        }
    }
    let profile = process.text("apparmorProfile").unwrap_or_default();
    let label = process.text("selinuxLabel").unwrap_or_default();
    if (profile.is_empty() && label.is_empty()) || profile == "unconfined" {
        let place = process.present("apparmorProfile").unwrap_or(process);
        checker.at("OCI-SEC-032", place, &[]);
    }
    let host_selinux = checker.options.host.and_then(|host| host.selinux());
    if label.contains(":spc_t") || label.contains(":unconfined_t") || (label.is_empty() && host_selinux == Some(true)) {
        let place = process.present("selinuxLabel").unwrap_or(process);
        checker.at("OCI-SEC-033", place, &[]);
    }
    let limits: Vec<_> = process.list("rlimits").collect();
    let hard = |name: &str| limits.iter().find(|limit| limit.text("type").as_deref() == Some(name))?.integer("hard");
    if hard("RLIMIT_NOFILE").is_none_or(|files| files > 1_048_576) {
        let place = process.present("rlimits").unwrap_or(process);
        checker.at("OCI-SEC-063", place, &[]);
    }
    if let (Some(value), Some(score @ ..-500)) = (process.present("oomScoreAdj"), process.integer("oomScoreAdj")) {
        checker.at("OCI-SEC-064", value, &[&score]);
    }
    if let Some(first) = process.list("args").next() {
        let text = first.as_str().unwrap_or_default();
        if text.rsplit('/').next() == Some("sshd") {
            checker.at("OCI-SEC-082", first, &[]);
        }
    }
}

fn isolation(checker: &mut Checker<'_>, root: Value<'_>, linux: Value<'_>, namespaces: &Namespaces<'_>) {
    if !namespaces.are_readable() {
        return;
    }
    let place = namespaces.list.unwrap_or(linux);
    let kinds = [
        ("pid", "OCI-SEC-010"),
        ("network", "OCI-SEC-011"),
        ("ipc", "OCI-SEC-012"),
        ("uts", "OCI-SEC-013"),
        ("mount", "OCI-SEC-014"),
        ("cgroup", "OCI-SEC-016"),
    ];
    for (kind, code) in kinds {
        if !namespaces.has(kind) {
            let entry = format!(r#"{{"type": "{kind}"}}"#);
            let edit = namespaces.list.and_then(|list| list.push(&entry));
            checker.at(code, place, &[]).propose(format!("add a {kind} namespace"), edit);
        }
        if let Some(path) = namespaces.path(kind)
            && path.as_str().unwrap_or_default().starts_with("/proc/1/ns/")
        {
            checker.at("OCI-SEC-017", path, &[&kind]);
        }
    }
    let user = root.object("process").and_then(|process| process.object("user"));
    let uid = user.and_then(|user| user.integer("uid")).unwrap_or(0);
    if !namespaces.has("user") && uid == 0 {
        checker.at("OCI-SEC-015", place, &[]);
    }
    for mapping in linux.list("uidMappings") {
        if mapping.integer("containerID") == Some(0) && mapping.integer("hostID") == Some(0) {
            checker.at("OCI-SEC-084", mapping, &[]);
        }
    }
    if let Some(value) = linux.string("rootfsPropagation")
        && matches!(&*value.as_str().unwrap_or_default(), "shared" | "rshared")
    {
        checker.at("OCI-SEC-054", value, &[]);
    }
}

fn seccomp(checker: &mut Checker<'_>, linux: Value<'_>) {
    let Some(profile) = linux.object("seccomp") else {
        if linux.present("seccomp").is_none() {
            checker.at("OCI-SEC-030", linux, &[]);
        }
        return;
    };
    let default = profile.text("defaultAction").unwrap_or_default();
    if matches!(&*default, "SCMP_ACT_ALLOW" | "SCMP_ACT_LOG") && profile.list("syscalls").count() < 10 {
        checker.at("OCI-SEC-030", profile, &[]);
        return;
    }
    for rule in profile.list("syscalls") {
        let allows = matches!(rule.text("action").as_deref(), Some("SCMP_ACT_ALLOW"));
        if !allows || rule.list("args").next().is_some() {
            continue;
        }
        for (value, name) in strings(rule.list("names")).filter(|(_, name)| DANGEROUS.contains(&&**name)) {
            checker.at("OCI-SEC-031", value, &[&name]);
        }
    }
}

fn paths(checker: &mut Checker<'_>, linux: Value<'_>) {
    let lists: [(&str, &str, &[&str]); 2] =
        [("maskedPaths", "OCI-SEC-040", &MASKED), ("readonlyPaths", "OCI-SEC-041", &READ_ONLY)];
    for (name, code, wanted) in lists {
        let there: BTreeSet<_> = strings(linux.list(name)).map(|(_, path)| patterns::normal_path(&path)).collect();
        let missing: Vec<_> = wanted.iter().filter(|path| !there.contains(**path)).copied().collect();
        if missing.is_empty() {
            continue;
        }
        let place = linux.present(name).unwrap_or(linux);
        let edit = match linux.array(name) {
            Some(list) => {
                let quoted: Vec<_> = missing.iter().map(|path| crate::doc::quote(path)).collect();
                list.push(&quoted.join(", "))
            }
            None => None,
        };
        checker.at(code, place, &[&missing.join(", ")]).propose("add them", edit);
    }
}

fn resources(checker: &mut Checker<'_>, linux: Value<'_>) {
    let resources = linux.object("resources");
    let place = resources.unwrap_or(linux);
    let group = |name: &str| resources.and_then(|resources| resources.object(name));
    let memory = group("memory").and_then(|memory| memory.integer("limit"));
    if memory.is_none_or(|limit| limit <= 0) && !unified(resources, "memory.max") {
        checker.at("OCI-SEC-060", group("memory").unwrap_or(place), &[]);
    }
    let cpu = group("cpu");
    let limited = cpu.is_some_and(|cpu| cpu.integer("quota") > Some(0) || cpu.integer("shares") > Some(0));
    if !limited && !unified(resources, "cpu.max") && !unified(resources, "cpu.weight") {
        checker.at("OCI-SEC-061", cpu.unwrap_or(place), &[]);
    }
    let pids = group("pids").and_then(|pids| pids.integer("limit"));
    if pids.is_none_or(|limit| limit <= 0) && !unified(resources, "pids.max") {
        checker.at("OCI-SEC-062", group("pids").unwrap_or(place), &[]);
    }
}

fn unified(resources: Option<Value<'_>>, file: &str) -> bool {
    let unified = resources.and_then(|resources| resources.object("unified"));
    unified.and_then(|unified| unified.text(file)).is_some_and(|text| text.trim() != "max")
}

fn devices(checker: &mut Checker<'_>, linux: Value<'_>) {
    let rules =
        linux.object("resources").map(|resources| resources.list("devices").collect::<Vec<_>>()).unwrap_or_default();
    let for_all = |rule: &Value<'_>| matches!(rule.text("type").as_deref(), None | Some("" | "a"));
    let denies = rules.iter().any(|rule| rule.truth("allow") == Some(false) && for_all(rule));
    let allows = rules.first().is_some_and(|rule| rule.truth("allow") == Some(true) && for_all(rule));
    if !denies || allows {
        let place = rules.first().and_then(|rule| rule.parent()).or(linux.object("resources")).unwrap_or(linux);
        checker.at("OCI-SEC-070", place, &[]);
    }
    for device in linux.list("devices") {
        let path = device.text("path").unwrap_or_default();
        let known = ["/dev/mem", "/dev/kmem", "/dev/port", "/dev/kmsg", "/dev/kvm", "/dev/fuse", "/dev/net/tun"];
        if device.text("type").as_deref() == Some("b") || known.contains(&&*path) {
            checker.at("OCI-SEC-071", device, &[&Shown(&path)]);
        }
    }
}

fn sysctls(checker: &mut Checker<'_>, linux: Value<'_>) {
    for member in linux.object("sysctl").into_iter().flat_map(Value::members) {
        let key = sysctl::normal(&member.key().unwrap_or_default());
        if !SAFE_SYSCTLS.contains(&key.as_str()) && key != "net.ipv4.tcp_wmem" {
            checker.key("OCI-SEC-080", member, &[&Shown(&key)]);
        }
    }
}

fn mounts(checker: &mut Checker<'_>, root: Value<'_>) {
    for value in root.list("mounts") {
        let mount = Mount::read(value);
        let place = value.present("options").unwrap_or(value);
        let writable_kernel = matches!(&*mount.kind, "sysfs" | "cgroup" | "cgroup2") && !mount.read_only();
        if writable_kernel {
            let edit = value.array("options").and_then(|options| options.push(r#""ro""#));
            checker.at("OCI-SEC-042", place, &[&mount.kind]).propose("add \"ro\"", edit);
        }
        let lacking: Vec<_> = ["nosuid", "nodev", "noexec"].into_iter().filter(|flag| !mount.has(flag)).collect();
        // Devices live in /dev, and programs run from /run.
        let exempt = matches!(mount.destination.as_deref(), Some("/dev" | "/dev/pts" | "/run"));
        if matches!(&*mount.kind, "proc" | "sysfs" | "tmpfs") && !lacking.is_empty() && !exempt && !mount.binds {
            checker.at("OCI-SEC-044", place, &[&mount.kind, &lacking.join(", ")]);
        }
        if let Some((option, text)) = super::mount_options::propagation(&mount) {
            checker.at("OCI-SEC-053", *option, &[text]);
        }
        if mount.binds {
            bind(checker, &mount);
        }
    }
}

fn bind(checker: &mut Checker<'_>, mount: &Mount<'_>) {
    let Some(value) = mount.value.string("source") else { return };
    let source = patterns::normal_path(&value.as_str().unwrap_or_default());
    let last = source.rsplit('/').next().unwrap_or_default();
    if SOCKETS.contains(&last) || matches!(source.as_str(), "/run" | "/var/run") {
        checker.at("OCI-SEC-050", value, &[&Shown(&source)]);
        return;
    }
    let secrets = [
        "/.ssh",
        "/.kube",
        "/.aws",
        "/.docker/config.json",
        "/.config/gcloud",
        "/serviceaccount",
        "/id_rsa",
        "/id_ed25519",
    ];
    if secrets.iter().any(|part| source.contains(part)) || source.ends_with("/kubeconfig") {
        checker.at("OCI-SEC-055", value, &[&Shown(&source)]);
        return;
    }
    // containerd and Docker bring these three files from the host's own /etc into every container.
    let own = ["/etc/resolv.conf", "/etc/hosts", "/etc/hostname"].contains(&source.as_str());
    if source.starts_with("/etc/") && !own && !mount.read_only() {
        let place = mount.value.present("options").unwrap_or(mount.value);
        checker.at("OCI-SEC-052", place, &[&Shown(&source)]);
    } else if SENSITIVE.contains(&source.as_str()) {
        checker.at("OCI-SEC-051", value, &[&Shown(&source)]);
    }
}

/// Whether a variable seems to hold a secret: by its name, or by what it holds.
pub(in crate::check) fn secret(variable: &str) -> bool {
    let Some((name, value)) = variable.split_once('=') else { return false };
    let upper = name.to_uppercase();
    let words =
        ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY", "APIKEY", "PRIVATE_KEY", "ACCESS_KEY", "CREDENTIAL"];
    // A path or a switch is no secret.
    let names_file = upper.ends_with("_FILE") || upper.ends_with("_PATH") || value.starts_with('/');
    let named = words.iter().any(|word| upper.contains(word)) && !names_file && value.len() > 3;
    named || value.contains("PRIVATE KEY-----") || (value.starts_with("eyJ") && value.matches('.').count() == 2)
}

/// Secrets are kept out of what is printed, whether advice was asked for or not.
fn redact_secrets(checker: &mut Checker<'_>, root: Value<'_>) {
    let Some(process) = root.object("process") else { return };
    env(checker, process, "env");
}

fn env(checker: &mut Checker<'_>, holder: Value<'_>, name: &str) {
    for (value, text) in strings(holder.list(name)).filter(|(_, text)| secret(text)) {
        checker.conceal(value);
        let variable = text.split('=').next().unwrap_or_default();
        if checker.options.advice {
            checker.at("OCI-SEC-081", value, &[&Shown(variable)]);
        }
    }
}

/// Advice on an image's config.
pub(in crate::check) fn image_config(checker: &mut Checker<'_>, root: Value<'_>) {
    let config = root.object("config");
    if let Some(config) = config {
        env(checker, config, "Env");
    }
    if !checker.options.advice {
        return;
    }
    let Some(config) = config else { return };
    let user = config.text("User").unwrap_or_default();
    if matches!(user.split(':').next(), Some("" | "root" | "0")) {
        checker.at("OCI-SEC-085", config.present("User").unwrap_or(config), &[]);
    }
    if config.present("Healthcheck").is_none() {
        checker.at("OCI-SEC-086", config, &[]);
    }
    for port in config.object("ExposedPorts").into_iter().flat_map(Value::members) {
        let key = port.key().unwrap_or_default();
        let number = key.split('/').next().and_then(|number| number.parse::<u32>().ok());
        if let Some(number @ 1..1024) = number {
            checker.key("OCI-SEC-087", port, &[&number]);
        }
    }
    for entry in root.list("history") {
        let Some(value) = entry.string("created_by") else { continue };
        let text = value.as_str().unwrap_or_default();
        let piped = (text.contains("curl ") || text.contains("wget "))
            && (text.contains("| sh") || text.contains("| bash") || text.contains("|sh"));
        let what = match () {
            () if piped => "runs what it downloads",
            () if text.contains("chmod 777") || text.contains("chmod -R 777") => "lets everybody write",
            () if text.contains("ADD http") => "adds what it downloads",
            () if text.split_whitespace().any(secret) => "holds what looks like a secret",
            () => continue,
        };
        checker.at("OCI-SEC-090", value, &[&what]).redact();
    }
}

/// Advice on an image's manifest.
pub(in crate::check) fn image_manifest(checker: &mut Checker<'_>, root: Value<'_>) {
    if !checker.options.advice {
        return;
    }
    for layer in root.list("layers").filter(|layer| layer.shape() == Shape::Object) {
        if let Some(urls) = layer.array("urls").filter(|urls| urls.items().next().is_some()) {
            checker.at("OCI-SEC-089", urls, &[]);
        }
    }
}
