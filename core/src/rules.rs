//! What containerd demands of names, labels and digests, to the letter of its messages.

mod digest;
mod duration;
mod identifier;
mod label;

pub use digest::validate_digest;
pub use duration::parse_duration;
pub use identifier::{MAX_IDENTIFIER_BYTES, validate_identifier};
pub use label::{MAX_LABEL_BYTES, validate_label};
