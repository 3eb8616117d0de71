//! bbolt files (a Go library's B+ tree in one file), read from bytes alone: pages, buckets, cursors. What is kept in the
//! buckets is not known here.
//!
//! Nothing is trusted. A page is read only where the file has it, the entries of a page may not overlap, and one [`Walk`]
//! reads no page twice: so neither time nor memory can be more than the file's size explains, whatever its bytes are.
//! bbolt's pages carry no checksums; only its two meta pages do. A changed byte within a value is not seen.
//!
//! Source: containerd-metadata §9.4.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::expect_used
)]

mod bucket;
mod check;
mod claims;
mod cursor;
mod fault;
mod freelist;
mod meta;
mod page;
mod source;
#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]
pub(crate) mod tests;
mod view;

pub use bucket::{Bucket, Entry, Item};
pub(crate) use check::check;
pub(crate) use claims::Claims;
pub use cursor::{Cursor, Walk};
pub use fault::Fault;
#[cfg(feature = "file")]
pub(crate) use meta::{BEGIN_BYTES, is_bolt};
pub use meta::{Meta, Metas, Slot};
#[cfg(feature = "file")]
pub use source::FileSource;
pub use source::ReadAt;
pub use view::View;

/// What to do about a file that is damaged.
const SALVAGE: &str = "`stowbook metadb salvage` reads what can still be read";

/// A little-endian number at a place in `bytes`.
fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().copied().map(u64::from_le_bytes)
}
