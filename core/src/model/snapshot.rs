use super::{Labels, Timestamp, Unrecognized};
use serde::{Deserialize, Serialize};

/// What a snapshot is for. It comes from the snapshotter; the book does not store it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SnapshotKind {
    /// Not known.
    #[default]
    Unknown = 0,
    /// Read only.
    View = 1,
    /// Being written.
    Active = 2,
    /// Finished, and a possible parent.
    Committed = 3,
}

/// The record of a snapshot; the files lie elsewhere. Source: containerd-metadata §1.7, §6.3.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Snapshot {
    /// The key within its snapshotter. Any non-empty text.
    pub name: String,
    /// The name of the snapshot below, empty for none. Immutable.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub parent: String,
    /// From the snapshotter.
    pub kind: SnapshotKind,
    /// Optional, mutable. Keys below `containerd.io/snapshot/` are passed on to the snapshotter.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// Set by the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Set by the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// What the snapshotter calls it: `‹namespace›/‹number›/‹name›`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub backend_name: String,
    /// What a message carried that this version does not know, kept for writing it back.
    #[serde(skip)]
    pub unknown: Unrecognized,
}

/// How a snapshot's files are mounted: one call of the system. Source: containerd-grpc, Appendix B.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mount {
    /// The type of the file system: `bind`, `overlay`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is mounted.
    pub source: String,
    /// Where to, below the place that the caller chooses. Empty for that place itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub target: String,
    /// In the form of fstab, one option an entry.
    pub options: Vec<String>,
}

/// What a snapshot takes, without what is below it. It comes from the snapshotter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Usage {
    /// Bytes.
    pub size: i64,
    /// Files and directories.
    pub inodes: i64,
}
