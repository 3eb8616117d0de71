//! What there is to copy, and what the other place says to it.

use super::{CopyOptions, CopyReport, Keeps, Records, named};
use crate::model::{Blob, Container, Image, Lease, LeaseResource, Namespace, Sandbox, Snapshot, SnapshotKind};
use crate::rules::validate_identifier;
use crate::store::concluded_kind;
use crate::text::quote;
use crate::{Context, Error, ErrorKind, Result};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// What is to be written of all namespaces.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) namespaces: Vec<Wanted>,
}

/// What is to be written of one namespace.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) context: Context,
    /// As it shall be; none when there is nothing to change.
    pub(super) namespace: Option<Namespace>,
    pub(super) exists: bool,
    pub(super) blobs: Vec<Blob>,
    pub(super) images: Vec<Image>,
    pub(super) leases: Vec<(Lease, Vec<LeaseResource>)>,
    pub(super) sandboxes: Vec<Sandbox>,
    pub(super) containers: Vec<Container>,
    /// By their snapshotters.
    pub(super) snapshots: Vec<(String, Vec<Snapshot>)>,
}

/// The snapshotters whose snapshots are looked for, besides those that containers and leases name.
const SNAPSHOTTERS: [&str; 2] = ["native", "overlayfs"];

/// Looks at both places.
pub(super) fn survey<F: Records + ?Sized, T: Records + ?Sized>(
    from: &F,
    to: &T,
    options: &CopyOptions,
    keeps: Keeps,
) -> Result<(Survey, CopyReport)> {
    let there = from.list_namespaces()?;
    for name in &options.namespaces {
        if !there.iter().any(|namespace| namespace.name == *name) {
            return Err(Error::not_found(format!("namespace {}", quote(name)))
                .with_help("`stowbook namespaces ls` shows which there are"));
        }
    }
    let existing = to.list_namespaces()?;
    let (mut survey, mut report) = (Survey::default(), CopyReport::default());
    for namespace in there {
        if !options.namespaces.is_empty() && !options.namespaces.contains(&namespace.name) {
            continue;
        }
        if validate_identifier(&namespace.name).is_err() {
            report.not_kept.push(format!("namespace {}: its name is no identifier", quote(&namespace.name)));
            continue;
        }
        let known = existing.iter().find(|known| known.name == namespace.name);
        survey.namespaces.push(look(from, to, namespace, (known, keeps), &mut report)?);
    }
    Ok((survey, report))
}

fn look<F: Records + ?Sized, T: Records + ?Sized>(
    from: &F,
    to: &T,
    namespace: Namespace,
    (known, keeps): (Option<&Namespace>, Keeps),
    report: &mut CopyReport,
) -> Result<Wanted> {
    let name = namespace.name.clone();
    let context = Context::in_namespace(&name);
    let mut wanted = Wanted {
        context: context.clone(),
        exists: known.is_some(),
        namespace: labelled(namespace, known, report),
        blobs: Vec::new(),
        images: Vec::new(),
        leases: Vec::new(),
        sandboxes: Vec::new(),
        containers: Vec::new(),
        snapshots: Vec::new(),
    };
    let mut compare = Compare { namespace: &name, report };

    let mut containers = Vec::new();
    from.list_containers(&context, &[], &mut |container| {
        containers.push(container);
        Ok(ControlFlow::Continue(()))
    })?;
    let mut snapshotters: BTreeSet<String> = SNAPSHOTTERS.iter().map(|name| (*name).to_owned()).collect();
    snapshotters
        .extend(containers.iter().map(|container| container.snapshotter.clone()).filter(|name| !name.is_empty()));
    for container in containers {
        let there = to.get_container(&context, &container.id);
        if compare.is_new("container", &container.id, &container, there, timeless_container)? {
            wanted.containers.push(container);
        }
    }

    let mut images = Vec::new();
    from.list_images(&context, &[], &mut |image| {
        images.push(image);
        Ok(ControlFlow::Continue(()))
    })?;
    for image in images {
        let there = to.get_image(&context, &image.name);
        if compare.is_new("image", &image.name, &image, there, timeless_image)? {
            wanted.images.push(image);
        }
    }

    let leases = to.list_leases(&context, &[])?;
    for lease in from.list_leases(&context, &[])? {
        let there = leases.iter().find(|there| there.id == lease.id).cloned();
        let there = there.ok_or_else(|| Error::not_found("lease"));
        let resources = from.list_resources(&context, &lease.id)?;
        let named = resources.iter().filter_map(|resource| resource.kind.strip_prefix("snapshots/"));
        snapshotters.extend(named.map(str::to_owned));
        if compare.is_new("lease", &lease.id, &lease, there, timeless_lease)? {
            wanted.leases.push((lease, resources));
        }
    }

    for sandbox in sandboxes(from, &context)? {
        let there = to.get_sandbox(&context, &sandbox.id);
        if matches!(&there, Err(error) if error.kind() == ErrorKind::NotImplemented) {
            let line = format!("{}: the place has no sandboxes", named("sandbox", &sandbox.id, &name));
            compare.report.not_kept.push(line);
        } else if compare.is_new("sandbox", &sandbox.id, &sandbox, there, timeless_sandbox)? {
            wanted.sandboxes.push(sandbox);
        }
    }

    for blob in from.list_blobs(&context, &[])? {
        let there = to.get_blob(&context, &blob.digest);
        if compare.is_new("content", &blob.digest, &blob, there, timeless_blob)? {
            // A byte tells whether the place has the bytes at all.
            match from.read_blob(&context, &blob.digest, 0, &mut [0]) {
                Ok(_) => wanted.blobs.push(blob),
                Err(error) => {
                    let line = format!("{}: its bytes cannot be read: {error}", named("content", &blob.digest, &name));
                    compare.report.not_kept.push(line);
                }
            }
        }
    }
    for ingest in from.list_ingests(&context, &[])? {
        // A place that could keep it would need its bytes: containerd gives out those of committed content only.
        let ingest = named("ingest", &ingest.reference, &name);
        compare.report.not_kept.push(format!("{ingest}: what is being written cannot be read before it is committed"));
    }
    for snapshotter in snapshotters {
        let snapshots = snapshots(from, &context, &snapshotter)?;
        let what = format!("snapshots of {}", quote(&snapshotter));
        if keeps == Keeps::Nothing {
            leave(compare.report, snapshots.len(), &what, &name, "their files belong to the place");
            continue;
        }
        let snapshots = with_kinds(snapshots, &what, &mut compare);
        let mut new = Vec::new();
        for snapshot in snapshots {
            // A snapshotter that is not there has none.
            let there = to.get_snapshot(&context, &snapshotter, &snapshot.name).map_err(|error| match error.kind() {
                ErrorKind::InvalidArgument => error.with_kind(ErrorKind::NotFound),
                _ => error,
            });
            if compare.is_new("snapshot", &snapshot.name, &snapshot, there, timeless_snapshot)? {
                new.push(snapshot);
            }
        }
        if !new.is_empty() {
            wanted.snapshots.push((snapshotter, new));
        }
    }
    count(&wanted, keeps, report);
    Ok(wanted)
}

/// Those of a place; one without the snapshotter has none.
fn snapshots<F: Records + ?Sized>(from: &F, context: &Context, snapshotter: &str) -> Result<Vec<Snapshot>> {
    match from.list_snapshots(context, snapshotter, &[]) {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidArgument | ErrorKind::NotFound) => Ok(Vec::new()),
        listed => listed,
    }
}

/// Concludes the kinds that the place does not tell, and says so.
fn with_kinds(mut snapshots: Vec<Snapshot>, what: &str, compare: &mut Compare<'_>) -> Vec<Snapshot> {
    let parents: BTreeSet<String> = snapshots.iter().map(|snapshot| snapshot.parent.clone()).collect();
    let (mut committed, mut active) = (0_usize, 0_usize);
    for snapshot in snapshots.iter_mut().filter(|snapshot| snapshot.kind == SnapshotKind::Unknown) {
        snapshot.kind = concluded_kind(snapshot, parents.contains(&snapshot.name));
        let count = if snapshot.kind == SnapshotKind::Committed { &mut committed } else { &mut active };
        *count = count.saturating_add(1);
    }
    let why = format!("{committed} are taken for committed, {active} for active, which the place does not tell");
    leave(compare.report, committed.saturating_add(active), what, compare.namespace, &why);
    snapshots
}

fn leave(report: &mut CopyReport, count: usize, what: &str, namespace: &str, why: &str) {
    if count > 0 {
        report.not_kept.push(format!("{count} {what} in namespace {}: {why}", quote(namespace)));
    }
}

fn count(wanted: &Wanted, keeps: Keeps, report: &mut CopyReport) {
    let add = |to: &mut u64, count: usize| *to = to.saturating_add(count as u64);
    add(&mut report.namespaces, usize::from(!wanted.exists));
    add(&mut report.containers, wanted.containers.len());
    add(&mut report.images, wanted.images.len());
    add(&mut report.leases, wanted.leases.len());
    add(&mut report.sandboxes, wanted.sandboxes.len());
    add(&mut report.blobs, wanted.blobs.len());
    add(&mut report.snapshots, wanted.snapshots.iter().map(|(_, snapshots)| snapshots.len()).sum());
    if keeps == Keeps::TimesAndSnapshots {
        return;
    }
    let records = wanted.containers.len() + wanted.images.len() + wanted.leases.len();
    let records = records + wanted.sandboxes.len() + wanted.blobs.len();
    leave(
        report,
        records,
        "records",
        &wanted.context.namespace.clone().unwrap_or_default(),
        "the place sets their times",
    );
}

/// The namespace with the labels that are to be added; none when it has them all.
fn labelled(mut namespace: Namespace, known: Option<&Namespace>, report: &mut CopyReport) -> Option<Namespace> {
    let Some(known) = known else { return Some(namespace) };
    let name = namespace.name.clone();
    namespace.labels.retain(|key, value| match known.labels.get(key) {
        None => true,
        Some(there) if there == value => false,
        Some(_) => {
            report.conflicts.push(format!("label {} of namespace {}", quote(key), quote(&name)));
            false
        }
    });
    (!namespace.labels.is_empty()).then_some(namespace)
}

/// Those of a place that may know of none.
fn sandboxes<F: Records + ?Sized>(from: &F, context: &Context) -> Result<Vec<Sandbox>> {
    let mut sandboxes = Vec::new();
    let listed = from.list_sandboxes(context, &[], &mut |sandbox| {
        sandboxes.push(sandbox);
        Ok(ControlFlow::Continue(()))
    });
    match listed {
        Err(error) if error.kind() == ErrorKind::NotImplemented => Ok(Vec::new()),
        listed => listed.map(|()| sandboxes),
    }
}

struct Compare<'a> {
    namespace: &'a str,
    report: &'a mut CopyReport,
}

impl Compare<'_> {
    /// Whether the other place does not have it. When it has another one, that is a conflict.
    fn is_new<R: Clone + PartialEq>(
        &mut self,
        kind: &str,
        name: &str,
        record: &R,
        there: Result<R>,
        timeless: fn(R) -> R,
    ) -> Result<bool> {
        match there {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
            Err(error) => return Err(error),
            Ok(there) if timeless(there.clone()) == timeless(record.clone()) => {
                self.report.unchanged = self.report.unchanged.saturating_add(1);
            }
            Ok(_) => self.report.conflicts.push(named(kind, name, self.namespace)),
        }
        Ok(false)
    }
}

pub(super) fn timeless_container(record: Container) -> Container {
    Container { created_at: None, updated_at: None, ..record }
}

pub(super) fn timeless_image(record: Image) -> Image {
    Image { created_at: None, updated_at: None, ..record }
}

pub(super) fn timeless_lease(record: Lease) -> Lease {
    Lease { created_at: None, ..record }
}

pub(super) fn timeless_sandbox(record: Sandbox) -> Sandbox {
    Sandbox { created_at: None, updated_at: None, ..record }
}

/// Its snapshotter's name for it is the place's own.
fn timeless_snapshot(record: Snapshot) -> Snapshot {
    Snapshot { created_at: None, updated_at: None, backend_name: String::new(), ..record }
}

pub(super) fn timeless_blob(record: Blob) -> Blob {
    Blob { created_at: None, updated_at: None, ..record }
}
