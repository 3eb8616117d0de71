use super::{Any, Extensions, Labels, Timestamp, Unrecognized};
use serde::{Deserialize, Serialize};

/// The metadata of a container; never a process. Source: containerd-metadata §1.1, §3.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Container {
    /// The key of the record in its namespace. Required, immutable; an identifier of at most 76 bytes (§7.2).
    pub id: String,
    /// Optional, mutable.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// The name of the image it was made from. Optional, mutable; any text, and the image need not exist.
    pub image: String,
    /// Required; its name and options are immutable.
    pub runtime: Runtime,
    /// What the runtime is to start, usually a runtime-spec document as JSON. Optional (containerd 1.7 and later take a
    /// record without one, §3.2), mutable. An update without a spec never clears the stored one (§3.6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spec: Option<Any>,
    /// The snapshotter that holds the root file system. Required when `snapshot_key` is set, immutable; need not exist.
    pub snapshotter: String,
    /// The key of the root file system's snapshot. Optional, mutable; the snapshot need not exist.
    pub snapshot_key: String,
    /// When the record was created. Set by the store; what a caller gives is ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When the record was last changed. Set by the store; what a caller gives is ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// Optional, mutable. On disk an update merges: names are added and replaced, never removed (§3.6).
    #[serde(skip_serializing_if = "Extensions::is_empty")]
    pub extensions: Extensions,
    /// The sandbox that the container belongs to. Optional, immutable; any text, and the sandbox need not exist.
    #[serde(alias = "sandbox", skip_serializing_if = "String::is_empty")]
    pub sandbox_id: String,
    /// What a message carried that this version does not know, kept for writing it back.
    #[serde(skip)]
    pub unknown: Unrecognized,
}

/// Which runtime runs a container, and with which options.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Runtime {
    /// Required and not empty; any text, for example `io.containerd.runc.v2`. Immutable.
    pub name: String,
    /// Optional, immutable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<Any>,
    /// As [`Container::unknown`].
    #[serde(skip)]
    pub unknown: Unrecognized,
}

impl Container {
    /// A record of this id and runtime, with everything else unset.
    pub fn new(id: impl Into<String>, runtime: impl Into<String>) -> Self {
        Container {
            id: id.into(),
            runtime: Runtime { name: runtime.into(), ..Runtime::default() },
            ..Container::default()
        }
    }
}
