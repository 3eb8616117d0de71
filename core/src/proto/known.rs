//! The messages that stand in event logs, found by their type URLs.

use super::generated::containerd::events as e;
use super::generated::containerd::services::{containers, content, images, leases, namespaces, snapshots};
use super::generated::containerd::{services::sandbox, types};
use super::is_type;
use super::schema::{Described, Schema};

macro_rules! schemas {
    ($($type:ty),* $(,)?) => { &[$(<$type as Described>::SCHEMA),*] };
}

/// containerd's event messages: those of [`super::type_urls::EVENTS`]. Only they have fields that an event filter can name.
const EVENTS: &[&Schema] = schemas![
    e::ContainerCreate,
    e::ContainerUpdate,
    e::ContainerDelete,
    e::ContentCreate,
    e::ContentDelete,
    images::v1::ImageCreate,
    images::v1::ImageUpdate,
    images::v1::ImageDelete,
    e::NamespaceCreate,
    e::NamespaceUpdate,
    e::NamespaceDelete,
    e::SandboxCreate,
    e::SandboxStart,
    e::SandboxExit,
    e::SnapshotPrepare,
    e::SnapshotCommit,
    e::SnapshotRemove,
    e::TaskCreate,
    e::TaskStart,
    e::TaskDelete,
    e::TaskExit,
    e::TaskOom,
    e::TaskExecAdded,
    e::TaskExecStarted,
    e::TaskPaused,
    e::TaskResumed,
    e::TaskCheckpointed,
];

/// The records and requests that events below `/stowbook/` carry.
const RECORDS: &[&Schema] = schemas![
    containers::v1::Container,
    content::v1::AbortRequest,
    content::v1::Info,
    content::v1::Status,
    content::v1::UpdateRequest,
    content::v1::WriteContentRequest,
    images::v1::Image,
    leases::v1::AddResourceRequest,
    leases::v1::CreateRequest,
    leases::v1::DeleteRequest,
    leases::v1::DeleteResourceRequest,
    leases::v1::Lease,
    leases::v1::Resource,
    namespaces::v1::Namespace,
    sandbox::v1::StoreCreateRequest,
    sandbox::v1::StoreDeleteRequest,
    sandbox::v1::StoreUpdateRequest,
    snapshots::v1::Info,
    snapshots::v1::RemoveSnapshotRequest,
    snapshots::v1::UpdateSnapshotRequest,
    snapshots::v1::ViewSnapshotRequest,
    types::Sandbox,
];

/// The event message of this type.
pub(crate) fn event(type_url: &str) -> Option<&'static Schema> {
    find(EVENTS, type_url)
}

/// The event message, record or request of this type.
pub(crate) fn event_or_record(type_url: &str) -> Option<&'static Schema> {
    event(type_url).or_else(|| find(RECORDS, type_url))
}

fn find(schemas: &[&'static Schema], type_url: &str) -> Option<&'static Schema> {
    schemas.iter().find(|schema| is_type(type_url, schema.name)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::type_urls;

    #[test]
    fn all_of_containerds_events_are_known() {
        let names: Vec<_> = EVENTS.iter().map(|schema| schema.name).collect();
        assert_eq!(names, type_urls::EVENTS);
        assert!(event("type.googleapis.com/containerd.events.TaskOOM").is_some());
        assert!(event("containerd.services.leases.v1.Lease").is_none());
        assert!(event_or_record("containerd.services.leases.v1.Lease").is_some());
    }
}
