//! What labels, and the resources of leases, say to the collector. Source: containerd-metadata §10.3.

use super::{CollectRules, ResourceKind};
use crate::model::{EXPIRE_LABEL, Labels, LeaseResource, Timestamp};
use crate::rules::parse_duration;

/// Keeps a lease from holding what its resources refer to.
const FLAT: &str = "containerd.io/gc.flat";
const ROOT: &str = "containerd.io/gc.root";
const REFERENCE: &str = "containerd.io/gc.ref.";
const BACK_REFERENCE: &str = "containerd.io/gc.bref.";
const CONDITION: &str = "containerd.io/gc.cond.snapshot";
const USED_AT: &str = "containerd.io/gc.cond.value-usedat";

/// What one label says about the object that has it. Each kind of object listens to some of them only.
pub(super) enum Meaning<'a> {
    /// It is kept.
    Root,
    /// It holds something.
    Reference(ResourceKind, String),
    /// Something holds it.
    BackReference(ResourceKind, String),
    /// It holds a snapshot that was last used this long ago.
    Condition(String, Vec<Age>),
    /// When it was last used.
    UsedAt(&'a str),
}

/// A condition on the time since something was used, in nanoseconds.
pub(super) enum Age {
    Below(i64),
    Above(i64),
}

impl Age {
    pub(super) fn holds(&self, age: i64) -> bool {
        match *self {
            Age::Below(limit) => age < limit,
            Age::Above(limit) => age > limit,
        }
    }
}

/// Whether the time of the expiry label has passed. A time that cannot be read never does.
pub(super) fn is_expired(labels: &Labels, now: Timestamp) -> bool {
    labels.get(EXPIRE_LABEL).and_then(|time| now.nanos_since(time)).is_some_and(|since| since > 0)
}

pub(super) fn is_flat(labels: &Labels) -> bool {
    labels.contains_key(FLAT)
}

/// The age of something that was used at that time, as Go counts it: at most 292 years, either way.
pub(super) fn age(used_at: &str, now: Timestamp) -> Option<i64> {
    let since = now.nanos_since(used_at)?;
    i64::try_from(since.clamp(i64::MIN.into(), i64::MAX.into())).ok()
}

/// What a lease holds by a resource, if the rules know its type.
pub(super) fn held(resource: &LeaseResource, rules: CollectRules) -> Option<(ResourceKind, String)> {
    let id = resource.id.clone();
    match resource.kind.as_str() {
        "content" => Some((ResourceKind::Content, id)),
        "ingests" => Some((ResourceKind::Ingest, id)),
        "images" if rules == CollectRules::Containerd23 => Some((ResourceKind::Image, id)),
        kind => {
            kind.strip_prefix("snapshots/").map(|snapshotter| (ResourceKind::Snapshot, format!("{snapshotter}/{id}")))
        }
    }
}

pub(super) fn meaning<'a>(key: &str, value: &'a str, rules: CollectRules) -> Option<Meaning<'a>> {
    if let Some(name) = key.strip_prefix(REFERENCE) {
        return reference(name, value, rules).map(|(kind, id)| Meaning::Reference(kind, id));
    }
    if let Some(suffix) = key.strip_prefix(ROOT) {
        return (suffix.is_empty() || rules == CollectRules::Containerd23).then_some(Meaning::Root);
    }
    if rules == CollectRules::Containerd16 {
        return None;
    }
    if let Some(name) = key.strip_prefix(BACK_REFERENCE) {
        let container = named(name, "container").then(|| (ResourceKind::Container, value.to_owned()));
        let (kind, id) = container.or_else(|| reference(name, value, rules))?;
        return Some(Meaning::BackReference(kind, id));
    }
    if let Some(suffix) = key.strip_prefix(CONDITION) {
        return condition(suffix, value);
    }
    key.starts_with(USED_AT).then_some(Meaning::UsedAt(value))
}

/// What a reference names, by the part of the label behind `gc.ref.`.
fn reference(name: &str, value: &str, rules: CollectRules) -> Option<(ResourceKind, String)> {
    if named(name, "content") {
        Some((ResourceKind::Content, value.to_owned()))
    } else if named(name, "image") && rules == CollectRules::Containerd23 {
        Some((ResourceKind::Image, value.to_owned()))
    } else {
        name.strip_prefix("snapshot.").map(|name| (ResourceKind::Snapshot, snapshot_id(name, value)))
    }
}

/// Whether a label is of this type: what follows behind `.` or `/` only tells it from others.
fn named(name: &str, kind: &str) -> bool {
    name.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/']))
}

/// The snapshotter's name ends at the first slash.
fn snapshot_id(name: &str, key: &str) -> String {
    let snapshotter = name.split_once('/').map_or(name, |(snapshotter, _)| snapshotter);
    format!("{snapshotter}/{key}")
}

/// Reads `‹condition›,‹condition›…|‹snapshot key›`. What is not `usedat<‹duration›` or `usedat>‹duration›` never holds.
fn condition(suffix: &str, value: &str) -> Option<Meaning<'static>> {
    let (conditions, key) = value.split_once('|')?;
    let ages = conditions.split(',').filter_map(|condition| {
        let age = condition.strip_prefix("usedat")?;
        match age.split_at_checked(1)? {
            ("<", limit) => parse_duration(limit).map(Age::Below),
            (">", limit) => parse_duration(limit).map(Age::Above),
            _ => None,
        }
    });
    Some(Meaning::Condition(snapshot_id(suffix.trim_start_matches(['.', '/']), key), ages.collect()))
}
