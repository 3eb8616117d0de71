//! The process: what is run, where, as whom.

use crate::check::context::{Checker, Shown};
use crate::check::view::{View as _, strings};
use crate::check::{PathKind, Platform, Severity, patterns};
use crate::doc::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>) {
    let Some(process) = root.object("process") else {
        if checker.needs("OCI-RT-0201", root, "process") {
            checker.missing("OCI-RT-0201", root, "process");
        }
        return;
    };
    directory(checker, root, process);
    arguments(checker, root, process);
    environment(checker, process);
    terminal(checker, process);
    user(checker, root, process);
}

fn directory(checker: &mut Checker<'_>, root: Value<'_>, process: Value<'_>) {
    let Some(value) = process.string("cwd") else { return };
    let cwd = value.as_str().unwrap_or_default();
    let drive = cwd.get(1..3).is_some_and(|rest| rest == ":\\" || rest == ":/");
    let absolute = match checker.platform {
        Platform::Windows => drive || cwd.starts_with(r"\\") || cwd.starts_with('/'),
        _ => cwd.starts_with('/'),
    };
    if !absolute {
        let edit = value.replace(crate::doc::quote(&format!("/{cwd}")));
        checker.at("OCI-RT-0203", value, &[&Shown(&cwd)]).propose("put / at the front", [edit]);
    } else if checker.platform == Platform::Linux && cwd != "/" {
        let cwd = patterns::normal_path(&cwd);
        let mounted = root.list("mounts").any(|mount| {
            mount
                .text("destination")
                .is_some_and(|path| patterns::is_under(&cwd, &patterns::normal_path(&path)) && path != "/")
        });
        let Some(rootfs) = rootfs(checker, root) else { return };
        if mounted {
            return;
        }
        match checker.ask("OCI-RT-0204", "paths", |host| host.path(&format!("{rootfs}{cwd}"))) {
            Some(PathKind::Missing) => {
                checker.at("OCI-RT-0204", value, &[&Shown(&cwd)]);
            }
            Some(PathKind::File | PathKind::Executable) => {
                checker
                    .say("OCI-RT-0204", value, "cwd {} is not a directory", &[&Shown(&cwd)])
                    .severity(Severity::Error);
            }
            _ => {}
        }
    }
}

/// Where the root file system is, if it is not made only when the task starts.
fn rootfs(checker: &Checker<'_>, root: Value<'_>) -> Option<String> {
    let path = root.object("root")?.text("path")?;
    (checker.kind == crate::check::Kind::RuntimeConfig).then(|| path.trim_end_matches('/').to_owned())
}

fn arguments(checker: &mut Checker<'_>, root: Value<'_>, process: Value<'_>) {
    let command_line = process.string("commandLine");
    let has_args = process.array("args").is_some_and(|args| args.items().next().is_some());
    if checker.platform == Platform::Windows {
        match command_line {
            Some(line) if has_args => {
                checker.at("OCI-RT-0218", line, &[&"both args and commandLine are given"]);
            }
            None if !has_args && checker.needs_more("OCI-RT-0218", process, "args") => {
                checker.at("OCI-RT-0218", process, &[&"neither args nor commandLine is given"]);
            }
            _ => {}
        }
    } else {
        if let Some(line) = command_line {
            checker.key("OCI-RT-0219", line, &[]);
        }
        match process.array("args") {
            Some(args) if !has_args => {
                checker.at("OCI-RT-0205", args, &[]);
            }
            None if checker.needs("OCI-RT-0205", process, "args") => {
                let edit = process.insert_member("args", r#"["/bin/sh"]"#);
                checker.missing("OCI-RT-0205", process, "args").propose("add the command", edit);
            }
            _ => {}
        }
    }
    let Some(first) = process.list("args").next() else { return };
    let Some(text) = first.as_str() else { return };
    if text.is_empty() {
        checker.at("OCI-RT-0206", first, &[]);
    } else {
        let missing =
            checker.platform == Platform::Linux && !text.contains('\0') && !is_found(checker, root, process, first);
        if text.trim().contains(' ') && process.list("args").count() == 1 {
            let found = checker.at("OCI-RT-0209", first, &[&Shown(&text)]);
            if missing {
                found.severity(Severity::Error);
            }
        } else if missing {
            checker.at("OCI-RT-0207", first, &[&Shown(&text)]);
        }
    }
}

/// Whether the command may be there: only a host can tell that it is not.
fn is_found(checker: &mut Checker<'_>, root: Value<'_>, process: Value<'_>, first: Value<'_>) -> bool {
    let name = first.as_str().unwrap_or_default();
    let path =
        strings(process.list("env")).filter_map(|(_, text)| text.strip_prefix("PATH=").map(str::to_owned)).last();
    if path.is_none() && !name.starts_with('/') && process.array("env").is_some() {
        let env = process.array("env").unwrap_or(process);
        let edit = env.push(&crate::doc::quote(&format!("PATH={DEFAULT_PATH}")));
        checker.at("OCI-RT-0214", env, &[&"PATH", &"the command is searched in it"]).propose("add PATH", edit);
    }
    let Some(rootfs) = rootfs(checker, root) else { return true };
    let path = path.unwrap_or_else(|| DEFAULT_PATH.to_owned());
    let mut places: Vec<String> = match name.contains('/') {
        true => vec![format!("{rootfs}{}", patterns::normal_path(&name))],
        false => path.split(':').map(|folder| format!("{rootfs}{}/{name}", patterns::normal_path(folder))).collect(),
    };
    let mounts = root.list("mounts").filter_map(|mount| Some(patterns::normal_path(&mount.text("destination")?)));
    let mounts: Vec<String> = mounts.filter(|path| path != "/").take(1000).collect();
    // What a mount brings is not known.
    let inside = |place: &String| {
        let place = place.strip_prefix(&rootfs).unwrap_or(place);
        mounts.iter().any(|mount| patterns::is_under(place, mount))
    };
    places.truncate(100);
    if places.iter().any(inside) {
        return true;
    }
    let answers: Vec<_> =
        places.iter().map(|place| checker.ask("OCI-RT-0207", "paths", |host| host.path(place))).collect();
    // What is there and no program is passed over like what is not there.
    !answers.iter().all(|answer| matches!(answer, Some(PathKind::Missing | PathKind::Directory | PathKind::File)))
}

fn environment(checker: &mut Checker<'_>, process: Value<'_>) {
    let mut names: BTreeMap<Cow<'_, str>, Value<'_>> = BTreeMap::new();
    for (value, text) in strings(process.list("env")) {
        let Some((name, _)) = text.split_once('=') else {
            let edit = value.replace(crate::doc::quote(&format!("{text}=")));
            checker.at("OCI-RT-0210", value, &[&Shown(&text)]).propose("add =", [edit]);
            continue;
        };
        if name.is_empty() {
            checker.at("OCI-RT-0211", value, &[]);
            continue;
        }
        if !patterns::env_name(name) && !name.contains('\0') && checker.platform != Platform::Windows {
            checker.at("OCI-RT-0212", value, &[&Shown(name)]);
        }
        let same = match &text {
            Cow::Borrowed(text) => text.get(..name.len()).map(Cow::Borrowed),
            Cow::Owned(_) => None,
        };
        if let Some(first) = names.insert(same.unwrap_or_else(|| Cow::Owned(name.to_owned())), value) {
            let edit = first.remove();
            checker
                .at("OCI-RT-0213", value, &[&Shown(name)])
                .related(first, "it is set here already")
                .propose("remove one", edit);
        }
    }
    let terminal = process.truth("terminal") == Some(true);
    if let (true, Some(env)) = (terminal && !names.contains_key("TERM"), process.array("env")) {
        let edit = env.push(r#""TERM=xterm""#);
        checker.at("OCI-RT-0214", env, &[&"TERM", &"the process has a terminal"]).propose("add TERM", edit);
    }
}

fn terminal(checker: &mut Checker<'_>, process: Value<'_>) {
    let terminal = process.truth("terminal") == Some(true);
    if let (false, Some(size)) = (terminal, process.object("consoleSize")) {
        checker.key("OCI-RT-0215", size, &[]);
    }
    if let (true, Some(value)) = (terminal, process.present("terminal"))
        && checker.ask("OCI-RT-0217", "terminal", |host| host.terminal()) == Some(false)
    {
        checker.at("OCI-RT-0217", value, &[]);
    }
}

fn user(checker: &mut Checker<'_>, root: Value<'_>, process: Value<'_>) {
    let Some(user) = process.object("user") else {
        if checker.lacks(process, "user") && checker.platform != Platform::Windows {
            let edit = process.insert_member("user", r#"{"uid": 0, "gid": 0}"#);
            checker.missing("OCI-RT-0220", process, "user").propose("write it down", edit);
        }
        return;
    };
    if checker.platform == Platform::Windows {
        return;
    }
    if let (Some(name), None) = (user.string("username"), root.present("windows")) {
        checker.key("OCI-RT-0222", name, &[]);
    }
    if let (Some(value), Some(umask)) = (user.present("umask"), user.integer("umask"))
        && umask > 0o777
        && !checker.wrong_type.contains(&value.id())
    {
        checker.at("OCI-RT-0223", value, &[&umask]);
    }
    if let (Some(value), Some(65534)) = (user.present("uid"), user.integer("uid")) {
        checker.at("OCI-RT-0226", value, &[]);
    }
    let mut seen = BTreeMap::new();
    for gid in user.list("additionalGids") {
        if let Some(number) = gid.as_integer()
            && seen.insert(number, gid).is_some()
        {
            let edit = gid.remove();
            checker.at("OCI-RT-0224", gid, &[&number]).propose("remove it", edit);
        }
    }
    let mapped = root.object("linux").and_then(|linux| linux.array("gidMappings"));
    let single = mapped.is_some_and(|mappings| {
        mappings.items().count() == 1 && mappings.items().all(|mapping| mapping.integer("size") == Some(1))
    });
    if let (true, true, Some(list)) = (checker.options.rootless, single, user.array("additionalGids"))
        && list.items().next().is_some()
    {
        checker.at("OCI-RT-0225", list, &[]);
    }
}
