//! Garbage collection: containerd's, on the records of the book. What the answers look like stands here; the graph and the
//! walk over it in `graph`, what labels mean in `labels`, what of records counts in `holder`, how they make the graph in
//! `scan`, their removal in `sweep`; the way back, from what is held to its holders, in `owners`.
//! Source: containerd-metadata §10.

mod graph;
pub(crate) mod holder;
mod labels;
pub(crate) mod owners;
mod scan;
mod sweep;
#[cfg(test)]
#[cfg(feature = "file")]
mod tests;

pub use owners::{Owned, Owner};

use super::Store;
use super::access::Access;
use crate::model::Timestamp;
use crate::storage::{Read, Txn};
use crate::text::quote;
use crate::{Error, Result};
use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// How to collect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CollectOptions {
    /// Only tell what would be done.
    pub dry_run: bool,
    /// Whose rules decide.
    pub rules: CollectRules,
}

/// The rules of a version of containerd.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CollectRules {
    /// containerd 1.6: images never expire and are not referred to, `containerd.io/gc.root` counts by its whole name,
    /// sandboxes, back references and conditions are not known.
    Containerd16,
    /// containerd 2.3.
    #[default]
    Containerd23,
}

/// By the version of containerd: `1.6` or `2.3`.
impl FromStr for CollectRules {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "1.6" => Ok(CollectRules::Containerd16),
            "2.3" => Ok(CollectRules::Containerd23),
            _ => Err(Error::invalid_argument(format!("there are no collector's rules {}", quote(text)))
                .with_help("the rules are those of containerd 1.6 or 2.3")),
        }
    }
}

/// What a collection has removed, or would remove.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Collected {
    /// The namespaces, in byte order of their names.
    pub namespaces: Vec<CollectedNamespace>,
}

impl Collected {
    /// What became of the resources of this id in a namespace, each with the shortest way to it from a root.
    ///
    /// # Errors
    /// `NotFound` when nothing of this id can be kept or collected.
    pub fn ways(&self, namespace: &str, id: &str) -> Result<Vec<Way<'_>>> {
        let mut ways: Vec<Way<'_>> = Vec::new();
        for namespace in self.namespaces.iter().filter(|one| one.name == namespace) {
            for Reached { resource, .. } in namespace.kept.iter().filter(|reached| reached.resource.id == id) {
                // One that was reached in two ways is shown once.
                if !ways.iter().any(|way| way.resource == resource) {
                    ways.push(Way { resource, kept: true, steps: namespace.why(resource) });
                }
            }
            let removed = namespace.removed.iter().filter(|resource| resource.id == id);
            ways.extend(removed.map(|resource| Way { resource, kept: false, steps: Vec::new() }));
        }
        if ways.is_empty() {
            let message = format!("nothing that can be kept or collected has the id {}", quote(id));
            return Err(Error::not_found(message).with_help("a snapshot is named SNAPSHOTTER/KEY"));
        }
        Ok(ways)
    }
}

/// Why a resource is kept, or that it is not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Way<'a> {
    /// The resource.
    pub resource: &'a Resource,
    /// Whether it is kept.
    pub kept: bool,
    /// The way to it: the root first, the resource last. Empty for what is not kept.
    pub steps: Vec<&'a Reached>,
}

/// `{"type": …, "id": …, "kept": …, "way": [{"type": …, "id": …, "exists": …, "because": …}, …]}`. The step before is the holder,
/// so of a reference only the reason is told.
impl Serialize for Way<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(untagged)]
        enum Reason<'a> {
            Root(&'a Because),
            Reference(&'a How),
        }
        #[derive(Serialize)]
        struct Step<'a> {
            #[serde(flatten)]
            resource: &'a Resource,
            exists: bool,
            because: Reason<'a>,
        }
        #[derive(Serialize)]
        struct Shape<'a> {
            #[serde(flatten)]
            resource: &'a Resource,
            kept: bool,
            way: Vec<Step<'a>>,
        }
        let steps = self.steps.iter().map(|Reached { resource, exists, because, .. }| {
            let because = match because {
                Because::Reference { how, .. } => Reason::Reference(how),
                root => Reason::Root(root),
            };
            Step { resource, exists: *exists, because }
        });
        Shape { resource: self.resource, kept: self.kept, way: steps.collect() }.serialize(serializer)
    }
}

/// What a collection did in one namespace. References never cross namespaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CollectedNamespace {
    /// The namespace.
    pub name: String,
    /// What nothing holds: leases that have expired, snapshots, ingests, content, images, in this order.
    pub removed: Vec<Resource>,
    /// What is held, and why: from the roots outwards, the nearest first.
    pub kept: Vec<Reached>,
}

impl CollectedNamespace {
    /// The shortest way from a root to a resource: the root first, the resource last. Empty for what is not kept.
    #[must_use]
    pub fn why(&self, resource: &Resource) -> Vec<&Reached> {
        let mut at = self.kept.iter().position(|reached| reached.resource == *resource);
        let mut path = Vec::new();
        while let Some(reached) = at.and_then(|at| self.kept.get(at)) {
            path.push(reached);
            at = match reached.because {
                Because::Reference { by, .. } => Some(by),
                _ => None,
            };
        }
        path.reverse();
        path
    }
}

/// Something that holds, or is held.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Resource {
    /// What sort of thing it is.
    #[serde(rename = "type")]
    pub kind: ResourceKind,
    /// Its key in the namespace; a snapshot's is `‹snapshotter›/‹key›`.
    pub id: String,
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)
    }
}

/// What sort of thing holds or is held. Containers and sandboxes hold and are never removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum ResourceKind {
    Lease,
    Snapshot,
    Ingest,
    Content,
    Image,
    Container,
    Sandbox,
}

impl ResourceKind {
    /// Its name, as in `snapshot`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ResourceKind::Lease => "lease",
            ResourceKind::Snapshot => "snapshot",
            ResourceKind::Ingest => "ingest",
            ResourceKind::Content => "content",
            ResourceKind::Image => "image",
            ResourceKind::Container => "container",
            ResourceKind::Sandbox => "sandbox",
        }
    }
}

impl fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A resource that the collector came to from a root. One that it came to both flat and with its labels is there twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Reached {
    /// What it is.
    #[serde(flatten)]
    pub resource: Resource,
    /// Whether there is a record of it. A label may name what is not there.
    pub exists: bool,
    /// Whether it is held without what its labels refer to: see `containerd.io/gc.flat`.
    pub flat: bool,
    /// Why it is kept.
    pub because: Because,
}

/// Why a resource is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Because {
    /// It is a root by what it is: a container, a sandbox, a lease, an image or an ingest that has not expired.
    Root,
    /// It is a root by this label.
    RootLabel(String),
    /// Something else that is kept holds it.
    Reference {
        /// The holder: its position in [`CollectedNamespace::kept`], before this one.
        by: usize,
        /// How it holds it.
        how: How,
    },
}

/// How one resource holds another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum How {
    /// A lease holds what was added to it.
    Lease,
    /// An image holds its target.
    Target,
    /// A snapshot holds its parent.
    Parent,
    /// A container holds its snapshot.
    Snapshot,
    /// An ingest of content that is there already holds that content.
    Expected,
    /// This label of the holder.
    Label(String),
    /// This label of what is held.
    BackReference(String),
    /// This label of the holder, whose condition is true.
    Condition(String),
    /// A container names its image. It does not hold it: only [`Store::owners`] tells of it.
    Image,
    /// A container names its sandbox. It does not hold it: only [`Store::owners`] tells of it.
    Sandbox,
}

impl How {
    /// Whether it is no label, so that a flat lease follows it too.
    fn is_structure(&self) -> bool {
        matches!(self, How::Target | How::Parent)
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            How::Lease => f.write_str("resource"),
            How::Target => f.write_str("target"),
            How::Parent => f.write_str("parent"),
            How::Snapshot => f.write_str("snapshot"),
            How::Expected => f.write_str("expected content"),
            How::Label(key) | How::Condition(key) => write!(f, "label {key}"),
            How::BackReference(key) => write!(f, "its label {key}"),
            How::Image => f.write_str("image"),
            How::Sandbox => f.write_str("sandbox"),
        }
    }
}

impl Store {
    /// Removes the leases and the images that have expired, and the content, snapshots and ingests that nothing holds, in
    /// all namespaces and in one transaction: what is held when it takes effect stays, whoever writes meanwhile. Tells for
    /// each thing why it stays.
    ///
    /// # Errors
    /// `DataLoss` for a record that cannot be read: nothing was removed then. What the storage gives; what the places of the
    /// bytes give, when the records are removed already: see [`Store::clean_up`].
    ///
    /// ```
    /// # use stowbook::{Store, gc::CollectOptions, model::{Labels, Lease}};
    /// let store = Store::in_memory();
    /// let labels = Labels::from([("containerd.io/gc.expire".to_owned(), "2001-01-01T00:00:00Z".to_owned())]);
    /// store.namespace("default").leases().create(&Lease { id: "old".into(), labels, ..Lease::default() })?;
    ///
    /// let collected = store.collect(&CollectOptions::default())?;
    /// assert_eq!(collected.namespaces[0].removed[0].to_string(), "lease old");
    /// # Ok::<(), stowbook::Error>(())
    /// ```
    pub fn collect(&self, options: &CollectOptions) -> Result<Collected> {
        if options.dry_run {
            let now = self.host.now();
            return self.read(|read| Ok(examine(read, options.rules, now)?.0));
        }
        collect(self, options.rules)
    }

    /// Who refers to what is called `id`, in all namespaces: a digest, the name of an image, the key of a snapshot (alone, as
    /// `‹snapshotter›/‹key›`, or what the snapshotter calls it), a reference of an ingest, the id of a container, lease or
    /// sandbox. Empty when nothing is called so and nothing refers to it. The references are those that containerd 2.3's
    /// collector follows, of leases that have expired too; and the image and the sandbox that a container names.
    ///
    /// # Errors
    /// `DataLoss` for a record that cannot be read. What the storage gives.
    ///
    /// ```
    /// # use stowbook::{Store, model::Container};
    /// let store = Store::in_memory();
    /// let mut web = Container::new("web", "io.containerd.runc.v2");
    /// (web.snapshotter, web.snapshot_key) = ("overlayfs".into(), "web-rw".into());
    /// store.namespace("default").containers().create(&web)?;
    ///
    /// let owned = &store.owners("web-rw")?[0];
    /// assert_eq!((owned.namespace.as_str(), owned.exists), ("default", false));
    /// assert_eq!(owned.owners[0].resource.to_string(), "container web");
    /// # Ok::<(), stowbook::Error>(())
    /// ```
    pub fn owners(&self, id: &str) -> Result<Vec<Owned>> {
        self.read(|read| {
            let mut out = Vec::new();
            for namespace in super::namespaces::list(read)? {
                out.extend(owners::in_namespace(&namespace.name, id, |visit| {
                    holder::each(read, &namespace.name, &mut |_, holder| {
                        visit(holder);
                        Ok(())
                    })
                })?);
            }
            Ok(out)
        })
    }
}

/// Collects, and lets the stores of bytes below the book follow.
pub(super) fn collect<A: Access>(place: &A, rules: CollectRules) -> Result<Collected> {
    let collected = place.write(|txn, now| remove(txn, rules, now))?;
    place.clean_up()?;
    Ok(collected)
}

fn remove(txn: &mut Txn<'_>, rules: CollectRules, now: Timestamp) -> Result<Collected> {
    let (collected, garbage) = examine(txn, rules, now)?;
    for key in garbage {
        sweep::remove(txn, &key, now)?;
    }
    Ok(collected)
}

/// What is to be removed and what is kept; and the keys of the records to be removed.
fn examine(read: &dyn Read, rules: CollectRules, now: Timestamp) -> Result<(Collected, Vec<Vec<u8>>)> {
    let mut collected = Collected::default();
    let mut garbage = Vec::new();
    for namespace in super::namespaces::list(read)? {
        let each = |visit: &mut scan::Visit<'_>| holder::each(read, &namespace.name, visit);
        let (examined, keys) = examine_namespace(namespace.name.clone(), rules, now, each)?;
        collected.namespaces.push(examined);
        garbage.extend(keys);
    }
    Ok((collected, garbage))
}

/// The same for one namespace, whose records `each` shows with their keys.
pub(crate) fn examine_namespace(
    name: String,
    rules: CollectRules,
    now: Timestamp,
    each: impl FnOnce(&mut scan::Visit<'_>) -> Result<()>,
) -> Result<(CollectedNamespace, Vec<Vec<u8>>)> {
    let scan::Scanned { graph, records } = scan::scan(rules, now, each)?;
    let marked = graph.mark();
    let garbage = records.into_iter().filter(|record| !marked.keeps(record.number));
    let (removed, keys) = garbage.map(|record| (record.resource, record.key)).unzip();
    Ok((CollectedNamespace { name, removed, kept: marked.reached }, keys))
}
