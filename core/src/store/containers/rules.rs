//! Container records: containerd's rules for them, in containerd's order. Source: containerd-metadata §3.

use super::LookAtContainer;
use super::view::ContainerView;
use crate::model::{Container, Timestamp};
use crate::proto::generated::containerd::events::{
    ContainerCreate, ContainerDelete, ContainerUpdate, container_create,
};
use crate::rules::{validate_identifier, validate_label};
use crate::storage::{Read, Txn};
use crate::store::namespaces::{self, Kind};
use crate::store::{events, halves, labels};
use crate::text::quote;
use crate::{Error, Result};

fn missing(what: String) -> Error {
    Error::not_found(what).with_help("list the namespace to see what is there")
}

const TAKEN: &str = "choose another id, or delete the record first";

pub(super) fn get(read: &dyn Read, namespace: &str, id: &str) -> Result<Container> {
    halves::load(read, namespace, id)?.ok_or_else(|| no_such_container(namespace, id))
}

/// As [`get`], but shows the record where it lies.
pub(super) fn view(read: &dyn Read, namespace: &str, id: &str, visit: &mut LookAtContainer<'_>) -> Result<()> {
    let found =
        halves::show::<Container>(read, namespace, id, &mut |head, body| visit(&ContainerView::new(head, body)?))?;
    if found { Ok(()) } else { Err(no_such_container(namespace, id)) }
}

/// The refusal to show a record that is not there.
pub(crate) fn no_such_container(namespace: &str, id: &str) -> Error {
    missing(format!("container {} in namespace {}", quote(id), quote(namespace)))
}

/// What every record must be, in the order in which containerd looks (§3.2).
pub(in crate::store) fn validate(container: &Container) -> Result<()> {
    validate_identifier(&container.id).map_err(|error| error.context("container.ID: "))?;
    if container.extensions.contains_key("") {
        return Err(Error::invalid_argument("container.Extension keys must not be zero-length")
            .with_help("give each extension a name"));
    }
    for (key, value) in &container.labels {
        validate_label(key, value).map_err(|error| error.context("containers.Labels: "))?;
    }
    if container.runtime.name.is_empty() {
        return Err(Error::invalid_argument("container.Runtime.Name must be set")
            .with_help("containerd's default is io.containerd.runc.v2"));
    }
    // No check for the spec: since 1.7 containerd takes a record without one (§3.2).
    if !container.snapshot_key.is_empty() && container.snapshotter.is_empty() {
        return Err(Error::invalid_argument("container.Snapshotter must be set if container.SnapshotKey is set")
            .with_help("name the snapshotter that holds the snapshot"));
    }
    Ok(())
}

/// Expects a container that was validated: creating validates before it opens a transaction.
pub(super) fn create(txn: &mut Txn<'_>, namespace: &str, container: &Container, now: Timestamp) -> Result<Container> {
    namespaces::ensure(txn, namespace, Kind::Containers)?;
    if halves::exists::<Container>(txn, namespace, &container.id)? {
        return Err(Error::already_exists(format!("container {}", quote(&container.id))).with_help(TAKEN));
    }
    let mut created = container.clone();
    created.created_at = Some(now);
    write(txn, namespace, &mut created, now, None)?;
    publish_created(txn, namespace, &created, now);
    Ok(created)
}

fn publish_created(txn: &mut Txn<'_>, namespace: &str, created: &Container, now: Timestamp) {
    let runtime = container_create::Runtime {
        name: created.runtime.name.clone(),
        options: created.runtime.options.as_ref().map(events::any),
    };
    let event = ContainerCreate { id: created.id.clone(), image: created.image.clone(), runtime: Some(runtime) };
    events::publish(txn, namespace, "/containers/create", &event, now);
}

pub(super) fn update(
    txn: &mut Txn<'_>,
    namespace: &str,
    container: &Container,
    fields: &[&str],
    now: Timestamp,
) -> Result<Container> {
    let id = &container.id;
    if !namespaces::ever_had(txn, namespace, Kind::Containers)? {
        let message = format!("cannot update container {} in namespace {}", quote(id), quote(namespace));
        return Err(missing(message));
    }
    let stored: Container =
        halves::load(txn, namespace, id)?.ok_or_else(|| missing(format!("container {}", quote(id))))?;
    let mut updated = stored.clone();
    if fields.is_empty() {
        for (same, name) in [
            (stored.snapshotter == container.snapshotter, "Snapshotter"),
            (stored.runtime.name == container.runtime.name, "Runtime.Name"),
        ] {
            if !same {
                return Err(Error::invalid_argument(format!("container.{name} field is immutable"))
                    .with_help("name the fields to change, or repeat the stored value"));
            }
        }
        if !container.unknown.is_empty() {
            updated.unknown = container.unknown.clone();
        }
    }
    let all = ["labels", "spec", "extensions", "image", "snapshotkey"];
    for field in if fields.is_empty() { &all } else { fields } {
        apply_field(&mut updated, container, field)?;
    }
    validate(&updated).map_err(|error| error.context("update failed validation: "))?;
    write(txn, namespace, &mut updated, now, Some(&stored))?;
    let event = ContainerUpdate {
        id: updated.id.clone(),
        image: updated.image.clone(),
        labels: updated.labels.clone(),
        snapshot_key: updated.snapshot_key.clone(),
    };
    events::publish(txn, namespace, "/containers/update", &event, now);
    Ok(updated)
}

/// Sets one field of `updated` to what `container` says. Source: containerd-metadata §3.5.
fn apply_field(updated: &mut Container, container: &Container, field: &str) -> Result<()> {
    if let Some(key) = field.strip_prefix("labels.") {
        let value = container.labels.get(key).cloned().unwrap_or_default();
        updated.labels.insert(key.to_owned(), value);
        return Ok(());
    }
    if let Some(key) = field.strip_prefix("extensions.") {
        let value = container.extensions.get(key).cloned().unwrap_or_default();
        updated.extensions.insert(key.to_owned(), value);
        return Ok(());
    }
    match field {
        "labels" => updated.labels.clone_from(&container.labels),
        "spec" => updated.spec.clone_from(&container.spec),
        "extensions" => updated.extensions.clone_from(&container.extensions),
        "image" => updated.image.clone_from(&container.image),
        "snapshotkey" => updated.snapshot_key.clone_from(&container.snapshot_key),
        _ => {
            return Err(Error::invalid_argument(format!(
                "cannot update {} field on {}",
                quote(field),
                quote(&container.id)
            ))
            .with_help(
                "fields that can change: labels, labels.‹key›, spec, extensions, extensions.‹key›, image, snapshotkey",
            ));
        }
    }
    Ok(())
}

/// Writes a record over `stored`, and leaves `container` as containerd gives it back: without empty labels.
fn write(
    txn: &mut Txn<'_>,
    namespace: &str,
    container: &mut Container,
    now: Timestamp,
    stored: Option<&Container>,
) -> Result<()> {
    // The one rule about names that validation does not have.
    let names = container.extensions.keys().try_for_each(|name| labels::check_key(name.as_bytes()));
    names
        .and_then(|()| labels::settle(&mut container.labels))
        .map_err(|error| error.context(format!("failed to write container {}: ", quote(&container.id))))?;
    container.updated_at = Some(now);
    halves::save(txn, namespace, container, stored);
    Ok(())
}

pub(super) fn delete(txn: &mut Txn<'_>, namespace: &str, id: &str, now: Timestamp) -> Result<()> {
    if !namespaces::ever_had(txn, namespace, Kind::Containers)? {
        let message = format!("cannot delete container {} in namespace {}", quote(id), quote(namespace));
        return Err(missing(message));
    }
    if !halves::exists::<Container>(txn, namespace, id)? {
        // Not quoted: containerd prints it so (§3.7).
        return Err(missing(format!("container {id}")));
    }
    halves::delete::<Container>(txn, namespace, id);
    events::publish(txn, namespace, "/containers/delete", &ContainerDelete { id: id.to_owned() }, now);
    Ok(())
}
