//! The C library of stowbook: the core's types and operations behind `stowbook.h`, and nothing else.
//!
//! No rule, default or wording lives here. A function reads its parameters, calls the core, and hands out what that gives:
//! [`entry`] is how, in one place for all of them. The comments of public items are the documentation of the header
//! (`cargo xtask header`), so they speak to C programmers. The conventions stand in README.md.

// The names are those of the header.
#![allow(non_camel_case_types)]
// What a caller has to keep is the same for every function, and stands once: at `Entry::new` and in README.md.
#![allow(clippy::missing_safety_doc)]

pub mod book;
pub mod check;
pub mod collect;
pub mod container;
pub mod containers;
mod entry;
pub mod error;
pub mod event;
pub mod events;
pub mod image;
pub mod images;
mod labels;
pub mod lease;
pub mod lease_resources;
pub mod leases;
pub mod metadb;
pub mod namespace;
pub mod namespace_record;
pub mod namespaces;
mod opaque;
pub mod report;
pub mod sandbox;
pub mod sandboxes;
pub mod status;
pub mod store;
pub mod value;
pub mod version;
