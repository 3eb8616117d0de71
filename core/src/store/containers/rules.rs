//! Container records: containerd's rules for them, in containerd's order. Source: containerd-metadata §3.

use super::VisitContainer;
use super::record::{self, Head};
use crate::filter::Filter;
use crate::model::{Any, Container, Extensions, Timestamp};
use crate::proto::generated::containerd::events::{
    ContainerCreate, ContainerDelete, ContainerUpdate, container_create,
};
use crate::rules::{validate_identifier, validate_label};
use crate::storage::layout::{self, Space};
use crate::storage::{Read, Txn};
use crate::store::events;
use crate::store::namespaces::{self, Kind};
use crate::text::quote;
use crate::{Error, ErrorKind, Result};
use std::ops::ControlFlow;

/// bbolt's limit for the key of a plain value, which an extension's name is (§0.2).
const MAX_EXTENSION_NAME_BYTES: usize = 32768;

fn head_key(namespace: &str, id: &str) -> Vec<u8> {
    layout::record(Space::ContainerHead, namespace.as_bytes(), id.as_bytes())
}

fn body_key(namespace: &str, id: &[u8]) -> Vec<u8> {
    layout::record(Space::ContainerBody, namespace.as_bytes(), id)
}

fn load(read: &dyn Read, namespace: &str, id: &str) -> Result<Option<Container>> {
    let Some(mut container) = read.decode(&head_key(namespace, id), record::decode_head)? else { return Ok(None) };
    add_body(read, namespace, &mut container)?;
    Ok(Some(container))
}

fn add_body(read: &dyn Read, namespace: &str, container: &mut Container) -> Result<()> {
    let key = body_key(namespace, container.id.as_bytes());
    let found = read.get(&key, &mut |body| record::add_body(container, body))?;
    if found { Ok(()) } else { Err(body_missing(&key)) }
}

fn body_missing(key: &[u8]) -> Error {
    Error::data_loss(format!("{} is missing", layout::describe(key)))
        .with_help("restore a backup, or run `stowbook db check` to see what else is missing")
}

fn missing(what: String) -> Error {
    Error::not_found(what).with_help("list the namespace to see what is there")
}

const TAKEN: &str = "choose another id, or delete the record first";

pub(super) fn get(read: &dyn Read, namespace: &str, id: &str) -> Result<Container> {
    load(read, namespace, id)?.ok_or_else(|| no_such_container(namespace, id))
}

/// The refusal to show a record that is not there.
pub(crate) fn no_such_container(namespace: &str, id: &str) -> Error {
    missing(format!("container {} in namespace {}", quote(id), quote(namespace)))
}

pub(super) fn list(read: &dyn Read, namespace: &str, filter: &Filter, visit: &mut VisitContainer<'_>) -> Result<()> {
    // Only the head is looked at until a record is known to be wanted, and of the head only what the filter names.
    let heads = layout::records(Space::ContainerHead, namespace.as_bytes());
    let mut wanted = Vec::new();
    read.scan(&heads, layout::prefix_end(&heads).as_deref(), &mut |_, head| {
        if filter.is_all() || filter.matches(&Head::new(head)) {
            wanted.push(record::decode_head(head)?);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    if !filter.is_all() {
        for mut container in wanted {
            add_body(read, namespace, &mut container)?;
            if visit(container)?.is_break() {
                break;
            }
        }
        return Ok(());
    }
    // All are wanted: one walk over the bodies, which lie in the same order, is cheaper than a search for each.
    let bodies = layout::records(Space::ContainerBody, namespace.as_bytes());
    let mut wanted = wanted.into_iter();
    let mut broken = false;
    read.scan(&bodies, layout::prefix_end(&bodies).as_deref(), &mut |key, body| {
        let Some(mut container) = wanted.next() else {
            return Err(Error::data_loss(format!("{} belongs to no record", layout::describe(key))));
        };
        if key.get(bodies.len()..) != Some(container.id.as_bytes()) {
            return Err(body_missing(&body_key(namespace, container.id.as_bytes())));
        }
        record::add_body(&mut container, body)?;
        let flow = visit(container)?;
        broken = flow.is_break();
        Ok(flow)
    })?;
    match wanted.next() {
        Some(container) if !broken => Err(body_missing(&body_key(namespace, container.id.as_bytes()))),
        _ => Ok(()),
    }
}

/// What every record must be, in the order in which containerd looks (§3.2).
pub(super) fn validate(container: &Container) -> Result<()> {
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
    let key = head_key(namespace, &container.id);
    if txn.get(&key, &mut |_| Ok(()))? {
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

/// Whether there is a record of this id.
#[cfg(feature = "bolt")]
pub(in crate::store) fn exists(read: &dyn Read, namespace: &str, id: &str) -> Result<bool> {
    read.get(&head_key(namespace, id), &mut |_| Ok(()))
}

/// Writes a record as another place has it, with its times, whatever the rules for new records say: it is there already.
/// Expects that the namespace can have containers, and that the record does not exist.
#[cfg(feature = "bolt")]
pub(in crate::store) fn import(txn: &mut Txn<'_>, namespace: &str, container: &Container, now: Timestamp) {
    txn.put(head_key(namespace, &container.id), record::encode_head(container));
    let body = record::encode_body(container.spec.as_ref(), &container.extensions, &container.runtime);
    txn.put(body_key(namespace, container.id.as_bytes()), body);
    publish_created(txn, namespace, container, now);
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
    let stored = load(txn, namespace, id)?.ok_or_else(|| missing(format!("container {}", quote(id))))?;
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
    let failed = |what: String| {
        let message = format!("failed to write container {}: {what}", quote(&container.id));
        Error::new(ErrorKind::Unknown, message)
    };
    if let Some(name) = container.extensions.keys().find(|name| name.len() > MAX_EXTENSION_NAME_BYTES) {
        return Err(failed("key too large".to_owned())
            .with_detail("length_bytes", name.len())
            .with_detail("limit_bytes", MAX_EXTENSION_NAME_BYTES)
            .with_help("shorten the extension's name"));
    }
    if let Some(value) = container.labels.get("").filter(|value| !value.is_empty()) {
        return Err(failed(format!("failed to set label \"\"={}: key required", quote(value)))
            .with_help("give the label a key"));
    }
    container.labels.retain(|_, value| !value.is_empty());
    container.updated_at = Some(now);

    txn.put(head_key(namespace, &container.id), record::encode_head(container));
    let (spec, extensions) = merged(container, stored);
    let body = record::encode_body(spec, &extensions, &container.runtime);
    let unchanged = stored
        .is_some_and(|stored| body == record::encode_body(stored.spec.as_ref(), &stored.extensions, &stored.runtime));
    if !unchanged {
        txn.put(body_key(namespace, container.id.as_bytes()), body);
    }
    Ok(())
}

/// What is stored of spec and extensions: containerd's writes add and replace, but never remove (§3.6). So the record that
/// an update gives back can show less than the next read.
fn merged<'a>(container: &'a Container, stored: Option<&'a Container>) -> (Option<&'a Any>, Extensions) {
    let mut extensions = stored.map(|stored| stored.extensions.clone()).unwrap_or_default();
    extensions.extend(container.extensions.iter().map(|(name, value)| (name.clone(), value.clone())));
    (container.spec.as_ref().or(stored.and_then(|stored| stored.spec.as_ref())), extensions)
}

pub(super) fn delete(txn: &mut Txn<'_>, namespace: &str, id: &str, now: Timestamp) -> Result<()> {
    if !namespaces::ever_had(txn, namespace, Kind::Containers)? {
        let message = format!("cannot delete container {} in namespace {}", quote(id), quote(namespace));
        return Err(missing(message));
    }
    let key = head_key(namespace, id);
    if !txn.get(&key, &mut |_| Ok(()))? {
        // Not quoted: containerd prints it so (§3.7).
        return Err(missing(format!("container {id}")));
    }
    txn.delete(key);
    txn.delete(body_key(namespace, id.as_bytes()));
    events::publish(txn, namespace, "/containers/delete", &ContainerDelete { id: id.to_owned() }, now);
    Ok(())
}
