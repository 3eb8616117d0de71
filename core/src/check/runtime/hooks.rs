//! Hooks.

use crate::check::context::{Checker, Shown};
use crate::check::view::{View as _, strings};
use crate::check::{Kind, PathKind, Platform, names, patterns};
use crate::doc::{Shape, Value};

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>) {
    let Some(hooks) = root.object("hooks") else { return };
    for member in hooks.members() {
        let kind = member.key().unwrap_or_default();
        if !names::HOOKS.contains(&&*kind) {
            let found = checker.key("OCI-RT-0506", member, &[&Shown(&kind)]);
            let same = names::HOOKS.iter().copied().find(|name| name.eq_ignore_ascii_case(&kind));
            if same.is_some() {
                // Go binds it whatever its case, other runtimes ignore it.
                found.severity(crate::check::Severity::Error);
            }
            if let Some(right) = same.or_else(|| found.guess(&kind, names::HOOKS.iter().copied())) {
                found.propose(format!("write {right:?}"), member.rename(right));
            }
            continue;
        }
        if kind == "prestart" && member.items().next().is_some() {
            checker.key("OCI-RT-0507", member, &[]);
        }
        for hook in member.items().filter(|hook| hook.shape() == Shape::Object) {
            one(checker, root, hook, &kind);
        }
    }
}

fn one(checker: &mut Checker<'_>, root: Value<'_>, hook: Value<'_>, kind: &str) {
    for (value, text) in strings(hook.list("env")).filter(|(_, text)| !text.contains('=')) {
        checker.at("OCI-RT-0505", value, &[&Shown(&text)]);
    }
    if checker.lacks(hook, "timeout") && kind != "poststop" {
        checker.missing("OCI-RT-0509", hook, "timeout");
    }
    let Some(value) = hook.string("path") else { return };
    let path = value.as_str().unwrap_or_default();
    let windows = checker.platform == Platform::Windows;
    if !path.starts_with('/') && !windows {
        checker.at("OCI-RT-0502", value, &[&Shown(&path)]);
        return;
    }
    if let Some(args) = hook.array("args") {
        let first = args.items().next().and_then(Value::as_str);
        let base = path.rsplit('/').next().unwrap_or_default();
        let fits = first.as_deref().is_some_and(|first| first == path || first.rsplit('/').next() == Some(base));
        if !fits {
            checker.at("OCI-RT-0508", args, &[&Shown(base)]);
        }
    }
    // What starts in the container is looked for there, if no mount may bring it.
    let inside = kind == "startContainer";
    let rootfs = root.object("root").and_then(|root| root.text("path")).unwrap_or_default();
    let mounted = || {
        let mut mounts =
            root.list("mounts").filter_map(|mount| Some(patterns::normal_path(&mount.text("destination")?)));
        mounts.any(|mount| mount != "/" && patterns::is_under(&path, &mount))
    };
    let place = if inside { format!("{}{path}", rootfs.trim_end_matches('/')) } else { path.clone().into_owned() };
    if checker.kind == Kind::RuntimeConfig && !path.contains('\0') && !(inside && (rootfs.is_empty() || mounted())) {
        match checker.ask("OCI-RT-0503", "paths", |host| host.path(&place)) {
            Some(PathKind::Missing) => {
                checker.at("OCI-RT-0503", value, &[&Shown(&path), &"does not exist"]);
            }
            Some(PathKind::File | PathKind::Directory) => {
                checker.at("OCI-RT-0503", value, &[&Shown(&path), &"cannot be executed"]);
            }
            _ => {}
        }
    }
}
