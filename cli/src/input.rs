//! Files and standard input.

use serde::de::DeserializeOwned;
use std::io::Read;
use std::path::Path;
use stowbook::model::Labels;
use stowbook::{Error, ErrorKind, Result, json};

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

/// A file, or standard input for `-`, to read from bit by bit.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Read>> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(std::io::stdin().lock()));
    }
    let file = std::fs::File::open(path).map_err(|error| cannot_read(path, &error))?;
    Ok(Box::new(file))
}

/// Why a file cannot be read.
pub(crate) fn cannot_read(path: &Path, error: &std::io::Error) -> Error {
    let (kind, help) = match error.kind() {
        std::io::ErrorKind::NotFound => (ErrorKind::NotFound, "check the path"),
        std::io::ErrorKind::IsADirectory => (ErrorKind::FailedPrecondition, "name a file in it"),
        std::io::ErrorKind::PermissionDenied => (ErrorKind::PermissionDenied, "ask the owner for the right to read it"),
        _ => (ErrorKind::Unavailable, "try again, or read a copy"),
    };
    Error::new(kind, format!("cannot read {}: {error}", path.display())).with_help(help)
}

/// The text of a runtime spec: JSON with an object at the top, kept to the byte.
pub(crate) fn read_spec(path: &Path) -> Result<Vec<u8>> {
    let bytes = read(path)?;
    let parsed: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_slice(&bytes);
    parsed.map_err(|error| {
        Error::invalid_argument(format!("runtime spec {}: {error}", path.display()))
            .with_detail("line", error.line())
            .with_detail("column", error.column())
            .with_help("the file was not used; correct it at that place")
    })?;
    Ok(bytes)
}

/// A record as JSON from a file. Its name or id, which `name_of` finds, has to be this one if it has any.
pub(crate) fn read_record<T: DeserializeOwned>(
    path: &Path,
    kind: &str,
    name: &str,
    name_of: impl Fn(&mut T) -> &mut String,
) -> Result<T> {
    let mut record: T = json::read(&format!("record {}", path.display()), &read(path)?)
        .map_err(|error| error.with_help("the file was not used; correct it at that place"))?;
    let own = name_of(&mut record);
    if own.is_empty() {
        name.clone_into(own);
    }
    if own != name {
        let message = format!("record {} is about {kind} {own:?}, not {name:?}", path.display());
        return Err(Error::invalid_argument(message));
    }
    Ok(record)
}

/// Puts labels into a record's map, and gives the paths that an update has to name.
pub(crate) fn set(map: &mut Labels, field: &str, labels: Vec<(String, String)>) -> Vec<String> {
    let fields = labels.iter().map(|(key, _)| format!("{field}.{key}")).collect();
    map.extend(labels);
    fields
}
