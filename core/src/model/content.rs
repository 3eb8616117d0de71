use super::{Labels, Timestamp, Unrecognized};
use serde::{Deserialize, Serialize};

/// The record of a piece of content; the bytes lie elsewhere. Source: containerd-metadata §1.6, §6.2.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Blob {
    /// The key: the digest of the bytes. Immutable.
    pub digest: String,
    /// Bytes. Immutable.
    pub size: i64,
    /// Set by the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Set by the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// Optional, mutable.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// What a message carried that this version does not know, kept for writing it back.
    #[serde(skip)]
    pub unknown: Unrecognized,
}

/// The record of content that is still being written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ingest {
    /// The key: what the client calls it. Any non-empty text.
    pub reference: String,
    /// What the blob store calls it: `‹namespace›/‹number›/‹reference›`.
    pub backend_reference: String,
    /// When it may be collected. Absent while a lease holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The digest of a blob that another namespace shares. Empty for an ingest that is really written.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub expected: String,
}
