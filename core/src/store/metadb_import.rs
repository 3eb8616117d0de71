//! Takes the records of one of containerd's databases over into a book.

use super::access::Access;
use super::{Store, containers, namespaces};
use crate::metadb::{Kind, MetaDb};
use crate::model::Timestamp;
use crate::storage::{Read, Txn};
use crate::text::quote;
use crate::{Error, Result};
use serde::Serialize;
use std::collections::BTreeMap;

/// How records are taken over.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ImportOptions {
    /// Only these namespaces; none named: all.
    pub namespaces: Vec<String>,
    /// Only tell what would happen.
    pub dry_run: bool,
    /// Leave what the book has already as it is, and take over the rest. Else anything that is there is a conflict.
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
    /// What the book has already, in words. With conflicts nothing is taken over, unless existing records are kept.
    pub conflicts: Vec<String>,
    /// What a book cannot hold to the byte, in words. With such values nothing is taken over.
    pub inexact: Vec<String>,
    /// How many records of other kinds there are, which a book does not take over yet, by the kind's word.
    pub left_out: BTreeMap<&'static str, u64>,
}

impl Store {
    /// Takes records over from a database of containerd: all of them in one transaction, or nothing. Times, labels, opaque
    /// values and what they carry beyond this version stay as they are.
    ///
    /// # Errors
    /// `AlreadyExists` when the book has one of the records, `FailedPrecondition` when one has a value that a book cannot
    /// hold to the byte, each with the first of them as a detail; `NotFound` for a namespace that is named but not there;
    /// `DataLoss` when the database is damaged. Nothing was changed. What the place gives.
    pub fn import_metadb(&self, from: &MetaDb, options: &ImportOptions) -> Result<ImportReport> {
        let source = from.portable(&options.namespaces)?;
        for name in &options.namespaces {
            if !source.iter().any(|portable| portable.namespace.name == *name) {
                return Err(Error::not_found(format!("namespace {}", quote(name)))
                    .with_help("`stowbook --metadb FILE namespaces ls` shows which there are"));
            }
        }
        let mut known = ImportReport::default();
        for portable in &source {
            known.inexact.extend(portable.inexact.iter().cloned());
            for (kind, count) in &portable.left_out {
                let left_out = known.left_out.entry(Kind::word(*kind)).or_default();
                *left_out = left_out.saturating_add(*count);
            }
        }
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
            write(txn, &wanted, now)?;
            Ok(report)
        })
    }
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

/// What is to be written of one namespace.
struct Wanted<'a> {
    portable: &'a crate::metadb::Portable,
    containers: Vec<&'a crate::model::Container>,
}

/// Compares what comes with what is there.
fn plan<'a>(
    read: &dyn Read,
    source: &'a [crate::metadb::Portable],
    mut report: ImportReport,
    options: &ImportOptions,
) -> Result<(ImportReport, Vec<Wanted<'a>>)> {
    let mut wanted = Vec::new();
    for portable in source {
        let name = &portable.namespace.name;
        match namespaces::find(read, name)? {
            None => report.namespaces = report.namespaces.saturating_add(1),
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
        let mut containers = Vec::new();
        for container in &portable.containers {
            if containers::exists(read, name, &container.id)? {
                report.conflicts.push(format!("container {} in namespace {}", quote(&container.id), quote(name)));
            } else {
                containers.push(container);
            }
        }
        report.containers = report.containers.saturating_add(containers.len() as u64);
        wanted.push(Wanted { portable, containers });
    }
    if !options.keep_existing && !report.conflicts.is_empty() {
        (report.namespaces, report.containers) = (0, 0);
    }
    Ok((report, wanted))
}

fn write(txn: &mut Txn<'_>, wanted: &[Wanted<'_>], now: Timestamp) -> Result<()> {
    for Wanted { portable, containers } in wanted {
        let name = &portable.namespace.name;
        namespaces::import(txn, &portable.namespace, now)?;
        if portable.had_containers {
            namespaces::ensure(txn, name, namespaces::Kind::Containers)?;
        }
        for container in containers {
            containers::import(txn, name, container, now);
        }
    }
    Ok(())
}
