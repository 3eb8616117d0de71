//! Annotations of a runtime config.

use crate::check::context::{Checker, Shown};
use crate::check::view::View as _;
use crate::check::{names, patterns};
use crate::doc::Value;

/// Keys that crun reads.
const CRUN: &[&str] = &[
    "run.oci.handler",
    "run.oci.keep_original_groups",
    "run.oci.mount_context_type",
    "run.oci.seccomp.receiver",
    "run.oci.seccomp.plugins",
    "run.oci.seccomp_fail_unknown_syscall",
    "run.oci.seccomp_bpf_data",
    "run.oci.systemd.subgroup",
    "run.oci.systemd.force_cgroup_v1",
    "run.oci.pidfd_receiver",
    "run.oci.hooks.stdout",
    "run.oci.hooks.stderr",
    "run.oci.delegate-cgroup",
    "run.oci.host_mount_for_rootfs",
    "run.oci.timens_offset",
];

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>) {
    let Some(annotations) = root.object("annotations") else { return };
    for member in annotations.members() {
        let key = member.key().unwrap_or_default();
        one(checker, member, &key);
    }
}

fn one(checker: &mut Checker<'_>, member: Value<'_>, key: &str) {
    if key.is_empty() {
        checker.key("OCI-RT-0510", member, &[]);
        return;
    }
    let text = member.as_str();
    if key.starts_with("org.opencontainers") {
        let known = names::RUNTIME_ANNOTATIONS.contains(&key) || names::CONVERSION_ANNOTATIONS.contains(&key);
        // containerd's clients copy an image's labels, which are annotations of images.
        let of_images = names::IMAGE_ANNOTATIONS.contains(&key);
        if !known && !of_images {
            checker.key("OCI-RT-0511", member, &[&Shown(key)]);
        } else if !known {
            checker.key("OCI-RT-0511", member, &[&Shown(key)]).warning();
        }
        if let Some(text) = text.as_deref() {
            if key.ends_with(".created") && patterns::date_time(text).is_none() {
                checker.at("OCI-RT-0516", member, &[&Shown(text), &"a date and time by RFC 3339"]);
            } else if key.ends_with(".stopSignal") && !text.is_empty() && !patterns::signal(text) {
                checker.at("OCI-RT-0516", member, &[&Shown(text), &"a signal"]);
            }
        }
    } else if let Some(name) = key.strip_prefix("org.systemd.property.") {
        if name.len() < 3 || !name.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            checker.key("OCI-RT-0514", member, &[&Shown(key)]);
        }
    } else if key.starts_with("run.oci.") {
        let known = CRUN.contains(&key) || key.starts_with("run.oci.seccomp_bpf_file");
        if !known {
            let found =
                checker.key("OCI-RT-0515", member, &[&format!("{} is no annotation that crun reads", Shown(key))]);
            if let Some(near) = found.guess(key, CRUN.iter().copied()) {
                found.propose(format!("write {near:?}"), member.rename(near));
            }
        }
        let context = key == "run.oci.mount_context_type";
        let kinds = ["context", "fscontext", "defcontext", "rootcontext"];
        if context && text.as_deref().is_some_and(|text| !kinds.contains(&text)) {
            checker.at("OCI-RT-0515", member, &[&format!("{} is one of {}", Shown(key), kinds.join(", "))]);
        }
    } else if key.starts_with("cdi.k8s.io/") {
        for name in text.as_deref().unwrap_or_default().split(',').filter(|_| text.is_some()) {
            if !patterns::cdi_device(name) {
                checker.at("OCI-RT-0517", member, &[&Shown(name)]);
            }
        }
    } else if !patterns::reverse_domain(key) {
        checker.key("OCI-RT-0512", member, &[&Shown(key)]);
    }
}
