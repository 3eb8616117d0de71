//! containerd's services: what each method is in the core.

mod containers;
mod content;
mod event_log;
mod events;
mod health;
mod images;
mod introspection;
mod leases;
mod namespaces;
mod sandboxes;
mod snapshots;
mod tasks;
mod version;

use crate::server::{Replies, Routes};
use prost_types::FieldMask;

/// All that is served.
pub(crate) fn routes() -> Routes {
    let mut routes = Routes::default();
    containers::serve(&mut routes);
    content::serve(&mut routes);
    event_log::serve(&mut routes);
    events::serve(&mut routes);
    health::serve(&mut routes);
    images::serve(&mut routes);
    introspection::serve(&mut routes);
    leases::serve(&mut routes);
    namespaces::serve(&mut routes);
    sandboxes::serve(&mut routes);
    snapshots::serve(&mut routes);
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

/// How many records a message of a stream has at most. Source: containerd-grpc §6.
const BATCH: usize = 100;

/// Records in the messages of a stream: none for no record.
fn batches<T, A>(records: Vec<T>, message: fn(Vec<T>) -> A) -> Replies<A> {
    let mut records = records.into_iter();
    let batches =
        std::iter::from_fn(|| Some(records.by_ref().take(BATCH).collect()).filter(|batch: &Vec<T>| !batch.is_empty()));
    Replies::All(batches.map(message).collect())
}
