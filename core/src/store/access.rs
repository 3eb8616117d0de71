use super::traits::{ContainerStore, NamespaceStore, VisitContainer};
use super::{Context, containers, namespaces};
use crate::model::{Container, Namespace, Timestamp};
use crate::storage::{Read, Txn};
use crate::{Error, ErrorKind, Result};

/// How operations reach a book: each in a transaction of its own ([`super::Store`]), in a transaction that a closure runs
/// in ([`super::WriteTxn`]), or in one that outlives the call ([`super::Transaction`]). What they do is the same.
pub trait Access {
    /// Runs a reading operation.
    ///
    /// # Errors
    /// What it gives, and what the place gives.
    fn read<T>(&self, operation: impl FnOnce(&dyn Read) -> Result<T>) -> Result<T>;

    /// Runs a writing operation, which gets the time. When it fails, nothing of it stays. It may run more than once.
    ///
    /// # Errors
    /// What it gives, and what the place gives.
    fn write<T>(&self, operation: impl Fn(&mut Txn<'_>, Timestamp) -> Result<T>) -> Result<T>;

    /// Tells of a change under this namespace, once it is durable. Inside a transaction nobody is told
    /// (containerd-metadata §11.2).
    ///
    /// # Errors
    /// `Unknown` when the name is no name to publish under: containerd says so, although the change was made (§2.5).
    fn publish(&self, _namespace: &str) -> Result<()> {
        Ok(())
    }
}

impl<A: Access> ContainerStore for A {
    fn get_container(&self, context: &Context, id: &str) -> Result<Container> {
        let namespace = context.require_namespace()?;
        self.read(|read| containers::get(read, namespace, id))
    }

    fn list_containers(&self, context: &Context, filters: &[&[u8]], visit: &mut VisitContainer<'_>) -> Result<()> {
        let namespace = context.require_namespace()?;
        let filter = containers::parse_filters(filters)?;
        self.read(|read| containers::list(read, namespace, &filter, visit))
    }

    fn create_container(&self, context: &Context, container: &Container) -> Result<Container> {
        let namespace = context.require_namespace()?;
        containers::validate(container).map_err(|error| error.context("create container failed validation: "))?;
        self.write(|txn, now| containers::create(txn, namespace, container, now))
    }

    fn update_container(&self, context: &Context, container: &Container, fields: &[&str]) -> Result<Container> {
        if container.id.is_empty() {
            // The text is the service's. The store below says `must specify a container id`, but no client sees that.
            return Err(Error::new(ErrorKind::InvalidArgument, "Container.ID required"));
        }
        let namespace = context.require_namespace()?;
        self.write(|txn, now| containers::update(txn, namespace, container, fields, now))
    }

    fn delete_container(&self, context: &Context, id: &str) -> Result<()> {
        let namespace = context.require_namespace()?;
        self.write(|txn, _| containers::delete(txn, namespace, id))
    }
}

impl<A: Access> NamespaceStore for A {
    fn get_namespace(&self, name: &str) -> Result<Namespace> {
        self.read(|read| namespaces::get(read, name))
    }

    fn list_namespaces(&self) -> Result<Vec<Namespace>> {
        self.read(namespaces::list)
    }

    fn create_namespace(&self, namespace: &Namespace) -> Result<Namespace> {
        self.write(|txn, _| namespaces::create(txn, namespace))
    }

    fn update_namespace(&self, namespace: &Namespace, fields: &[&str]) -> Result<()> {
        self.write(|txn, _| namespaces::update(txn, namespace, fields))?;
        self.publish(&namespace.name)
    }

    fn delete_namespace(&self, name: &str) -> Result<()> {
        self.write(|txn, _| namespaces::delete(txn, name))?;
        self.publish(name)
    }
}
