//! The records of a kind in a namespace, a class for each kind.

mod containers;
mod content;
mod images;
mod leases;
mod namespaces;
mod sandboxes;
mod snapshots;

pub(crate) use containers::Containers;
pub(crate) use content::Content;
pub(crate) use images::Images;
pub(crate) use leases::Leases;
pub(crate) use namespaces::Namespaces;
pub(crate) use sandboxes::Sandboxes;
pub(crate) use snapshots::Snapshots;
