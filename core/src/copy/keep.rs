//! What only a book keeps of the records of another place.

use super::survey::{Survey, Wanted};
use crate::store::Dated;
use crate::{Result, WriteTxn};

/// Puts the snapshots in, and gives the records that were written the times that they had.
pub(super) fn all(txn: &WriteTxn<'_, '_>, survey: &Survey) -> Result<()> {
    survey.namespaces.iter().try_for_each(|wanted| one(txn, wanted))
}

fn one(txn: &WriteTxn<'_, '_>, wanted: &Wanted) -> Result<()> {
    let namespace = wanted.context.namespace.as_deref().unwrap_or_default();
    let blobs = wanted.blobs.iter().map(Dated::Blob);
    let images = wanted.images.iter().map(Dated::Image);
    let leases = wanted.leases.iter().map(|(lease, _)| Dated::Lease(lease));
    let sandboxes = wanted.sandboxes.iter().map(Dated::Sandbox);
    let containers = wanted.containers.iter().map(Dated::Container);
    let mut records = blobs.chain(images).chain(leases).chain(sandboxes).chain(containers);
    records.try_for_each(|record| txn.keep_times(namespace, record))?;
    let mut snapshots = wanted.snapshots.iter();
    snapshots.try_for_each(|(snapshotter, kept)| txn.keep_snapshots(namespace, snapshotter, kept))
}
