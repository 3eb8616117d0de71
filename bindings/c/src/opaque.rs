//! Opaque values with the names of their types: specs, options, extensions.

use crate::entry::{Args, Empty as _, Out};
use crate::labels::outside;
use crate::value::{sb_slice, sb_str};
use stowbook_core::Result;
use stowbook_core::model::{Any, Extensions};

/// The type of a value, or NULL.
pub(crate) fn type_url(value: Option<&Any>) -> sb_str {
    value.map_or(sb_str::EMPTY, |value| sb_str::borrowed(&value.type_url))
}

/// The bytes of a value, or NULL.
pub(crate) fn value(value: Option<&Any>) -> sb_slice {
    value.map_or(sb_slice::EMPTY, |value| sb_slice::borrowed(&value.value))
}

/// The value of this name, or NULL.
pub(crate) fn get(
    args: &Args<'_>,
    values: &Extensions,
    name: sb_str,
    type_url_out: Out<'_, sb_str>,
    value_out: Out<'_, sb_slice>,
) -> Result<()> {
    let found = values.get(args.text("name", name)?);
    type_url_out.set(type_url(found));
    value_out.set(value(found));
    Ok(())
}

/// The value at a place in the order of names.
pub(crate) fn at(
    values: &Extensions,
    index: usize,
    name_out: Out<'_, sb_str>,
    type_url_out: Out<'_, sb_str>,
    value_out: Out<'_, sb_slice>,
) -> Result<()> {
    let (name, found) = values.iter().nth(index).ok_or_else(|| outside(index, values.len(), "extensions"))?;
    name_out.set(sb_str::borrowed(name));
    type_url_out.set(type_url(Some(found)));
    value_out.set(value(Some(found)));
    Ok(())
}

/// Adds or replaces a value.
pub(crate) fn set(
    args: &Args<'_>,
    values: &mut Extensions,
    name: sb_str,
    type_url: sb_str,
    value: sb_slice,
) -> Result<()> {
    // Copied before anything goes, because they may be parts of these values.
    let name = args.text("name", name)?.to_owned();
    let value = Any::new(args.text("type_url", type_url)?, args.bytes("value", value)?);
    values.insert(name, value);
    Ok(())
}

/// Takes a value out, if it is there.
pub(crate) fn remove(args: &Args<'_>, values: &mut Extensions, name: sb_str) -> Result<()> {
    // Copied, because it may be the very name that goes.
    let name = args.text("name", name)?.to_owned();
    values.remove(&name);
    Ok(())
}
