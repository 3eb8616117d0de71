//! Image records: containerd's rules for them, in containerd's order. Source: containerd-metadata §4.

use super::record::Stored;
use super::{DeleteImage, VisitImage};
use crate::filter::Filter;
use crate::model::{EXPIRE_LABEL, Image, Timestamp};
use crate::proto::Message as _;
use crate::proto::generated::containerd::services::images::v1::{ImageCreate, ImageDelete, ImageUpdate};
use crate::rules::{validate_digest, validate_label};
use crate::storage::layout::{self, Space};
use crate::storage::{Read, Txn};
use crate::store::fields::Fields;
use crate::store::namespaces::{self, Kind};
use crate::store::{events, labels, leases};
use crate::text::quote;
use crate::{Error, ErrorKind, Result};
use std::ops::ControlFlow;

/// What a lease calls the images that it holds.
const HELD_AS: &str = "images";

/// On whose behalf, and when, an image is written or deleted.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) namespace: &'a str,
    pub(super) lease: Option<&'a str>,
    pub(super) now: Timestamp,
}

fn key(namespace: &str, name: &str) -> Vec<u8> {
    layout::record(Space::Image, namespace.as_bytes(), name.as_bytes())
}

/// An image as it is stored: damage to it is no fault of the caller.
pub(in crate::store) fn decode(value: &[u8]) -> Result<Image> {
    Image::decode(value).map_err(Error::into_damage)
}

/// The refusal to show a record that is not there.
pub(crate) fn missing(name: &str) -> Error {
    Error::not_found(format!("image {}", quote(name)))
        .with_help("list the images of the namespace to see what is there")
}

pub(super) fn get(read: &dyn Read, namespace: &str, name: &str) -> Result<Image> {
    read.decode(&key(namespace, name), decode)?.ok_or_else(|| missing(name))
}

pub(super) fn list(read: &dyn Read, namespace: &str, filter: &Filter, visit: &mut VisitImage<'_>) -> Result<()> {
    let images = layout::records(Space::Image, namespace.as_bytes());
    read.scan(&images, layout::prefix_end(&images).as_deref(), &mut |_, value| {
        if filter.matches(&Stored(Fields::of(value))) {
            return visit(decode(value)?);
        }
        Ok(ControlFlow::Continue(()))
    })
}

/// What every record must be, in the order in which containerd looks.
pub(in crate::store) fn validate(image: &Image) -> Result<()> {
    for (key, value) in &image.labels {
        validate_label(key, value).map_err(|error| error.context("image.Labels: "))?;
    }
    let target = &image.target;
    validate_digest(&target.digest).map_err(|error| {
        error
            .context(format!("target.Digest {} invalid: ", quote(&target.digest)))
            .with_class(ErrorKind::InvalidArgument)
    })?;
    if target.size <= 0 {
        return Err(Error::invalid_argument("target.Size must be greater than zero")
            .with_detail("size_bytes", target.size)
            .with_help("give the size of the target itself, in bytes"));
    }
    if target.media_type.is_empty() {
        return Err(Error::invalid_argument("target.MediaType must be set")
            .with_help("for example application/vnd.oci.image.index.v1+json"));
    }
    Ok(())
}

/// Expects a name, which the service demands before anything else.
pub(super) fn create(txn: &mut Txn<'_>, scope: Scope<'_>, image: &Image, epoch: Option<Timestamp>) -> Result<Image> {
    let Scope { namespace, now, .. } = scope;
    validate(image)?;
    namespaces::ensure(txn, namespace, Kind::Images)?;
    hold(txn, scope, image)?;
    if txn.get(&key(namespace, &image.name), &mut |_| Ok(()))? {
        return Err(Error::already_exists(format!("image {}", quote(&image.name)))
            .with_help("choose another name, or update the record"));
    }
    let mut created = image.clone();
    created.created_at = epoch.or(Some(now));
    created.updated_at = created.created_at;
    write(txn, namespace, &mut created)?;
    let event = ImageCreate { name: created.name.clone(), labels: created.labels.clone() };
    events::publish(txn, namespace, "/images/create", &event, now);
    Ok(created)
}

/// Expects a name, as [`create`].
pub(super) fn update(
    txn: &mut Txn<'_>,
    scope: Scope<'_>,
    image: &Image,
    fields: &[&str],
    epoch: Option<Timestamp>,
) -> Result<Image> {
    let Scope { namespace, now, .. } = scope;
    namespaces::ensure(txn, namespace, Kind::Images)?;
    let stored = get(txn, namespace, &image.name)?;
    let mut updated = stored.clone();
    if fields.is_empty() {
        updated = image.clone();
        if updated.unknown.is_empty() {
            updated.unknown = stored.unknown;
        }
    }
    for field in fields {
        apply_field(&mut updated, image, field)?;
    }
    validate(&updated)?;
    hold(txn, scope, &updated)?;
    updated.created_at = stored.created_at;
    updated.updated_at = epoch.or(Some(now));
    write(txn, namespace, &mut updated)?;
    let event = ImageUpdate { name: updated.name.clone(), labels: updated.labels.clone() };
    events::publish(txn, namespace, "/images/update", &event, now);
    Ok(updated)
}

/// Sets one field of `updated` to what `image` says.
fn apply_field(updated: &mut Image, image: &Image, field: &str) -> Result<()> {
    if let Some(key) = field.strip_prefix("labels.") {
        let value = image.labels.get(key).cloned().unwrap_or_default();
        updated.labels.insert(key.to_owned(), value);
        return Ok(());
    }
    if let Some(key) = field.strip_prefix("annotations.") {
        let value = image.target.annotations.get(key).cloned().unwrap_or_default();
        updated.target.annotations.insert(key.to_owned(), value);
        return Ok(());
    }
    match field {
        "labels" => updated.labels.clone_from(&image.labels),
        "annotations" => updated.target.annotations.clone_from(&image.target.annotations),
        "target" => updated.target.clone_from(&image.target),
        _ => {
            return Err(Error::invalid_argument(format!(
                "cannot update {} field on image {}",
                quote(field),
                quote(&image.name)
            ))
            .with_help("fields that can change: labels, labels.‹key›, annotations, annotations.‹key›, target"));
        }
    }
    Ok(())
}

/// Has the lease of the context hold an image that can expire: else the collector could take it at once. The label counts
/// even if it is empty.
fn hold(txn: &mut Txn<'_>, scope: Scope<'_>, image: &Image) -> Result<()> {
    if image.labels.contains_key(EXPIRE_LABEL) {
        leases::hold(txn, scope.namespace, scope.lease, HELD_AS, &image.name)?;
    }
    Ok(())
}

/// Writes a record, and leaves `image` as containerd gives it back: without empty labels and annotations.
fn write(txn: &mut Txn<'_>, namespace: &str, image: &mut Image) -> Result<()> {
    let Image { name, labels: own, target, .. } = image;
    labels::settle(own).map_err(|error| error.context(format!("writing labels for image {name}: ")))?;
    labels::settle(&mut target.annotations)
        .map_err(|error| error.context(format!("writing Annotations for image {name}: ")))?;
    txn.put(key(namespace, name), image.encode());
    Ok(())
}

pub(super) fn delete(txn: &mut Txn<'_>, scope: Scope<'_>, name: &str, options: &DeleteImage) -> Result<()> {
    let Scope { namespace, now, .. } = scope;
    let stored = get(txn, namespace, name)?;
    if let Some(target) = options.target.as_ref().filter(|target| !target.digest.is_empty())
        && target.digest != stored.target.digest
    {
        let Image { target: have, .. } = &stored;
        return Err(Error::not_found(format!(
            "image {} has target {}, not {}",
            quote(name),
            have.digest,
            target.digest
        ))
        .with_help("somebody gave the name to another target; look at it before you delete it"));
    }
    leases::release(txn, namespace, scope.lease, HELD_AS, name);
    txn.delete(key(namespace, name));
    events::publish(txn, namespace, "/images/delete", &ImageDelete { name: name.to_owned() }, now);
    Ok(())
}
