//! Runtime configs, and the documents beside them: features, state and seccomp profiles.

mod advice;
mod annotations;
mod capabilities;
mod cgroups;
mod devices;
mod document;
mod hooks;
mod limits;
mod linux;
mod mappings;
mod memory;
mod mount_options;
mod mounts;
mod namespaces;
mod network;
mod platforms;
mod process;
mod root;
mod scheduling;
mod seccomp;
mod state;
mod strings;
mod sysctl;
mod user_namespace;
mod version;

pub(super) use advice::{image_config as image_advice, image_manifest as manifest_advice};
pub(super) use linux::OLD_MEMBERS;
pub(super) use seccomp::DOCKER_MEMBERS;

use super::context::Checker;
use super::fields;
use super::{Kind, Platform};
use crate::doc::{Shape, Value};
use namespaces::Namespaces;

/// Checks the document that the checker is at.
pub(super) fn check(checker: &mut Checker<'_>) {
    let root = checker.root;
    match checker.kind {
        Kind::RuntimeFeatures => {
            fields::check(checker, root, fields::RUNTIME_FEATURES);
            version::features(checker, root);
        }
        Kind::RuntimeState => {
            fields::check(checker, root, fields::RUNTIME_STATE);
            state::check(checker, root);
        }
        Kind::Seccomp => {
            fields::check(checker, root, fields::SECCOMP);
            seccomp::profile(checker, root);
        }
        _ => config(checker, root),
    }
}

/// Checks a runtime config: a document, or the spec inside a record.
pub(super) fn config<'d>(checker: &mut Checker<'d>, root: Value<'d>) {
    fields::check(checker, root, fields::RUNTIME_CONFIG);
    if root.shape() != Shape::Object {
        return;
    }
    let namespaces = Namespaces::read(root);
    document::check(checker, root);
    version::check(checker, root);
    root::check(checker, root, &namespaces);
    process::check(checker, root);
    capabilities::check(checker, root);
    limits::check(checker, root);
    scheduling::check(checker, root);
    mounts::check(checker, root, &namespaces);
    hooks::check(checker, root);
    annotations::check(checker, root);
    strings::check(checker, root);
    if checker.platform == Platform::Linux {
        namespaces::check(checker, root, &namespaces);
        mappings::check(checker, root, &namespaces);
        user_namespace::check(checker, root, &namespaces);
        sysctl::check(checker, root, &namespaces);
        network::check(checker, root, &namespaces);
    }
    devices::check(checker, root);
    cgroups::check(checker, root);
    memory::check(checker, root);
    seccomp::check(checker, root);
    linux::check(checker, root);
    platforms::check(checker, root);
    advice::check(checker, root, &namespaces);
}
