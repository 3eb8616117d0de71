//! Takes the records of one of containerd's databases over into a book.

mod entries;

use super::access::Access;
use super::{Store, events, namespaces, snapshots};
use crate::metadb::{Finding, Kind, MetaDb, Portable, PortableRecord, Salvage};
use crate::model::{SnapshotKind, Timestamp};
use crate::proto::generated::containerd::services::namespaces::v1::Namespace as NamespaceMessage;
use crate::snapshot;
use crate::storage::{Read, Txn, layout};
use crate::text::quote;
use crate::{Error, Result};
use entries::{Item, Parents};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How records are taken over.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ImportOptions {
    /// Only these namespaces; none named: all.
    pub namespaces: Vec<String>,
    /// Only tell what would happen.
    pub dry_run: bool,
    /// Leave what the book has already as it is, and take over the rest. Else a record that is there with another content is
    /// a conflict.
    pub keep_existing: bool,
}

/// What was taken over, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ImportReport {
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
    /// How many records of content were made. The bytes are not in a database.
    pub blobs: u64,
    /// How many records of content that is still being written were made. The bytes are not in a database.
    pub ingests: u64,
    /// How many snapshots were made, with what a snapshotter without files keeps of each.
    pub snapshots: u64,
    /// How many records the book had already, with the same content.
    pub unchanged: u64,
    /// What the book has already with another content, in words. With conflicts nothing is taken over, unless existing records
    /// are kept.
    pub conflicts: Vec<String>,
    /// What a book cannot hold to the byte, in words. With such values nothing is taken over.
    pub inexact: Vec<String>,
    /// What was concluded because a database does not tell it: the kinds of snapshots.
    pub concluded: Vec<String>,
    /// What is wrong or doubtful about a salvaged database: all that [`salvage`](crate::metadb::salvage) found.
    pub doubtful: Vec<String>,
    /// Which records of a salvaged database were left out, and why.
    pub left_out: Vec<String>,
}

impl ImportReport {
    fn count(&mut self, kind: Kind) -> &mut u64 {
        match kind {
            Kind::Container => &mut self.containers,
            Kind::Image => &mut self.images,
            Kind::Lease => &mut self.leases,
            Kind::Sandbox => &mut self.sandboxes,
            Kind::Blob => &mut self.blobs,
            Kind::Ingest => &mut self.ingests,
            Kind::Snapshot => &mut self.snapshots,
        }
    }
}

impl Store {
    /// Takes records over from a database of containerd: all of them in one transaction, or nothing. Times, labels, opaque
    /// values and what they carry beyond this version stay as they are. One event with the topic `/stowbook/import` tells of
    /// each namespace that was added to.
    ///
    /// Of content and snapshots a database has the records only. A blob's bytes are missed when they are read. A snapshot is made
    /// known to the snapshotter of its name as one without files ([`MetadataOnly`](crate::snapshot::MetadataOnly)), and its kind
    /// is concluded: committed if something stands on it, or if its key or its label `containerd.io/snapshot.ref` says that it
    /// is a layer of an image; else active.
    ///
    /// # Errors
    /// `AlreadyExists` when the book has one of the records with another content, `FailedPrecondition` when one has a value that
    /// a book cannot hold to the byte, each with the first of them as a detail; `NotFound` for a namespace that is named but not
    /// there; `DataLoss` when the database is damaged. Nothing was changed. What the place gives.
    pub fn import_metadb(&self, from: &MetaDb, options: &ImportOptions) -> Result<ImportReport> {
        let source = sources(from.portable(&options.namespaces)?);
        let mut known = ImportReport::default();
        for Source { portable, items } in &source {
            known.inexact.extend(portable.inexact.iter().cloned());
            known.inexact.extend(twice(items).into_values());
        }
        self.import_sources(source, known, options)
    }

    /// Takes over what was saved of a damaged database, as [`Store::import_metadb`] does it. Records that are not whole, not
    /// exact, or on pages to which nothing leads are left out; the report tells which, and what else is doubtful.
    ///
    /// # Errors
    /// As [`Store::import_metadb`], but damage is no error.
    pub fn import_salvage(&self, from: &Salvage, options: &ImportOptions) -> Result<ImportReport> {
        let (portable, left_out) = from.portable(&options.namespaces);
        let doubtful = from.findings().map(Finding::to_string).collect();
        let mut known = ImportReport { left_out, doubtful, ..ImportReport::default() };
        let mut source = sources(portable);
        for Source { items, .. } in &mut source {
            let mut twice = twice(items);
            known.left_out.extend(twice.values().cloned());
            let mut numbers = 0..;
            items.retain(|_| numbers.next().is_none_or(|number| twice.remove(&number).is_none()));
        }
        self.import_sources(source, known, options)
    }

    fn import_sources(
        &self,
        source: Vec<Source>,
        mut known: ImportReport,
        options: &ImportOptions,
    ) -> Result<ImportReport> {
        for name in &options.namespaces {
            if !source.iter().any(|source| source.portable.namespace.name == *name) {
                return Err(Error::not_found(format!("namespace {}", quote(name)))
                    .with_help("`stowbook --metadb FILE namespaces ls` shows which there are"));
            }
        }
        known.concluded = source.iter().flat_map(|source| concluded(&source.portable)).collect();
        if options.dry_run {
            return self.read(|read| plan(read, &source, known, options).map(|(report, _)| report));
        }
        if !known.inexact.is_empty() {
            let message = "the database has values that a book cannot hold to the byte";
            return Err(listed(Error::failed_precondition(message), "values", &known.inexact));
        }
        Access::write(self, |txn, now| {
            let (report, wanted) = plan(txn, &source, known.clone(), options)?;
            if !report.conflicts.is_empty() && !options.keep_existing {
                let message = format!("{} of the records to import", report.conflicts.len());
                return Err(listed(Error::already_exists(message), "conflicts", &report.conflicts)
                    .with_help("keep what is there with --keep-existing, or import into a new book"));
            }
            wanted.iter().try_for_each(|wanted| write(txn, wanted, now))?;
            Ok(report)
        })
    }
}

/// What comes of one namespace.
struct Source {
    portable: Portable,
    items: Vec<Item>,
}

fn sources(portable: Vec<Portable>) -> Vec<Source> {
    let source = |portable| Source { items: entries::items(&portable), portable };
    portable.into_iter().map(source).collect()
}

/// How many conflicts an error lists; a dry run lists all.
const LISTED: usize = 20;

fn listed(error: Error, name: &'static str, what: &[String]) -> Error {
    let mut text = what.iter().take(LISTED).cloned().collect::<Vec<_>>().join("; ");
    if what.len() > LISTED {
        text = format!("{text}; and {} more, which a dry run lists", what.len().saturating_sub(LISTED));
    }
    error.with_detail(name, text)
}

/// What a database has twice and a book can have only once: sandboxes in both places, snapshots of one name. containerd makes
/// neither. The numbers of the items that come second, each with words for it.
fn twice(items: &[Item]) -> BTreeMap<usize, String> {
    let mut seen = BTreeSet::new();
    let mut out = BTreeMap::new();
    for (number, item) in items.iter().enumerate() {
        let own = item.entries.first().map(|(key, _)| key.clone());
        for key in own.into_iter().chain(backing_key(item)) {
            let text = format!("{} is there twice", layout::describe(&key));
            if !seen.insert(key) {
                out.insert(number, text);
            }
        }
    }
    out
}

fn backing_key(item: &Item) -> Option<Vec<u8>> {
    item.backing.as_ref().map(|backing| snapshot::backing_key(&backing.snapshotter, &backing.snapshot.name))
}

fn concluded(portable: &Portable) -> Vec<String> {
    let parents = Parents::of(portable);
    let mut out = Vec::new();
    for snapshotter in portable.sequences.keys() {
        let kinds: Vec<SnapshotKind> = portable
            .records
            .iter()
            .filter_map(|record| match record {
                PortableRecord::Snapshot { snapshotter: of, snapshot, .. } if of == snapshotter => {
                    Some(parents.kind_of(of, snapshot))
                }
                _ => None,
            })
            .collect();
        let committed = kinds.iter().filter(|kind| **kind == SnapshotKind::Committed).count();
        if !kinds.is_empty() {
            out.push(format!(
                "snapshots of {} in namespace {}: {committed} are taken for committed, {} for active",
                quote(snapshotter),
                quote(&portable.namespace.name),
                kinds.len().saturating_sub(committed)
            ));
        }
    }
    out
}

/// What is to be written of one namespace.
struct Wanted<'a> {
    portable: &'a Portable,
    items: Vec<&'a Item>,
}

/// Compares what comes with what is there.
fn plan<'a>(
    read: &dyn Read,
    source: &'a [Source],
    mut report: ImportReport,
    options: &ImportOptions,
) -> Result<(ImportReport, Vec<Wanted<'a>>)> {
    let mut wanted = Vec::new();
    let mut made = ImportReport::default();
    for Source { portable, items } in source {
        let name = &portable.namespace.name;
        match namespaces::find(read, name)? {
            None => made.namespaces = made.namespaces.saturating_add(1),
            Some(existing) => {
                let others = portable
                    .namespace
                    .labels
                    .iter()
                    .filter(|(key, value)| existing.labels.get(*key).is_some_and(|there| there != *value));
                let conflicts = others.map(|(key, _)| format!("label {} of namespace {}", quote(key), quote(name)));
                report.conflicts.extend(conflicts);
            }
        }
        let mut new = Vec::new();
        for item in items {
            match there(read, item)? {
                There::Nothing => {
                    let count = made.count(item.kind);
                    *count = count.saturating_add(1);
                    new.push(item);
                }
                There::Same => report.unchanged = report.unchanged.saturating_add(1),
                There::Other(what) => report.conflicts.push(what),
            }
        }
        wanted.push(Wanted { portable, items: new });
    }
    if options.keep_existing || report.conflicts.is_empty() {
        report.namespaces = made.namespaces;
        for kind in Kind::ALL {
            *report.count(kind) = *made.count(kind);
        }
    }
    Ok((report, wanted))
}

/// What the book has in the place of a record.
enum There {
    Nothing,
    Same,
    Other(String),
}

fn there(read: &dyn Read, item: &Item) -> Result<There> {
    let mut first = None;
    let mut same = true;
    for (key, value) in &item.entries {
        let found = read.get(key, &mut |there| {
            same &= there == value.as_slice();
            Ok(())
        })?;
        same &= found;
        if first.is_none() {
            first = Some((key, found));
        }
    }
    Ok(match first {
        Some((_, true)) if same => There::Same,
        Some((key, true)) => There::Other(layout::describe(key)),
        _ => match backing_key(item) {
            Some(key) if read.get(&key, &mut |_| Ok(()))? => There::Other(layout::describe(&key)),
            _ => There::Nothing,
        },
    })
}

fn write(txn: &mut Txn<'_>, wanted: &Wanted<'_>, now: Timestamp) -> Result<()> {
    let Wanted { portable, items } = wanted;
    let name = &portable.namespace.name;
    namespaces::import(txn, &portable.namespace, now)?;
    for kind in &portable.kinds {
        namespaces::ensure(txn, name, kind_of_namespace(*kind))?;
    }
    for (snapshotter, sequence) in &portable.sequences {
        snapshots::import_sequence(txn, name, snapshotter, *sequence)?;
    }
    for (key, value) in items.iter().flat_map(|item| &item.entries) {
        txn.put(key.clone(), value.clone());
    }
    // Now every parent has its record, with the name that its snapshotter knows.
    for backing in items.iter().filter_map(|item| item.backing.as_ref()) {
        let mut known = backing.snapshot.clone();
        if !known.parent.is_empty()
            && let Some(parent) = snapshots::find_backend_name(txn, name, &backing.snapshotter, &known.parent)?
        {
            known.parent = parent;
        }
        snapshot::adopt(txn, &backing.snapshotter, known)?;
    }
    if !items.is_empty() {
        let message = NamespaceMessage { name: name.clone(), ..NamespaceMessage::default() };
        events::publish(txn, name, "/stowbook/import", &message, now);
    }
    Ok(())
}

fn kind_of_namespace(kind: Kind) -> namespaces::Kind {
    match kind {
        Kind::Container => namespaces::Kind::Containers,
        Kind::Image => namespaces::Kind::Images,
        Kind::Lease => namespaces::Kind::Leases,
        Kind::Sandbox => namespaces::Kind::Sandboxes,
        Kind::Blob => namespaces::Kind::Blobs,
        Kind::Ingest => namespaces::Kind::Ingests,
        Kind::Snapshot => namespaces::Kind::Snapshots,
    }
}
