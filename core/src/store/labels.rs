//! Labels, annotations and other maps on their way into a record, as far as containerd's storage has a say in them.

use crate::model::Labels;
use crate::rules::validate_label;
use crate::text::quote;
use crate::{Error, ErrorKind, Result};

/// bbolt's limit for the key of a plain value, which the name of a label or an extension is (§0.2).
const MAX_KEY_BYTES: usize = 32768;

/// Leaves the labels as containerd stores them and gives them back: without those whose value is empty.
///
/// # Errors
/// `Unknown` for a label that is left and whose key is empty or too long.
pub(super) fn settle(labels: &mut Labels) -> Result<()> {
    labels.retain(|_, value| !value.is_empty());
    for (key, value) in labels {
        check_key(key.as_bytes())
            .map_err(|error| error.context(format!("failed to set label {}={}: ", quote(key), quote(value))))?;
    }
    Ok(())
}

/// Refuses what cannot be the key of a value in containerd's storage. The class is lost on the way to its clients.
pub(super) fn check_key(key: &[u8]) -> Result<()> {
    if key.is_empty() {
        return Err(Error::new(ErrorKind::Unknown, "key required").with_help("give it a name"));
    }
    if key.len() > MAX_KEY_BYTES {
        return Err(Error::new(ErrorKind::Unknown, "key too large")
            .with_detail("length_bytes", key.len())
            .with_detail("limit_bytes", MAX_KEY_BYTES)
            .with_help("shorten the name"));
    }
    Ok(())
}

/// Checks the labels of content or of a snapshot, in whose errors containerd calls both `info`.
///
/// # Errors
/// `InvalidArgument` for a label that is too large.
pub(super) fn validate_info(labels: &Labels) -> Result<()> {
    labels
        .iter()
        .try_for_each(|(key, value)| validate_label(key, value).map_err(|error| error.context("info.Labels: ")))
}

/// Takes over the labels that the field paths of an update name; no path names them all.
///
/// # Errors
/// What `unknown` makes of a path that is not one of labels.
pub(crate) fn apply(labels: &mut Labels, new: &Labels, fields: &[&str], unknown: impl Fn(&str) -> Error) -> Result<()> {
    for field in if fields.is_empty() { &["labels"] } else { fields } {
        if let Some(key) = field.strip_prefix("labels.") {
            labels.insert(key.to_owned(), new.get(key).cloned().unwrap_or_default());
        } else if *field == "labels" {
            labels.clone_from(new);
        } else {
            return Err(unknown(field));
        }
    }
    Ok(())
}
