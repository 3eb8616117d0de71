//! Removes what a collection found to be garbage. Source: containerd-metadata §10.6.

use crate::Result;
use crate::model::Timestamp;
use crate::proto::generated::containerd::events::{ContentDelete, SnapshotRemove};
use crate::proto::generated::containerd::services::content::v1::AbortRequest;
use crate::proto::generated::containerd::services::images::v1::ImageDelete;
use crate::storage::Txn;
use crate::storage::layout::{self, Space};
use crate::store::{events, leases};

/// Removes the record of this key. The links from a parent to a snapshot stay, as containerd leaves them (§6.3), and leases
/// keep the names of what is gone.
pub(super) fn remove(txn: &mut Txn<'_>, key: &[u8], now: Timestamp) -> Result<()> {
    let Some((space, parts)) = layout::parse(key) else { return Ok(()) };
    let parts: Vec<String> = parts.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect();
    match (space, parts.as_slice()) {
        (Space::Lease, [namespace, id]) => leases::delete(txn, namespace, id, now)?,
        (Space::Snapshot, [namespace, snapshotter, name]) => {
            let parts = [namespace, snapshotter, name].map(|part| part.as_bytes());
            let children = layout::prefix(Space::SnapshotChild, &parts);
            txn.delete_range(&children, layout::prefix_end(&children).as_deref())?;
            let event = SnapshotRemove { key: name.clone(), snapshotter: snapshotter.clone() };
            events::publish(txn, namespace, "/snapshot/remove", &event, now);
        }
        (Space::Ingest, [namespace, reference]) => {
            let event = AbortRequest { r#ref: reference.clone() };
            events::publish(txn, namespace, "/stowbook/content/abort", &event, now);
        }
        (Space::Blob, [namespace, digest]) => {
            let event = ContentDelete { digest: digest.clone() };
            events::publish(txn, namespace, "/stowbook/content/collect", &event, now);
        }
        (Space::Image, [namespace, name]) => {
            events::publish(txn, namespace, "/images/delete", &ImageDelete { name: name.clone() }, now);
        }
        _ => {}
    }
    txn.delete(key.to_vec());
    Ok(())
}
