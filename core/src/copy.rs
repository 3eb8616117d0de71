//! Copies records from one place to another: between books, servers, and databases of containerd, by nothing but the traits of
//! places. What the places do not agree about is told before anything is written.

mod bytes;
mod keep;
mod survey;
#[cfg(test)]
mod tests;
mod write;

use crate::model::Timestamp;
use crate::text::quote;
use crate::{
    ContainerStore, ContentStore, Error, ImageStore, LeaseStore, NamespaceStore, Result, SandboxStore, SnapshotStore,
    Store,
};
use serde::Serialize;
use survey::Survey;

/// A place of all kinds of records.
pub trait Records:
    ContainerStore + ContentStore + ImageStore + LeaseStore + NamespaceStore + SandboxStore + SnapshotStore
{
}

impl<P> Records for P where
    P: ContainerStore + ContentStore + ImageStore + LeaseStore + NamespaceStore + SandboxStore + SnapshotStore + ?Sized
{
}

/// How records are copied.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CopyOptions {
    /// Only these namespaces; none named: all.
    pub namespaces: Vec<String>,
    /// Only tell what would happen.
    pub dry_run: bool,
    /// Leave what is there otherwise as it is, and copy the rest. Else it is a conflict.
    pub keep_existing: bool,
    /// Until when a lease of the copy's own may hold what was copied, should the copy be killed; none: for ever. A copy that ends
    /// removes it.
    pub lease_until: Option<Timestamp>,
}

/// What was copied, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CopyReport {
    /// How many namespaces were made.
    pub namespaces: u64,
    /// How many containers were made.
    pub containers: u64,
    /// How many images were made.
    pub images: u64,
    /// How many leases were made, with what they hold.
    pub leases: u64,
    /// How many sandboxes were made.
    pub sandboxes: u64,
    /// How many blobs were made, with their bytes.
    pub blobs: u64,
    /// How many snapshots were made, as records of a snapshotter without files. Only a book takes them.
    pub snapshots: u64,
    /// How many records were there already, with the same content.
    pub unchanged: u64,
    /// What is there with another content, in words. With conflicts nothing is copied, unless existing records are kept.
    pub conflicts: Vec<String>,
    /// What is not as it was, in words: what the place sets itself or has no room for, and what cannot be copied.
    pub not_kept: Vec<String>,
}

/// Copies records with the bytes of content. Times are set by the place that gets the records. Each record is written by itself:
/// when one is refused, those before it stay. All of a namespace's records are in memory meanwhile, of a blob a part.
///
/// # Errors
/// `NotFound` for a namespace that is named but not there; `AlreadyExists` when something is there with another content: nothing
/// was written then. What the places give.
pub fn copy<F: Records + ?Sized, T: Records + ?Sized>(from: &F, to: &T, options: &CopyOptions) -> Result<CopyReport> {
    let (survey, mut report) = prepared(from, to, options, Keeps::Nothing)?;
    if !options.dry_run {
        let leases = bytes::copy(from, to, &survey, options.lease_until)?;
        let written = write::records(to, &survey, &mut report);
        // The records hold it now, or somebody asks again.
        let released = leases.release(to);
        written.and(released)?;
    }
    Ok(report)
}

impl Store {
    /// As [`copy`], into this book: the records all together or not at all. The bytes of content come before them. The records
    /// keep their times. Of snapshots, those of `native` and `overlayfs` and of the snapshotters that containers and leases name,
    /// the records come too, made known to a snapshotter without files ([`MetadataOnly`](crate::snapshot::MetadataOnly)); where the
    /// place does not tell their kinds, they are concluded as in `Store::import_metadb`.
    ///
    /// # Errors
    /// As [`copy`].
    pub fn copy_from<F: Records + ?Sized>(&self, from: &F, options: &CopyOptions) -> Result<CopyReport> {
        let (survey, report) = prepared(from, self, options, Keeps::TimesAndSnapshots)?;
        if options.dry_run {
            return Ok(report);
        }
        let leases = bytes::copy(from, self, &survey, options.lease_until)?;
        let written = self.write(|txn| {
            let mut report = report.clone();
            write::records(txn, &survey, &mut report)?;
            keep::all(txn, &survey)?;
            Ok(report)
        });
        leases.release(self)?;
        written
    }
}

/// What a place takes beyond the records that its operations make.
#[derive(Clone, Copy, PartialEq)]
enum Keeps {
    Nothing,
    TimesAndSnapshots,
}

fn prepared<F: Records + ?Sized, T: Records + ?Sized>(
    from: &F,
    to: &T,
    options: &CopyOptions,
    keeps: Keeps,
) -> Result<(Survey, CopyReport)> {
    let (survey, report) = survey::survey(from, to, options, keeps)?;
    if !report.conflicts.is_empty() && !options.keep_existing && !options.dry_run {
        let message = format!("{} of the records to copy", report.conflicts.len());
        return Err(Error::already_exists(message)
            .with_detail("conflicts", listed(&report.conflicts))
            .with_help("keep what is there with --keep-existing, or copy to an empty place"));
    }
    Ok((survey, report))
}

/// How many conflicts an error lists; a dry run lists all.
const LISTED: usize = 20;

fn listed(what: &[String]) -> String {
    let text = what.iter().take(LISTED).cloned().collect::<Vec<_>>().join("; ");
    match what.len().checked_sub(LISTED) {
        None | Some(0) => text,
        Some(more) => format!("{text}; and {more} more, which a dry run lists"),
    }
}

/// A record in words.
fn named(kind: &str, name: &str, namespace: &str) -> String {
    format!("{kind} {} in namespace {}", quote(name), quote(namespace))
}
