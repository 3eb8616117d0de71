use crate::{Error, ErrorKind, Result};

/// Checks a digest: `sha256`, `sha384` or `sha512`, a colon, and the hash in lower-case hex.
/// Source: containerd-metadata §7.4.
///
/// # Errors
/// The bare text of Go's digest package, without a class (hence of kind `Unknown`): whoever calls adds both.
pub fn validate_digest(text: impl AsRef<[u8]>) -> Result<()> {
    let text = text.as_ref();
    let format = || Error::new(ErrorKind::Unknown, "invalid checksum digest format").with_help(SHAPE);
    let colon = text.iter().position(|byte| *byte == b':').ok_or_else(format)?;
    let (algorithm, encoded) = text.split_at(colon);
    let encoded = encoded.get(1..).unwrap_or_default();
    if algorithm.is_empty() || encoded.is_empty() {
        return Err(format());
    }
    let length = match algorithm {
        b"sha256" => 64,
        b"sha384" => 96,
        b"sha512" => 128,
        _ if is_digest_shaped(algorithm, encoded) => {
            return Err(Error::new(ErrorKind::Unknown, "unsupported digest algorithm").with_help(SHAPE));
        }
        _ => return Err(format()),
    };
    if encoded.len() != length {
        return Err(Error::new(ErrorKind::Unknown, "invalid checksum digest length")
            .with_detail("length", encoded.len())
            .with_detail("expected_length", length));
    }
    if !encoded.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(format());
    }
    Ok(())
}

const SHAPE: &str = "write it like sha256: and 64 lower-case hex digits";

/// `^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$`, the part before and the part after the first colon.
fn is_digest_shaped(algorithm: &[u8], encoded: &[u8]) -> bool {
    algorithm
        .split(|byte| matches!(byte, b'.' | b'+' | b'_' | b'-'))
        .all(|part| !part.is_empty() && part.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9')))
        && encoded.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'=' | b'_' | b'-'))
}
