use super::{Any, Extensions, Labels, Runtime, Timestamp, Unrecognized};
use serde::{Deserialize, Serialize};

/// The metadata of a sandbox, in which containers share namespaces. Source: containerd-metadata §1.5, §6.1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sandbox {
    /// The key. Required, immutable; an identifier of at most 76 bytes.
    #[serde(alias = "sandbox_id")]
    pub id: String,
    /// Its name may be empty. Mutable only when an update names `runtime`.
    pub runtime: Runtime,
    /// Optional, mutable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spec: Option<Any>,
    /// Optional, mutable, without a size limit.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// Set by the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Set by the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// Optional, mutable; an update merges on disk, as with containers.
    #[serde(skip_serializing_if = "Extensions::is_empty")]
    pub extensions: Extensions,
    /// The controller that made it. Optional, immutable.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sandboxer: String,
    /// What a message carried that this version does not know, kept for writing it back.
    #[serde(skip)]
    pub unknown: Unrecognized,
}

impl Sandbox {
    /// A record of this id and runtime, with everything else unset.
    pub fn new(id: impl Into<String>, runtime: impl Into<String>) -> Self {
        Sandbox { id: id.into(), runtime: Runtime { name: runtime.into(), ..Runtime::default() }, ..Sandbox::default() }
    }
}
