//! The filters of lists. Source: containerd-metadata §8.

use crate::filter::Filter;
use crate::{Error, ErrorKind, Result};

/// Reads the filters of a list. containerd adds the class once more than it means to (§8.2).
pub(crate) fn parse(filters: &[&[u8]]) -> Result<Filter> {
    Filter::parse(filters).map_err(|error| {
        if error.kind() != ErrorKind::InvalidArgument {
            return error;
        }
        let message = [error.message_bytes(), b": invalid argument"].concat();
        let mut out = Error::new(error.kind(), message);
        for detail in error.details() {
            out = out.with_detail(detail.name, &detail.value);
        }
        match error.help() {
            Some(help) => out.with_help(help.to_owned()),
            None => out,
        }
    })
}
