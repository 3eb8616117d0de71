//! Options and rules by their names, as doors get them.

use super::{Cgroup, Kind, PathKind, Phase, Platform, Profile, Rule, Severity, explain};
use crate::text::quote;
use crate::{Error, Result};
use std::str::FromStr;

/// Names of a type, and how refusals call it.
macro_rules! named {
    ($($type:ty, $what:literal, $names:expr;)*) => {
        $(
            impl FromStr for $type {
                type Err = Error;

                /// The one of this name; `InvalidArgument`, with the names there are, if there is none.
                fn from_str(name: &str) -> Result<Self> {
                    find($what, name, &$names)
                }
            }
        )*
    };
}

named! {
    Kind, "kind", Kind::ALL;
    Platform, "platform", Platform::ALL;
    Profile, "profile", Profile::ALL;
    Cgroup, "cgroup version", [(Cgroup::Unknown, "unknown"), (Cgroup::V1, "v1"), (Cgroup::V2, "v2")];
    Phase, "phase", [(Phase::Start, "start"), (Phase::Create, "create")];
    Severity, "severity", [Severity::Error, Severity::Warning, Severity::Advice].map(|one| (one, one.text()));
    PathKind, "kind of path", [
        (PathKind::Missing, "missing"),
        (PathKind::File, "file"),
        (PathKind::Executable, "executable"),
        (PathKind::Directory, "directory"),
        (PathKind::Symlink, "symlink"),
        (PathKind::Device, "device"),
    ];
}

/// The rule with this code, in whichever case that is written.
///
/// # Errors
/// `NotFound` for a code that no rule has.
pub fn rule(code: &str) -> Result<&'static Rule> {
    explain(&code.to_ascii_uppercase()).ok_or_else(|| {
        Error::not_found(format!("there is no diagnostic with the code {code}"))
            .with_help("codes look like OCI-RT-0415, OCI-IM-0104, CTD-CR-0002 or OCI-SEC-030")
    })
}

fn find<T: Copy>(what: &str, name: &str, names: &[(T, &'static str)]) -> Result<T> {
    names.iter().find(|(_, known)| *known == name).map(|(value, _)| *value).ok_or_else(|| {
        let known: Vec<_> = names.iter().map(|(_, known)| *known).collect();
        Error::invalid_argument(format!("{what} {} is not known", quote(name)))
            .with_help(format!("one of {}", known.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_lead_to_rules() {
        assert!(std::ptr::eq(rule("oci-rt-0415").unwrap(), explain("OCI-RT-0415").unwrap()));
        let error = rule("OCI-RT-9999").unwrap_err();
        assert_eq!(error.to_string(), "there is no diagnostic with the code OCI-RT-9999: not found");
        assert!(error.help().unwrap().starts_with("codes look like"));
    }

    #[test]
    fn names_lead_to_what_they_name() {
        for (kind, name) in Kind::ALL {
            assert_eq!(name.parse::<Kind>().unwrap(), kind);
        }
        for (profile, name) in Profile::ALL {
            assert_eq!(name.parse::<Profile>().unwrap(), profile);
        }
        assert_eq!("advice".parse::<Severity>().unwrap(), Severity::Advice);
        let error = "runtime".parse::<Kind>().unwrap_err();
        assert_eq!(error.message(), "kind \"runtime\" is not known: invalid argument");
        assert!(error.help().unwrap().contains("runtime-config, runtime-features"));
    }
}
