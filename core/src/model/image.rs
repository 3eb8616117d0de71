use super::{Labels, Timestamp, Unrecognized};
use serde::{Deserialize, Serialize};

/// A name for a piece of content: the image record. Source: containerd-metadata §1.2, §4.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Image {
    /// The key. Required, immutable; any non-empty text.
    pub name: String,
    /// Optional, mutable.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// The content that the name stands for. Required, mutable.
    pub target: Descriptor,
    /// Set by the store, or by the request's source date epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Set by the store, or by the request's source date epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// What a message carried that this version does not know, kept for writing it back.
    #[serde(skip)]
    pub unknown: Unrecognized,
}

/// What a piece of content is: an OCI descriptor, as far as containerd stores it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Descriptor {
    /// Required.
    pub media_type: String,
    /// Required; `algorithm:hex` (§7.4).
    pub digest: String,
    /// Bytes. Required, more than zero.
    pub size: i64,
    /// Optional, not validated; empty values are dropped.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub annotations: Labels,
    /// What a message carried that this version does not know, kept for writing it back.
    #[serde(skip)]
    pub unknown: Unrecognized,
}

impl Image {
    /// A record of this name and target, with everything else unset.
    pub fn new(name: impl Into<String>, target: Descriptor) -> Self {
        Image { name: name.into(), target, ..Image::default() }
    }
}

impl Descriptor {
    /// A piece of content of this type, digest and size in bytes, without annotations.
    pub fn new(media_type: impl Into<String>, digest: impl Into<String>, size: i64) -> Self {
        Descriptor { media_type: media_type.into(), digest: digest.into(), size, ..Descriptor::default() }
    }
}
