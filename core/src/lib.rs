//! stowbook: the metadata that container engines keep about containers, outside a Go daemon.
//!
//! A [`Store`] is a book of records, in a file or in memory, that follows containerd's rules: what is valid, what an update
//! changes, what a filter selects, and what every refusal says. The reference is containerd 2.3.
//!
//! ```
//! use stowbook::{Store, model::{Any, Container}, oci};
//!
//! let store = Store::in_memory(); // or Store::open("book.redb")?
//! let containers = store.namespace("default").containers();
//!
//! let mut web = Container::new("web", "io.containerd.runc.v2");
//! web.image = "docker.io/library/nginx:alpine".into();
//! web.labels.insert("role".into(), "front".into());
//! web.spec = Some(oci::default_spec("default", "web", &oci::SpecOptions::default()));
//! let created = containers.create(&web)?;
//! assert!(created.created_at.is_some());
//!
//! // Change one field; everything else in the given record is ignored.
//! web.labels.insert("role".into(), "back".into());
//! containers.update(&web, &["labels.role"])?;
//! assert_eq!(containers.list(&["labels.role==back,image~=nginx"])?.len(), 1);
//!
//! // Refusals have a kind, containerd's message, and what it hides.
//! let error = containers.create(&web).unwrap_err();
//! assert_eq!(error.kind(), stowbook::ErrorKind::AlreadyExists);
//! assert_eq!(error.to_string(), r#"container "web": already exists"#);
//! # Ok::<(), stowbook::Error>(())
//! ```
//!
//! # Where to look
//!
//! - [`Store`], its transactions ([`Store::write`], [`Store::begin`]) and the traits that every place of records implements
//!   ([`ContainerStore`], [`ImageStore`], [`SandboxStore`], [`NamespaceStore`])
//! - [`model`]: the records, field by field
//! - [`rules`] and [`filter`]: what containerd demands of names and labels, and its filter language
//! - [`proto`]: containerd's messages, with what they carry beyond this version
//! - [`json`]: records as JSON
//! - [`content`] and [`snapshot`]: where the bytes of content lie, and what snapshotters do
//! - [`copy`]: records from one place to another
//! - [`check`]: every problem of an OCI config, an image document or a record at once; [`doc`]: JSON texts without loss
//! - [`storage`]: the engine's trait, and the layout of the file
//! - [`metadb`]: containerd's own databases, behind the same traits for reading; check, salvage, import
//!
//! # Features
//!
//! - `bolt` (default): containerd's own databases, read from bytes ([`metadb`], [`bolt`]).
//! - `file` (default): books in files, and what else needs an operating system. Without it the core has no clock, no
//!   randomness and no files of its own: a [`Host`] is passed in.
//! - `redb`: the redb engine, also for books as bytes. Part of `file`.
//! - `regex` (default): the whole of Go's regular expressions in filters. Without it a small engine serves, which refuses
//!   Unicode classes such as `\p{Greek}`.

#[cfg(feature = "bolt")]
pub mod bolt;
pub mod check;
pub mod content;
pub mod copy;
pub mod doc;
mod error;
pub mod filter;
mod host;
pub mod json;
#[cfg(feature = "bolt")]
pub mod metadb;
pub mod model;
pub mod oci;
pub mod proto;
pub mod rules;
pub mod snapshot;
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
pub use store::gc;
pub use store::{
    AnyView, CleanUp, CommitContent, ContainerStore, ContainerView, Containers, Content, ContentReader, ContentStore,
    ContentStream, ContentWriter, Context, CreateSnapshot, Cursor, DeleteImage, Event, EventBounds, EventPage,
    EventStore, Events, Finding, Header, ImageStore, Images, ImportOptions, ImportReport, InNamespace, LeaseStore,
    Leases, LookAtContainer, NamespaceStore, Namespaces, OpenContent, Owned, Owner, RETAINED_EVENTS, SandboxStore,
    Sandboxes, SharingPolicy, Since, SnapshotStore, Snapshots, Store, Subscription, Transaction, VisitContainer,
    VisitContainerView, VisitImage, VisitSandbox, VisitSharedContainer, WriteContent, WriteTxn,
};

/// The version of this crate.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
