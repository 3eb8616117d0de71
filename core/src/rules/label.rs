use crate::{Error, Result};

/// The most that a label's key and value may have together, in bytes.
pub const MAX_LABEL_BYTES: usize = 4096;

/// How much of a too long key containerd shows, in bytes.
const SHOWN_KEY_BYTES: usize = 64;

/// Checks the size of one label: key and value together at most 4096 bytes. Nothing else is asked of either.
/// Source: containerd-metadata §7.1.
///
/// # Errors
/// `InvalidArgument` with containerd's text, which shows 64 bytes of the key; the details tell the whole key.
pub fn validate_label(key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<()> {
    let (key, value) = (key.as_ref(), value.as_ref());
    let total = key.len().saturating_add(value.len());
    if total <= MAX_LABEL_BYTES {
        return Ok(());
    }
    let mut message = format!(
        "label key and value length ({total} bytes) greater than maximum size ({MAX_LABEL_BYTES} bytes), key: "
    )
    .into_bytes();
    message.extend(key.iter().take(SHOWN_KEY_BYTES));
    Err(Error::invalid_argument(message)
        .with_detail("key", crate::text::lossy(key))
        .with_detail("key_bytes", key.len())
        .with_detail("value_bytes", value.len())
        .with_detail("limit_bytes", MAX_LABEL_BYTES)
        .with_help("shorten the value, or keep it outside the labels"))
}
