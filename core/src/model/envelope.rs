use super::{Any, Timestamp, Unrecognized};
use serde::{Deserialize, Serialize};

/// One event: what happened, when, and in which namespace. Source: containerd-metadata §11.2.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Envelope {
    /// When it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// The namespace that it happened in.
    pub namespace: String,
    /// What happened: `/containers/create`. Topics below `/stowbook/` are of changes that containerd tells nobody of.
    pub topic: String,
    /// What it happened to: one of containerd's event messages; below `/stowbook/` the record or the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<Any>,
    /// What a message carried that this version does not know, kept for writing it back.
    #[serde(skip)]
    pub unknown: Unrecognized,
}
