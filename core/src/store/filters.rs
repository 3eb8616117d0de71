//! The filters of lists. Source: containerd-metadata §8.

use crate::filter::Filter;
use crate::{ErrorKind, Result};

/// Reads the filters of a list. containerd adds the class once more than it means to (§8.2).
pub(super) fn parse(filters: &[&[u8]]) -> Result<Filter> {
    Filter::parse(filters).map_err(|error| match error.kind() {
        ErrorKind::InvalidArgument => error.with_class(ErrorKind::InvalidArgument),
        _ => error,
    })
}
