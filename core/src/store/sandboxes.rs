//! Sandbox records. What can be done with them stands here, the rules in `rules`, how they are stored in `record`.

mod record;
mod rules;

#[cfg(feature = "bolt")]
pub(crate) use rules::no_such_sandbox;
pub(super) use rules::validate;

use super::access::Access;
use super::{Context, InNamespace, filters, halves};
use crate::Result;
use crate::model::Sandbox;
use std::ops::ControlFlow;

/// Where sandbox records are kept. Source: containerd-metadata §6.1.
///
/// Containers may name a sandbox, but nothing here looks at that: a sandbox with containers can be deleted.
pub trait SandboxStore {
    /// The record of this id.
    ///
    /// # Errors
    /// `NotFound`: the id is not checked, so an impossible one is not found either.
    fn get_sandbox(&self, context: &Context, id: &str) -> Result<Sandbox>;

    /// Shows the records that any of `filters` selects (no filter: all) to `visit`, in byte order of their ids, until it
    /// breaks. A namespace that does not exist has no records.
    ///
    /// # Errors
    /// `InvalidArgument` for a filter that cannot be read, before anything is shown; what `visit` gives.
    fn list_sandboxes(&self, context: &Context, filters: &[&[u8]], visit: &mut VisitSandbox<'_>) -> Result<()>;

    /// Adds a record and gives it as it was stored: with times, without empty labels.
    ///
    /// # Errors
    /// `InvalidArgument` for an id that is no identifier, `AlreadyExists`; `Unknown` for a label or an extension without a
    /// name, because containerd has no class for that. Nothing was changed.
    fn create_sandbox(&self, context: &Context, sandbox: &Sandbox) -> Result<Sandbox>;

    /// Changes the fields named by `fields` (none: everything mutable, and the runtime's name must be the same) to what
    /// `sandbox` says, and gives the record back. Paths: `labels`, `labels.‹key›`, `extensions`, `extensions.‹key›`,
    /// `spec`, `runtime`. As with containers, what is opaque is added and replaced, but never removed.
    ///
    /// # Errors
    /// `NotFound`; `InvalidArgument` for a path that cannot be changed, or another runtime; `Unknown` as with
    /// [`create_sandbox`](SandboxStore::create_sandbox). Nothing was changed.
    fn update_sandbox(&self, context: &Context, sandbox: &Sandbox, fields: &[&str]) -> Result<Sandbox>;

    /// Removes a record. Containers that name it stay.
    ///
    /// # Errors
    /// `NotFound`, also for the second call.
    fn delete_sandbox(&self, context: &Context, id: &str) -> Result<()>;
}

/// What is called with each record of a list.
pub type VisitSandbox<'a> = dyn FnMut(Sandbox) -> Result<ControlFlow<()>> + 'a;

impl<A: Access> SandboxStore for A {
    fn get_sandbox(&self, context: &Context, id: &str) -> Result<Sandbox> {
        let namespace = context.require_namespace()?;
        self.read(|read| rules::get(read, namespace, id))
    }

    fn list_sandboxes(&self, context: &Context, filters: &[&[u8]], visit: &mut VisitSandbox<'_>) -> Result<()> {
        let namespace = context.require_namespace()?;
        let filter = filters::parse(filters)?;
        self.read(|read| {
            halves::list::<Sandbox>(read, namespace, None, &filter, &mut |head, body| {
                visit(halves::decode(head, body)?)
            })
        })
    }

    fn create_sandbox(&self, context: &Context, sandbox: &Sandbox) -> Result<Sandbox> {
        let namespace = context.require_namespace()?;
        rules::validate(sandbox).map_err(|error| error.context("failed to validate sandbox: "))?;
        self.write(|txn, now| rules::create(txn, namespace, sandbox, now))
    }

    fn update_sandbox(&self, context: &Context, sandbox: &Sandbox, fields: &[&str]) -> Result<Sandbox> {
        let namespace = context.require_namespace()?;
        self.write(|txn, now| rules::update(txn, namespace, sandbox, fields, now))
    }

    fn delete_sandbox(&self, context: &Context, id: &str) -> Result<()> {
        let namespace = context.require_namespace()?;
        self.write(|txn, now| rules::delete(txn, namespace, id, now))
    }
}

impl<'a, S: ?Sized> InNamespace<'a, S> {
    /// The sandbox records in it.
    #[must_use]
    pub fn sandboxes(&self) -> Sandboxes<'a, S> {
        Sandboxes { place: self.place, context: self.context.clone() }
    }
}

/// The sandbox records of a namespace.
pub struct Sandboxes<'a, S: ?Sized> {
    place: &'a S,
    context: Context,
}

impl<S: SandboxStore + ?Sized> Sandboxes<'_, S> {
    /// The record of this id.
    ///
    /// # Errors
    /// As [`SandboxStore::get_sandbox`].
    pub fn get(&self, id: &str) -> Result<Sandbox> {
        self.place.get_sandbox(&self.context, id)
    }

    /// The records that any of the filters selects (no filter: all), in byte order of their ids.
    ///
    /// # Errors
    /// As [`SandboxStore::list_sandboxes`].
    pub fn list<F: AsRef<[u8]>>(&self, filters: &[F]) -> Result<Vec<Sandbox>> {
        let mut out = Vec::new();
        self.each(filters, |sandbox| {
            out.push(sandbox);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(out)
    }

    /// Shows the records that any of the filters selects to `visit`, one after the other, until it breaks.
    ///
    /// # Errors
    /// As [`SandboxStore::list_sandboxes`].
    pub fn each<F: AsRef<[u8]>>(
        &self,
        filters: &[F],
        mut visit: impl FnMut(Sandbox) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let filters: Vec<&[u8]> = filters.iter().map(AsRef::as_ref).collect();
        self.place.list_sandboxes(&self.context, &filters, &mut visit)
    }

    /// Adds a record, and gives it as it was stored.
    ///
    /// # Errors
    /// As [`SandboxStore::create_sandbox`].
    ///
    /// ```
    /// # use stowbook::{Store, model::{Container, Sandbox}};
    /// let store = Store::in_memory();
    /// let namespace = store.namespace("k8s.io");
    /// let pod = namespace.sandboxes().create(&Sandbox::new("pod-1", "io.containerd.runc.v2"))?;
    /// let mut web = Container::new("web", "io.containerd.runc.v2");
    /// web.sandbox_id = pod.id;
    /// namespace.containers().create(&web)?;
    /// # Ok::<(), stowbook::Error>(())
    /// ```
    pub fn create(&self, sandbox: &Sandbox) -> Result<Sandbox> {
        self.place.create_sandbox(&self.context, sandbox)
    }

    /// Changes the fields with these paths to what `sandbox` says (no path: replaces the record), and gives it back.
    ///
    /// # Errors
    /// As [`SandboxStore::update_sandbox`].
    pub fn update(&self, sandbox: &Sandbox, fields: &[&str]) -> Result<Sandbox> {
        self.place.update_sandbox(&self.context, sandbox, fields)
    }

    /// Removes a record.
    ///
    /// # Errors
    /// As [`SandboxStore::delete_sandbox`].
    pub fn delete(&self, id: &str) -> Result<()> {
        self.place.delete_sandbox(&self.context, id)
    }
}
