//! Namespaces: containerd's rules for them. Source: containerd-metadata §2.

use crate::model::{Labels, Namespace};
use crate::proto::Message as _;
use crate::rules::{validate_identifier, validate_label};
use crate::storage::layout::{self, Space};
use crate::storage::{Read, Txn};
use crate::text::quote;
use crate::{Error, ErrorKind, Result};
use std::ops::ControlFlow;

/// What a namespace can be filled with, in the order in which the refusal of its deletion lists them. In containerd each
/// is a bucket that is made by the first record and stays when the last one goes; the texts of some errors tell an empty
/// bucket from one that was never made (§9.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Containers = 1,
}

impl Kind {
    const ALL: [Kind; 1] = [Kind::Containers];

    fn name(self) -> &'static str {
        match self {
            Kind::Containers => "containers",
        }
    }

    fn space(self) -> Space {
        match self {
            Kind::Containers => Space::ContainerHead,
        }
    }
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
        let namespace = Namespace::decode(message).map_err(|error| Error::data_loss(error.message_bytes()))?;
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
pub(super) fn ever_had(read: &dyn Read, namespace: &str, kind: Kind) -> Result<bool> {
    Ok(load(read, namespace)?.is_some_and(|record| record.kinds & kind as u8 != 0))
}

/// Makes sure that a record of this kind can be made in the namespace, creating the namespace if need be (§2.3).
pub(super) fn ensure(txn: &mut Txn<'_>, namespace: &str, kind: Kind) -> Result<()> {
    check_reserved(namespace)?;
    let mut record = load(txn, namespace)?.unwrap_or_default();
    if record.kinds & kind as u8 == 0 {
        record.kinds |= kind as u8;
        save(txn, namespace, record);
    }
    Ok(())
}

pub(super) fn get(read: &dyn Read, name: &str) -> Result<Namespace> {
    Ok(Namespace { name: name.to_owned(), ..load(read, name)?.unwrap_or_default().namespace })
}

pub(super) fn list(read: &dyn Read) -> Result<Vec<Namespace>> {
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

pub(super) fn create(txn: &mut Txn<'_>, namespace: &Namespace) -> Result<Namespace> {
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
    // containerd gives back what it was asked for, empty labels included.
    Ok(namespace.clone())
}

pub(super) fn update(txn: &mut Txn<'_>, namespace: &Namespace, fields: &[&str]) -> Result<()> {
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

pub(super) fn delete(txn: &mut Txn<'_>, name: &str) -> Result<()> {
    let read: &dyn Read = txn;
    let mut left = Vec::new();
    for kind in Kind::ALL {
        let prefix = layout::records(kind.space(), name.as_bytes());
        if read.any(&prefix, layout::prefix_end(&prefix).as_deref())? {
            left.push(kind.name());
        }
    }
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
    txn.delete(layout::namespace(name.as_bytes()));
    Ok(())
}
