//! Namespaces: containerd's rules for them. Source: containerd-metadata §2.

use crate::model::{Labels, Namespace, Timestamp};
use crate::proto::Message as _;
use crate::proto::generated::containerd::events::{NamespaceCreate, NamespaceDelete, NamespaceUpdate};
use crate::rules::{validate_identifier, validate_label};
use crate::storage::layout::{self, Space};
use crate::storage::{Read, Txn};
use crate::store::events;
use crate::text::quote;
use crate::{Error, ErrorKind, Result};
use std::ops::ControlFlow;

/// What a namespace can be filled with. In containerd each is a bucket that is made by the first record and stays when the
/// last one goes; the texts of some errors tell an empty bucket from one that was never made (§9.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::store) enum Kind {
    Containers = 1 << 0,
    Images = 1 << 1,
    Leases = 1 << 2,
    Sandboxes = 1 << 3,
    Blobs = 1 << 4,
    Ingests = 1 << 5,
    Snapshots = 1 << 6,
}

/// The value of a namespace's key.
#[derive(Default)]
struct Record {
    /// The kinds of records that were ever made in it: one bit each.
    kinds: u8,
    /// Without its name, which is the key.
    namespace: Namespace,
}

impl Record {
    fn decode(value: &[u8]) -> Result<Self> {
        let (kinds, message) = value.split_first().ok_or_else(|| Error::data_loss("namespace record is empty"))?;
        let namespace = Namespace::decode(message).map_err(Error::into_damage)?;
        Ok(Record { kinds: *kinds, namespace })
    }

    fn encode(self) -> Vec<u8> {
        let mut out = vec![self.kinds];
        out.extend(Namespace { name: String::new(), ..self.namespace }.encode());
        out
    }
}

fn load(read: &dyn Read, name: &str) -> Result<Option<Record>> {
    read.decode(&layout::namespace(name.as_bytes()), Record::decode)
}

fn save(txn: &mut Txn<'_>, name: &str, record: Record) {
    txn.put(layout::namespace(name.as_bytes()), record.encode());
}

/// containerd keeps its schema version under the key `version` beside its namespaces, so no namespace can have that name.
fn check_reserved(name: &str) -> Result<()> {
    if name == "version" {
        return Err(
            Error::new(ErrorKind::Unknown, "incompatible value").with_help("`version` is the one reserved name")
        );
    }
    Ok(())
}

/// Whether records of this kind were ever made in the namespace.
pub(in crate::store) fn ever_had(read: &dyn Read, namespace: &str, kind: Kind) -> Result<bool> {
    // The labels behind the first byte are not looked at: every write of a record asks this.
    let kinds = read.decode(&layout::namespace(namespace.as_bytes()), |value| Ok(value.first().copied()))?;
    Ok(kinds.flatten().is_some_and(|kinds| kinds & kind as u8 != 0))
}

/// Makes sure that a record of this kind can be made in the namespace, creating the namespace if need be (§2.3).
pub(in crate::store) fn ensure(txn: &mut Txn<'_>, namespace: &str, kind: Kind) -> Result<()> {
    check_reserved(namespace)?;
    if !ever_had(txn, namespace, kind)? {
        let mut record = load(txn, namespace)?.unwrap_or_default();
        record.kinds |= kind as u8;
        save(txn, namespace, record);
    }
    Ok(())
}

pub(super) fn get(read: &dyn Read, name: &str) -> Result<Namespace> {
    Ok(Namespace { name: name.to_owned(), ..load(read, name)?.unwrap_or_default().namespace })
}

pub(in crate::store) fn list(read: &dyn Read) -> Result<Vec<Namespace>> {
    let mut out = Vec::new();
    let start = layout::space(Space::Namespace);
    read.scan(&start, layout::prefix_end(&start).as_deref(), &mut |key, value| {
        let name = key.get(1..).unwrap_or_default();
        let name = String::from_utf8(name.to_vec())
            .map_err(|_| Error::data_loss(format!("{} is not UTF-8", layout::describe(key))))?;
        out.push(Namespace { name, ..Record::decode(value)?.namespace });
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(out)
}

pub(super) fn create(txn: &mut Txn<'_>, namespace: &Namespace, now: Timestamp) -> Result<Namespace> {
    validate_identifier(&namespace.name)?;
    for (key, value) in &namespace.labels {
        validate_label(key, value).map_err(|error| error.context("namespace.Labels: "))?;
    }
    check_reserved(&namespace.name)?;
    if load(txn, &namespace.name)?.is_some() {
        return Err(Error::already_exists(format!("namespace {}", quote(&namespace.name)))
            .with_help("change its labels with an update"));
    }
    if namespace.labels.contains_key("") {
        return Err(key_required());
    }
    let mut stored = namespace.clone();
    stored.labels.retain(|_, value| !value.is_empty());
    save(txn, &namespace.name, Record { kinds: 0, namespace: stored });
    let event = NamespaceCreate { name: namespace.name.clone(), labels: namespace.labels.clone() };
    events::publish(txn, &namespace.name, "/namespaces/create", &event, now);
    // containerd gives back what it was asked for, empty labels included.
    Ok(namespace.clone())
}

/// A namespace, if it exists.
#[cfg(feature = "bolt")]
pub(in crate::store) fn find(read: &dyn Read, name: &str) -> Result<Option<Namespace>> {
    Ok(load(read, name)?.map(|record| Namespace { name: name.to_owned(), ..record.namespace }))
}

/// Makes sure of a namespace as another place has it, whatever the rules for new ones say. One that is there gets the
/// labels that it does not have.
#[cfg(feature = "bolt")]
pub(in crate::store) fn import(txn: &mut Txn<'_>, namespace: &Namespace, now: Timestamp) -> Result<()> {
    check_reserved(&namespace.name)?;
    let before = load(txn, &namespace.name)?;
    let existed = before.is_some();
    let mut record = before.unwrap_or_default();
    let labels = &mut record.namespace.labels;
    let count = labels.len();
    for (key, value) in &namespace.labels {
        labels.entry(key.clone()).or_insert_with(|| value.clone());
    }
    if existed && count == labels.len() {
        return Ok(());
    }
    let (name, labels) = (namespace.name.clone(), labels.clone());
    save(txn, &namespace.name, record);
    if existed {
        events::publish(txn, &namespace.name, "/namespaces/update", &NamespaceUpdate { name, labels }, now);
    } else {
        events::publish(txn, &namespace.name, "/namespaces/create", &NamespaceCreate { name, labels }, now);
    }
    Ok(())
}

pub(super) fn update(txn: &mut Txn<'_>, namespace: &Namespace, fields: &[&str], now: Timestamp) -> Result<()> {
    let before = load(txn, &namespace.name)?;
    let existed = before.is_some();
    let mut record = before.unwrap_or_default();
    let labels = &mut record.namespace.labels;
    let mut touched = false;
    if fields.is_empty() {
        labels.clear();
        for (key, value) in &namespace.labels {
            set_label(labels, &namespace.name, key, value)?;
            touched = true;
        }
    }
    for field in fields {
        let Some(key) = field.strip_prefix("labels.") else {
            return Err(Error::new(ErrorKind::InvalidArgument, format!("cannot update {} field", quote(field)))
                .with_help("name the labels one by one: labels.‹key›"));
        };
        set_label(labels, &namespace.name, key, namespace.labels.get(key).map_or("", String::as_str))?;
        touched = true;
    }
    // A namespace comes into being with its first label, even if that is only removed.
    if touched || existed {
        save(txn, &namespace.name, record);
    }
    // Told even when nothing has changed, with the labels of the request: so does containerd.
    let event = NamespaceUpdate { name: namespace.name.clone(), labels: namespace.labels.clone() };
    events::publish(txn, &namespace.name, "/namespaces/update", &event, now);
    Ok(())
}

fn set_label(labels: &mut Labels, namespace: &str, key: &str, value: &str) -> Result<()> {
    // The service forgets to convert this error, so its class is lost on the way to the client (§2.5).
    validate_label(key, value).map_err(|error| error.context("namespace.Labels: ").with_kind(ErrorKind::Unknown))?;
    if namespace.is_empty() {
        return Err(Error::new(ErrorKind::Unknown, "bucket name required").with_help("name the namespace"));
    }
    check_reserved(namespace)?;
    if value.is_empty() {
        labels.remove(key);
    } else if key.is_empty() {
        return Err(key_required());
    } else {
        labels.insert(key.to_owned(), value.to_owned());
    }
    Ok(())
}

fn key_required() -> Error {
    Error::new(ErrorKind::Unknown, "key required").with_help("give the label a key")
}

/// Removes a namespace and what may go with it: leases, ingests, sandboxes, counters (§2.5).
pub(super) fn delete(txn: &mut Txn<'_>, name: &str, now: Timestamp) -> Result<()> {
    let left = what_is_left(txn, name.as_bytes())?;
    if !left.is_empty() {
        let left = left.join(", ");
        return Err(Error::failed_precondition(format!(
            "namespace {} must be empty, but it still has {left}",
            quote(name)
        ))
        .with_help("delete what is left in it first"));
    }
    check_reserved(name)?;
    if load(txn, name)?.is_none() {
        return Err(Error::not_found(format!("namespace {}", quote(name)))
            .with_help("list the namespaces to see what is there"));
    }
    for space in Space::IN_NAMESPACE {
        let prefix = layout::records(space, name.as_bytes());
        txn.delete_range(&prefix, layout::prefix_end(&prefix).as_deref())?;
    }
    txn.delete(layout::namespace(name.as_bytes()));
    events::publish(txn, name, "/namespaces/delete", &NamespaceDelete { name: name.to_owned() }, now);
    Ok(())
}

/// What holds a namespace, in containerd's words and order.
fn what_is_left(read: &dyn Read, name: &[u8]) -> Result<Vec<String>> {
    let mut left = Vec::new();
    for (space, word) in [(Space::Image, "images"), (Space::Blob, "blobs"), (Space::ContainerHead, "containers")] {
        let prefix = layout::records(space, name);
        if read.any(&prefix, layout::prefix_end(&prefix).as_deref())? {
            left.push(word.to_owned());
        }
    }
    let prefix = layout::records(Space::Snapshot, name);
    let end = layout::prefix_end(&prefix);
    let mut start = Some(prefix);
    // One search for each snapshotter, however many snapshots it has.
    while let Some(from) = start.take() {
        let mut found = None;
        read.scan(&from, end.as_deref(), &mut |key, _| {
            found = layout::parse(key).and_then(|(_, parts)| parts.into_iter().nth(1));
            Ok(ControlFlow::Break(()))
        })?;
        if let Some(snapshotter) = found {
            left.push(format!("snapshots on {} snapshotter", quote(&snapshotter)));
            start = layout::prefix_end(&layout::prefix(Space::Snapshot, &[name, &snapshotter]));
        }
    }
    Ok(left)
}
