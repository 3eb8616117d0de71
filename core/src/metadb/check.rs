//! What is wrong with a database: its pages, its records, and what they refer to.

use super::decode::{Decoder, Problem};
use super::finding::path_text;
use super::node::Node;
use super::survey::{self, Record};
use super::{Finding, Kind, Severity, encoding, settled};
use crate::bolt::{self, Metas, ReadAt, View, Walk};
use crate::text::quote;
use crate::{ErrorKind, Result};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// What a record refers to: a kind, the snapshotter of a snapshot, and the key.
type Reference = (Kind, Vec<u8>, Vec<u8>);

/// Looks at both meta pages, every page, every record and every reference, and tells what is wrong. Works on files that
/// [`MetaDb`](super::MetaDb) does not open, too.
///
/// bbolt's pages have no checksums: a changed byte within a text is not found.
///
/// # Errors
/// `FailedPrecondition` for what is no bbolt database, `Aborted` when a daemon writes to it all the time, and what the
/// place gives.
pub fn check(source: &dyn ReadAt) -> Result<Vec<Finding>> {
    settled(source, || {
        let mut out = Vec::new();
        let pages = bolt::check(source, &mut |path, fault| {
            let (page, problem) = (fault.page, fault.problem);
            let severity = if fault.harmless { Severity::Oddity } else { Severity::Damage };
            out.push(Finding { severity, page, path: path_text(path), problem });
        });
        match pages {
            Ok(()) => records(source, &mut out)?,
            // The meta pages are told of already.
            Err(error) if error.kind() == ErrorKind::DataLoss => {}
            Err(error) => return Err(error),
        }
        Ok(out)
    })
}

fn records(source: &dyn ReadAt, out: &mut Vec<Finding>) -> Result<()> {
    let view = View::new(source, &Metas::read(source).newest()?)?;
    if let Err(error) = survey::version(&view) {
        let problem = error.to_string();
        out.push(Finding { severity: Severity::Damage, page: None, path: "v1/version".to_owned(), problem });
    }
    let walk = Walk::new(view);
    // Damaged pages were told of when all pages were looked at.
    let mut quiet = |_: &[Vec<u8>], _| Ok(());
    for directory in survey::directories(&walk, &view.root(), &mut quiet)? {
        let mut there: BTreeSet<Reference> = BTreeSet::new();
        let mut wanted: Vec<(String, u64, Reference)> = Vec::new();
        if let Some(labels) = directory.labels(&walk, &mut quiet)? {
            let mut decoder = Decoder::default();
            decoder.namespace(&directory.name, Some(&labels));
            let path = path_text(&[survey::SCHEMA.to_vec(), directory.name.clone()]);
            out.extend(decoder.problems.iter().map(|problem| told(problem, labels.page, &path)));
        }
        directory.records(&walk, &Kind::ALL, &mut quiet, &mut |record| {
            let path = path_text(&record.path());
            let mut decoder = Decoder::default();
            decoder.any_kind(record.kind, &record.node);
            out.extend(decoder.problems.iter().map(|problem| told(problem, record.node.page, &path)));
            let references = references(&record).into_iter();
            wanted.extend(references.map(|reference| (path.clone(), record.node.page, reference)));
            there.insert((record.kind, record.snapshotter.to_vec(), record.node.key));
            Ok(ControlFlow::Continue(()))
        })?;
        let missing = wanted.into_iter().filter(|(_, _, reference)| !there.contains(reference));
        out.extend(missing.map(|(path, page, (kind, snapshotter, key))| {
            let of = if kind == Kind::Snapshot { format!(" of {}", quote(snapshotter)) } else { String::new() };
            let problem = format!("refers to {} {}{of}, which is not there", kind.word(), quote(key));
            Finding { severity: Severity::Oddity, page: Some(page), path, problem }
        }));
    }
    Ok(())
}

fn told(problem: &Problem, page: u64, path: &str) -> Finding {
    let severity = match problem {
        Problem::NotText(_) => Severity::Oddity,
        Problem::Undecodable(_) => Severity::Damage,
    };
    Finding { severity, page: Some(page), path: path.to_owned(), problem: problem.text().to_owned() }
}

/// What a record names. What it names by an empty text is nothing.
fn references(record: &Record<'_>) -> Vec<Reference> {
    let node = &record.node;
    let mut out = Vec::new();
    let mut add = |kind, snapshotter: &[u8], key: Option<&[u8]>| {
        if let Some(key) = key.filter(|key| !key.is_empty()) {
            out.push((kind, snapshotter.to_vec(), key.to_vec()));
        }
    };
    match record.kind {
        Kind::Container => {
            add(Kind::Image, &[], node.value("image"));
            add(Kind::Snapshot, node.value("snapshotter").unwrap_or_default(), node.value("snapshotKey"));
            add(Kind::Sandbox, &[], node.value("sandboxid"));
        }
        Kind::Image => add(Kind::Blob, &[], node.bucket("target").and_then(|target| target.value("digest"))),
        Kind::Lease => {
            for (kind, bucket) in [(Kind::Blob, "content"), (Kind::Image, "images"), (Kind::Ingest, "ingests")] {
                for key in keys(node.bucket(bucket)) {
                    add(kind, &[], Some(key));
                }
            }
            for (snapshotter, ids) in node.bucket("snapshots").iter().flat_map(|snapshots| &snapshots.buckets) {
                for key in keys(Some(ids)) {
                    add(Kind::Snapshot, snapshotter, Some(key));
                }
            }
        }
        Kind::Snapshot => {
            add(Kind::Snapshot, record.snapshotter, node.value("parent"));
            for key in keys(node.bucket("children")) {
                add(Kind::Snapshot, record.snapshotter, Some(key));
            }
        }
        Kind::Sandbox | Kind::Blob | Kind::Ingest => {}
    }
    out
}

fn keys(node: Option<&Node>) -> impl Iterator<Item = &Vec<u8>> {
    node.into_iter().flat_map(|node| node.values.keys())
}

/// When a record was changed last, if it tells.
pub(super) fn changed_at(node: &Node) -> Option<crate::model::Timestamp> {
    let time = |name| node.value(name).and_then(|bytes| encoding::time(bytes).ok().flatten());
    time("updatedat").or_else(|| time("createdat"))
}
