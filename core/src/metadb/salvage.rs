//! What can still be read of a damaged database.
//!
//! Three ways lead to a record: from the newest state, from the one before it, and from pages to which no way leads any
//! more. Each is trusted less than the one before. The older state is asked only for what lay behind damage in the newest:
//! what the newest does not have without damage was deleted.

use super::check::changed_at;
use super::decode::{Decoder, Problem};
use super::finding::path_text;
use super::node::Node;
use super::portable::{self, Portable, PortableRecord};
use super::survey::{self, SCHEMA};
use super::{Finding, Kind, Severity, json, settled};
use crate::Result;
use crate::bolt::{Bucket, Claims, Entry, Item, Metas, ReadAt, View, Walk};
use crate::text::{lossy, quote};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// Where a record was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Origin {
    /// In the newest state.
    Newest,
    /// In an older state, because the way to it in the newest is damaged. It may have been changed or deleted since.
    Older,
    /// On a page to which no way leads. It may be long out of date, and its namespace is not known for sure.
    Orphan,
}

impl Origin {
    fn word(self) -> &'static str {
        match self {
            Origin::Newest => "newest state",
            Origin::Older => "older state",
            Origin::Orphan => "orphan page",
        }
    }
}

const GAVE_UP: &str = "the search for lost records was given up: pages lead to pages again and again";

/// The paths behind which something was lost.
type Lost = BTreeSet<Vec<Vec<u8>>>;

/// The namespace, kind, snapshotter and key of a record.
type Name = (Vec<u8>, Kind, Vec<u8>, Vec<u8>);

struct Found {
    node: Node,
    origin: Origin,
    whole: bool,
}

/// A record on an orphan page.
struct Fragment {
    kind: Kind,
    /// If it is known.
    key: Option<Vec<u8>>,
    namespace: Option<Vec<u8>>,
    node: Node,
}

/// How many pages a search may read that looks at some pages again and again: so many times what the file has.
const SEARCH_FACTOR: u64 = 16;

/// The pages that a search may still read.
struct Budget(u64);

impl Budget {
    fn of(view: &View<'_>) -> Budget {
        Budget(view.pages().saturating_mul(SEARCH_FACTOR))
    }

    /// Whether so many pages could be paid for.
    fn spend(&mut self, pages: u64) -> bool {
        let rest = self.0.checked_sub(pages);
        self.0 = rest.unwrap_or_default();
        rest.is_some()
    }
}

/// What was saved.
#[derive(Default)]
pub struct Salvage {
    namespaces: BTreeMap<Vec<u8>, Node>,
    records: BTreeMap<Name, Found>,
    /// The counters of the snapshotters, by namespace and name.
    sequences: BTreeMap<(Vec<u8>, Vec<u8>), u64>,
    fragments: Vec<Fragment>,
    findings: BTreeSet<Finding>,
}

/// Reads everything that can be read, and tells what was lost or is doubtful. On a file that is whole, that is what
/// [`MetaDb::dump`](super::MetaDb::dump) shows.
///
/// # Errors
/// `Aborted` when a daemon writes to the file all the time, and what the place gives. Damage is no error here.
pub fn salvage(source: &dyn ReadAt) -> Result<Salvage> {
    settled(source, || {
        let metas = Metas::read(source);
        let mut out = Salvage::default();
        for (page, slot) in (0..).zip(&metas.slots) {
            out.findings.extend(slot.problem.clone().map(|problem| damage(Some(page), &[], problem)));
        }
        let mut met = Claims::default();
        let mut roots: Vec<Bucket> =
            metas.valid().iter().map(|meta| Bucket::at(meta.root, meta.root_sequence)).collect();
        let mut page_size = metas.page_size;
        if roots.is_empty() {
            // What the damaged ones say may still be right.
            let mut told: Vec<_> = metas.slots.iter().filter_map(|slot| slot.meta).collect();
            told.sort_by_key(|meta| std::cmp::Reverse(meta.txid));
            if told.is_empty() {
                page_size = guess_page_size(source)?;
            }
            roots = told.iter().map(|meta| Bucket::at(meta.root, meta.root_sequence)).collect();
        }
        if let [state] = metas.valid().as_slice() {
            let problem = format!("the state of transaction {} was read; one behind it may be lost", state.txid);
            out.findings.insert(damage(None, &[], problem));
        }
        let view = View::all(source, page_size)?;
        // Without a meta page to trust, everything may be lost.
        let mut lost: Lost = metas.valid().is_empty().then(Vec::new).into_iter().collect();
        for (age, root) in roots.iter().enumerate() {
            let origin = if age == 0 { Origin::Newest } else { Origin::Older };
            if age > 0 && lost.is_empty() {
                break;
            }
            let behind = out.read(&view, root, origin, &lost, &mut met)?;
            if age == 0 {
                lost.extend(behind);
            }
        }
        if !lost.is_empty() {
            out.read_found_roots(&view, &mut met)?;
            out.read_orphans(&view, &lost, met)?;
        }
        out.tell();
        Ok(out)
    })
}

fn damage(page: Option<u64>, path: &[Vec<u8>], problem: impl Into<String>) -> Finding {
    Finding { severity: Severity::Damage, page, path: path_text(path), problem: problem.into() }
}

/// The page size with which most of the file looks like pages.
fn guess_page_size(source: &dyn ReadAt) -> Result<u32> {
    let mut best = (0, 4096);
    for size in (9..=16).map(|bits| 1_u32 << bits) {
        let view = View::all(source, size)?;
        let pages = (2..view.pages()).filter(|page| view.tree_pages(*page).is_some()).count() as u64;
        best = best.max((pages.saturating_mul(u64::from(size)), size));
    }
    Ok(best.1)
}

impl Salvage {
    /// Reads one state. Of an older one only what lies behind one of the paths in `lost`. Gives the paths behind which
    /// something was lost.
    fn read(&mut self, view: &View<'_>, root: &Bucket, origin: Origin, lost: &Lost, met: &mut Claims) -> Result<Lost> {
        let walk = Walk::new(*view);
        let mut behind = Lost::new();
        let mut findings = Vec::new();
        let mut on_fault = |path: &[Vec<u8>], fault: crate::bolt::Fault| {
            let problem = format!("{}: {}", origin.word(), fault.problem);
            findings.push(damage(fault.page, path, problem));
            if !behind.contains(path) {
                behind.insert(path.to_vec());
            }
            Ok(())
        };
        let is_lost = |path: &[Vec<u8>]| (0..=path.len()).filter_map(|end| path.get(..end)).any(|to| lost.contains(to));
        let asked = |path: &[Vec<u8>]| origin == Origin::Newest || is_lost(path);
        for directory in survey::directories(&walk, root, &mut on_fault)? {
            let labels = directory.labels(&walk, &mut on_fault)?;
            if asked(&[SCHEMA.to_vec(), directory.name.clone(), b"labels".to_vec()]) {
                self.namespaces.entry(directory.name.clone()).or_insert_with(|| labels.unwrap_or_default());
            }
            directory.records(&walk, &Kind::ALL, &mut on_fault, &mut |record| {
                if asked(&record.path()) {
                    if record.kind == Kind::Snapshot {
                        let of = (record.namespace.to_vec(), record.snapshotter.to_vec());
                        let sequence = self.sequences.entry(of).or_default();
                        *sequence = record.sequence.max(*sequence);
                    }
                    let name =
                        (record.namespace.to_vec(), record.kind, record.snapshotter.to_vec(), record.node.key.clone());
                    let found = Found { node: record.node, origin, whole: record.whole };
                    match self.records.get(&name) {
                        Some(before) if before.whole || !found.whole => {}
                        _ => drop(self.records.insert(name, found)),
                    }
                }
                Ok(ControlFlow::Continue(()))
            })?;
        }
        self.findings.extend(findings);
        met.join(&walk.claims());
        Ok(behind)
    }

    /// With no way to the schema's bucket left, any page that has one is a state. The one with most records is taken.
    fn read_found_roots(&mut self, view: &View<'_>, met: &mut Claims) -> Result<()> {
        if !self.records.is_empty() || !self.namespaces.is_empty() {
            return Ok(());
        }
        let mut best: Option<(Salvage, Claims, u64)> = None;
        let mut budget = Budget::of(view);
        // The root bucket has few keys, so it is a leaf.
        for page in (2..view.pages()).filter(|page| view.is_leaf(*page)) {
            if !budget.spend(view.tree_pages(page).unwrap_or_default()) {
                self.findings.insert(damage(None, &[], GAVE_UP));
                break;
            }
            let root = Bucket::at(page, 0);
            let schema = view.get(&root, SCHEMA);
            if !schema.is_ok_and(|entry| entry.is_some_and(|entry| matches!(entry.item, Item::Bucket(_)))) {
                continue;
            }
            let mut found = Salvage::default();
            let mut claims = Claims::default();
            found.read(view, &root, Origin::Older, &Lost::from([Vec::new()]), &mut claims)?;
            budget.spend(claims.count());
            if best.as_ref().is_none_or(|(before, ..)| before.records.len() < found.records.len()) {
                best = Some((found, claims, page));
            }
        }
        if let Some((found, claims, page)) = best {
            let problem = format!("no meta page leads to the records; page {page} was taken for the root");
            self.findings.insert(damage(Some(page), &[], problem));
            self.findings.extend(found.findings);
            self.namespaces = found.namespaces;
            self.records = found.records;
            self.sequences = found.sequences;
            met.join(&claims);
        }
        Ok(())
    }

    /// Looks for records on pages to which no way leads.
    fn read_orphans(&mut self, view: &View<'_>, lost: &Lost, met: Claims) -> Result<()> {
        let mut newest: BTreeMap<(Kind, Vec<u8>), Fragment> = BTreeMap::new();
        let only: BTreeMap<Kind, Vec<u8>> =
            Kind::ALL.into_iter().filter_map(|kind| Some((kind, only_place(lost, kind)?))).collect();
        let known: BTreeSet<(Kind, Vec<u8>)> =
            self.records.keys().map(|(_, kind, _, key)| (*kind, key.clone())).collect();
        let mut used = met.clone();
        let mut bare = Vec::new();
        let mut budget = Budget::of(view);
        for page in (2..view.pages()).filter(|page| !met.has(*page) && view.is_leaf(*page)) {
            if !budget.spend(view.tree_pages(page).unwrap_or_default()) {
                self.findings.insert(damage(None, &[], GAVE_UP));
                break;
            }
            // Old copies of a page share the pages below them, so each is looked at with fresh eyes.
            let walk = Walk::new(*view);
            let mut has_records = false;
            for entry in walk.cursor(&Bucket::at(page, 0)).flatten() {
                let Entry { key, item: Item::Bucket(inner), .. } = entry else { continue };
                // A record on a page of its own that others use is one of theirs.
                if inner.page() != page && met.has(inner.page()) {
                    continue;
                }
                let node = Node::load(&walk, &inner, &mut vec![key.clone()], &mut |_, _| Ok(()))?;
                let Some(kind) = kind_of(&node) else { continue };
                has_records = true;
                if known.contains(&(kind, key.clone())) {
                    continue;
                }
                let namespace = namespace_of(kind, &node).or_else(|| only.get(&kind).cloned());
                let fragment = Fragment { kind, key: Some(key.clone()), namespace, node };
                match newest.get(&(kind, key.clone())) {
                    Some(before) if changed_at(&before.node) >= changed_at(&fragment.node) => {}
                    _ => drop(newest.insert((kind, key), fragment)),
                }
            }
            budget.spend(walk.claims().count());
            if has_records {
                used.join(&walk.claims());
            } else {
                bare.push(page);
            }
        }
        // What is left may be the inside of a record whose key is lost.
        let mut keyless = Vec::new();
        for page in bare.into_iter().filter(|page| !used.has(*page)) {
            let walk = Walk::new(*view);
            if !budget.spend(view.tree_pages(page).unwrap_or_default()) {
                self.findings.insert(damage(None, &[], GAVE_UP));
                break;
            }
            let node = Node::load(&walk, &Bucket::at(page, 0), &mut vec![Vec::new()], &mut |_, _| Ok(()))?;
            budget.spend(walk.claims().count());
            if let Some(kind) = kind_of(&node).filter(|_| changed_at(&node).is_some()) {
                let namespace = namespace_of(kind, &node).or_else(|| only.get(&kind).cloned());
                keyless.push(Fragment { kind, key: None, namespace, node });
            }
        }
        self.fragments = newest.into_values().chain(keyless).collect();
        Ok(())
    }

    /// Adds what is to be known about what was saved.
    fn tell(&mut self) {
        for ((namespace, kind, snapshotter, key), found) in &self.records {
            let path = survey::record_path(namespace, *kind, snapshotter, key);
            if found.origin != Origin::Newest {
                let problem = "taken from an older state; it may have been changed or deleted since".to_owned();
                self.findings.insert(damage(Some(found.node.page), &path, problem));
            }
            if !found.whole {
                self.findings.insert(damage(Some(found.node.page), &path, "parts of it are lost"));
            }
            for problem in json::record(*kind, &found.node).problems {
                self.findings.insert(damage(Some(found.node.page), &path, problem));
            }
        }
        for fragment in &self.fragments {
            let key = fragment.key.as_deref().map_or("without its key".to_owned(), quote);
            let word = fragment.kind.word();
            let problem = format!("a {word} {key} lies on a page to which nothing leads; it may be out of date");
            self.findings.insert(damage(Some(fragment.node.page), &[], problem));
        }
    }

    /// Everything that is wrong or doubtful. Empty for a file that is whole.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter()
    }

    /// What can be taken over into a book, of the namespaces that `wanted` names (none: all), and in words what cannot: records
    /// that are not whole or not exact, and those on pages to which nothing leads, whose namespaces are not known for sure.
    pub(crate) fn portable(&self, wanted: &[String]) -> (Vec<Portable>, Vec<String>) {
        let mut out: BTreeMap<&[u8], Portable> = BTreeMap::new();
        let mut left_out = Vec::new();
        for (name, labels) in self.namespaces.iter().filter(|(name, _)| portable::is_wanted(wanted, name)) {
            if is_name(name) {
                let of = Portable::of(name, Some(&only_texts(labels)));
                out.insert(name, of);
            } else {
                left_out.push(format!("{}: {NO_NAME}", path_text(&[SCHEMA, name])));
            }
            let others = labels.values.len().saturating_sub(only_texts(labels).values.len());
            if others > 0 {
                left_out.push(format!("{}: {others} labels that are not UTF-8", path_text(&[SCHEMA, name])));
            }
        }
        for ((namespace, kind, snapshotter, key), found) in &self.records {
            if !portable::is_wanted(wanted, namespace) {
                continue;
            }
            let mut decoder = Decoder::default();
            let record = PortableRecord::decode(&mut decoder, *kind, snapshotter, &found.node);
            let why = match decoder.problems.first() {
                _ if !found.whole => Some("parts of it are lost"),
                _ if !is_name(namespace) => Some(NO_NAME),
                None if portable::has_unknown(*kind, &found.node) => Some(portable::UNKNOWN),
                problem => problem.map(Problem::text),
            };
            if let Some(why) = why {
                let path = path_text(&survey::record_path(namespace, *kind, snapshotter, key));
                left_out.push(format!("{path}: {why}"));
                continue;
            }
            let of = out.entry(namespace).or_insert_with(|| Portable::of(namespace, None));
            of.kinds.insert(*kind);
            of.records.push(record);
        }
        for ((namespace, snapshotter), sequence) in &self.sequences {
            if let (Some(of), Ok(name)) = (out.get_mut(namespace.as_slice()), std::str::from_utf8(snapshotter)) {
                of.sequences.insert(name.to_owned(), *sequence);
            }
        }
        left_out.extend(self.fragments.iter().map(|fragment| {
            let key = fragment.key.as_deref().map_or("without its key".to_owned(), quote);
            format!("page {}: {} {key}: nothing leads to it", fragment.node.page, fragment.kind.word())
        }));
        (out.into_values().collect(), left_out)
    }

    /// How many records were saved, those on orphan pages not counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether no record was saved.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Whether nothing was found at all: no namespace, no record, not even on an orphan page.
    #[must_use]
    pub fn found_nothing(&self) -> bool {
        self.namespaces.is_empty() && self.records.is_empty() && self.fragments.is_empty()
    }

    /// The records as JSON: `namespaces` in the form of [`MetaDb::dump`](super::MetaDb::dump), `fragments` of orphan pages
    /// with their page, kind, and namespace as far as it can be told, and `findings`. A record that does not come from the
    /// newest state has a member `salvaged_from`; one of which parts are lost, and so may show defaults, is `incomplete`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut namespaces = Map::new();
        for (name, labels) in &self.namespaces {
            namespaces.insert(json::name(name), empty_namespace(json::labels(Some(labels)).members()));
        }
        for ((namespace, kind, snapshotter, _), found) in &self.records {
            let mut record = json::record(*kind, &found.node).members();
            if found.origin != Origin::Newest {
                record.insert("salvaged_from".to_owned(), found.origin.word().into());
            }
            if !found.whole {
                record.insert("incomplete".to_owned(), true.into());
            }
            let of = namespaces.entry(json::name(namespace)).or_insert_with(|| empty_namespace(Map::new()));
            let list = match kind {
                Kind::Container => of.pointer_mut("/containers"),
                Kind::Image => of.pointer_mut("/images"),
                Kind::Lease => of.pointer_mut("/leases"),
                Kind::Sandbox => of.pointer_mut("/sandboxes"),
                Kind::Blob => of.pointer_mut("/content/blobs"),
                Kind::Ingest => of.pointer_mut("/content/ingests"),
                Kind::Snapshot => of.pointer_mut("/snapshots").and_then(Value::as_object_mut).map(|snapshots| {
                    let sequence = self.sequences.get(&(namespace.clone(), snapshotter.clone()));
                    let entry = snapshots.entry(json::name(snapshotter));
                    entry.or_insert_with(|| json!({"sequence": sequence, "snapshots": []}))
                }),
            };
            let list = list.and_then(|list| if list.is_array() { Some(list) } else { list.get_mut("snapshots") });
            if let Some(list) = list.and_then(Value::as_array_mut) {
                list.push(record.into());
            }
        }
        let fragments: Vec<Value> = self.fragments.iter().map(Fragment::to_json).collect();
        json!({"namespaces": namespaces, "fragments": fragments, "findings": self.findings})
    }
}

fn empty_namespace(mut members: Map<String, Value>) -> Value {
    for kind in ["containers", "images", "leases", "sandboxes"] {
        members.insert(kind.to_owned(), json!([]));
    }
    members.insert("content".to_owned(), json!({"blobs": [], "ingests": []}));
    members.insert("snapshots".to_owned(), json!({}));
    members.into()
}

impl Fragment {
    fn to_json(&self) -> Value {
        let text = |bytes: &Option<Vec<u8>>| bytes.as_deref().map(|bytes| lossy(bytes).into_owned());
        let mut node = self.node.clone();
        node.key = self.key.clone().unwrap_or_default();
        json!({
            "page": self.node.page,
            "kind": self.kind.word(),
            "namespace": text(&self.namespace),
            "key": text(&self.key),
            "record": json::record(self.kind, &node).members(),
        })
    }
}

const NO_NAME: &str = "a namespace cannot have this name";

/// Whether a namespace of a book can have this name: `version` is where containerd has its schema's.
fn is_name(name: &[u8]) -> bool {
    std::str::from_utf8(name).is_ok() && name != b"version"
}

/// The pairs of which both halves are UTF-8.
fn only_texts(labels: &Node) -> Node {
    let mut out = labels.clone();
    out.values.retain(|key, value| std::str::from_utf8(key).is_ok() && std::str::from_utf8(value).is_ok());
    out
}

/// What sort of record this is, by what only that sort has.
fn kind_of(node: &Node) -> Option<Kind> {
    let value = |name| node.value(name).is_some();
    let bucket = |name| node.bucket(name).is_some();
    if !value("createdat") && !value("ref") {
        return None;
    }
    let kinds = [
        (Kind::Image, bucket("target")),
        (Kind::Container, value("snapshotKey") || value("image") && bucket("runtime")),
        (Kind::Sandbox, value("sandboxer") || bucket("runtime")),
        (Kind::Blob, value("size") && value("updatedat")),
        (Kind::Snapshot, value("name") && value("updatedat")),
        (Kind::Ingest, value("ref")),
        (Kind::Lease, !value("updatedat")),
    ];
    kinds.into_iter().find(|(_, is)| *is).map(|(kind, _)| kind)
}

/// The namespace that a record names itself: a snapshotter's or a blob store's name for it is `‹namespace›/‹number›/‹key›`.
fn namespace_of(kind: Kind, node: &Node) -> Option<Vec<u8>> {
    let name = match kind {
        Kind::Snapshot => node.value("name")?,
        Kind::Ingest => node.value("ref")?,
        _ => return None,
    };
    let end = name.iter().position(|byte| *byte == b'/')?;
    name.get(..end).map(<[u8]>::to_vec)
}

/// The one namespace in which records of a kind were lost.
fn only_place(lost: &Lost, kind: Kind) -> Option<Vec<u8>> {
    let mut names: BTreeSet<&Vec<u8>> = BTreeSet::new();
    for path in lost {
        let bucket = path.get(2).map(Vec::as_slice);
        if bucket.is_some_and(|bucket| Some(&bucket) != kind.path().first()) {
            continue;
        }
        names.insert(path.get(1)?);
    }
    let mut names = names.into_iter();
    let only = names.next()?;
    names.next().is_none().then(|| only.clone())
}
