//! Namespaces. What can be done with them stands here, the rules in `rules`.

mod rules;

pub(super) use rules::{Kind, ensure, ever_had, list};

use super::access::Access;
use crate::Result;
use crate::model::Namespace;

/// Where namespaces are kept. Source: containerd-metadata §2.5.
pub trait NamespaceStore {
    /// A namespace with its labels. Never fails for a name: one that does not exist has no labels.
    ///
    /// # Errors
    /// What the place gives.
    fn get_namespace(&self, name: &str) -> Result<Namespace>;

    /// All namespaces in byte order of their names, those made by a first record included.
    ///
    /// # Errors
    /// What the place gives.
    fn list_namespaces(&self) -> Result<Vec<Namespace>>;

    /// Adds a namespace, and gives back what was asked for.
    ///
    /// # Errors
    /// `InvalidArgument` for the name or a label, `AlreadyExists`, `Unknown` for the reserved name `version`.
    fn create_namespace(&self, namespace: &Namespace) -> Result<Namespace>;

    /// Changes labels: those named by `fields` (`labels.‹key›`; an absent or empty value removes the label), or all of them
    /// when no field is named. A namespace that does not exist is created by its first label, whatever its name.
    ///
    /// # Errors
    /// `InvalidArgument` for any other path; `Unknown` for a label that is too long, because containerd loses the class.
    /// Also `Unknown`, with the change made, for a name that is no identifier: its event cannot be published under it.
    fn update_namespace(&self, namespace: &Namespace, fields: &[&str]) -> Result<()>;

    /// Removes an empty namespace.
    ///
    /// # Errors
    /// `FailedPrecondition` when records that hold it are left, `NotFound`. `Unknown` as with
    /// [`update_namespace`](NamespaceStore::update_namespace), with the namespace removed.
    fn delete_namespace(&self, name: &str) -> Result<()>;
}

impl<A: Access> NamespaceStore for A {
    fn get_namespace(&self, name: &str) -> Result<Namespace> {
        self.read(|read| rules::get(read, name))
    }

    fn list_namespaces(&self) -> Result<Vec<Namespace>> {
        self.read(rules::list)
    }

    fn create_namespace(&self, namespace: &Namespace) -> Result<Namespace> {
        self.write(|txn, now| rules::create(txn, namespace, now))
    }

    fn update_namespace(&self, namespace: &Namespace, fields: &[&str]) -> Result<()> {
        self.write(|txn, now| rules::update(txn, namespace, fields, now))?;
        self.publish(&namespace.name)
    }

    fn delete_namespace(&self, name: &str) -> Result<()> {
        self.write(|txn, now| rules::delete(txn, name, now))?;
        self.publish(name)
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
