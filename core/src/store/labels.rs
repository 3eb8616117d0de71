//! What becomes of labels when a record is written. Source: containerd-metadata §0.5, §3.2.

use crate::model::Labels;
use crate::rules::validate_label;
use crate::text::quote;
use crate::{Error, ErrorKind, Result};

/// Checks the labels of content or of a snapshot, in whose errors containerd calls both `info`.
///
/// # Errors
/// `InvalidArgument` for a label that is too large.
pub(super) fn validate_info(labels: &Labels) -> Result<()> {
    labels
        .iter()
        .try_for_each(|(key, value)| validate_label(key, value).map_err(|error| error.context("info.Labels: ")))
}

/// Removes the labels without a value, which are never stored.
///
/// # Errors
/// `Unknown` for a value without a key.
pub(super) fn drop_empty(labels: &mut Labels) -> Result<()> {
    if let Some(value) = labels.get("").filter(|value| !value.is_empty()) {
        let message = format!("failed to set label \"\"={}: key required", quote(value));
        return Err(Error::new(ErrorKind::Unknown, message).with_help("give the label a key"));
    }
    labels.retain(|_, value| !value.is_empty());
    Ok(())
}

/// Takes over the labels that the field paths of an update name; no path names them all.
///
/// # Errors
/// The path that is not one of labels, by `unknown`.
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
