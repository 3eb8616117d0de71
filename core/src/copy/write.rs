//! The records, in an order in which what refers comes behind what it refers to.

use super::survey::{Survey, Wanted, timeless_container, timeless_image, timeless_sandbox};
use super::{CopyReport, named};
use crate::{ContainerStore, Error, ImageStore, LeaseStore, NamespaceStore, Result, SandboxStore};

/// Writes them, and tells which of them the place has otherwise than they were.
pub(super) fn records<T>(to: &T, survey: &Survey, report: &mut CopyReport) -> Result<()>
where
    T: ContainerStore + ImageStore + LeaseStore + NamespaceStore + SandboxStore + ?Sized,
{
    survey.namespaces.iter().try_for_each(|wanted| namespace(to, wanted, report))
}

fn namespace<T>(to: &T, wanted: &Wanted, report: &mut CopyReport) -> Result<()>
where
    T: ContainerStore + ImageStore + LeaseStore + NamespaceStore + SandboxStore + ?Sized,
{
    let context = &wanted.context;
    let name = context.namespace.as_deref().unwrap_or_default();
    if let Some(namespace) = &wanted.namespace {
        let fields: Vec<String> = namespace.labels.keys().map(|key| format!("labels.{key}")).collect();
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        // The bytes of content, which came first, made the namespace.
        match to.create_namespace(namespace) {
            Err(error) if error.kind() == crate::ErrorKind::AlreadyExists => {
                if !fields.is_empty() {
                    to.update_namespace(namespace, &fields)?;
                }
            }
            created => drop(created?),
        }
    }
    for image in &wanted.images {
        let written =
            to.create_image(context, image, None).map_err(|error| failed(error, "image", &image.name, name))?;
        note(report, "image", &image.name, name, timeless_image(written) == timeless_image(image.clone()));
    }
    for (lease, resources) in &wanted.leases {
        let failed = |error| failed(error, "lease", &lease.id, name);
        let written = to.create_lease(context, lease).map_err(failed)?;
        note(report, "lease", &lease.id, name, written.labels == lease.labels);
        for resource in resources {
            to.add_resource(context, &lease.id, resource).map_err(failed)?;
        }
    }
    for sandbox in &wanted.sandboxes {
        let written =
            to.create_sandbox(context, sandbox).map_err(|error| failed(error, "sandbox", &sandbox.id, name))?;
        note(report, "sandbox", &sandbox.id, name, timeless_sandbox(written) == timeless_sandbox(sandbox.clone()));
    }
    for container in &wanted.containers {
        let written =
            to.create_container(context, container).map_err(|error| failed(error, "container", &container.id, name))?;
        note(
            report,
            "container",
            &container.id,
            name,
            timeless_container(written) == timeless_container(container.clone()),
        );
    }
    Ok(())
}

fn failed(error: Error, kind: &str, id: &str, namespace: &str) -> Error {
    error.with_detail("copying", named(kind, id, namespace))
}

fn note(report: &mut CopyReport, kind: &str, id: &str, namespace: &str, same: bool) {
    if !same {
        report.not_kept.push(format!("{}: the place keeps it otherwise", named(kind, id, namespace)));
    }
}
