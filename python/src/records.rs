//! The records, a class each: the core's model, shown to Python.

mod any;
mod container;
mod content;
mod event;
mod image;
mod lease;
mod namespace;
mod runtime;
mod sandbox;
mod snapshot;

pub(crate) use any::Any;
pub(crate) use container::Container;
pub(crate) use content::Blob;
pub(crate) use event::Event;
pub(crate) use image::{Descriptor, Image};
pub(crate) use lease::{Lease, LeaseResource};
pub(crate) use namespace::Namespace;
pub(crate) use runtime::{Runtime, RuntimeArgument};
pub(crate) use sandbox::Sandbox;
pub(crate) use snapshot::Snapshot;
