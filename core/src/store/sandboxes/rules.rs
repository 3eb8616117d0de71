//! Sandbox records: containerd's rules for them, in containerd's order. Source: containerd-metadata §6.1.

use crate::model::{Sandbox, Timestamp};
use crate::proto::generated::containerd::services::sandbox::v1::StoreDeleteRequest;
use crate::rules::validate_identifier;
use crate::storage::{Read, Txn};
use crate::store::namespaces::{self, Kind};
use crate::store::{events, halves, labels};
use crate::text::quote;
use crate::{Error, Result};

fn missing(what: String) -> Error {
    Error::not_found(what).with_help("list the sandboxes of the namespace to see what is there")
}

/// containerd tells a namespace that never had a sandbox from one without this sandbox.
fn require_any(read: &dyn Read, namespace: &str) -> Result<()> {
    if namespaces::ever_had(read, namespace, Kind::Sandboxes)? {
        return Ok(());
    }
    Err(missing("no sandbox buckets".to_owned()))
}

pub(super) fn get(read: &dyn Read, namespace: &str, id: &str) -> Result<Sandbox> {
    require_any(read, namespace)?;
    halves::load(read, namespace, id)?.ok_or_else(|| missing(format!("bucket {} not found", quote(id))))
}

/// What every record must be. Its times, which containerd checks too, are always set here.
pub(in crate::store) fn validate(sandbox: &Sandbox) -> Result<()> {
    validate_identifier(&sandbox.id).map_err(|error| error.context("invalid sandbox ID: "))
}

/// Expects a sandbox that was validated: creating validates before it opens a transaction.
pub(super) fn create(txn: &mut Txn<'_>, namespace: &str, sandbox: &Sandbox, now: Timestamp) -> Result<Sandbox> {
    namespaces::ensure(txn, namespace, Kind::Sandboxes).map_err(|error| error.context("create error: "))?;
    if halves::exists::<Sandbox>(txn, namespace, &sandbox.id)? {
        let message = format!("write error: sandbox bucket {} already exists", quote(&sandbox.id));
        return Err(Error::already_exists(message).with_help("choose another id, or delete the record first"));
    }
    let mut created = sandbox.clone();
    created.created_at = Some(now);
    write(txn, namespace, &mut created, now, None).map_err(|error| error.context("write error: "))?;
    events::publish_record(txn, namespace, "/stowbook/sandboxes/create", &created, now);
    Ok(created)
}

pub(super) fn update(
    txn: &mut Txn<'_>,
    namespace: &str,
    sandbox: &Sandbox,
    fields: &[&str],
    now: Timestamp,
) -> Result<Sandbox> {
    let stored = get(txn, namespace, &sandbox.id)?;
    let mut updated = stored.clone();
    if fields.is_empty() {
        if stored.runtime.name != sandbox.runtime.name {
            return Err(Error::invalid_argument("sandbox.Runtime.Name field is immutable")
                .with_help("name the fields to change (runtime can be among them), or repeat the stored value"));
        }
        if !sandbox.unknown.is_empty() {
            updated.unknown = sandbox.unknown.clone();
        }
    }
    let all = ["labels", "extensions", "spec", "runtime"];
    for field in if fields.is_empty() { &all } else { fields } {
        apply_field(&mut updated, sandbox, field)?;
    }
    write(txn, namespace, &mut updated, now, Some(&stored))?;
    events::publish_record(txn, namespace, "/stowbook/sandboxes/update", &updated, now);
    Ok(updated)
}

/// Sets one field of `updated` to what `sandbox` says.
fn apply_field(updated: &mut Sandbox, sandbox: &Sandbox, field: &str) -> Result<()> {
    if let Some(key) = field.strip_prefix("labels.") {
        let value = sandbox.labels.get(key).cloned().unwrap_or_default();
        updated.labels.insert(key.to_owned(), value);
        return Ok(());
    }
    if let Some(key) = field.strip_prefix("extensions.") {
        let value = sandbox.extensions.get(key).cloned().unwrap_or_default();
        updated.extensions.insert(key.to_owned(), value);
        return Ok(());
    }
    match field {
        "labels" => updated.labels.clone_from(&sandbox.labels),
        "extensions" => updated.extensions.clone_from(&sandbox.extensions),
        "spec" => updated.spec.clone_from(&sandbox.spec),
        "runtime" => updated.runtime.clone_from(&sandbox.runtime),
        _ => {
            return Err(Error::invalid_argument(format!(
                "cannot update {} field on sandbox {}",
                quote(field),
                quote(&sandbox.id)
            ))
            .with_help("fields that can change: labels, labels.‹key›, extensions, extensions.‹key›, spec, runtime"));
        }
    }
    Ok(())
}

/// Writes a record over `stored`, and leaves `sandbox` as containerd gives it back: without empty labels.
fn write(
    txn: &mut Txn<'_>,
    namespace: &str,
    sandbox: &mut Sandbox,
    now: Timestamp,
    stored: Option<&Sandbox>,
) -> Result<()> {
    labels::settle(&mut sandbox.labels)?;
    sandbox.extensions.keys().try_for_each(|name| labels::check_key(name.as_bytes()))?;
    sandbox.updated_at = Some(now);
    halves::save(txn, namespace, sandbox, stored);
    Ok(())
}

pub(super) fn delete(txn: &mut Txn<'_>, namespace: &str, id: &str, now: Timestamp) -> Result<()> {
    require_any(txn, namespace)?;
    if !halves::exists::<Sandbox>(txn, namespace, id)? {
        return Err(missing(format!("failed to delete sandbox {}", quote(id))));
    }
    halves::delete::<Sandbox>(txn, namespace, id);
    let event = StoreDeleteRequest { sandbox_id: id.to_owned() };
    events::publish(txn, namespace, "/stowbook/sandboxes/delete", &event, now);
    Ok(())
}
