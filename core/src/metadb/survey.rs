//! The way through containerd's buckets, from the root down to the records. Source: containerd-metadata §9.3.

use super::Kind;
use super::node::{Node, OnFault};
use crate::Result;
use crate::bolt::{Bucket, Entry, Item, View, Walk};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// The outermost bucket of containerd's schema, which has not changed its name since 1.0.
pub(super) const SCHEMA: &[u8] = b"v1";
const VERSION: &[u8] = b"version";
/// The first version that keeps sandboxes beside the other records (§6.1).
const SANDBOXES_IN_NAMESPACE: i64 = 4;
/// Until version 1, ingests were values of this bucket, not buckets of their own (§9.1).
const OLD_INGESTS: &[u8] = b"ingest";

/// A record, and where it was found.
pub(super) struct Record<'a> {
    pub(super) kind: Kind,
    pub(super) namespace: &'a [u8],
    /// The snapshotter of a snapshot, empty for others.
    pub(super) snapshotter: &'a [u8],
    /// The counter of the bucket that the record lies in; a snapshotter numbers its snapshots with it.
    pub(super) sequence: u64,
    pub(super) node: Node,
    /// Whether nothing of it was lost on the way.
    pub(super) whole: bool,
}

/// The keys of the buckets that lead to a record, as containerd 2 has them, its own last.
pub(super) fn record_path(namespace: &[u8], kind: Kind, snapshotter: &[u8], key: &[u8]) -> Vec<Vec<u8>> {
    let first = [SCHEMA, namespace].into_iter().chain(kind.path().iter().copied());
    let last = (kind == Kind::Snapshot).then_some(snapshotter).into_iter().chain([key]);
    first.chain(last).map(<[u8]>::to_vec).collect()
}

impl Record<'_> {
    /// The keys of the buckets that lead to it, as containerd 2 has them, its own last.
    pub(super) fn path(&self) -> Vec<Vec<u8>> {
        record_path(self.namespace, self.kind, self.snapshotter, &self.node.key)
    }
}

/// What is called with each record, until it breaks.
pub(super) type VisitRecord<'a> = dyn FnMut(Record<'_>) -> Result<ControlFlow<()>> + 'a;

/// A namespace's buckets.
#[derive(Default)]
pub(super) struct Directory {
    pub(super) name: Vec<u8>,
    exists: bool,
    /// By name, as they lie in the namespace's own bucket.
    buckets: BTreeMap<Vec<u8>, Bucket>,
    /// Where containerd 1.7 keeps sandboxes: in a bucket beside the schema's.
    old_sandboxes: Option<Bucket>,
}

/// Reads the entries of a bucket that holds few.
fn entries(
    walk: &Walk<'_>,
    bucket: &Bucket,
    path: &[Vec<u8>],
    on_fault: &mut OnFault<'_>,
) -> Result<BTreeMap<Vec<u8>, Item>> {
    let mut out = BTreeMap::new();
    for entry in walk.cursor(bucket) {
        match entry {
            Ok(Entry { key, item, .. }) => drop(out.insert(key, item)),
            Err(fault) => on_fault(path, fault)?,
        }
    }
    Ok(out)
}

fn buckets(items: BTreeMap<Vec<u8>, Item>) -> BTreeMap<Vec<u8>, Bucket> {
    let buckets = items.into_iter().filter_map(|(key, item)| match item {
        Item::Bucket(bucket) => Some((key, bucket)),
        Item::Value(_) => None,
    });
    buckets.collect()
}

/// The version of the schema's content, if one is there.
pub(super) fn version(view: &View<'_>) -> Result<Option<i64>> {
    let Some(schema) = view.bucket(&[SCHEMA])? else { return Ok(None) };
    let Some(Entry { item: Item::Value(value), page, .. }) = view.get(&schema, VERSION)? else { return Ok(None) };
    let version = super::encoding::varint(&value);
    let problem = |problem| crate::Error::data_loss(format!("page {page}: v1/version {problem}"));
    version.map(Some).map_err(problem)
}

/// All namespaces, those too of which only sandboxes of containerd 1.7 are left, in byte order.
pub(super) fn directories(walk: &Walk<'_>, root: &Bucket, on_fault: &mut OnFault<'_>) -> Result<Vec<Directory>> {
    let mut roots = buckets(entries(walk, root, &[], on_fault)?);
    let schema = roots.remove(SCHEMA);
    let inner = match &schema {
        Some(schema) => entries(walk, schema, &[SCHEMA.to_vec()], on_fault)?,
        None => BTreeMap::new(),
    };
    let version = match inner.get(VERSION) {
        Some(Item::Value(value)) => super::encoding::varint(value).unwrap_or_default(),
        _ => 0,
    };
    let mut out: BTreeMap<Vec<u8>, Directory> = BTreeMap::new();
    for (name, bucket) in buckets(inner) {
        let items = entries(walk, &bucket, &[SCHEMA.to_vec(), name.clone()], on_fault)?;
        out.insert(name.clone(), Directory { name, exists: true, buckets: buckets(items), old_sandboxes: None });
    }
    // containerd 2 deletes these buckets when it starts, after it has moved what is in them.
    for (name, bucket) in roots.into_iter().filter(|_| version < SANDBOXES_IN_NAMESPACE) {
        let mut items = buckets(entries(walk, &bucket, std::slice::from_ref(&name), on_fault)?);
        if let Some(sandboxes) = items.remove(b"sandboxes".as_slice()) {
            let directory = out.entry(name.clone());
            directory.or_insert_with(|| Directory { name, ..Directory::default() }).old_sandboxes = Some(sandboxes);
        }
    }
    Ok(out.into_values().collect())
}

/// The buckets of one namespace, found by searches.
pub(super) fn directory(view: &View<'_>, walk: &Walk<'_>, name: &[u8]) -> Result<Directory> {
    let mut out = Directory { name: name.to_vec(), ..Directory::default() };
    if let Some(bucket) = view.bucket(&[SCHEMA, name])? {
        out.exists = true;
        out.buckets = buckets(entries(walk, &bucket, &[], &mut super::node::strict)?);
    }
    if name != SCHEMA && version(view)?.unwrap_or_default() < SANDBOXES_IN_NAMESPACE {
        out.old_sandboxes = view.bucket(&[name, b"sandboxes"])?;
    }
    Ok(out)
}

impl Directory {
    /// Whether containerd lists the namespace. One of which only sandboxes of 1.7 are left is not listed.
    pub(super) fn is_listed(&self) -> bool {
        self.exists
    }

    /// The record of a key, of this snapshotter if it is a snapshot's. In a bucket of its own: ingests of 1.0 have none.
    pub(super) fn find(
        &self,
        view: &View<'_>,
        walk: &Walk<'_>,
        kind: Kind,
        snapshotter: &[u8],
        key: &[u8],
    ) -> Result<Option<Node>> {
        let mut path = record_path(&self.name, kind, snapshotter, key);
        let keys: Vec<&[u8]> = path.iter().map(Vec::as_slice).collect();
        let mut found = view.bucket(&keys)?;
        if let (None, Kind::Sandbox, Some(old)) = (&found, kind, &self.old_sandboxes)
            && let Some(Item::Bucket(inner)) = view.get(old, key)?.map(|entry| entry.item)
        {
            found = Some(inner);
        }
        match found {
            Some(inner) => Node::load(walk, &inner, &mut path, &mut super::node::strict).map(Some),
            None => Ok(None),
        }
    }

    /// The labels of the namespace.
    pub(super) fn labels(&self, walk: &Walk<'_>, on_fault: &mut OnFault<'_>) -> Result<Option<Node>> {
        let Some(bucket) = self.buckets.get(b"labels".as_slice()) else { return Ok(None) };
        Node::load(walk, bucket, &mut self.path(&[b"labels"]), on_fault).map(Some)
    }

    fn path(&self, below: &[&[u8]]) -> Vec<Vec<u8>> {
        let path = [SCHEMA, &self.name].into_iter().chain(below.iter().copied());
        path.map(<[u8]>::to_vec).collect()
    }

    /// Shows the records of some kinds, kind by kind, each in byte order.
    pub(super) fn records(
        &self,
        walk: &Walk<'_>,
        kinds: &[Kind],
        on_fault: &mut OnFault<'_>,
        visit: &mut VisitRecord<'_>,
    ) -> Result<()> {
        // Read once for both kinds that lie in it: a walk meets no page twice.
        let content = match self.buckets.get(b"content".as_slice()) {
            Some(bucket) if kinds.iter().any(|kind| matches!(kind, Kind::Blob | Kind::Ingest)) => {
                buckets(entries(walk, bucket, &self.path(&[b"content"]), on_fault)?)
            }
            _ => BTreeMap::new(),
        };
        for kind in kinds {
            let flow = match kind {
                Kind::Blob | Kind::Ingest => self.content(walk, *kind, &content, on_fault, visit)?,
                Kind::Snapshot => self.snapshots(walk, on_fault, visit)?,
                Kind::Sandbox => self.sandboxes(walk, on_fault, visit)?,
                Kind::Container | Kind::Image | Kind::Lease => {
                    let bucket = kind.path().first().and_then(|name| self.buckets.get(*name));
                    match bucket {
                        Some(bucket) => self.each(walk, *kind, &[], bucket, self.path(kind.path()), on_fault, visit)?,
                        None => ControlFlow::Continue(()),
                    }
                }
            };
            if flow.is_break() {
                break;
            }
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "one place, one reader, two who are told")]
    fn each(
        &self,
        walk: &Walk<'_>,
        kind: Kind,
        snapshotter: &[u8],
        bucket: &Bucket,
        mut path: Vec<Vec<u8>>,
        on_fault: &mut OnFault<'_>,
        visit: &mut VisitRecord<'_>,
    ) -> Result<ControlFlow<()>> {
        for entry in walk.cursor(bucket) {
            let (key, inner) = match entry {
                Ok(Entry { key, item: Item::Bucket(inner), .. }) => (key, inner),
                // Stray values are no records (§9.3).
                Ok(_) => continue,
                Err(fault) => {
                    on_fault(&path, fault)?;
                    continue;
                }
            };
            path.push(key);
            let mut whole = true;
            let node = Node::load(walk, &inner, &mut path, &mut |path, fault| {
                whole = false;
                on_fault(path, fault)
            })?;
            path.pop();
            if visit(Record { kind, namespace: &self.name, snapshotter, sequence: bucket.sequence, node, whole })?
                .is_break()
            {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn content(
        &self,
        walk: &Walk<'_>,
        kind: Kind,
        content: &BTreeMap<Vec<u8>, Bucket>,
        on_fault: &mut OnFault<'_>,
        visit: &mut VisitRecord<'_>,
    ) -> Result<ControlFlow<()>> {
        if let Some(bucket) = kind.path().last().and_then(|name| content.get(*name)) {
            let path = self.path(kind.path());
            if self.each(walk, kind, &[], bucket, path, on_fault, visit)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        let Some(old) = content.get(OLD_INGESTS).filter(|_| kind == Kind::Ingest) else {
            return Ok(ControlFlow::Continue(()));
        };
        let path = self.path(&[b"content", OLD_INGESTS]);
        for (key, item) in entries(walk, old, &path, on_fault)? {
            let Item::Value(reference) = item else { continue };
            let values = BTreeMap::from([(b"ref".to_vec(), reference)]);
            let node = Node { key, page: old.page(), values, ..Node::default() };
            if visit(Record {
                kind,
                namespace: &self.name,
                snapshotter: &[],
                sequence: old.sequence,
                node,
                whole: true,
            })?
            .is_break()
            {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The snapshotters with their buckets.
    pub(super) fn snapshotters(
        &self,
        walk: &Walk<'_>,
        on_fault: &mut OnFault<'_>,
    ) -> Result<BTreeMap<Vec<u8>, Bucket>> {
        let Some(bucket) = self.buckets.get(b"snapshots".as_slice()) else { return Ok(BTreeMap::new()) };
        Ok(buckets(entries(walk, bucket, &self.path(&[b"snapshots"]), on_fault)?))
    }

    fn snapshots(
        &self,
        walk: &Walk<'_>,
        on_fault: &mut OnFault<'_>,
        visit: &mut VisitRecord<'_>,
    ) -> Result<ControlFlow<()>> {
        for (snapshotter, bucket) in self.snapshotters(walk, on_fault)? {
            let flow = self.snapshots_of(walk, &snapshotter, &bucket, on_fault, visit)?;
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The snapshots of one snapshotter.
    pub(super) fn snapshots_of(
        &self,
        walk: &Walk<'_>,
        snapshotter: &[u8],
        bucket: &Bucket,
        on_fault: &mut OnFault<'_>,
        visit: &mut VisitRecord<'_>,
    ) -> Result<ControlFlow<()>> {
        let path = self.path(&[b"snapshots", snapshotter]);
        self.each(walk, Kind::Snapshot, snapshotter, bucket, path, on_fault, visit)
    }

    /// The sandboxes of both places. A file has one of them, unless somebody made it by hand.
    fn sandboxes(
        &self,
        walk: &Walk<'_>,
        on_fault: &mut OnFault<'_>,
        visit: &mut VisitRecord<'_>,
    ) -> Result<ControlFlow<()>> {
        let old_path = vec![self.name.clone(), b"sandboxes".to_vec()];
        let new = self.buckets.get(b"sandboxes".as_slice()).map(|bucket| (bucket, self.path(Kind::Sandbox.path())));
        let old = self.old_sandboxes.as_ref().map(|bucket| (bucket, old_path));
        for (bucket, path) in new.into_iter().chain(old) {
            let flow = self.each(walk, Kind::Sandbox, &[], bucket, path, on_fault, visit)?;
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}
