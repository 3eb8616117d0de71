//! stowbook for Python: the core's stores and records as classes, its errors as exceptions.
//!
//! Nothing here validates, defaults or words anything: what a record must be, what an operation does and what a refusal
//! says is the core's. What is here turns Python's values into the core's and back, and lets other Python threads run
//! meanwhile. The package `stowbook` hands on what this module, `stowbook._stowbook`, holds.

mod any;
mod book;
mod container;
mod containers;
mod error;
mod in_namespace;
mod json;
mod mapping;
mod namespace;
mod namespaces;
mod place;
mod protobuf;
mod runtime;
mod store;
mod text;
mod time;
mod transaction;

use pyo3::pymodule;

#[pymodule]
mod _stowbook {
    #[pymodule_export]
    use crate::any::Any;
    #[pymodule_export]
    use crate::container::Container;
    #[pymodule_export]
    use crate::containers::Containers;
    #[pymodule_export]
    use crate::in_namespace::InNamespace;
    #[pymodule_export]
    use crate::namespace::Namespace;
    #[pymodule_export]
    use crate::namespaces::Namespaces;
    #[pymodule_export]
    use crate::runtime::Runtime;
    #[pymodule_export]
    use crate::store::Store;
    #[pymodule_export]
    use crate::transaction::Transaction;
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.setattr("__version__", stowbook::VERSION)?;
        crate::error::add_classes(module)
    }
}
