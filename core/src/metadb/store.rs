//! The same API as a book's, for reading.

use super::decode::Decoder;
use super::{Kind, MetaDb};
use crate::model::{Container, Namespace};
use crate::store::{ContainerStore, Context, NamespaceStore, VisitContainer, filters, no_such_container};
use crate::{Error, Result};

/// The refusal of whatever would change a database of containerd.
#[must_use]
pub fn read_only() -> Error {
    Error::failed_precondition("containerd's database is open for reading only")
        .with_help("`stowbook metadb import` copies the records into a book, where they can be changed")
}

impl ContainerStore for MetaDb {
    fn get_container(&self, context: &Context, id: &str) -> Result<Container> {
        let namespace = context.require_namespace()?;
        self.find(Kind::Container, namespace, id, Decoder::container)?.ok_or_else(|| no_such_container(namespace, id))
    }

    fn list_containers(&self, context: &Context, filters: &[&[u8]], visit: &mut VisitContainer<'_>) -> Result<()> {
        let namespace = context.require_namespace()?;
        let filter = filters::parse(filters)?;
        self.each(Kind::Container, namespace, &filter, Decoder::container, &mut |_, container| visit(container))
    }

    fn create_container(&self, _context: &Context, _container: &Container) -> Result<Container> {
        Err(read_only())
    }

    fn update_container(&self, _context: &Context, _container: &Container, _fields: &[&str]) -> Result<Container> {
        Err(read_only())
    }

    fn delete_container(&self, _context: &Context, _id: &str) -> Result<()> {
        Err(read_only())
    }
}

impl NamespaceStore for MetaDb {
    fn get_namespace(&self, name: &str) -> Result<Namespace> {
        self.find_namespace(name)
    }

    fn list_namespaces(&self) -> Result<Vec<Namespace>> {
        self.list_all_namespaces()
    }

    fn create_namespace(&self, _namespace: &Namespace) -> Result<Namespace> {
        Err(read_only())
    }

    fn update_namespace(&self, _namespace: &Namespace, _fields: &[&str]) -> Result<()> {
        Err(read_only())
    }

    fn delete_namespace(&self, _name: &str) -> Result<()> {
        Err(read_only())
    }
}
