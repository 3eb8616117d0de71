//! Leases and what they hold. What can be done with them stands here, the rules in `rules`.

mod rules;

pub(super) use rules::{decode, decode_resource, delete, hold, list_resources, release};

use super::access::Access;
use super::gc::{self, CollectRules};
use super::{Context, InNamespace, filters};
use crate::Result;
use crate::model::{Lease, LeaseResource};

/// Where leases are kept. Source: containerd-metadata §5.
pub trait LeaseStore {
    /// Adds a lease and gives it as it was stored: with its time, without empty labels. Only id and labels of `lease` are
    /// looked at; without an id it gets one that does not collide, such as `659934111-1UFt`. Neither is checked.
    ///
    /// # Errors
    /// `AlreadyExists`; `Unknown` for a label without a key.
    fn create_lease(&self, context: &Context, lease: &Lease) -> Result<Lease>;

    /// Removes a lease, but nothing of what it held: that is for the collector, which `sync` runs at once. In a transaction
    /// it removes records; the bytes are left to [`Store::clean_up`](crate::Store::clean_up).
    ///
    /// # Errors
    /// `NotFound`. What the collector gives, with the lease removed.
    fn delete_lease(&self, context: &Context, id: &str, sync: bool) -> Result<()>;

    /// The leases that any of `filters` selects (no filter: all), in byte order of their ids.
    ///
    /// # Errors
    /// `InvalidArgument` for a filter that cannot be read.
    fn list_leases(&self, context: &Context, filters: &[&[u8]]) -> Result<Vec<Lease>>;

    /// Has a lease hold a resource, which need not exist. A second time changes nothing.
    ///
    /// # Errors
    /// `NotFound` without the lease; `InvalidArgument` for a type with too many or too few parts, or content whose id is
    /// not a digest; `NotImplemented` for any other type; `Unknown` for an empty id or one above 32768 bytes.
    fn add_resource(&self, context: &Context, lease: &str, resource: &LeaseResource) -> Result<()>;

    /// Has a lease hold a resource no more. It is no error when it did not hold it.
    ///
    /// # Errors
    /// As [`add_resource`](LeaseStore::add_resource), but the id may have any length.
    fn delete_resource(&self, context: &Context, lease: &str, resource: &LeaseResource) -> Result<()>;

    /// What a lease holds: content, images, ingests, and snapshots by their snapshotters, each in byte order of the ids.
    ///
    /// # Errors
    /// `NotFound` without the lease.
    fn list_resources(&self, context: &Context, lease: &str) -> Result<Vec<LeaseResource>>;
}

impl<A: Access> LeaseStore for A {
    fn create_lease(&self, context: &Context, lease: &Lease) -> Result<Lease> {
        let namespace = context.require_namespace()?;
        let mut random = [0; 3];
        self.random(&mut random);
        self.write(|txn, now| rules::create(txn, namespace, lease, random, now))
    }

    fn delete_lease(&self, context: &Context, id: &str, sync: bool) -> Result<()> {
        let namespace = context.require_namespace()?;
        self.write(|txn, now| rules::delete(txn, namespace, id, now))?;
        if sync { gc::collect(self, CollectRules::default()).map(drop) } else { Ok(()) }
    }

    fn list_leases(&self, context: &Context, filters: &[&[u8]]) -> Result<Vec<Lease>> {
        let namespace = context.require_namespace()?;
        let filter = filters::parse(filters)?;
        self.read(|read| rules::list(read, namespace, &filter))
    }

    fn add_resource(&self, context: &Context, lease: &str, resource: &LeaseResource) -> Result<()> {
        let namespace = context.require_namespace()?;
        self.write(|txn, now| rules::add_resource(txn, namespace, lease, resource, now))
    }

    fn delete_resource(&self, context: &Context, lease: &str, resource: &LeaseResource) -> Result<()> {
        let namespace = context.require_namespace()?;
        self.write(|txn, now| rules::delete_resource(txn, namespace, lease, resource, now))
    }

    fn list_resources(&self, context: &Context, lease: &str) -> Result<Vec<LeaseResource>> {
        let namespace = context.require_namespace()?;
        self.read(|read| rules::list_resources(read, namespace, lease))
    }
}

impl<'a, S: ?Sized> InNamespace<'a, S> {
    /// The leases in it.
    #[must_use]
    pub fn leases(&self) -> Leases<'a, S> {
        Leases { place: self.place, context: self.context.clone() }
    }
}

/// The leases of a namespace.
pub struct Leases<'a, S: ?Sized> {
    place: &'a S,
    context: Context,
}

impl<S: LeaseStore + ?Sized> Leases<'_, S> {
    /// The leases that any of the filters selects (no filter: all), in byte order of their ids.
    ///
    /// # Errors
    /// As [`LeaseStore::list_leases`].
    pub fn list<F: AsRef<[u8]>>(&self, filters: &[F]) -> Result<Vec<Lease>> {
        let filters: Vec<&[u8]> = filters.iter().map(AsRef::as_ref).collect();
        self.place.list_leases(&self.context, &filters)
    }

    /// Adds a lease, and gives it as it was stored; without an id it gets one.
    ///
    /// # Errors
    /// As [`LeaseStore::create_lease`].
    ///
    /// ```
    /// # use stowbook::{Store, model::{Lease, LeaseResource}};
    /// let store = Store::in_memory();
    /// let leases = store.namespace("default").leases();
    /// let lease = leases.create(&Lease::default())?;
    /// let image = LeaseResource { id: "docker.io/library/nginx:alpine".into(), kind: "images".into(), ..Default::default() };
    /// leases.add_resource(&lease.id, &image)?;
    /// assert_eq!(leases.resources(&lease.id)?, [image]);
    /// # Ok::<(), stowbook::Error>(())
    /// ```
    pub fn create(&self, lease: &Lease) -> Result<Lease> {
        self.place.create_lease(&self.context, lease)
    }

    /// Removes a lease, but nothing of what it held.
    ///
    /// # Errors
    /// As [`LeaseStore::delete_lease`].
    pub fn delete(&self, id: &str) -> Result<()> {
        self.place.delete_lease(&self.context, id, false)
    }

    /// Removes a lease, and what nothing holds any more: in all namespaces, as [`Store::collect`](crate::Store::collect).
    ///
    /// # Errors
    /// As [`LeaseStore::delete_lease`].
    pub fn delete_and_collect(&self, id: &str) -> Result<()> {
        self.place.delete_lease(&self.context, id, true)
    }

    /// Has a lease hold a resource.
    ///
    /// # Errors
    /// As [`LeaseStore::add_resource`].
    pub fn add_resource(&self, lease: &str, resource: &LeaseResource) -> Result<()> {
        self.place.add_resource(&self.context, lease, resource)
    }

    /// Has a lease hold a resource no more.
    ///
    /// # Errors
    /// As [`LeaseStore::delete_resource`].
    pub fn delete_resource(&self, lease: &str, resource: &LeaseResource) -> Result<()> {
        self.place.delete_resource(&self.context, lease, resource)
    }

    /// What a lease holds.
    ///
    /// # Errors
    /// As [`LeaseStore::list_resources`].
    pub fn resources(&self, lease: &str) -> Result<Vec<LeaseResource>> {
        self.place.list_resources(&self.context, lease)
    }
}
