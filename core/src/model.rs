//! The records: what is kept about containers and the things around them, field by field.
//!
//! Each field says whether it is required or optional, mutable or immutable, its limits, and where that rule comes from.
//! Nothing here validates: the rules stand in [`crate::rules`], and the stores apply them.

mod any;
pub(crate) mod codec;
mod container;
mod content;
mod envelope;
mod image;
mod lease;
mod namespace;
mod sandbox;
mod snapshot;
mod timestamp;
mod unrecognized;

pub use any::Any;
pub use container::{Container, Runtime};
pub use content::{Blob, Ingest, IngestStatus};
pub use envelope::Envelope;
pub use image::{Descriptor, Image};
pub(crate) use lease::EXPIRE_LABEL;
pub use lease::{Lease, LeaseResource};
pub use namespace::Namespace;
pub use sandbox::Sandbox;
pub use snapshot::{Mount, Snapshot, SnapshotKind, Usage};
pub use timestamp::Timestamp;
pub use unrecognized::Unrecognized;

/// Labels of a record: keys and values, in byte order of the keys.
///
/// A key and its value together are at most 4096 bytes (containerd-metadata §7.1). A label with an empty value is never
/// stored: writing it removes the label (§0.5).
pub type Labels = std::collections::BTreeMap<String, String>;

/// Extensions of a record: opaque values by a name that the client chose. Names are not empty.
pub type Extensions = std::collections::BTreeMap<String, Any>;
