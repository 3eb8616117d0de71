//! User namespaces and the mapping of their numbers.

use super::namespaces::Namespaces;
use crate::check::Profile;
use crate::check::context::Checker;
use crate::check::view::View as _;
use crate::doc::Value;
use std::collections::BTreeMap;

/// More entries than that the kernel refuses.
const MOST: usize = 340;

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>, namespaces: &Namespaces<'_>) {
    let Some(linux) = root.object("linux") else { return };
    let lists =
        ["uidMappings", "gidMappings"].map(|name| linux.array(name).filter(|list| list.items().next().is_some()));
    let unreadable =
        ["uidMappings", "gidMappings"].iter().any(|name| linux.present(name).is_some() && linux.array(name).is_none());
    if unreadable {
        return;
    }
    let present = lists.into_iter().flatten().next();
    match (present, namespaces.has("user")) {
        (None, true) if namespaces.is_new("user") => {
            let entry = namespaces.get("user").unwrap_or(linux);
            checker.at("OCI-RT-0610", entry, &[]);
            return;
        }
        (Some(list), false) if namespaces.are_readable() => {
            let edit = namespaces.list.and_then(|list| list.push(r#"{"type": "user"}"#));
            checker.at("OCI-RT-0611", list, &[]).propose("add a user namespace", edit);
        }
        (Some(list), true) if namespaces.path("user").is_some() => {
            let found = checker.at("OCI-RT-0620", list, &[]);
            if let Some(path) = namespaces.path("user") {
                found.related(path, "the namespace is joined here");
            }
            return;
        }
        _ => {}
    }
    if lists.iter().flatten().count() == 1 {
        let lacking = if lists[0].is_some() { "gidMappings" } else { "uidMappings" };
        checker.missing("OCI-RT-0612", linux, lacking);
    }
    for list in lists.into_iter().flatten() {
        entries(checker, list);
    }
    if namespaces.is_new("user") && lists.iter().all(Option::is_some) {
        identities(checker, root, lists);
        let devices = linux.array("devices").filter(|list| list.items().next().is_some());
        if let Some(devices) = devices {
            checker.at("OCI-RT-0623", devices, &[]);
        }
    }
}

/// Whether a number of the container is mapped; nothing if an entry cannot be read or maps nothing.
pub(super) fn mapped(list: Value<'_>, number: i128) -> Option<bool> {
    // The kernel takes no list as long as that, and looking many numbers up in it takes long.
    if list.weight() > 8 * MOST {
        return None;
    }
    let mut found = false;
    for entry in list.items() {
        let (first, size) = (entry.integer("containerID")?, entry.integer("size").filter(|size| *size > 0)?);
        found |= (first..first.saturating_add(size)).contains(&number);
    }
    Some(found)
}

fn entries(checker: &mut Checker<'_>, list: Value<'_>) {
    let mut used: [BTreeMap<i128, (i128, Value<'_>)>; 2] = Default::default();
    if list.items().count() > MOST {
        checker.at("OCI-RT-0621", list, &[&list.items().count()]);
    }
    for entry in list.items() {
        let size = entry.integer("size");
        if let (Some(0), Some(value)) = (size, entry.present("size")) {
            checker.at("OCI-RT-0614", value, &[]);
            continue;
        }
        let kinds = [("containerID", "OCI-RT-0615"), ("hostID", "OCI-RT-0616")];
        let mut over = false;
        for ((name, code), used) in kinds.into_iter().zip(&mut used) {
            let (Some(first), Some(size)) = (entry.integer(name), size) else { continue };
            let end = first.saturating_add(size);
            over |= end > i128::from(u32::MAX);
            // The nearest range that starts before the end of this one.
            let before = used.range(..end).next_back().map(|(_, (other, value))| (*other, *value));
            if let Some((_, other)) = before.filter(|(other_end, _)| *other_end > first) {
                checker.at(code, entry, &[]).related(other, "it overlaps this one");
            }
            used.insert(first, (end, entry));
        }
        if over {
            checker.at("OCI-RT-0617", entry, &[]);
        }
        if let (Some(0), Some(value)) = (entry.integer("hostID"), entry.present("hostID")) {
            checker.at("OCI-RT-0622", value, &[]);
        }
    }
    if mapped(list, 0) == Some(false) {
        checker.at("OCI-RT-0613", list, &[]);
    }
}

/// The process's own numbers have to be mapped.
fn identities(checker: &mut Checker<'_>, root: Value<'_>, lists: [Option<Value<'_>>; 2]) {
    let Some(user) = root.object("process").and_then(|process| process.object("user")) else { return };
    let [Some(uids), Some(gids)] = lists else { return };
    let groups = user.list("additionalGids").map(|value| (value, gids));
    let own = [("uid", uids), ("gid", gids)].into_iter().filter_map(|(name, list)| Some((user.present(name)?, list)));
    for (value, list) in own.chain(groups) {
        let Some(number) = value.as_integer() else { continue };
        // Number 0 has a finding of its own.
        // A number that is too large has one too, which crun does not mind.
        let other = checker.wrong_type.contains(&value.id()) && checker.options.profile != Profile::Crun18;
        if number != 0 && !other && mapped(list, number) == Some(false) {
            let found = checker.at("OCI-RT-0619", value, &[&number]).related(list, "these numbers are mapped");
            // To the kernel it means the number that the process has already; a supplementary group cannot mean that.
            if number == i128::from(u32::MAX) && value.key_span().is_some() {
                found.accepted(&["crun-1.8"]);
            }
        }
    }
}
