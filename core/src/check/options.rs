//! What a check is asked to do.

use super::{Host, Rule, Severity};

/// The platform that a runtime config is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Platform {
    Linux,
    Windows,
    Solaris,
    FreeBsd,
    Zos,
    Vm,
}

impl Platform {
    /// Each platform with the name of its section.
    pub const ALL: [(Platform, &'static str); 6] = [
        (Platform::Linux, "linux"),
        (Platform::Windows, "windows"),
        (Platform::Solaris, "solaris"),
        (Platform::FreeBsd, "freebsd"),
        (Platform::Zos, "zos"),
        (Platform::Vm, "vm"),
    ];
}

/// The runtime that a config is for. With one, an error that it accepts becomes a warning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Profile {
    /// Any: what some runtime refuses is an error.
    #[default]
    Any,
    /// runc 1.1.
    Runc11,
    /// runc 1.3: as 1.1, without what newer versions were taught to refuse.
    Runc13,
    /// crun 1.8.
    Crun18,
    /// crun 1.29 and the main branch: as 1.8, without what newer versions were taught to refuse.
    CrunHead,
    /// youki. What it accepts was not tried, so no error is made a warning.
    Youki,
    /// The specification's own demands; what only runtimes demand is a warning.
    RuntimeSpec,
}

impl Profile {
    /// Each profile with its name.
    pub const ALL: [(Profile, &'static str); 7] = [
        (Profile::Any, "any"),
        (Profile::Runc11, "runc-1.1"),
        (Profile::Runc13, "runc-1.3"),
        (Profile::Crun18, "crun-1.8"),
        (Profile::CrunHead, "crun-head"),
        (Profile::Youki, "youki"),
        (Profile::RuntimeSpec, "runtime-spec"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Profile::ALL.iter().find(|(profile, _)| *profile == self).map_or("any", |(_, name)| name)
    }

    /// The profile of the runtime's version that was run, for one that was read only, with the runtime's name.
    fn ancestor(self) -> Option<(Profile, &'static str)> {
        match self {
            Profile::Runc13 => Some((Profile::Runc11, "runc")),
            Profile::CrunHead => Some((Profile::Crun18, "crun")),
            _ => None,
        }
    }

    /// Whether it is one of these profiles, or comes after one of them.
    pub(super) fn takes(self, accepted: &[&str]) -> bool {
        let names = [Some(self), self.ancestor().map(|(ancestor, _)| ancestor)];
        names.into_iter().flatten().any(|profile| accepted.contains(&profile.name()))
    }

    /// Whether the runtime accepts what a rule finds.
    pub(super) fn accepts(self, rule: &Rule) -> bool {
        match self.ancestor() {
            // What the older version took, the newer one takes unless its words for refusing it are known.
            Some((ancestor, tool)) => {
                rule.accepted_by.contains(&ancestor.name())
                    && !rule.refusals().any(|refusal| refusal.tool == tool && refusal.version != "1.1")
            }
            None => rule.accepted_by.contains(&self.name()),
        }
    }

    /// Whether it refuses what is a warning for the others.
    pub(super) fn refuses(self, code: &str) -> bool {
        // Names of capabilities are a closed list for both.
        code == "OCI-RT-0301" && matches!(self, Profile::CrunHead | Profile::Youki)
    }
}

/// The version of the host's cgroups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Cgroup {
    #[default]
    Unknown,
    V1,
    V2,
}

/// What is to be done with a runtime config.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Create and start.
    #[default]
    Start,
    /// Create only: a process may be missing.
    Create,
}

/// Findings to leave out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignore {
    /// A code or the beginning of one.
    pub code: String,
    /// Only at pointers that match; `*` stands for any text. Empty: everywhere.
    pub pointer: String,
}

impl Ignore {
    /// Reads `CODE` or `CODE@POINTER`.
    pub fn parse(text: &str) -> Self {
        let (code, pointer) = text.split_once('@').unwrap_or((text, ""));
        Ignore { code: code.to_owned(), pointer: pointer.to_owned() }
    }

    pub(super) fn takes(&self, code: &str, pointer: &str) -> bool {
        code.starts_with(&self.code) && (self.pointer.is_empty() || glob(&self.pointer, pointer))
    }
}

/// Whether a text is a pattern in which `*` stands for any text.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = text.find(part) else { return false };
        text = text.get(at + part.len()..).unwrap_or_default();
    }
    text.ends_with(last)
}

/// What a check is asked to do. The default asks for what any runtime would refuse, and what it would ignore.
#[derive(Clone)]
pub struct Options<'h> {
    /// The platform; without one the sections of the config tell it.
    pub platform: Option<Platform>,
    /// The runtime.
    pub profile: Profile,
    /// Whether the runtime has no root on the host.
    pub rootless: bool,
    /// The version of cgroups.
    pub cgroup: Cgroup,
    /// Whether systemd manages the cgroups.
    pub systemd_cgroup: bool,
    /// What is to be done with a runtime config.
    pub phase: Phase,
    /// Whether to give advice on secure configuration.
    pub advice: bool,
    /// The least severity that is reported.
    pub min_severity: Severity,
    /// What is left out.
    pub ignore: Vec<Ignore>,
    /// How many findings are reported; one more says how many were left out.
    pub max_findings: usize,
    /// Whether unknown keys are errors.
    pub strict: bool,
    /// Whether what looks like a secret is shown.
    pub show_secrets: bool,
    /// What is known of the host.
    pub host: Option<&'h dyn Host>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options {
            platform: None,
            profile: Profile::default(),
            rootless: false,
            cgroup: Cgroup::default(),
            systemd_cgroup: false,
            phase: Phase::default(),
            advice: false,
            min_severity: Severity::Advice,
            ignore: Vec::new(),
            max_findings: 1000,
            strict: false,
            show_secrets: false,
            host: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignores_match_prefixes_and_globs() {
        assert!(Ignore::parse("OCI-SEC").takes("OCI-SEC-043", "/root"));
        assert!(Ignore::parse("OCI-SEC-043@/root/readonly").takes("OCI-SEC-043", "/root/readonly"));
        assert!(!Ignore::parse("OCI-SEC-043@/root").takes("OCI-SEC-043", "/root/readonly"));
        assert!(Ignore::parse("X@/mounts/*/options/*").takes("X", "/mounts/3/options/1"));
        assert!(!Ignore::parse("X@/mounts/*/source").takes("X", "/mounts/3/options/1"));
    }
}
