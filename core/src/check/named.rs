//! Options by their names, as doors get them.

use super::{Cgroup, Kind, PathKind, Phase, Platform, Profile, Severity};
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
