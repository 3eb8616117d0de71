//! The same API as a book's, for reading.

use super::decode::Decoder;
use super::{Kind, MetaDb};
use crate::model::{
    Any, Blob, Container, Envelope, Image, IngestStatus, Lease, LeaseResource, Mount, Namespace, Sandbox, Snapshot,
    Timestamp, Usage,
};
use crate::rules::validate_digest;
use crate::store::{
    CommitContent, ContainerStore, ContentStore, ContentWriter, Context, CreateSnapshot, DeleteImage, EventStore,
    ImageStore, LeaseStore, NamespaceStore, OpenContent, SandboxStore, SnapshotStore, VisitContainer, VisitImage,
    VisitSandbox, check_digest, filters, no_such_blob, no_such_container, no_such_image, no_such_ingest, no_such_lease,
    no_such_sandbox, no_such_snapshot, no_such_snapshotter,
};
use crate::{Error, ErrorKind, Result};

/// The refusal of whatever would change a database of containerd.
#[must_use]
pub fn read_only() -> Error {
    Error::failed_precondition("containerd's database is open for reading only")
        .with_help("`stowbook metadb import` copies the records into a book, where they can be changed")
}

/// The refusal of a question that a database has no answer to.
fn elsewhere(message: String, help: &'static str) -> Error {
    Error::failed_precondition(message).with_help(help)
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

/// Digests and sizes. The bytes are in files beside the database.
impl ContentStore for MetaDb {
    fn get_blob(&self, context: &Context, digest: &str) -> Result<Blob> {
        check_digest(digest)?;
        let namespace = context.require_namespace()?;
        self.find(Kind::Blob, namespace, digest, Decoder::blob)?.ok_or_else(|| no_such_blob(digest))
    }

    fn list_blobs(&self, context: &Context, filters: &[&[u8]]) -> Result<Vec<Blob>> {
        let mut blobs = self.blobs(context, filters)?;
        // Keys that are no digests are passed over, as containerd does it.
        blobs.retain(|blob| validate_digest(&blob.digest).is_ok());
        Ok(blobs)
    }

    fn update_blob(&self, _context: &Context, _blob: &Blob, _fields: &[&str]) -> Result<Blob> {
        Err(read_only())
    }

    fn delete_blob(&self, _context: &Context, _digest: &str) -> Result<()> {
        Err(read_only())
    }

    fn read_blob(&self, context: &Context, digest: &str, _offset: u64, _buffer: &mut [u8]) -> Result<usize> {
        let blob = self.get_blob(context, digest)?;
        let message = format!("content {digest}: containerd's database has its record, not its bytes");
        Err(elsewhere(
            message,
            "they are in \u{2039}root\u{203a}/io.containerd.content.v1.content/blobs, by their digest",
        )
        .with_detail("size_bytes", blob.size))
    }

    fn open_content(&self, _context: &Context, _open: &OpenContent) -> Result<ContentWriter> {
        Err(read_only())
    }

    fn commit_content(&self, _writer: &mut ContentWriter, _commit: &CommitContent) -> Result<Blob> {
        Err(read_only())
    }

    /// The reference and the expected digest: how far it is, only the place of the bytes knows.
    fn get_ingest(&self, context: &Context, reference: &str) -> Result<IngestStatus> {
        let ingests = self.list_ingests(context, &[])?;
        ingests.into_iter().find(|status| status.reference == reference).ok_or_else(|| no_such_ingest(reference))
    }

    /// As [`get_ingest`](ContentStore::get_ingest); those too whose bytes have not begun to come.
    fn list_ingests(&self, context: &Context, filters: &[&[u8]]) -> Result<Vec<IngestStatus>> {
        let ingests = self.ingests(context, filters)?.into_iter();
        let statuses = ingests.map(|ingest| IngestStatus {
            reference: ingest.reference,
            expected: ingest.expected,
            ..IngestStatus::default()
        });
        Ok(statuses.collect())
    }

    fn abort_ingest(&self, _context: &Context, _reference: &str) -> Result<()> {
        Err(read_only())
    }
}

/// What containerd itself keeps of snapshots. Their kinds, mounts and sizes only the snapshotters know.
impl SnapshotStore for MetaDb {
    fn get_snapshot(&self, context: &Context, snapshotter: &str, key: &str) -> Result<Snapshot> {
        let namespace = named(snapshotter).and_then(|()| context.require_namespace())?;
        self.find_snapshot(namespace, snapshotter, key)?.ok_or_else(|| no_such_snapshot(key))
    }

    fn list_snapshots(&self, context: &Context, snapshotter: &str, filters: &[&[u8]]) -> Result<Vec<Snapshot>> {
        named(snapshotter)?;
        // The class that the errors of a book's list have.
        self.snapshots(context, snapshotter, filters).map_err(|error| match error.kind() {
            ErrorKind::InvalidArgument | ErrorKind::FailedPrecondition => error.with_kind(ErrorKind::Unknown),
            _ => error,
        })
    }

    fn prepare_snapshot(&self, _: &Context, _: &str, _: &str, _: &CreateSnapshot) -> Result<Vec<Mount>> {
        Err(read_only())
    }

    fn view_snapshot(&self, _: &Context, _: &str, _: &str, _: &CreateSnapshot) -> Result<Vec<Mount>> {
        Err(read_only())
    }

    fn commit_snapshot(&self, _: &Context, _: &str, _: &str, _: &str, _: &CreateSnapshot) -> Result<()> {
        Err(read_only())
    }

    fn update_snapshot(&self, _: &Context, _: &str, _: &Snapshot, _: &[&str]) -> Result<Snapshot> {
        Err(read_only())
    }

    fn remove_snapshot(&self, _context: &Context, _snapshotter: &str, _key: &str) -> Result<()> {
        Err(read_only())
    }

    fn mount_snapshot(&self, context: &Context, snapshotter: &str, key: &str) -> Result<Vec<Mount>> {
        let snapshot = self.get_snapshot(context, snapshotter, key)?;
        Err(unknown_to_database("mounts", snapshotter, &snapshot))
    }

    fn snapshot_usage(&self, context: &Context, snapshotter: &str, key: &str) -> Result<Usage> {
        let snapshot = self.get_snapshot(context, snapshotter, key)?;
        Err(unknown_to_database("usage", snapshotter, &snapshot))
    }
}

fn named(snapshotter: &str) -> Result<()> {
    if snapshotter.is_empty() { Err(no_such_snapshotter()) } else { Ok(()) }
}

fn unknown_to_database(what: &str, snapshotter: &str, snapshot: &Snapshot) -> Error {
    let message = format!("containerd's database does not know the {what} of snapshot {}", snapshot.name);
    elsewhere(message, "the snapshotter knows: ask it by its own name for the snapshot")
        .with_detail("snapshotter", snapshotter)
        .with_detail("backend_name", &snapshot.backend_name)
}
