//! What the checker should have said, given what a runtime said.

use crate::exceptions::Exceptions;
use crate::mutate::Mutation;
use crate::runtime::Tool;
use std::path::{Path, PathBuf};
use stowbook::check::{Diagnostic, Host, Kind, Options, PathKind, Profile, Report, Severity, validate};

/// The machine on which the runtimes are asked.
pub(crate) struct ThisHost {
    pub(crate) bundle: PathBuf,
}

impl Host for ThisHost {
    fn path(&self, path: &str) -> Option<PathKind> {
        use std::os::unix::fs::PermissionsExt as _;
        let found = match std::fs::metadata(self.bundle.join(path)) {
            Ok(found) => found,
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => return None,
            Err(_) => return Some(PathKind::Missing),
        };
        Some(match () {
            () if found.is_dir() => PathKind::Directory,
            () if !found.is_file() => PathKind::Device,
            () if found.permissions().mode() & 0o111 != 0 => PathKind::Executable,
            () => PathKind::File,
        })
    }

    fn filesystems(&self) -> Option<Vec<String>> {
        let text = std::fs::read_to_string("/proc/filesystems").ok()?;
        Some(text.lines().filter_map(|line| line.split_whitespace().last()).map(str::to_owned).collect())
    }

    fn apparmor(&self) -> Option<bool> {
        Some(Path::new("/sys/kernel/security/apparmor/profiles").exists())
    }

    fn selinux(&self) -> Option<bool> {
        Some(Path::new("/sys/fs/selinux/enforce").exists())
    }

    fn terminal(&self) -> Option<bool> {
        Some(false)
    }

    fn most_open_files(&self) -> Option<u64> {
        std::fs::read_to_string("/proc/sys/fs/nr_open").ok()?.trim().parse().ok()
    }

    fn processors(&self) -> Option<u64> {
        std::thread::available_parallelism().ok().map(|count| count.get() as u64)
    }

    fn huge_page_sizes(&self) -> Option<Vec<String>> {
        Some(vec!["2MB".into(), "1GB".into()])
    }
}

/// A disagreement.
pub(crate) struct Disagreement {
    pub(crate) sort: &'static str,
    pub(crate) tool: Tool,
    pub(crate) said: Option<String>,
    pub(crate) found: Vec<String>,
}

pub(crate) fn judge(
    mutation: &Mutation,
    tool: Tool,
    said: Option<&str>,
    host: &ThisHost,
    exceptions: &Exceptions,
) -> Option<Disagreement> {
    if said.is_some_and(|said| exceptions.is_hidden(tool, &mutation.name, said)) {
        return None;
    }
    let profile = match tool {
        Tool::Runc => Profile::Runc11,
        Tool::Crun => Profile::Crun18,
    };
    let options = Options { profile, host: Some(host), ..Options::default() };
    let report = validate(&mutation.text, Some(Kind::RuntimeConfig), &options);
    let errors: Vec<&Diagnostic> = errors(&report).collect();
    let sort = match said {
        Some(_) if errors.is_empty() => "missed",
        Some(_) if !errors.iter().any(|error| is_about(error, &mutation.pointer)) => "elsewhere",
        None if errors.iter().any(|error| !exceptions.may_be_taken(tool, error.code)) => "harsh",
        _ => return None,
    };
    let found = report.diagnostics.iter().filter(|one| sort == "missed" || one.severity == Severity::Error);
    Some(Disagreement {
        sort,
        tool,
        said: said.map(str::to_owned),
        found: found.map(|one| format!("{} {} {}", one.code, one.severity.text(), one.pointer)).collect(),
    })
}

fn errors(report: &Report) -> impl Iterator<Item = &Diagnostic> {
    report.diagnostics.iter().filter(|one| one.severity == Severity::Error)
}

/// Whether a finding stands at a place, above it, below it, or names it as related.
fn is_about(found: &Diagnostic, place: &str) -> bool {
    let near = |pointer: &str| {
        let inside = |inner: &str, outer: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        inside(pointer, place) || (inside(place, pointer) && (!pointer.is_empty() || found.missing.is_some()))
    };
    place.is_empty() || near(&found.pointer) || found.related.iter().any(|related| near(&related.pointer))
}
