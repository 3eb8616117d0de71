//! Runtime specs: what containerd builds for a container when nobody gives it one.

use crate::model::{Any, Labels};
use serde_json::{Value, json};

/// The type of a runtime spec in a container record; its value is JSON.
pub const SPEC_TYPE_URL: &str = "types.containerd.io/opencontainers/runtime-spec/1/Spec";

/// The version of the runtime specification that containerd 2.3 writes.
pub const DEFAULT_OCI_VERSION: &str = "1.3.0";

/// What goes into a default spec besides what every container gets.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SpecOptions {
    /// The command and its arguments. Empty: none, as an image would give them.
    pub args: Vec<String>,
    /// Annotations; `ctr` makes one of each label.
    pub annotations: Labels,
}

/// The spec that containerd 2.3 generates on Linux for a container without an image's configuration, with the device rules
/// that `ctr` adds. Source: oci-validation §1.1.
///
/// ```
/// use stowbook::oci::{SpecOptions, default_spec};
/// let spec = default_spec("default", "web", &SpecOptions::default());
/// assert!(String::from_utf8(spec.value)?.contains(r#""cgroupsPath":"/default/web""#));
/// # Ok::<(), std::string::FromUtf8Error>(())
/// ```
#[must_use]
pub fn default_spec(namespace: &str, id: &str, options: &SpecOptions) -> Any {
    let capabilities = json!([
        "CAP_CHOWN",
        "CAP_DAC_OVERRIDE",
        "CAP_FSETID",
        "CAP_FOWNER",
        "CAP_MKNOD",
        "CAP_NET_RAW",
        "CAP_SETGID",
        "CAP_SETUID",
        "CAP_SETFCAP",
        "CAP_SETPCAP",
        "CAP_NET_BIND_SERVICE",
        "CAP_SYS_CHROOT",
        "CAP_KILL",
        "CAP_AUDIT_WRITE",
    ]);
    let mut spec = json!({
        "ociVersion": DEFAULT_OCI_VERSION,
        "process": {
            "user": {"uid": 0, "gid": 0},
            "args": options.args,
            "cwd": "/",
            "capabilities": {"bounding": capabilities, "effective": capabilities, "permitted": capabilities},
            "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
            "noNewPrivileges": true,
        },
        "root": {"path": "rootfs"},
        "mounts": [
            mount("/proc", "proc", "proc", &["nosuid", "noexec", "nodev"]),
            mount("/dev", "tmpfs", "tmpfs", &["nosuid", "strictatime", "mode=755", "size=65536k"]),
            mount("/dev/pts", "devpts", "devpts", &["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
            mount("/dev/shm", "tmpfs", "shm", &["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
            mount("/dev/mqueue", "mqueue", "mqueue", &["nosuid", "noexec", "nodev"]),
            mount("/sys", "sysfs", "sysfs", &["nosuid", "noexec", "nodev", "ro"]),
            mount("/run", "tmpfs", "tmpfs", &["nosuid", "strictatime", "mode=755", "size=65536k"]),
        ],
        "annotations": options.annotations,
        "linux": {
            "resources": {"devices": device_rules()},
            // Both are identifiers, so joining them is all that containerd's path cleaning does.
            "cgroupsPath": format!("/{namespace}/{id}"),
            "namespaces": [{"type": "pid"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}, {"type": "network"}],
            "maskedPaths": [
                "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
                "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/sys/devices/virtual/powercap", "/proc/scsi",
            ],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
        },
    });
    // Go leaves empty members out.
    if options.args.is_empty()
        && let Some(process) = spec.get_mut("process").and_then(Value::as_object_mut)
    {
        process.shift_remove("args");
    }
    if options.annotations.is_empty()
        && let Some(spec) = spec.as_object_mut()
    {
        spec.shift_remove("annotations");
    }
    Any::new(SPEC_TYPE_URL, escape_as_go(&spec.to_string()))
}

/// Go writes these characters of JSON strings as escapes, so that JSON can stand in HTML. Outside strings there are none.
fn escape_as_go(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '&' => out.push_str("\\u0026"),
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            _ => out.push(c),
        }
    }
    out
}

fn mount(destination: &str, kind: &str, source: &str, options: &[&str]) -> Value {
    json!({"destination": destination, "type": kind, "source": source, "options": options})
}

/// Nothing is allowed but the character devices that every container needs.
fn device_rules() -> Vec<Value> {
    const NULL_RANDOM_FULL_TTY_ZERO_URANDOM_CONSOLE: [(i64, i64); 7] =
        [(1, 3), (1, 8), (1, 7), (5, 0), (1, 5), (1, 9), (5, 1)];
    let mut rules = vec![json!({"allow": false, "access": "rwm"})];
    let allow = |(major, minor)| json!({"allow": true, "type": "c", "major": major, "minor": minor, "access": "rwm"});
    rules.extend(NULL_RANDOM_FULL_TTY_ZERO_URANDOM_CONSOLE.map(allow));
    // All pseudo-terminals, then /dev/ptmx.
    rules.push(json!({"allow": true, "type": "c", "major": 136, "access": "rwm"}));
    rules.push(allow((5, 2)));
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from containerd 2.3.4: `oci.GenerateSpec` with `oci.WithDefaultUnixDevices`.
    const RECORDED: &str = include_str!("../../tests/fixtures/default-spec-2.3.4.json");

    #[test]
    fn is_containerds_own_to_the_byte() {
        let spec = default_spec("default", "nginx1", &SpecOptions::default());
        assert_eq!(String::from_utf8(spec.value).unwrap(), RECORDED.trim_end());
    }

    /// The same with `oci.WithProcessArgs` and `oci.WithAnnotations`.
    const RECORDED_WITH_ARGS: &str = include_str!("../../tests/fixtures/default-spec-args-2.3.4.json");

    #[test]
    fn takes_args_and_annotations() {
        let args = ["/bin/sh", "-c", "a && b <c >d \u{2028}\u{2029} \"q\" \u{8}\u{c}\u{1}\u{7f} é"].map(str::to_owned);
        let mut options = SpecOptions { args: args.to_vec(), ..SpecOptions::default() };
        options.annotations.insert("role".into(), "web & more".into());
        options.annotations.insert("a/b".into(), String::new());
        let spec = default_spec("default", "nginx1", &options);
        assert_eq!(String::from_utf8(spec.value).unwrap(), RECORDED_WITH_ARGS.trim_end());
    }
}
