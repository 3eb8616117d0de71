//! stowbook for Python: the core's stores and records as classes, its errors as exceptions.
//!
//! Nothing here validates, defaults or words anything: what a record must be, what an operation does and what a refusal
//! says is the core's. What is here turns Python's values into the core's and back, and lets other Python threads run
//! meanwhile. The package `stowbook` hands on what this module, `stowbook._stowbook`, holds.

mod check;
mod collection;
mod collections;
mod error;
mod events;
mod in_namespace;
mod json;
mod mapping;
mod metadb;
mod open;
mod place;
mod protobuf;
mod record;
mod records;
mod remote;
mod repr;
mod store;
mod text;
mod time;
mod transaction;
mod values;

use pyo3::pymodule;

#[pymodule]
mod _stowbook {
    #[pymodule_export]
    use crate::check::{detect, explain, fix, validate};
    #[pymodule_export]
    use crate::collections::{Containers, Content, Images, Leases, Namespaces, Sandboxes, Snapshots};
    #[pymodule_export]
    use crate::events::{Events, Subscription};
    #[pymodule_export]
    use crate::in_namespace::InNamespace;
    #[pymodule_export]
    use crate::metadb::MetaDb;
    #[pymodule_export]
    use crate::records::{
        Any, Blob, Container, Descriptor, Event, Image, Lease, LeaseResource, Namespace, Runtime, Sandbox, Snapshot,
    };
    #[pymodule_export]
    use crate::remote::{Remote, connect};
    #[pymodule_export]
    use crate::store::{Store, restore};
    #[pymodule_export]
    use crate::transaction::Transaction;
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.setattr("__version__", stowbook::VERSION)?;
        crate::error::add_classes(module)
    }
}
