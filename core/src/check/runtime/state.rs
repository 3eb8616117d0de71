//! The state that a runtime tells of a container.

use crate::check::context::{Checker, Shown};
use crate::check::view::View as _;
use crate::doc::Value;

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>) {
    let status = root.text("status").unwrap_or_default();
    let pid = root.integer("pid");
    let runs = status == "running";
    match root.present("pid") {
        None if runs && checker.needs("OCI-RT-1203", root, "pid") => {
            checker.missing("OCI-RT-1203", root, "pid");
        }
        Some(value) if runs && pid == Some(0) => {
            checker.at("OCI-RT-1203", value, &[&"a running container has a process"]);
        }
        _ => {}
    }
    if let Some(value) = root.string("bundle") {
        let path = value.as_str().unwrap_or_default();
        let drive = path.get(1..2) == Some(":");
        if !path.starts_with('/') && !path.starts_with('\\') && !drive {
            checker.at("OCI-RT-1204", value, &[&Shown(&path)]);
        }
    }
}
