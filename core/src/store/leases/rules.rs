//! Leases: containerd's rules for them, in containerd's order. Source: containerd-metadata §5.

use crate::filter::{Adaptor, Filter, join_path};
use crate::model::{Lease, LeaseResource, Timestamp, Unrecognized};
use crate::proto::Message as _;
use crate::proto::generated::containerd::services::leases::v1 as proto;
use crate::rules::validate_digest;
use crate::storage::layout::{self, Space};
use crate::storage::{Read, Txn};
use crate::store::namespaces::{self, Kind};
use crate::store::{events, labels};
use crate::text::quote;
use crate::{Error, ErrorKind, Result};
use std::borrow::Cow;
use std::ops::ControlFlow;

fn key(namespace: &str, id: &str) -> Vec<u8> {
    layout::record(Space::Lease, namespace.as_bytes(), id.as_bytes())
}

/// What the keys of all that a lease holds begin with.
fn resources(namespace: &str, lease: &str) -> Vec<u8> {
    layout::prefix(Space::LeaseResource, &[namespace.as_bytes(), lease.as_bytes()])
}

fn resource_key(namespace: &str, lease: &str, kind: &str, id: &str) -> Vec<u8> {
    let parts = [namespace, lease, kind, id].map(str::as_bytes);
    layout::key(Space::LeaseResource, &parts)
}

pub(in crate::store) fn decode(value: &[u8]) -> Result<Lease> {
    Lease::decode(value).map_err(Error::into_damage)
}

/// A resource is its key. Only what its message carried beyond that is its value.
pub(in crate::store) fn decode_resource(key: &[u8], value: &[u8]) -> Result<LeaseResource> {
    let mut parts = layout::parse(key).map(|(_, parts)| parts).unwrap_or_default();
    let mut text = || parts.pop().and_then(|part| String::from_utf8(part).ok());
    let (Some(id), Some(kind)) = (text(), text()) else {
        return Err(Error::data_loss(format!("{} is not UTF-8", layout::describe(key))));
    };
    Ok(LeaseResource { id, kind, unknown: Unrecognized(value.to_vec()) })
}

/// The refusal of what needs a lease that is not there.
pub(crate) fn missing(id: &str) -> Error {
    Error::not_found(format!("lease {}", quote(id))).with_help("list the leases to see what is there")
}

fn exists(read: &dyn Read, namespace: &str, id: &str) -> Result<bool> {
    read.get(&key(namespace, id), &mut |_| Ok(()))
}

pub(super) fn create(
    txn: &mut Txn<'_>,
    namespace: &str,
    lease: &Lease,
    random: [u8; 3],
    now: Timestamp,
) -> Result<Lease> {
    namespaces::ensure(txn, namespace, Kind::Leases)?;
    let mut created = Lease { created_at: Some(now), ..lease.clone() };
    if created.id.is_empty() {
        created.id = generated_id(random, now);
    }
    if exists(txn, namespace, &created.id)? {
        return Err(Error::already_exists(format!("lease {}", quote(&created.id)))
            .with_help("choose another id, or none to get a new one"));
    }
    labels::settle(&mut created.labels)?;
    txn.put(key(namespace, &created.id), created.encode());
    events::publish_record(txn, namespace, "/stowbook/leases/create", &created, now);
    Ok(created)
}

/// An id as containerd's client makes it: the nanoseconds of the time, and four letters of chance.
fn generated_id(random: [u8; 3], now: Timestamp) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits = random.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
    let letters = [18, 12, 6, 0].map(|shift| {
        let sextet = (bits >> shift & 0x3f) as usize;
        LETTERS.get(sextet).copied().map_or('A', char::from)
    });
    format!("{}-{}", now.nanos(), String::from_iter(letters))
}

pub(in crate::store) fn delete(txn: &mut Txn<'_>, namespace: &str, id: &str, now: Timestamp) -> Result<()> {
    if !exists(txn, namespace, id)? {
        return Err(missing(id));
    }
    let held = resources(namespace, id);
    txn.delete_range(&held, layout::prefix_end(&held).as_deref())?;
    txn.delete(key(namespace, id));
    let event = proto::DeleteRequest { id: id.to_owned(), sync: false };
    events::publish(txn, namespace, "/stowbook/leases/delete", &event, now);
    Ok(())
}

pub(super) fn list(read: &dyn Read, namespace: &str, filter: &Filter) -> Result<Vec<Lease>> {
    let mut out = Vec::new();
    let leases = layout::records(Space::Lease, namespace.as_bytes());
    read.scan(&leases, layout::prefix_end(&leases).as_deref(), &mut |_, value| {
        let lease = decode(value)?;
        if filter.matches(&lease) {
            out.push(lease);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(out)
}

/// Source: containerd-metadata §8.6.
impl Adaptor for Lease {
    fn field<'s>(&'s self, path: &[Vec<u8>]) -> Option<Cow<'s, [u8]>> {
        let (first, rest) = path.split_first()?;
        match (first.as_slice(), rest) {
            (b"id", _) if !self.id.is_empty() => Some(Cow::Borrowed(self.id.as_bytes())),
            (b"labels", [_, ..]) => {
                let key = join_path(rest);
                self.labels.get(std::str::from_utf8(&key).ok()?).map(|value| Cow::Borrowed(value.as_bytes()))
            }
            _ => None,
        }
    }
}

pub(super) fn add_resource(
    txn: &mut Txn<'_>,
    namespace: &str,
    lease: &str,
    resource: &LeaseResource,
    now: Timestamp,
) -> Result<()> {
    if !exists(txn, namespace, lease)? {
        return Err(missing(lease));
    }
    check_resource(resource)?;
    if resource.kind == "snapshots/" {
        return Err(Error::new(ErrorKind::Unknown, "bucket name required")
            .with_help("name the snapshotter: snapshots/‹snapshotter›"));
    }
    labels::check_key(resource.id.as_bytes())?;
    let key = resource_key(namespace, lease, &resource.kind, &resource.id);
    txn.put(key, resource.unknown.as_bytes().to_vec());
    let event = proto::AddResourceRequest { id: lease.to_owned(), resource: Some(message(resource)) };
    events::publish(txn, namespace, "/stowbook/leases/add-resource", &event, now);
    Ok(())
}

pub(super) fn delete_resource(
    txn: &mut Txn<'_>,
    namespace: &str,
    lease: &str,
    resource: &LeaseResource,
    now: Timestamp,
) -> Result<()> {
    if !exists(txn, namespace, lease)? {
        return Err(missing(lease));
    }
    check_resource(resource)?;
    let key = resource_key(namespace, lease, &resource.kind, &resource.id);
    if txn.get(&key, &mut |_| Ok(()))? {
        txn.delete(key);
        let event = proto::DeleteResourceRequest { id: lease.to_owned(), resource: Some(message(resource)) };
        events::publish(txn, namespace, "/stowbook/leases/delete-resource", &event, now);
    }
    Ok(())
}

fn message(resource: &LeaseResource) -> proto::Resource {
    proto::Resource { id: resource.id.clone(), r#type: resource.kind.clone() }
}

fn check_resource(resource: &LeaseResource) -> Result<()> {
    let LeaseResource { id, kind, .. } = resource;
    let mut parts = kind.split('/');
    let (first, others) = (parts.next().unwrap_or_default(), parts.count());
    match (first, others) {
        ("content", 0) => validate_digest(id).map_err(|error| {
            error.context(format!("invalid content resource id {id}: ")).with_class(ErrorKind::InvalidArgument)
        }),
        ("ingests" | "images", 0) | ("snapshots", 1) => Ok(()),
        ("content" | "ingests" | "images", _) => {
            Err(Error::invalid_argument(format!("invalid resource type {kind}")).with_help(TYPES))
        }
        ("snapshots", _) => {
            Err(Error::invalid_argument(format!("invalid snapshot resource type {kind}")).with_help(TYPES))
        }
        _ => Err(Error::not_implemented(format!("resource type {kind} not supported yet")).with_help(TYPES)),
    }
}

const TYPES: &str = "types: content, images, ingests, snapshots/‹snapshotter›";

pub(in crate::store) fn list_resources(read: &dyn Read, namespace: &str, lease: &str) -> Result<Vec<LeaseResource>> {
    if !exists(read, namespace, lease)? {
        return Err(missing(lease));
    }
    let mut out = Vec::new();
    let held = resources(namespace, lease);
    // containerd's order is that of the types' names.
    read.scan(&held, layout::prefix_end(&held).as_deref(), &mut |key, value| {
        out.push(decode_resource(key, value)?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(out)
}

/// Has the lease of an operation's context, if there is one, hold what the operation made. `kind` is a resource's type:
/// `content`, `images`, `ingests` or `snapshots/‹snapshotter›`. What was held before stays so.
///
/// # Errors
/// `NotFound` for a lease that does not exist, the empty one included; `Unknown` for an id that is empty or too long.
pub(in crate::store) fn hold(
    txn: &mut Txn<'_>,
    namespace: &str,
    lease: Option<&str>,
    kind: &str,
    id: &str,
) -> Result<()> {
    let Some(lease) = lease else { return Ok(()) };
    if !exists(txn, namespace, lease)? {
        return Err(Error::not_found("lease does not exist")
            .with_detail("lease", lease)
            .with_help("create the lease first, in the same namespace"));
    }
    labels::check_key(id.as_bytes())?;
    let key = resource_key(namespace, lease, kind, id);
    if !txn.get(&key, &mut |_| Ok(()))? {
        txn.put(key, Vec::new());
    }
    Ok(())
}

/// Has the lease of an operation's context hold no more what the operation removed. A lease that does not exist holds
/// nothing, and that is no error.
pub(in crate::store) fn release(txn: &mut Txn<'_>, namespace: &str, lease: Option<&str>, kind: &str, id: &str) {
    if let Some(lease) = lease {
        txn.delete(resource_key(namespace, lease, kind, id));
    }
}
