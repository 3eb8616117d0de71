//! Blobs and ingests: containerd's rules for their records, in containerd's order. Source: containerd-metadata §6.2.

use super::record;
use crate::content::BlobStore;
use crate::filter::{Adaptor, Filter, join_path};
use crate::model::{Blob, Ingest, Labels, Timestamp};
use crate::proto::Message as _;
use crate::proto::generated::containerd::events::{ContentCreate, ContentDelete};
use crate::proto::generated::containerd::services::content::v1 as proto;
use crate::rules::validate_digest;
use crate::storage::layout::{self, Space};
use crate::storage::{Read, Txn};
use crate::store::namespaces::{self, Kind};
use crate::store::{events, labels, leases};
use crate::text::quote;
use crate::{Error, Result};
use std::borrow::Cow;
use std::ops::ControlFlow;

/// How long an ingest that no lease holds is kept after it was opened last.
const INGEST_SECONDS: i64 = 24 * 60 * 60;

/// The label of a namespace whose blobs others may import, whatever the policy is. Source: containerd-metadata §2.6.
const SHAREABLE_LABEL: &str = "containerd.io/namespace.shareable";

fn blob_key(namespace: &str, digest: &str) -> Vec<u8> {
    layout::record(Space::Blob, namespace.as_bytes(), digest.as_bytes())
}

fn ingest_key(namespace: &str, reference: &str) -> Vec<u8> {
    layout::record(Space::Ingest, namespace.as_bytes(), reference.as_bytes())
}

fn load(read: &dyn Read, namespace: &str, digest: &str) -> Result<Option<Blob>> {
    read.decode(&blob_key(namespace, digest), record::decode_blob)
}

fn load_ingest(read: &dyn Read, namespace: &str, reference: &str) -> Result<Option<Ingest>> {
    read.decode(&ingest_key(namespace, reference), |value| record::decode_ingest(reference, value))
}

pub(super) fn exists(read: &dyn Read, namespace: &str, digest: &str) -> Result<bool> {
    read.get(&blob_key(namespace, digest), &mut |_| Ok(()))
}

pub(crate) fn missing(digest: &str) -> Error {
    Error::not_found(format!("content digest {digest}")).with_help("list the content to see what is there")
}

pub(super) fn exists_already(digest: &str) -> Error {
    Error::already_exists(format!("content {digest}")).with_help("it need not be written again")
}

pub(crate) fn no_reference(reference: &str) -> Error {
    Error::not_found(format!("reference {reference}")).with_help("list the ingests to see what is there")
}

pub(super) fn get(read: &dyn Read, namespace: &str, digest: &str) -> Result<Blob> {
    load(read, namespace, digest)?.ok_or_else(|| missing(digest))
}

pub(super) fn list(read: &dyn Read, namespace: &str, filter: &Filter) -> Result<Vec<Blob>> {
    let mut out = Vec::new();
    each_blob(read, namespace, &mut |blob| {
        // Keys that are no digests are passed over, as containerd does it.
        if validate_digest(&blob.digest).is_ok() && filter.matches(&blob) {
            out.push(blob);
        }
        Ok(())
    })?;
    Ok(out)
}

/// Shows every blob of a namespace, in byte order of the digests.
pub(in crate::store) fn each_blob(
    read: &dyn Read,
    namespace: &str,
    visit: &mut dyn FnMut(Blob) -> Result<()>,
) -> Result<()> {
    let blobs = layout::records(Space::Blob, namespace.as_bytes());
    read.scan(&blobs, layout::prefix_end(&blobs).as_deref(), &mut |_, value| {
        visit(record::decode_blob(value)?)?;
        Ok(ControlFlow::Continue(()))
    })
}

/// Shows every ingest of a namespace, in byte order of the references.
pub(in crate::store) fn each_ingest(
    read: &dyn Read,
    namespace: &str,
    visit: &mut dyn FnMut(Ingest) -> Result<()>,
) -> Result<()> {
    let ingests = layout::records(Space::Ingest, namespace.as_bytes());
    read.scan(&ingests, layout::prefix_end(&ingests).as_deref(), &mut |key, value| {
        let reference = key.get(ingests.len()..).and_then(|reference| std::str::from_utf8(reference).ok());
        let reference = reference.ok_or_else(|| Error::data_loss(format!("{} is not UTF-8", layout::describe(key))))?;
        visit(record::decode_ingest(reference, value)?)?;
        Ok(ControlFlow::Continue(()))
    })
}

/// Removes the record of a blob and nothing else: for the collector, which tells of it in its own way.
pub(in crate::store) fn remove_blob(txn: &mut Txn<'_>, namespace: &str, digest: &str) {
    txn.delete(blob_key(namespace, digest));
}

/// Removes the record of an ingest and nothing else.
pub(in crate::store) fn remove_ingest(txn: &mut Txn<'_>, namespace: &str, reference: &str) {
    txn.delete(ingest_key(namespace, reference));
}

/// Source: containerd-metadata §8.6.
impl Adaptor for Blob {
    fn field<'s>(&'s self, path: &[Vec<u8>]) -> Option<Cow<'s, [u8]>> {
        let (first, rest) = path.split_first()?;
        match (first.as_slice(), rest) {
            (b"digest", _) => Some(Cow::Borrowed(self.digest.as_bytes())),
            (b"labels", [_, ..]) => {
                let key = join_path(rest);
                self.labels.get(std::str::from_utf8(&key).ok()?).map(|value| Cow::Borrowed(value.as_bytes()))
            }
            _ => None,
        }
    }
}

pub(super) fn update(txn: &mut Txn<'_>, namespace: &str, blob: &Blob, fields: &[&str], now: Timestamp) -> Result<Blob> {
    let digest = &blob.digest;
    let mut updated = get(txn, namespace, digest)?;
    labels::apply(&mut updated.labels, &blob.labels, fields, |field| {
        let message = format!("cannot update {} field on content info {}", quote(field), quote(digest));
        Error::invalid_argument(message).with_help("fields that can change: labels, labels.‹key›")
    })?;
    labels::validate_info(&updated.labels)?;
    updated.updated_at = Some(now);
    labels::settle(&mut updated.labels)
        .map_err(|error| error.context(format!("writing labels for info {digest}: ")))?;
    txn.put(blob_key(namespace, digest), updated.encode());
    events::publish(txn, namespace, "/stowbook/content/update", &message(&updated), now);
    Ok(updated)
}

fn message(blob: &Blob) -> proto::Info {
    proto::Info {
        digest: blob.digest.clone(),
        size: blob.size,
        created_at: blob.created_at.map(events::time),
        updated_at: blob.updated_at.map(events::time),
        labels: blob.labels.clone(),
    }
}

pub(super) fn delete(
    txn: &mut Txn<'_>,
    namespace: &str,
    lease: Option<&str>,
    digest: &str,
    now: Timestamp,
) -> Result<()> {
    if !exists(txn, namespace, digest)? {
        return Err(missing(digest));
    }
    remove_blob(txn, namespace, digest);
    leases::release(txn, namespace, lease, "content", digest);
    events::publish(txn, namespace, "/content/delete", &ContentDelete { digest: digest.to_owned() }, now);
    Ok(())
}

/// Which ingest a writer is for.
pub(super) struct Opening<'a> {
    pub(super) namespace: &'a str,
    pub(super) lease: Option<&'a str>,
    pub(super) reference: &'a str,
    pub(super) expected: &'a str,
    /// Bytes; 0 when it is not known.
    pub(super) total: i64,
}

/// What became of an ingest's record when a writer was opened.
pub(super) enum Opened {
    /// The namespace has the content already. What was written (the lease holds it) has to stay.
    Exists,
    /// The content is there, of this size, but not in this namespace yet.
    Shared { backend_reference: String, size: i64 },
    /// The bytes have to come.
    Written { backend_reference: String, is_new: bool },
}

pub(super) fn open(
    txn: &mut Txn<'_>,
    opening: &Opening<'_>,
    blobs: &dyn BlobStore,
    shares_all: bool,
    now: Timestamp,
) -> Result<Opened> {
    let Opening { namespace, lease, reference, expected, total } = *opening;
    let mut shared = None;
    if !expected.is_empty() {
        if exists(txn, namespace, expected)? {
            leases::hold(txn, namespace, lease, "content", expected)
                .map_err(|error| error.context("unable to lease content: "))?;
            return Ok(Opened::Exists);
        }
        if shares_all || is_shared(txn, expected)? {
            let size = blobs.size(expected)?.and_then(|size| i64::try_from(size).ok());
            // Another size is likely a mistake, which the commit will find.
            shared = size.filter(|size| total == 0 || total == *size);
        }
    }
    namespaces::ensure(txn, namespace, Kind::Ingests)?;
    let stored = load_ingest(txn, namespace, reference)?;
    leases::hold(txn, namespace, lease, "ingests", reference)?;
    let is_new = stored.is_none();
    let mut ingest = stored.unwrap_or_else(|| Ingest {
        reference: reference.to_owned(),
        // containerd counts in the ingest's own bucket, so each is the first (§6.2).
        backend_reference: format!("{namespace}/1/{reference}"),
        ..Ingest::default()
    });
    if lease.is_none() {
        ingest.expires_at = Timestamp::new(now.seconds().saturating_add(INGEST_SECONDS), now.nanos()).ok();
    }
    if shared.is_some() {
        expected.clone_into(&mut ingest.expected);
    }
    txn.put(ingest_key(namespace, reference), record::encode_ingest(&ingest));
    let event = proto::Status {
        r#ref: reference.to_owned(),
        total,
        expected: ingest.expected,
        started_at: Some(events::time(now)),
        ..proto::Status::default()
    };
    events::publish(txn, namespace, "/stowbook/content/open", &event, now);
    let backend_reference = ingest.backend_reference;
    Ok(match shared {
        Some(size) => Opened::Shared { backend_reference, size },
        None => Opened::Written { backend_reference, is_new },
    })
}

/// Whether a namespace that shares its content has this.
fn is_shared(read: &dyn Read, digest: &str) -> Result<bool> {
    for namespace in namespaces::list(read)? {
        if namespace.labels.get(SHAREABLE_LABEL).is_some_and(|value| value == "true")
            && exists(read, &namespace.name, digest)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What a commit makes a record of.
pub(super) struct Committing<'a> {
    pub(super) namespace: &'a str,
    pub(super) lease: Option<&'a str>,
    pub(super) reference: &'a str,
    pub(super) digest: &'a str,
    pub(super) size: i64,
    pub(super) labels: &'a Labels,
}

/// Makes the record of content whose bytes are in their place. None when the namespace has it already; what was written has
/// to stay then too.
pub(super) fn commit(txn: &mut Txn<'_>, committing: &Committing<'_>, now: Timestamp) -> Result<Option<Blob>> {
    let Committing { namespace, lease, reference, digest, size, labels } = *committing;
    namespaces::ensure(txn, namespace, Kind::Blobs)?;
    let mut created = None;
    if !exists(txn, namespace, digest)? {
        let mut blob = Blob {
            digest: digest.to_owned(),
            size,
            created_at: Some(now),
            updated_at: Some(now),
            labels: labels.clone(),
            ..Blob::default()
        };
        labels::settle(&mut blob.labels)?;
        txn.put(blob_key(namespace, digest), blob.encode());
        created = Some(blob);
    }
    remove_ingest(txn, namespace, reference);
    leases::release(txn, namespace, lease, "ingests", reference);
    leases::hold(txn, namespace, lease, "content", digest)?;
    if created.is_some() {
        let event = ContentCreate { digest: digest.to_owned(), size, ..ContentCreate::default() };
        events::publish(txn, namespace, "/content/create", &event, now);
    }
    Ok(created)
}

pub(super) fn get_ingest(read: &dyn Read, namespace: &str, reference: &str) -> Result<Ingest> {
    load_ingest(read, namespace, reference)?
        .filter(|ingest| !ingest.backend_reference.is_empty())
        .ok_or_else(|| no_reference(reference))
}

pub(super) fn abort(
    txn: &mut Txn<'_>,
    namespace: &str,
    lease: Option<&str>,
    reference: &str,
    blobs: &dyn BlobStore,
    now: Timestamp,
) -> Result<()> {
    let ingest = get_ingest(txn, namespace, reference)?;
    remove_ingest(txn, namespace, reference);
    leases::release(txn, namespace, lease, "ingests", reference);
    let event = proto::AbortRequest { r#ref: reference.to_owned() };
    events::publish(txn, namespace, "/stowbook/content/abort", &event, now);
    // A shared ingest has no bytes of its own.
    if ingest.expected.is_empty() { blobs.abort(&ingest.backend_reference) } else { Ok(()) }
}
