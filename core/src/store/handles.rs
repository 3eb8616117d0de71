//! What callers hold in their hands: the records of one kind, in one namespace, in one place.

use super::Context;
use super::traits::{ContainerStore, NamespaceStore};
use crate::Result;
use crate::model::{Container, Namespace};
use std::ops::ControlFlow;

/// A namespace of a place, to reach the records in it.
pub struct InNamespace<'a, S: ?Sized> {
    place: &'a S,
    context: Context,
}

impl<'a, S: ?Sized> InNamespace<'a, S> {
    /// The records of a place that operations in this context reach. For implementers of places; callers ask the place.
    #[must_use]
    pub fn new(place: &'a S, context: Context) -> Self {
        InNamespace { place, context }
    }

    /// The same namespace, its operations on behalf of a lease.
    #[must_use]
    pub fn with_lease(mut self, lease: impl Into<String>) -> Self {
        self.context.lease = Some(lease.into());
        self
    }

    /// The container records in it.
    #[must_use]
    pub fn containers(&self) -> Containers<'a, S> {
        Containers { place: self.place, context: self.context.clone() }
    }
}

/// The container records of a namespace.
pub struct Containers<'a, S: ?Sized> {
    place: &'a S,
    context: Context,
}

impl<S: ContainerStore + ?Sized> Containers<'_, S> {
    /// The record of this id.
    ///
    /// # Errors
    /// As [`ContainerStore::get_container`].
    pub fn get(&self, id: &str) -> Result<Container> {
        self.place.get_container(&self.context, id)
    }

    /// The records that any of the filters selects (no filter: all), in byte order of their ids.
    ///
    /// # Errors
    /// As [`ContainerStore::list_containers`].
    ///
    /// ```
    /// # use stowbook::{Store, model::{Any, Container}};
    /// let store = Store::in_memory();
    /// let containers = store.namespace("default").containers();
    /// let mut web = Container::new("web", "io.containerd.runc.v2");
    /// web.labels.insert("tier".into(), "front".into());
    /// containers.create(&web)?;
    /// assert_eq!(containers.list(&["labels.tier==front"])?.len(), 1);
    /// assert_eq!(containers.list(&["labels.tier==back", "id~=^db"])?.len(), 0);
    /// # Ok::<(), stowbook::Error>(())
    /// ```
    pub fn list<F: AsRef<[u8]>>(&self, filters: &[F]) -> Result<Vec<Container>> {
        let mut out = Vec::new();
        self.each(filters, |container| {
            out.push(container);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(out)
    }

    /// Shows the records that any of the filters selects to `visit`, one after the other, until it breaks.
    ///
    /// # Errors
    /// As [`ContainerStore::list_containers`].
    pub fn each<F: AsRef<[u8]>>(
        &self,
        filters: &[F],
        mut visit: impl FnMut(Container) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let filters: Vec<&[u8]> = filters.iter().map(AsRef::as_ref).collect();
        self.place.list_containers(&self.context, &filters, &mut visit)
    }

    /// Adds a record, and gives it as it was stored.
    ///
    /// # Errors
    /// As [`ContainerStore::create_container`].
    pub fn create(&self, container: &Container) -> Result<Container> {
        self.place.create_container(&self.context, container)
    }

    /// Changes the fields with these paths to what `container` says (no path: replaces the record), and gives it back.
    ///
    /// # Errors
    /// As [`ContainerStore::update_container`].
    pub fn update(&self, container: &Container, fields: &[&str]) -> Result<Container> {
        self.place.update_container(&self.context, container, fields)
    }

    /// Removes a record.
    ///
    /// # Errors
    /// As [`ContainerStore::delete_container`].
    pub fn delete(&self, id: &str) -> Result<()> {
        self.place.delete_container(&self.context, id)
    }
}

/// The namespaces of a place.
pub struct Namespaces<'a, S: ?Sized> {
    place: &'a S,
}

impl<'a, S: NamespaceStore + ?Sized> Namespaces<'a, S> {
    /// The namespaces of a place. For implementers of places; callers ask the place.
    #[must_use]
    pub fn new(place: &'a S) -> Self {
        Namespaces { place }
    }

    /// A namespace with its labels; one that does not exist has none.
    ///
    /// # Errors
    /// As [`NamespaceStore::get_namespace`].
    pub fn get(&self, name: &str) -> Result<Namespace> {
        self.place.get_namespace(name)
    }

    /// All namespaces in byte order of their names.
    ///
    /// # Errors
    /// As [`NamespaceStore::list_namespaces`].
    pub fn list(&self) -> Result<Vec<Namespace>> {
        self.place.list_namespaces()
    }

    /// Adds a namespace.
    ///
    /// # Errors
    /// As [`NamespaceStore::create_namespace`].
    pub fn create(&self, namespace: &Namespace) -> Result<Namespace> {
        self.place.create_namespace(namespace)
    }

    /// Changes the labels with these paths to what `namespace` says (no path: all labels).
    ///
    /// # Errors
    /// As [`NamespaceStore::update_namespace`].
    pub fn update(&self, namespace: &Namespace, fields: &[&str]) -> Result<()> {
        self.place.update_namespace(namespace, fields)
    }

    /// Removes an empty namespace.
    ///
    /// # Errors
    /// As [`NamespaceStore::delete_namespace`].
    pub fn delete(&self, name: &str) -> Result<()> {
        self.place.delete_namespace(name)
    }
}
