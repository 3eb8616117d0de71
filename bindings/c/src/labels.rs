//! Labels, which all records have, and annotations, which are alike.

use crate::entry::{Args, Empty as _, Out};
use crate::value::sb_str;
use stowbook_core::model::Labels;
use stowbook_core::{Error, ErrorKind, Result};

/// The value of a label, or NULL.
pub(crate) fn get(args: &Args<'_>, labels: &Labels, key: sb_str, value_out: Out<'_, sb_str>) -> Result<()> {
    let value = labels.get(args.text("key", key)?);
    value_out.set(value.map_or(sb_str::EMPTY, |value| sb_str::borrowed(value)));
    Ok(())
}

/// The label at a place in the order of keys.
pub(crate) fn at(
    labels: &Labels,
    what: &str,
    index: usize,
    key_out: Out<'_, sb_str>,
    value_out: Out<'_, sb_str>,
) -> Result<()> {
    let (key, value) = labels.iter().nth(index).ok_or_else(|| outside(index, labels.len(), what))?;
    key_out.set(sb_str::borrowed(key));
    value_out.set(sb_str::borrowed(value));
    Ok(())
}

/// Adds or replaces a label.
pub(crate) fn set(args: &Args<'_>, labels: &mut Labels, key: sb_str, value: sb_str) -> Result<()> {
    let (key, value) = (args.text("key", key)?, args.text("value", value)?);
    // Copied before anything goes, because they may be parts of these labels.
    let (key, value) = (key.to_owned(), value.to_owned());
    labels.insert(key, value);
    Ok(())
}

/// Takes a label out, if it is there.
pub(crate) fn remove(args: &Args<'_>, labels: &mut Labels, key: sb_str) -> Result<()> {
    // Copied, because it may be the very key that goes.
    let key = args.text("key", key)?.to_owned();
    labels.remove(&key);
    Ok(())
}

/// What is told of an index behind the last of `count` things, which are called `what`.
pub(crate) fn outside(index: usize, count: usize, what: &str) -> Error {
    Error::classed(ErrorKind::OutOfRange, format!("index is {index}, but there are {count} {what}"))
        .with_detail("parameter", "index")
        .with_detail("count", count)
}
