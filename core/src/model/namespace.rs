use super::{Labels, Unrecognized};
use serde::{Deserialize, Serialize};

/// A tenant of the book: every other record lives in one. Source: containerd-metadata §1.3, §2.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Namespace {
    /// The key. Required, immutable; an identifier of at most 76 bytes when created, and not `version` (§2.4).
    pub name: String,
    /// Optional, mutable. `containerd.io/defaults/snapshotter`, `…/runtime` and `…/sandboxer` are read by clients (§2.6).
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// What a message carried that this version does not know, kept for writing it back.
    #[serde(skip)]
    pub unknown: Unrecognized,
}

impl Namespace {
    /// A namespace without labels.
    pub fn new(name: impl Into<String>) -> Self {
        Namespace { name: name.into(), ..Namespace::default() }
    }
}
