//! The traits of places: each method is one call.

use super::Remote;
use crate::generated::{containers, events, images, leases, namespaces, sandbox_store, snapshots};
use crate::method::Method;
use crate::wire::Wire;
use prost_types::FieldMask;
use std::ops::ControlFlow;
use stowbook::model::{
    Any, Container, Envelope, Image, Lease, LeaseResource, Mount, Namespace, Sandbox, Snapshot, Timestamp, Usage,
};
use stowbook::proto::Message as _;
use stowbook::proto::generated::containerd::types;
use stowbook::rules::validate_identifier;
use stowbook::{
    ContainerStore, ContainerView, Context, CreateSnapshot, DeleteImage, Error, EventStore, ImageStore, LeaseStore,
    NamespaceStore, Result, SandboxStore, SnapshotStore, VisitContainer, VisitContainerView, VisitImage, VisitSandbox,
};

impl Remote {
    pub(super) fn call<Q: Wire, A: Wire>(&self, method: &Method<Q, A>, context: &Context, request: Q) -> Result<A> {
        self.wait_for(self.client.call(method, context, request))
    }

    /// All messages of a stream.
    pub(super) fn collect<Q: Wire, A: Wire>(
        &self,
        method: &Method<Q, A>,
        context: &Context,
        request: Q,
    ) -> Result<Vec<A>> {
        self.wait_for(async {
            let mut messages = self.client.ask(method, context, request).await?;
            let mut all = Vec::new();
            while let Some(message) = messages.next().await? {
                all.push(message);
            }
            Ok(all)
        })
    }
}

impl Remote {
    /// On whose behalf a namespace is made or changed.
    fn caller(&self, name: &str) -> Context {
        match &self.caller {
            Some(caller) => caller.clone(),
            // Others cannot be said in a header, and are refused anyway.
            None if validate_identifier(name).is_ok() => Context::in_namespace(name),
            None => Context::default(),
        }
    }
}

/// What a server leaves out of its answer, and must not.
pub(super) fn missing() -> Error {
    Error::internal("the server's answer has no record")
}

pub(super) fn filters(filters: &[&[u8]]) -> Result<Vec<String>> {
    let text = |filter: &&[u8]| {
        String::from_utf8(filter.to_vec())
            .map_err(|_| Error::invalid_argument("a filter that is not UTF-8 cannot be sent"))
    };
    filters.iter().map(text).collect()
}

fn texts(fields: &[&str]) -> Vec<String> {
    fields.iter().map(|field| (*field).to_owned()).collect()
}

pub(super) fn mask(fields: &[&str]) -> Option<FieldMask> {
    (!fields.is_empty()).then(|| FieldMask { paths: texts(fields) })
}

fn time(time: Timestamp) -> prost_types::Timestamp {
    // Nanoseconds are below a thousand million.
    prost_types::Timestamp { seconds: time.seconds(), nanos: i32::try_from(time.nanos()).unwrap_or_default() }
}

fn any(any: &Any) -> prost_types::Any {
    prost_types::Any { type_url: any.type_url.clone(), value: any.value.clone() }
}

/// Shows records until the visitor has seen enough.
fn show<T>(records: Vec<T>, visit: &mut dyn FnMut(T) -> Result<ControlFlow<()>>) -> Result<()> {
    for record in records {
        if visit(record)?.is_break() {
            break;
        }
    }
    Ok(())
}

impl ContainerStore for Remote {
    fn get_container(&self, context: &Context, id: &str) -> Result<Container> {
        let request = containers::GetContainerRequest { id: id.to_owned() };
        self.call(&containers::GET, context, request)?.container.ok_or_else(missing)
    }

    fn list_containers(&self, context: &Context, wanted: &[&[u8]], visit: &mut VisitContainer<'_>) -> Result<()> {
        let request = containers::ListContainersRequest { filters: filters(wanted)? };
        let found = self.collect(&containers::LIST_STREAM, context, request)?;
        show(found.into_iter().filter_map(|message| message.container).collect(), visit)
    }

    fn view_containers(&self, context: &Context, wanted: &[&[u8]], visit: &mut VisitContainerView<'_>) -> Result<()> {
        self.list_containers(context, wanted, &mut |container| visit(&ContainerView::of_message(&container.encode())?))
    }

    fn create_container(&self, context: &Context, container: &Container) -> Result<Container> {
        let request = containers::CreateContainerRequest { container: Some(container.clone()) };
        self.call(&containers::CREATE, context, request)?.container.ok_or_else(missing)
    }

    fn update_container(&self, context: &Context, container: &Container, fields: &[&str]) -> Result<Container> {
        let request =
            containers::UpdateContainerRequest { container: Some(container.clone()), update_mask: mask(fields) };
        self.call(&containers::UPDATE, context, request)?.container.ok_or_else(missing)
    }

    fn delete_container(&self, context: &Context, id: &str) -> Result<()> {
        self.call(&containers::DELETE, context, containers::DeleteContainerRequest { id: id.to_owned() })
    }
}

impl NamespaceStore for Remote {
    fn get_namespace(&self, name: &str) -> Result<Namespace> {
        let request = namespaces::GetNamespaceRequest { name: name.to_owned() };
        self.call(&namespaces::GET, &Context::default(), request)?.namespace.ok_or_else(missing)
    }

    fn list_namespaces(&self) -> Result<Vec<Namespace>> {
        let request = namespaces::ListNamespacesRequest::default();
        Ok(self.call(&namespaces::LIST, &Context::default(), request)?.namespaces)
    }

    fn create_namespace(&self, namespace: &Namespace) -> Result<Namespace> {
        let request = namespaces::CreateNamespaceRequest { namespace: Some(namespace.clone()) };
        self.call(&namespaces::CREATE, &self.caller(&namespace.name), request)?.namespace.ok_or_else(missing)
    }

    fn update_namespace(&self, namespace: &Namespace, fields: &[&str]) -> Result<()> {
        let request =
            namespaces::UpdateNamespaceRequest { namespace: Some(namespace.clone()), update_mask: mask(fields) };
        self.call(&namespaces::UPDATE, &self.caller(&namespace.name), request).map(drop)
    }

    fn delete_namespace(&self, name: &str) -> Result<()> {
        let request = namespaces::DeleteNamespaceRequest { name: name.to_owned() };
        self.call(&namespaces::DELETE, &Context::default(), request)
    }
}

impl ImageStore for Remote {
    fn get_image(&self, context: &Context, name: &str) -> Result<Image> {
        let request = images::GetImageRequest { name: name.to_owned() };
        self.call(&images::GET, context, request)?.image.ok_or_else(missing)
    }

    fn list_images(&self, context: &Context, wanted: &[&[u8]], visit: &mut VisitImage<'_>) -> Result<()> {
        let request = images::ListImagesRequest { filters: filters(wanted)? };
        show(self.call(&images::LIST, context, request)?.images, visit)
    }

    fn create_image(&self, context: &Context, image: &Image, source_date_epoch: Option<Timestamp>) -> Result<Image> {
        let source_date_epoch = source_date_epoch.map(time);
        let request = images::CreateImageRequest { image: Some(image.clone()), source_date_epoch };
        self.call(&images::CREATE, context, request)?.image.ok_or_else(missing)
    }

    fn update_image(
        &self,
        context: &Context,
        image: &Image,
        fields: &[&str],
        source_date_epoch: Option<Timestamp>,
    ) -> Result<Image> {
        let source_date_epoch = source_date_epoch.map(time);
        let request =
            images::UpdateImageRequest { image: Some(image.clone()), update_mask: mask(fields), source_date_epoch };
        self.call(&images::UPDATE, context, request)?.image.ok_or_else(missing)
    }

    fn delete_image(&self, context: &Context, name: &str, options: &DeleteImage) -> Result<()> {
        let target = options.target.as_ref().map(|target| types::Descriptor {
            media_type: target.media_type.clone(),
            digest: target.digest.clone(),
            size: target.size,
            annotations: target.annotations.clone(),
        });
        let request = images::DeleteImageRequest { name: name.to_owned(), sync: options.sync, target };
        self.call(&images::DELETE, context, request)
    }
}

impl LeaseStore for Remote {
    fn create_lease(&self, context: &Context, lease: &Lease) -> Result<Lease> {
        let request = leases::CreateRequest { id: lease.id.clone(), labels: lease.labels.clone() };
        self.call(&leases::CREATE, context, request)?.lease.ok_or_else(missing)
    }

    fn delete_lease(&self, context: &Context, id: &str, sync: bool) -> Result<()> {
        self.call(&leases::DELETE, context, leases::DeleteRequest { id: id.to_owned(), sync })
    }

    fn list_leases(&self, context: &Context, wanted: &[&[u8]]) -> Result<Vec<Lease>> {
        Ok(self.call(&leases::LIST, context, leases::ListRequest { filters: filters(wanted)? })?.leases)
    }

    fn add_resource(&self, context: &Context, lease: &str, resource: &LeaseResource) -> Result<()> {
        let request = leases::AddResourceRequest { id: lease.to_owned(), resource: Some(resource.clone()) };
        self.call(&leases::ADD_RESOURCE, context, request)
    }

    fn delete_resource(&self, context: &Context, lease: &str, resource: &LeaseResource) -> Result<()> {
        let request = leases::DeleteResourceRequest { id: lease.to_owned(), resource: Some(resource.clone()) };
        self.call(&leases::DELETE_RESOURCE, context, request)
    }

    fn list_resources(&self, context: &Context, lease: &str) -> Result<Vec<LeaseResource>> {
        let request = leases::ListResourcesRequest { id: lease.to_owned() };
        Ok(self.call(&leases::LIST_RESOURCES, context, request)?.resources)
    }
}

impl SandboxStore for Remote {
    fn get_sandbox(&self, context: &Context, id: &str) -> Result<Sandbox> {
        let request = sandbox_store::StoreGetRequest { sandbox_id: id.to_owned() };
        self.call(&sandbox_store::GET, context, request)?.sandbox.ok_or_else(missing)
    }

    fn list_sandboxes(&self, context: &Context, wanted: &[&[u8]], visit: &mut VisitSandbox<'_>) -> Result<()> {
        let request = sandbox_store::StoreListRequest { filters: filters(wanted)? };
        show(self.call(&sandbox_store::LIST, context, request)?.list, visit)
    }

    fn create_sandbox(&self, context: &Context, sandbox: &Sandbox) -> Result<Sandbox> {
        let request = sandbox_store::StoreCreateRequest { sandbox: Some(sandbox.clone()) };
        self.call(&sandbox_store::CREATE, context, request)?.sandbox.ok_or_else(missing)
    }

    fn update_sandbox(&self, context: &Context, sandbox: &Sandbox, fields: &[&str]) -> Result<Sandbox> {
        let request = sandbox_store::StoreUpdateRequest { sandbox: Some(sandbox.clone()), fields: texts(fields) };
        self.call(&sandbox_store::UPDATE, context, request)?.sandbox.ok_or_else(missing)
    }

    fn delete_sandbox(&self, context: &Context, id: &str) -> Result<()> {
        let request = sandbox_store::StoreDeleteRequest { sandbox_id: id.to_owned() };
        self.call(&sandbox_store::DELETE, context, request).map(drop)
    }
}

impl SnapshotStore for Remote {
    fn get_snapshot(&self, context: &Context, snapshotter: &str, key: &str) -> Result<Snapshot> {
        let request = snapshots::StatSnapshotRequest { snapshotter: snapshotter.to_owned(), key: key.to_owned() };
        self.call(&snapshots::STAT, context, request)?.info.ok_or_else(missing)
    }

    fn list_snapshots(&self, context: &Context, snapshotter: &str, wanted: &[&[u8]]) -> Result<Vec<Snapshot>> {
        let request =
            snapshots::ListSnapshotsRequest { snapshotter: snapshotter.to_owned(), filters: filters(wanted)? };
        let found = self.collect(&snapshots::LIST, context, request)?;
        Ok(found.into_iter().flat_map(|message| message.info).collect())
    }

    fn prepare_snapshot(
        &self,
        context: &Context,
        snapshotter: &str,
        key: &str,
        create: &CreateSnapshot,
    ) -> Result<Vec<Mount>> {
        let request = snapshots::PrepareSnapshotRequest {
            snapshotter: snapshotter.to_owned(),
            key: key.to_owned(),
            parent: create.parent.clone(),
            labels: create.labels.clone(),
        };
        Ok(mounts(self.call(&snapshots::PREPARE, context, request)?.mounts))
    }

    fn view_snapshot(
        &self,
        context: &Context,
        snapshotter: &str,
        key: &str,
        create: &CreateSnapshot,
    ) -> Result<Vec<Mount>> {
        let request = snapshots::ViewSnapshotRequest {
            snapshotter: snapshotter.to_owned(),
            key: key.to_owned(),
            parent: create.parent.clone(),
            labels: create.labels.clone(),
        };
        Ok(mounts(self.call(&snapshots::VIEW, context, request)?.mounts))
    }

    fn commit_snapshot(
        &self,
        context: &Context,
        snapshotter: &str,
        name: &str,
        key: &str,
        commit: &CreateSnapshot,
    ) -> Result<()> {
        let request = snapshots::CommitSnapshotRequest {
            snapshotter: snapshotter.to_owned(),
            name: name.to_owned(),
            key: key.to_owned(),
            labels: commit.labels.clone(),
            parent: commit.parent.clone(),
        };
        self.call(&snapshots::COMMIT, context, request)
    }

    fn update_snapshot(
        &self,
        context: &Context,
        snapshotter: &str,
        snapshot: &Snapshot,
        fields: &[&str],
    ) -> Result<Snapshot> {
        let request = snapshots::UpdateSnapshotRequest {
            snapshotter: snapshotter.to_owned(),
            info: Some(snapshot.clone()),
            update_mask: mask(fields),
        };
        self.call(&snapshots::UPDATE, context, request)?.info.ok_or_else(missing)
    }

    fn remove_snapshot(&self, context: &Context, snapshotter: &str, key: &str) -> Result<()> {
        let request = snapshots::RemoveSnapshotRequest { snapshotter: snapshotter.to_owned(), key: key.to_owned() };
        self.call(&snapshots::REMOVE, context, request)
    }

    fn mount_snapshot(&self, context: &Context, snapshotter: &str, key: &str) -> Result<Vec<Mount>> {
        let request = snapshots::MountsRequest { snapshotter: snapshotter.to_owned(), key: key.to_owned() };
        Ok(mounts(self.call(&snapshots::MOUNTS, context, request)?.mounts))
    }

    fn snapshot_usage(&self, context: &Context, snapshotter: &str, key: &str) -> Result<Usage> {
        let request = snapshots::UsageRequest { snapshotter: snapshotter.to_owned(), key: key.to_owned() };
        let usage = self.call(&snapshots::USAGE, context, request)?;
        Ok(Usage { size: usage.size, inodes: usage.inodes })
    }
}

fn mounts(mounts: Vec<types::Mount>) -> Vec<Mount> {
    let converted = |mount: types::Mount| Mount {
        kind: mount.r#type,
        source: mount.source,
        target: mount.target,
        options: mount.options,
    };
    mounts.into_iter().map(converted).collect()
}

impl EventStore for Remote {
    fn publish_event(&self, context: &Context, topic: &str, event: &Any) -> Result<()> {
        let request = events::PublishRequest { topic: topic.to_owned(), event: Some(any(event)) };
        self.call(&events::PUBLISH, context, request)
    }

    fn forward_event(&self, envelope: &Envelope) -> Result<()> {
        self.call(&events::FORWARD, &Context::default(), events::ForwardRequest { envelope: Some(envelope.clone()) })
    }
}
