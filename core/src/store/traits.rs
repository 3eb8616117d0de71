//! What every place that keeps records can do. A program changes place by changing one constructor.

use super::Context;
use crate::Result;
use crate::model::{Container, Namespace};
use std::ops::ControlFlow;

/// Where container records are kept. Source: containerd-metadata §3.
pub trait ContainerStore {
    /// The record of this id.
    ///
    /// # Errors
    /// `NotFound`: the id is not checked, so an impossible one is not found either.
    fn get_container(&self, context: &Context, id: &str) -> Result<Container>;

    /// Shows the records that any of `filters` selects (no filter: all) to `visit`, in byte order of their ids, until it
    /// breaks. A namespace that does not exist has no records.
    ///
    /// # Errors
    /// `InvalidArgument` for a filter that cannot be read, before anything is shown; what `visit` gives.
    fn list_containers(&self, context: &Context, filters: &[&[u8]], visit: &mut VisitContainer<'_>) -> Result<()>;

    /// Adds a record and gives it as it was stored: with times, without empty labels.
    ///
    /// # Errors
    /// `InvalidArgument` for the first rule it breaks, also when it exists; `AlreadyExists`. Nothing was changed.
    fn create_container(&self, context: &Context, container: &Container) -> Result<Container>;

    /// Changes the fields named by `fields` (none: everything mutable, and what is immutable must be the same) to what
    /// `container` says, and gives the record back. Paths: `labels`, `labels.‹key›`, `spec`, `extensions`,
    /// `extensions.‹key›`, `image`, `snapshotkey`.
    ///
    /// # Errors
    /// `NotFound`; `InvalidArgument` for a path that cannot be changed, an immutable field, or a record that would break a
    /// rule. Nothing was changed.
    fn update_container(&self, context: &Context, container: &Container, fields: &[&str]) -> Result<Container>;

    /// Removes a record. What it refers to stays.
    ///
    /// # Errors
    /// `NotFound`, also for the second call.
    fn delete_container(&self, context: &Context, id: &str) -> Result<()>;
}

/// What is called with each record of a list.
pub type VisitContainer<'a> = dyn FnMut(Container) -> Result<ControlFlow<()>> + 'a;

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
