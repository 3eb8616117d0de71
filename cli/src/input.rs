//! Files and standard input.

use std::io::Read as _;
use std::path::Path;
use stowbook::{Error, ErrorKind, Result};

/// The whole text of a file, or of standard input for `-`.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let result = if path.as_os_str() == "-" {
        std::io::stdin().read_to_end(&mut bytes).map(drop)
    } else {
        std::fs::read(path).map(|read| bytes = read)
    };
    result.map_err(|error| cannot_read(path, &error))?;
    Ok(bytes)
}

/// Why a file cannot be read.
pub(crate) fn cannot_read(path: &Path, error: &std::io::Error) -> Error {
    let kind = match error.kind() {
        std::io::ErrorKind::NotFound => ErrorKind::NotFound,
        std::io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, format!("cannot read {}: {error}", path.display()))
}

/// The text of a runtime spec: JSON with an object at the top, kept to the byte.
pub(crate) fn read_spec(path: &Path) -> Result<Vec<u8>> {
    let bytes = read(path)?;
    let parsed: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_slice(&bytes);
    parsed.map_err(|error| not_json(path, "runtime spec", &error))?;
    Ok(bytes)
}

/// What is wrong with a file that should be JSON, and where.
pub(crate) fn not_json(path: &Path, what: &str, error: &serde_json::Error) -> Error {
    Error::invalid_argument(format!("{what} {}: {error}", path.display()))
        .with_detail("line", error.line())
        .with_detail("column", error.column())
        .with_help("the file was not used; correct it at that place")
}
