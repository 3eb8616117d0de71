//! The bytes of content, which come before the records that refer to them.

use super::survey::{Survey, Wanted};
use super::{Records, named};
use crate::model::{Blob, Lease, Timestamp};
use crate::{CommitContent, Context, Error, ErrorKind, OpenContent, Result};

/// How much of a blob is in memory.
const CHUNK_BYTES: usize = 1024 * 1024;

/// The leases that hold what was copied until records do: a collector may come at any time.
pub(super) struct Leases(Vec<(Context, String)>);

impl Leases {
    /// Removes them.
    pub(super) fn release<T: Records + ?Sized>(self, to: &T) -> Result<()> {
        let released: Vec<_> = self.0.iter().map(|(context, id)| to.delete_lease(context, id, false)).collect();
        released.into_iter().collect()
    }
}

pub(super) fn copy<F: Records + ?Sized, T: Records + ?Sized>(
    from: &F,
    to: &T,
    survey: &Survey,
    until: Option<Timestamp>,
) -> Result<Leases> {
    let mut leases = Leases(Vec::new());
    match each(from, to, survey, until, &mut leases) {
        Ok(()) => Ok(leases),
        Err(error) => {
            // The error tells more than that of a lease.
            let _ = leases.release(to);
            Err(error)
        }
    }
}

fn each<F: Records + ?Sized, T: Records + ?Sized>(
    from: &F,
    to: &T,
    survey: &Survey,
    until: Option<Timestamp>,
    leases: &mut Leases,
) -> Result<()> {
    for Wanted { context, blobs, .. } in survey.namespaces.iter().filter(|wanted| !wanted.blobs.is_empty()) {
        let mut lease = Lease::default();
        if let Some(until) = until {
            lease.expire_at(until);
        }
        let lease = to.create_lease(context, &lease)?.id;
        leases.0.push((context.clone(), lease.clone()));
        let mut held = context.clone();
        held.lease = Some(lease);
        for blob in blobs {
            let name = context.namespace.as_deref().unwrap_or_default();
            let failed = |error: Error| error.with_detail("copying", named("content", &blob.digest, name));
            blob_bytes(from, to, context, &held, blob).map_err(failed)?;
        }
    }
    Ok(())
}

fn blob_bytes<F: Records + ?Sized, T: Records + ?Sized>(
    from: &F,
    to: &T,
    source: &Context,
    held: &Context,
    blob: &Blob,
) -> Result<()> {
    let mut open = OpenContent::new(format!("stowbook-copy-{}", blob.digest));
    open.expected.clone_from(&blob.digest);
    open.total = blob.size;
    let mut writer = match to.open_content(held, &open) {
        // Somebody brought it meanwhile.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        writer => writer?,
    };
    let status = writer.status()?;
    // What another namespace of the place shares need not be sent; what an earlier copy left goes on.
    let mut at = status.offset.unsigned_abs();
    let mut buffer = vec![0; if status.expected.is_empty() { CHUNK_BYTES } else { 0 }];
    loop {
        let read = if buffer.is_empty() { 0 } else { from.read_blob(source, &blob.digest, at, &mut buffer)? };
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        writer.write(bytes)?;
        at = at.saturating_add(read as u64);
    }
    let mut commit = CommitContent::default();
    commit.expected.clone_from(&blob.digest);
    commit.size = blob.size;
    commit.labels.clone_from(&blob.labels);
    match to.commit_content(&mut writer, &commit) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => {
            // Bytes that are not what they should be are of no use to a second try.
            drop(writer);
            let _ = to.abort_ingest(held, &open.reference);
            Err(error)
        }
        Ok(_) => Ok(()),
    }
}
