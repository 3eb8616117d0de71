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

/// How far content that is being written is. It comes from the blob store. Source: containerd-metadata §1.6.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IngestStatus {
    /// What the client calls it.
    pub reference: String,
    /// How many bytes there are.
    pub offset: i64,
    /// How many bytes are expected; 0 when that is not known.
    pub total: i64,
    /// The digest of a blob that another namespace shares. Empty for an ingest that is really written.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub expected: String,
    /// When it was begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When the last bytes came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
}

impl IngestStatus {
    /// The status of an ingest that begins now.
    pub(crate) fn begin(reference: &str, total: i64, now: Timestamp) -> Self {
        IngestStatus {
            reference: reference.to_owned(),
            total: total.max(0),
            started_at: Some(now),
            updated_at: Some(now),
            ..IngestStatus::default()
        }
    }
}
