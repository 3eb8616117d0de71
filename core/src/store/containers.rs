//! Container records. What can be done with them stands here, the rules in `rules`, how they are stored in `record`.

mod record;
mod rules;
mod shared;
mod view;

pub use view::{AnyView, ContainerView};

pub(super) use rules::validate;
pub(super) use shared::SharedContainers;

#[cfg(feature = "bolt")]
pub(crate) use rules::no_such_container;

use super::access::Access;
use super::{Context, InNamespace, filters, halves};
use crate::model::Container;
use crate::proto::Message as _;
use crate::{Error, ErrorKind, Result};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Where container records are kept. Source: containerd-metadata §3.
pub trait ContainerStore {
    /// The record of this id.
    ///
    /// # Errors
    /// `NotFound`: the id is not checked, so an impossible one is not found either.
    fn get_container(&self, context: &Context, id: &str) -> Result<Container>;

    /// As [`ContainerStore::get_container`], but gives a record that all readers share: a place that keeps what was read need not read
    /// it again before it is changed.
    ///
    /// # Errors
    /// As [`ContainerStore::get_container`].
    fn share_container(&self, context: &Context, id: &str) -> Result<Arc<Container>> {
        self.get_container(context, id).map(Arc::new)
    }

    /// As [`ContainerStore::get_container`], but shows the record where it lies, without copying it, if the place can.
    ///
    /// # Errors
    /// As [`ContainerStore::get_container`], and what `visit` gives.
    fn view_container(&self, context: &Context, id: &str, visit: &mut LookAtContainer<'_>) -> Result<()> {
        visit(&ContainerView::of_message(&self.get_container(context, id)?.encode())?)
    }

    /// Shows the records that any of `filters` selects (no filter: all) to `visit`, in byte order of their ids, until it
    /// breaks. A namespace that does not exist has no records.
    ///
    /// # Errors
    /// `InvalidArgument` for a filter that cannot be read, before anything is shown; what `visit` gives.
    fn list_containers(&self, context: &Context, filters: &[&[u8]], visit: &mut VisitContainer<'_>) -> Result<()>;

    /// As [`ContainerStore::list_containers`], but gives records that all readers share, as [`ContainerStore::share_container`] does.
    ///
    /// # Errors
    /// As [`ContainerStore::list_containers`].
    fn share_containers(
        &self,
        context: &Context,
        filters: &[&[u8]],
        visit: &mut VisitSharedContainer<'_>,
    ) -> Result<()> {
        self.list_containers(context, filters, &mut |container| visit(Arc::new(container)))
    }

    /// As [`ContainerStore::list_containers`], but only the records behind this id: to go on with a list another time. A book
    /// begins its search there; other places look at the records before it too.
    ///
    /// # Errors
    /// As [`ContainerStore::list_containers`].
    fn list_containers_after(
        &self,
        context: &Context,
        after: &str,
        filters: &[&[u8]],
        visit: &mut VisitContainer<'_>,
    ) -> Result<()> {
        self.list_containers(context, filters, &mut |container| {
            if *container.id <= *after { Ok(ControlFlow::Continue(())) } else { visit(container) }
        })
    }

    /// As [`ContainerStore::list_containers`], but shows the records where they lie, without copying them, if the place can.
    ///
    /// # Errors
    /// As [`ContainerStore::list_containers`].
    fn view_containers(&self, context: &Context, filters: &[&[u8]], visit: &mut VisitContainerView<'_>) -> Result<()> {
        self.list_containers(context, filters, &mut |container| visit(&ContainerView::of_message(&container.encode())?))
    }

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

/// What is called with each record of a list that readers share.
pub type VisitSharedContainer<'a> = dyn FnMut(Arc<Container>) -> Result<ControlFlow<()>> + 'a;

/// What is called with a look at one record.
pub type LookAtContainer<'a> = dyn FnMut(&ContainerView<'_>) -> Result<()> + 'a;

/// What is called with a look at each record of a list.
pub type VisitContainerView<'a> = dyn FnMut(&ContainerView<'_>) -> Result<ControlFlow<()>> + 'a;

impl<A: Access> ContainerStore for A {
    fn get_container(&self, context: &Context, id: &str) -> Result<Container> {
        let namespace = context.require_namespace()?;
        self.read(|read| rules::get(read, namespace, id))
    }

    fn share_container(&self, context: &Context, id: &str) -> Result<Arc<Container>> {
        let namespace = context.require_namespace()?;
        match self.shared_containers() {
            Some(shared) => shared.get(namespace, id, || self.read(|read| rules::get(read, namespace, id))),
            None => self.get_container(context, id).map(Arc::new),
        }
    }

    fn view_container(&self, context: &Context, id: &str, visit: &mut LookAtContainer<'_>) -> Result<()> {
        let namespace = context.require_namespace()?;
        self.read(|read| rules::view(read, namespace, id, visit))
    }

    fn list_containers(&self, context: &Context, filters: &[&[u8]], visit: &mut VisitContainer<'_>) -> Result<()> {
        let namespace = context.require_namespace()?;
        let filter = filters::parse(filters)?;
        self.read(|read| {
            halves::list::<Container>(read, namespace, None, &filter, &mut |head, body| {
                visit(halves::decode(head, body)?)
            })
        })
    }

    fn share_containers(
        &self,
        context: &Context,
        filters: &[&[u8]],
        visit: &mut VisitSharedContainer<'_>,
    ) -> Result<()> {
        let namespace = context.require_namespace()?;
        let filter = filters::parse(filters)?;
        match self.shared_containers() {
            Some(shared) => {
                let lister = shared.lister();
                self.read(|read| lister.list(read, namespace, &filter, visit))
            }
            None => self.list_containers(context, filters, &mut |container| visit(Arc::new(container))),
        }
    }

    fn list_containers_after(
        &self,
        context: &Context,
        after: &str,
        filters: &[&[u8]],
        visit: &mut VisitContainer<'_>,
    ) -> Result<()> {
        let namespace = context.require_namespace()?;
        let filter = filters::parse(filters)?;
        self.read(|read| {
            halves::list::<Container>(read, namespace, Some(after), &filter, &mut |head, body| {
                visit(halves::decode(head, body)?)
            })
        })
    }

    fn view_containers(&self, context: &Context, filters: &[&[u8]], visit: &mut VisitContainerView<'_>) -> Result<()> {
        let namespace = context.require_namespace()?;
        let filter = filters::parse(filters)?;
        self.read(|read| {
            halves::list::<Container>(read, namespace, None, &filter, &mut |head, body| {
                visit(&ContainerView::new(head, body)?)
            })
        })
    }

    fn create_container(&self, context: &Context, container: &Container) -> Result<Container> {
        let namespace = context.require_namespace()?;
        rules::validate(container).map_err(|error| error.context("create container failed validation: "))?;
        self.write(|txn, now| rules::create(txn, namespace, container, now))
    }

    fn update_container(&self, context: &Context, container: &Container, fields: &[&str]) -> Result<Container> {
        if container.id.is_empty() {
            // The text is the service's. The store below says `must specify a container id`, but no client sees that.
            return Err(Error::new(ErrorKind::InvalidArgument, "Container.ID required"));
        }
        let namespace = context.require_namespace()?;
        self.write(|txn, now| rules::update(txn, namespace, container, fields, now))
    }

    fn delete_container(&self, context: &Context, id: &str) -> Result<()> {
        let namespace = context.require_namespace()?;
        self.write(|txn, now| rules::delete(txn, namespace, id, now))
    }
}

impl<'a, S: ?Sized> InNamespace<'a, S> {
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
    /// The record of this id, shared with all who read it. A [`Store`](crate::Store) keeps up to 64 MiB of what was read so, and need not
    /// read it again before it is changed; other places read it each time. To change a record, make it your own with
    /// [`Arc::unwrap_or_clone`]; [`ContainerStore::get_container`] gives one that nobody shares.
    ///
    /// # Errors
    /// As [`ContainerStore::get_container`].
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use stowbook::{Store, model::Container};
    /// # let store = Store::in_memory();
    /// # let containers = store.namespace("default").containers();
    /// # containers.create(&Container::new("web", "io.containerd.runc.v2"))?;
    /// let mut web = Arc::unwrap_or_clone(containers.get("web")?);
    /// web.image = "docker.io/library/nginx:latest".into();
    /// containers.update(&web, &["image"])?;
    /// # Ok::<(), stowbook::Error>(())
    /// ```
    pub fn get(&self, id: &str) -> Result<Arc<Container>> {
        self.place.share_container(&self.context, id)
    }

    /// Shows the record of this id where it lies, without copying it.
    ///
    /// # Errors
    /// As [`ContainerStore::get_container`], and what `visit` gives.
    ///
    /// ```
    /// # use stowbook::{Store, model::Container};
    /// # let store = Store::in_memory();
    /// let containers = store.namespace("default").containers();
    /// containers.create(&Container::new("web", "io.containerd.runc.v2"))?;
    /// containers.view("web", |web| Ok(assert_eq!(web.runtime_name, "io.containerd.runc.v2")))?;
    /// # Ok::<(), stowbook::Error>(())
    /// ```
    pub fn view(&self, id: &str, mut visit: impl FnMut(&ContainerView<'_>) -> Result<()>) -> Result<()> {
        self.place.view_container(&self.context, id, &mut visit)
    }

    /// The records that any of the filters selects (no filter: all), in byte order of their ids, shared with all who read them. For
    /// more records than the memory should hold at once there are [`each`](Containers::each) and [`page`](Containers::page).
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
    pub fn list<F: AsRef<[u8]>>(&self, filters: &[F]) -> Result<Vec<Arc<Container>>> {
        let filters: Vec<&[u8]> = filters.iter().map(AsRef::as_ref).collect();
        let mut out = Vec::new();
        self.place.share_containers(&self.context, &filters, &mut |container| {
            out.push(container);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(out)
    }

    /// Hands the records that any of the filters selects to `visit`, one after the other, until it breaks. Nobody keeps them.
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

    /// The records behind this id that any of the filters selects, in byte order of their ids, but no more than `limit`: for
    /// going through a list with pauses in between. What is changed meanwhile shows in the pages to come.
    ///
    /// # Errors
    /// As [`ContainerStore::list_containers`].
    ///
    /// ```
    /// # use stowbook::{Store, model::Container};
    /// # let store = Store::in_memory();
    /// let containers = store.namespace("default").containers();
    /// for id in ["web-1", "web-2", "web-3"] {
    ///     containers.create(&Container::new(id, "io.containerd.runc.v2"))?;
    /// }
    /// assert_eq!(containers.page("web-1", &[""], 1)?[0].id, "web-2");
    /// # Ok::<(), stowbook::Error>(())
    /// ```
    pub fn page<F: AsRef<[u8]>>(&self, after: &str, filters: &[F], limit: usize) -> Result<Vec<Container>> {
        let filters: Vec<&[u8]> = filters.iter().map(AsRef::as_ref).collect();
        let mut out = Vec::new();
        if limit == 0 {
            return Ok(out);
        }
        self.place.list_containers_after(&self.context, after, &filters, &mut |container| {
            out.push(container);
            Ok(if out.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(out)
    }

    /// As [`Containers::each`], but shows the records where they lie, without copying them.
    ///
    /// # Errors
    /// As [`ContainerStore::list_containers`].
    ///
    /// ```
    /// # use stowbook::{Store, model::Container};
    /// # use std::ops::ControlFlow;
    /// # let store = Store::in_memory();
    /// # let containers = store.namespace("default").containers();
    /// # containers.create(&Container::new("web", "io.containerd.runc.v2"))?;
    /// let mut spec_bytes = 0;
    /// containers.each_view(&[""], |container| {
    ///     spec_bytes += container.spec.map_or(0, |spec| spec.value.len());
    ///     Ok(ControlFlow::Continue(()))
    /// })?;
    /// # assert_eq!(spec_bytes, 0);
    /// # Ok::<(), stowbook::Error>(())
    /// ```
    pub fn each_view<F: AsRef<[u8]>>(
        &self,
        filters: &[F],
        mut visit: impl FnMut(&ContainerView<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let filters: Vec<&[u8]> = filters.iter().map(AsRef::as_ref).collect();
        self.place.view_containers(&self.context, &filters, &mut visit)
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
