//! Sections and what they leave out.

use crate::check::Platform;
use crate::check::context::Checker;
use crate::check::view::View as _;
use crate::doc::Value;

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>) {
    let present: Vec<_> =
        Platform::ALL.iter().filter_map(|(of, name)| Some((root.present(name)?, *name, *of))).collect();
    // Linux containers on Windows have both sections; a virtual machine goes with any.
    let odd = |name: &str| !matches!(name, "vm" | "linux" | "windows");
    if present.iter().filter(|(_, name, _)| *name != "vm").count() > 1 {
        let hyperv = root.object("windows").is_some_and(|windows| windows.present("hyperv").is_some());
        for (section, name, of) in &present {
            if *of != checker.platform && (odd(name) || (*name == "windows" && !hyperv)) {
                checker.key("OCI-RT-0019", *section, &[name]);
            }
        }
    }
    if checker.platform == Platform::Linux && checker.needs("OCI-RT-0130", root, "linux") && present.is_empty() {
        let edit = root.insert_member("linux", "{}");
        checker.missing("OCI-RT-0130", root, "linux").propose("add an empty section", edit);
    }
    if checker.platform == Platform::Windows && checker.needs("OCI-RT-0132", root, "windows") {
        checker.missing("OCI-RT-0132", root, "windows");
    }
    if checker.platform == Platform::Linux && checker.needs("OCI-RT-0131", root, "mounts") {
        let edit = root.insert_member("mounts", r#"[{"destination": "/proc", "type": "proc", "source": "proc"}]"#);
        checker.missing("OCI-RT-0131", root, "mounts").propose("add /proc at least", edit);
    }
    if checker.platform == Platform::Windows {
        let only_linux = [
            "apparmorProfile",
            "selinuxLabel",
            "capabilities",
            "noNewPrivileges",
            "oomScoreAdj",
            "scheduler",
            "ioPriority",
        ];
        let process = root.object("process");
        for member in only_linux.iter().filter_map(|name| process?.present(name)) {
            let key = member.key().unwrap_or_default();
            checker.key("OCI-RT-0133", member, &[&key]);
        }
    }
}
