//! Capabilities.

use crate::check::context::{Checker, Shown};
use crate::check::seen::Seen;
use crate::check::view::{View as _, strings};
use crate::check::{Severity, names};
use crate::doc::Value;
use std::collections::BTreeSet;

const SETS: [&str; 5] = ["bounding", "effective", "permitted", "inheritable", "ambient"];

/// Names that mean every capability to tools that build configs, and nothing to runtimes.
const ALL: [&str; 2] = ["ALL", "CAP_ALL"];

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>) {
    let Some(process) = root.object("process") else { return };
    let Some(capabilities) = process.object("capabilities") else { return };
    let sets = SETS.map(|set| (set, read(checker, capabilities, set)));
    let get = |set: &str| sets.iter().find(|(name, _)| *name == set).map(|(_, set)| set);
    // A name that is written wrong counts as meant, and is then as bad as its lack: an error of a rule, or none.
    let has =
        |checker: &Checker<'_>, code, set: &str, name: &str| get(set).is_some_and(|set| set.has(checker, code, name));
    let of = |set: &str| get(set).into_iter().flat_map(|set| set.known.iter());
    for (name, value) in of("effective") {
        if has(checker, Some("OCI-RT-0304"), "permitted", name) {
            continue;
        }
        let found = checker.at("OCI-RT-0304", value, &[name]);
        found.propose("add it to permitted, or drop it", value.remove());
        if let Some(permitted) = capabilities.get("permitted") {
            found.related(permitted, "it is not permitted here");
        }
    }
    if capabilities.array("bounding").is_some() {
        for (name, value) in of("permitted") {
            if !has(checker, None, "bounding", name) {
                checker.at("OCI-RT-0305", value, &[name]);
            }
        }
    }
    // The kernel takes no inheritable capability from outside the bounding set.
    let is_bounded = |name: &str| get("bounding").is_some_and(|set| set.known.get(name).is_some());
    for (name, value) in of("inheritable").filter(|(name, _)| !is_bounded(name)) {
        let words = "{} is inheritable but not in the bounding set, which the kernel refuses";
        let found = checker.say("OCI-RT-0305", value, words, &[name]).severity(Severity::Error);
        found.related(capabilities.get("bounding").unwrap_or(capabilities), "it is not in here");
    }
    for (name, value) in of("ambient") {
        let is_permitted = has(checker, Some("OCI-RT-0306"), "permitted", name);
        let is_inheritable = has(checker, None, "inheritable", name);
        if !is_permitted || !is_inheritable {
            let missing = match (is_permitted, is_inheritable) {
                (false, false) => "permitted and inheritable",
                (false, true) => "permitted",
                _ => "inheritable",
            };
            let found = checker.at("OCI-RT-0306", value, &[name, &missing]);
            // `runc spec` writes sets like this; runtimes drop the capability without a word.
            if is_permitted {
                found.warning();
            }
        }
    }
    let empty = |set: &str| get(set).is_none_or(|set| set.known.is_empty() && set.meant.is_empty());
    if let (true, false, Some(list)) = (empty("ambient"), empty("inheritable"), capabilities.array("inheritable")) {
        checker.at("OCI-RT-0307", list, &[]);
    }
    let uid = process.object("user").and_then(|user| user.integer("uid")).unwrap_or(0);
    if uid != 0 && empty("ambient") && !empty("effective") {
        checker.key("OCI-RT-0308", capabilities, &[&uid]);
    }
}

/// What is in a set.
struct Set<'d> {
    list: Option<Value<'d>>,
    /// The known names, with their places.
    known: Seen<'d>,
    /// Those that are written wrong: one cause, one finding.
    meant: BTreeSet<&'static str>,
}

impl Set<'_> {
    fn has(&self, checker: &Checker<'_>, error: Option<&'static str>, name: &str) -> bool {
        if self.known.get(name).is_some() {
            return true;
        }
        let (Some(name), Some(list)) = (self.meant.get(name), self.list) else { return false };
        if let Some(code) = error {
            checker.needs(code, list, name);
        }
        true
    }
}

fn read<'d>(checker: &mut Checker<'_>, capabilities: Value<'d>, set: &str) -> Set<'d> {
    let mut out = Set { list: capabilities.get(set), known: Seen::default(), meant: BTreeSet::new() };
    for (value, name) in strings(capabilities.list(set)) {
        if !names::is_capability(&name) {
            let upper = name.to_uppercase();
            let right = if upper.starts_with("CAP_") { upper } else { format!("CAP_{upper}") };
            let known = names::CAPABILITIES.iter().copied().find(|known| *known == right);
            let meant = if known.is_some() || ALL.contains(&right.as_str()) {
                let found = checker.at("OCI-RT-0302", value, &[&Shown(&name)]);
                if let Some(right) = known {
                    found.safe(format!("write {right}"), [value.replace(crate::doc::quote(right))]);
                }
                (found, known)
            } else {
                let found = checker.at("OCI-RT-0301", value, &[&Shown(&name)]);
                let near = found.guess(&right, names::CAPABILITIES.iter().copied());
                if let Some(near) = near {
                    found.propose(format!("write {near}"), [value.replace(crate::doc::quote(near))]);
                }
                (found, near)
            };
            if let ((found, Some(right)), Some(list)) = (meant, out.list) {
                found.misspelt(list, right);
                checker.is_misspelt(list, right);
                out.meant.insert(right);
            }
            continue;
        }
        if let Some(first) = out.known.get(&name) {
            checker
                .at("OCI-RT-0303", value, &[&name, &set])
                .related(first, "it is here already")
                .safe("remove it", value.remove());
        } else {
            out.known.insert(name, value);
        }
    }
    out
}
