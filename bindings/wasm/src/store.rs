use crate::container::Container;
use crate::failure::Result;
use crate::host::JsHost;
use crate::namespace::Namespace;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;
use stowbook::{ContainerStore, Context, NamespaceStore};
use wasm_bindgen::prelude::wasm_bindgen;

/// A book.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Store(Rc<stowbook::Store>);

#[wasm_bindgen]
impl Store {
    /// A new book in memory.
    #[wasm_bindgen(js_name = inMemory)]
    pub fn in_memory() -> Result<Store> {
        Ok(Store(Rc::new(stowbook::Store::in_memory_with(Arc::new(JsHost)))))
    }

    /// The book in the bytes of a file.
    #[cfg(feature = "redb")]
    pub fn open(bytes: Vec<u8>) -> Result<Store> {
        let storage = stowbook::storage::RedbStorage::from_bytes(bytes)?;
        Ok(Store(Rc::new(stowbook::Store::with_storage(Box::new(storage), Arc::new(JsHost))?)))
    }

    /// The records, each operation on them in a transaction of its own.
    #[must_use]
    pub fn records(&self) -> Records {
        Records(Rc::clone(&self.0) as Rc<dyn Place>)
    }

    /// Begins a transaction.
    pub fn begin(&self) -> Result<Transaction> {
        Ok(Transaction(Rc::new(self.0.begin()?)))
    }
}

/// Operations that take effect together.
#[wasm_bindgen]
pub struct Transaction(Rc<stowbook::Transaction>);

#[wasm_bindgen]
impl Transaction {
    /// The records as the transaction sees them.
    #[must_use]
    pub fn records(&self) -> Records {
        Records(Rc::clone(&self.0) as Rc<dyn Place>)
    }

    /// Makes the changes lasting, and ends the transaction.
    pub fn commit(&self) -> Result<()> {
        Ok(self.0.commit()?)
    }

    /// Drops the changes, and ends the transaction.
    pub fn rollback(&self) -> Result<()> {
        Ok(self.0.rollback()?)
    }
}

trait Place: ContainerStore + NamespaceStore {}
impl<T: ContainerStore + NamespaceStore> Place for T {}

/// The records of a book, or of a transaction.
#[wasm_bindgen]
pub struct Records(Rc<dyn Place>);

#[wasm_bindgen]
impl Records {
    /// One container.
    #[wasm_bindgen(js_name = getContainer)]
    pub fn get_container(&self, namespace: String, id: &str) -> Result<Container> {
        Ok(Container(self.0.get_container(&Context::in_namespace(namespace), id)?))
    }

    /// The containers that any of the filters selects.
    #[wasm_bindgen(js_name = listContainers)]
    pub fn list_containers(&self, namespace: String, filters: Vec<String>) -> Result<Vec<Container>> {
        let filters: Vec<&[u8]> = filters.iter().map(String::as_bytes).collect();
        let mut out = Vec::new();
        self.0.list_containers(&Context::in_namespace(namespace), &filters, &mut |container| {
            out.push(Container(container));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(out)
    }

    /// Adds a container.
    #[wasm_bindgen(js_name = createContainer)]
    pub fn create_container(&self, namespace: String, container: Container) -> Result<Container> {
        Ok(Container(self.0.create_container(&Context::in_namespace(namespace), &container.0)?))
    }

    /// Changes fields of a container.
    #[wasm_bindgen(js_name = updateContainer)]
    pub fn update_container(&self, namespace: String, container: Container, fields: Vec<String>) -> Result<Container> {
        Ok(Container(self.0.update_container(&Context::in_namespace(namespace), &container.0, &borrowed(&fields))?))
    }

    /// Removes a container.
    #[wasm_bindgen(js_name = deleteContainer)]
    pub fn delete_container(&self, namespace: String, id: &str) -> Result<()> {
        Ok(self.0.delete_container(&Context::in_namespace(namespace), id)?)
    }

    /// One namespace.
    #[wasm_bindgen(js_name = getNamespace)]
    pub fn get_namespace(&self, name: &str) -> Result<Namespace> {
        Ok(Namespace(self.0.get_namespace(name)?))
    }

    /// All namespaces.
    #[wasm_bindgen(js_name = listNamespaces)]
    pub fn list_namespaces(&self) -> Result<Vec<Namespace>> {
        Ok(self.0.list_namespaces()?.into_iter().map(Namespace).collect())
    }

    /// Adds a namespace.
    #[wasm_bindgen(js_name = createNamespace)]
    pub fn create_namespace(&self, namespace: Namespace) -> Result<Namespace> {
        Ok(Namespace(self.0.create_namespace(&namespace.0)?))
    }

    /// Changes labels of a namespace.
    #[wasm_bindgen(js_name = updateNamespace)]
    pub fn update_namespace(&self, namespace: Namespace, fields: Vec<String>) -> Result<()> {
        Ok(self.0.update_namespace(&namespace.0, &borrowed(&fields))?)
    }

    /// Removes an empty namespace.
    #[wasm_bindgen(js_name = deleteNamespace)]
    pub fn delete_namespace(&self, name: &str) -> Result<()> {
        Ok(self.0.delete_namespace(name)?)
    }
}

fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}
