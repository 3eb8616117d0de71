use crate::text::quote;
use crate::{Error, Result};

/// The longest identifier, in bytes.
pub const MAX_IDENTIFIER_BYTES: usize = 76;

/// Checks the name of a namespace, container or sandbox: runs of ASCII letters and digits, joined by single `.`, `_` or
/// `-`, at most 76 bytes. Source: containerd-metadata §7.2.
///
/// # Errors
/// `InvalidArgument` with containerd's text.
///
/// ```
/// use stowbook::rules::validate_identifier;
/// assert!(validate_identifier("web-1.example_org").is_ok());
/// assert_eq!(validate_identifier("").unwrap_err().to_string(), "identifier must not be empty: invalid argument");
/// ```
pub fn validate_identifier(text: impl AsRef<[u8]>) -> Result<()> {
    let text = text.as_ref();
    if text.is_empty() {
        return Err(Error::invalid_argument("identifier must not be empty").with_help(ALLOWED));
    }
    if text.len() > MAX_IDENTIFIER_BYTES {
        let message = format!("identifier {} greater than maximum length (76 characters)", quote(text));
        return Err(Error::invalid_argument(message)
            .with_detail("length_bytes", text.len())
            .with_detail("limit_bytes", MAX_IDENTIFIER_BYTES));
    }
    // A separator must stand between two letters or digits, so neither at an end nor beside another.
    let mut after_separator = true;
    let mut wrong = None;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => after_separator = false,
            b'.' | b'_' | b'-' if !after_separator => after_separator = true,
            _ => {
                wrong = Some(at);
                break;
            }
        }
    }
    if let Some(at) = wrong.or(after_separator.then(|| text.len() - 1)) {
        let message = format!("identifier {} must match ^[A-Za-z0-9]+(?:[._-](?:[A-Za-z0-9]+))*$", quote(text));
        return Err(Error::invalid_argument(message).with_detail("position_bytes", at).with_help(ALLOWED));
    }
    Ok(())
}

const ALLOWED: &str = "use letters and digits, joined by single dots, underscores or hyphens";
