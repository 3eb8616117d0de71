//! stowbook: the metadata that container engines keep about containers, outside a Go daemon.

mod error;
pub mod filter;
mod host;
pub mod model;
pub mod oci;
pub mod proto;
pub mod rules;
pub mod storage;
mod store;
mod text;

pub use error::{Detail, Error, ErrorKind, KINDS, KindNames, Result};
pub use host::Host;
#[cfg(feature = "file")]
pub use host::SystemHost;
pub use storage::layout::FORMAT_VERSION;
#[cfg(feature = "file")]
pub use storage::{OpenOptions, RestoreOptions, restore};
pub use store::{
    ContainerStore, Containers, Context, Finding, Header, InNamespace, NamespaceStore, Namespaces, Store, Transaction,
    VisitContainer, WriteTxn,
};

/// The version of this crate.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
