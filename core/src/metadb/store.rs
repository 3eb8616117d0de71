//! The same API as a book's, for reading.

use super::decode::Decoder;
use super::{Kind, MetaDb};
use crate::model::{Any, Container, Envelope, Image, Lease, LeaseResource, Namespace, Sandbox, Timestamp};
use crate::store::{
    ContainerStore, Context, DeleteImage, EventStore, ImageStore, LeaseStore, NamespaceStore, SandboxStore,
    VisitContainer, VisitImage, VisitSandbox, filters, no_such_container, no_such_image, no_such_lease,
    no_such_sandbox,
};
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

/// Events are not kept in it, and none is published.
impl EventStore for MetaDb {
    fn publish_event(&self, _context: &Context, _topic: &str, _event: &Any) -> Result<()> {
        Err(read_only())
    }

    fn forward_event(&self, _envelope: &Envelope) -> Result<()> {
        Err(read_only())
    }
}

impl ImageStore for MetaDb {
    fn get_image(&self, context: &Context, name: &str) -> Result<Image> {
        let namespace = context.require_namespace()?;
        self.find(Kind::Image, namespace, name, Decoder::image)?.ok_or_else(|| no_such_image(name))
    }

    fn list_images(&self, context: &Context, filters: &[&[u8]], visit: &mut VisitImage<'_>) -> Result<()> {
        let namespace = context.require_namespace()?;
        let filter = filters::parse(filters)?;
        self.each(Kind::Image, namespace, &filter, Decoder::image, &mut |_, image| visit(image))
    }

    fn create_image(&self, _context: &Context, _image: &Image, _epoch: Option<Timestamp>) -> Result<Image> {
        Err(read_only())
    }

    fn update_image(
        &self,
        _context: &Context,
        _image: &Image,
        _fields: &[&str],
        _epoch: Option<Timestamp>,
    ) -> Result<Image> {
        Err(read_only())
    }

    fn delete_image(&self, _context: &Context, _name: &str, _options: &DeleteImage) -> Result<()> {
        Err(read_only())
    }
}

impl LeaseStore for MetaDb {
    fn create_lease(&self, _context: &Context, _lease: &Lease) -> Result<Lease> {
        Err(read_only())
    }

    fn delete_lease(&self, _context: &Context, _id: &str, _sync: bool) -> Result<()> {
        Err(read_only())
    }

    fn list_leases(&self, context: &Context, filters: &[&[u8]]) -> Result<Vec<Lease>> {
        Ok(self.leases(context, filters)?.into_iter().map(|(lease, _)| lease).collect())
    }

    fn add_resource(&self, _context: &Context, _lease: &str, _resource: &LeaseResource) -> Result<()> {
        Err(read_only())
    }

    fn delete_resource(&self, _context: &Context, _lease: &str, _resource: &LeaseResource) -> Result<()> {
        Err(read_only())
    }

    fn list_resources(&self, context: &Context, lease: &str) -> Result<Vec<LeaseResource>> {
        let namespace = context.require_namespace()?;
        self.find(Kind::Lease, namespace, lease, |decoder, node| decoder.resources(node))?
            .ok_or_else(|| no_such_lease(lease))
    }
}

impl SandboxStore for MetaDb {
    fn get_sandbox(&self, context: &Context, id: &str) -> Result<Sandbox> {
        let namespace = context.require_namespace()?;
        self.find(Kind::Sandbox, namespace, id, Decoder::sandbox)?.ok_or_else(|| no_such_sandbox(id))
    }

    fn list_sandboxes(&self, context: &Context, filters: &[&[u8]], visit: &mut VisitSandbox<'_>) -> Result<()> {
        let namespace = context.require_namespace()?;
        let filter = filters::parse(filters)?;
        self.each(Kind::Sandbox, namespace, &filter, Decoder::sandbox, &mut |_, sandbox| visit(sandbox))
    }

    fn create_sandbox(&self, _context: &Context, _sandbox: &Sandbox) -> Result<Sandbox> {
        Err(read_only())
    }

    fn update_sandbox(&self, _context: &Context, _sandbox: &Sandbox, _fields: &[&str]) -> Result<Sandbox> {
        Err(read_only())
    }

    fn delete_sandbox(&self, _context: &Context, _id: &str) -> Result<()> {
        Err(read_only())
    }
}
