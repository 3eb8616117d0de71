//! containerd's services: what each method is in the core.

mod containers;
mod health;
mod introspection;
mod namespaces;
mod tasks;
mod version;

use crate::server::Routes;
use prost_types::FieldMask;

/// All that is served.
pub(crate) fn routes() -> Routes {
    let mut routes = Routes::default();
    containers::serve(&mut routes);
    health::serve(&mut routes);
    introspection::serve(&mut routes);
    namespaces::serve(&mut routes);
    tasks::serve(&mut routes);
    version::serve(&mut routes);
    routes
}

/// The paths of a mask; none is the same as an empty one.
fn paths(mask: Option<&FieldMask>) -> Vec<&str> {
    mask.map(|mask| mask.paths.iter().map(String::as_str).collect()).unwrap_or_default()
}

/// Filters as the core takes them.
fn filters(filters: &[String]) -> Vec<&[u8]> {
    filters.iter().map(String::as_bytes).collect()
}
