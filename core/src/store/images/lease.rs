//! What the lease of an operation's context holds of images. Source: containerd-metadata §4, §5.

use crate::storage::layout::{self, Space};
use crate::storage::{Read as _, Txn};
use crate::{Error, Result};

fn key(namespace: &str, lease: &str, kind: &str, id: &str) -> Vec<u8> {
    let parts = [namespace, lease, kind, id].map(str::as_bytes);
    layout::key(Space::LeaseResource, &parts)
}

/// Has the lease hold what the operation made.
pub(super) fn hold(txn: &mut Txn<'_>, namespace: &str, lease: Option<&str>, kind: &str, id: &str) -> Result<()> {
    let Some(lease) = lease else { return Ok(()) };
    if !txn.get(&layout::record(Space::Lease, namespace.as_bytes(), lease.as_bytes()), &mut |_| Ok(()))? {
        return Err(Error::not_found("lease does not exist").with_help("create the lease first, in the same namespace"));
    }
    txn.put(key(namespace, lease, kind, id), Vec::new());
    Ok(())
}

/// Has the lease hold no more what the operation removed.
pub(super) fn release(txn: &mut Txn<'_>, namespace: &str, lease: Option<&str>, kind: &str, id: &str) {
    if let Some(lease) = lease {
        txn.delete(key(namespace, lease, kind, id));
    }
}
