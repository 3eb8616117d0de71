use super::{Labels, Timestamp, Unrecognized};
use serde::{Deserialize, Serialize};

/// What keeps resources from being collected while someone works with them. Source: containerd-metadata §1.4, §5.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lease {
    /// The key. Any non-empty text; the service invents one when it is empty. Immutable.
    pub id: String,
    /// Set by the store. A lease is never changed, so it has no other time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Optional, immutable, without a size limit. `containerd.io/gc.expire` ends the lease, `containerd.io/gc.flat` keeps
    /// it from holding what its resources refer to.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// What a message carried that this version does not know, kept for writing it back.
    #[serde(skip)]
    pub unknown: Unrecognized,
}

/// The label that ends a lease, or an image: a time as RFC 3339 writes it. Source: containerd-metadata §10.3.
pub(crate) const EXPIRE_LABEL: &str = "containerd.io/gc.expire";

impl Lease {
    /// Sets the label that ends the lease at this time, to the second: the collector then removes it.
    pub fn expire_at(&mut self, time: Timestamp) {
        let whole = Timestamp::new(time.seconds(), 0).unwrap_or(time);
        self.labels.insert(EXPIRE_LABEL.to_owned(), whole.to_string());
    }
}

/// One thing that a lease holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeaseResource {
    /// The digest, reference, snapshot key or image name. It need not exist.
    pub id: String,
    /// `content`, `ingests`, `images` or `snapshots/‹snapshotter›`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What a message carried that this version does not know, kept for writing it back.
    #[serde(skip)]
    pub unknown: Unrecognized,
}
