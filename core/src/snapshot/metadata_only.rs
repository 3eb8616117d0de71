use super::{CommitActive, Snapshotter, can_be_made};
use crate::model::codec::Codec as _;
use crate::model::{Labels, Mount, Snapshot, SnapshotKind, Timestamp, Usage};
use crate::proto::Message as _;
use crate::storage::layout::{self, Space};
use crate::storage::{Read, Txn};
use crate::store::labels;
use crate::text::quote;
use crate::{Error, Result};
use std::ops::ControlFlow;

/// How many snapshots may stand on one another. containerd's limit is the length of the mount's options, which is lower.
const MAX_DEPTH: usize = 4096;

/// A snapshotter without files: it knows kinds and parents, and tells the mounts that containerd's snapshotter of the same
/// name would tell. Nothing is made at the places that they name, and nothing is measured: every usage is zero.
#[derive(Clone, Debug)]
pub struct MetadataOnly {
    name: String,
    /// The directory that mounts name.
    root: String,
    layout: Layout,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// Each snapshot is a whole copy.
    Native,
    /// Each snapshot has the differences to the one below.
    Overlay,
}

/// What is kept of a snapshot.
struct Backing {
    /// The name of its directory, which stays when it is committed under another name.
    number: u64,
    snapshot: Snapshot,
}

impl MetadataOnly {
    /// In the likeness of `native`.
    #[must_use]
    pub fn native() -> Self {
        Self::new("native", Layout::Native)
    }

    /// In the likeness of `overlayfs`.
    #[must_use]
    pub fn overlayfs() -> Self {
        Self::new("overlayfs", Layout::Overlay)
    }

    fn new(name: &str, layout: Layout) -> Self {
        let root = format!("/var/lib/stowbook/io.containerd.snapshotter.v1.{name}");
        MetadataOnly { name: name.to_owned(), root, layout }
    }

    /// The same under another name, for records of snapshotters that are not known here.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The same with its mounts in this directory.
    #[must_use]
    pub fn with_root(mut self, root: impl Into<String>) -> Self {
        self.root = root.into();
        self
    }

    /// Its name, under which it keeps what it knows.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn key(&self, name: &str) -> Vec<u8> {
        layout::key(Space::BackingSnapshot, &[self.name.as_bytes(), name.as_bytes()])
    }

    fn load(&self, read: &dyn Read, name: &str) -> Result<Option<Backing>> {
        read.decode(&self.key(name), decode)
    }

    fn find(&self, read: &dyn Read, name: &str) -> Result<Backing> {
        self.load(read, name)?.ok_or_else(|| Error::not_found("snapshot does not exist").with_detail("snapshot", name))
    }

    fn save(&self, txn: &mut Txn<'_>, backing: &Backing) {
        let mut value = backing.number.to_le_bytes().to_vec();
        backing.snapshot.put_all(&mut value);
        txn.put(self.key(&backing.snapshot.name), value);
    }

    /// The next number. It lies beside the snapshots, whose names are never empty.
    fn next_number(&self, txn: &mut Txn<'_>) -> Result<u64> {
        let last = (&*txn as &dyn Read).decode(&self.key(""), decode_number)?.unwrap_or_default();
        let next = last.saturating_add(1);
        txn.put(self.key(""), next.to_le_bytes().to_vec());
        Ok(next)
    }

    /// The numbers of the snapshots below, the nearest first.
    fn below(&self, read: &dyn Read, snapshot: &Snapshot) -> Result<Vec<u64>> {
        let mut numbers = Vec::new();
        let mut parent = snapshot.parent.clone();
        while !parent.is_empty() {
            let Some(backing) = self.load(read, &parent)? else {
                return Err(Error::not_found("parent does not exist").with_detail("parent", &parent));
            };
            numbers.push(backing.number);
            parent = backing.snapshot.parent;
            if numbers.len() > MAX_DEPTH {
                return Err(Error::data_loss(format!("more than {MAX_DEPTH} snapshots stand on one another")));
            }
        }
        Ok(numbers)
    }

    fn mounts_of(&self, read: &dyn Read, backing: &Backing) -> Result<Vec<Mount>> {
        let below = self.below(read, &backing.snapshot)?;
        let active = backing.snapshot.kind == SnapshotKind::Active;
        let access = if active { "rw" } else { "ro" };
        let mount = |kind: &str, source: String, options: Vec<String>| {
            vec![Mount { kind: kind.to_owned(), source, options, ..Mount::default() }]
        };
        let folder = |number: u64| format!("{}/snapshots/{number}", self.root);
        if self.layout == Layout::Native {
            let number = below.first().filter(|_| !active).unwrap_or(&backing.number);
            return Ok(mount("bind", folder(*number), vec!["rbind".to_owned(), access.to_owned()]));
        }
        let files = |number: &u64| folder(*number) + "/fs";
        let bind = |number: &u64| mount("bind", files(number), vec![access.to_owned(), "rbind".to_owned()]);
        Ok(match below.as_slice() {
            [] => bind(&backing.number),
            [parent] if !active => bind(parent),
            _ => {
                let mut options = Vec::new();
                if active {
                    options.push(format!("workdir={}/work", folder(backing.number)));
                    options.push(format!("upperdir={}", files(&backing.number)));
                }
                options.push(format!("lowerdir={}", below.iter().map(files).collect::<Vec<_>>().join(":")));
                options.push("index=off".to_owned());
                mount("overlay", "overlay".to_owned(), options)
            }
        })
    }

    /// The start of an error's text, which differs between containerd's two.
    fn failed<'a>(&self, native: &'a str, overlay: &'a str) -> &'a str {
        if self.layout == Layout::Native { native } else { overlay }
    }
}

/// Under which key a snapshotter without files keeps a snapshot.
#[cfg(feature = "bolt")]
pub(crate) fn backing_key(snapshotter: &str, name: &str) -> Vec<u8> {
    layout::key(Space::BackingSnapshot, &[snapshotter.as_bytes(), name.as_bytes()])
}

/// Makes a snapshot of another place known to a snapshotter without files, as it is.
pub(crate) fn adopt(txn: &mut Txn<'_>, snapshotter: &str, snapshot: Snapshot) -> Result<()> {
    let of = MetadataOnly::native().named(snapshotter);
    let backing = Backing { number: of.next_number(txn)?, snapshot };
    of.save(txn, &backing);
    Ok(())
}

/// Whether the book keeps snapshots of a snapshotter without files by this name.
pub(crate) fn is_kept(read: &dyn Read, snapshotter: &str) -> Result<bool> {
    read.get(&layout::key(Space::BackingSnapshot, &[snapshotter.as_bytes(), b""]), &mut |_| Ok(()))
}

/// The snapshotters without files of which the book keeps snapshots.
pub(crate) fn kept(read: &dyn Read) -> Result<Vec<String>> {
    let mut out = Vec::new();
    let mut start = layout::space(Space::BackingSnapshot).to_vec();
    let end = layout::prefix_end(&start);
    loop {
        let mut next = None;
        read.scan(&start, end.as_deref(), &mut |key, _| {
            next = layout::parse(key).and_then(|(_, parts)| parts.into_iter().next());
            Ok(ControlFlow::Break(()))
        })?;
        let Some(name) = next else { return Ok(out) };
        let Some(behind) = layout::prefix_end(&layout::prefix(Space::BackingSnapshot, &[&name])) else {
            return Ok(out);
        };
        start = behind;
        out.extend(String::from_utf8(name).ok());
    }
}

/// Whether a value of [`Space::BackingSnapshot`] can be read.
pub(crate) fn check_value(key: &[u8], value: &[u8]) -> Result<()> {
    let name = layout::parse(key).and_then(|(_, parts)| parts.into_iter().next_back());
    if name.is_none_or(|name| name.is_empty()) { decode_number(value).map(drop) } else { decode(value).map(drop) }
}

fn decode_number(value: &[u8]) -> Result<u64> {
    let bytes = value.try_into().map_err(|_| Error::data_loss("a counter of snapshots is damaged"))?;
    Ok(u64::from_le_bytes(bytes))
}

fn decode(value: &[u8]) -> Result<Backing> {
    let (number, message) =
        value.split_first_chunk().ok_or_else(|| Error::data_loss("a snapshotter's record is damaged"))?;
    let snapshot = Snapshot::decode(message).map_err(Error::into_damage)?;
    Ok(Backing { number: u64::from_le_bytes(*number), snapshot })
}

impl Snapshotter for MetadataOnly {
    fn create(&self, txn: &mut Txn<'_>, snapshot: &Snapshot, now: Timestamp) -> Result<Vec<Mount>> {
        let failed = |error: Error| error.context("failed to create snapshot: ");
        if !can_be_made(snapshot.kind) {
            return Err(Error::invalid_argument("only active snapshots and views can be made"));
        }
        if !snapshot.parent.is_empty() {
            let parent = quote(&snapshot.parent);
            let Some(found) = self.load(txn, &snapshot.parent)? else {
                return Err(failed(Error::not_found(format!("missing parent {parent} bucket"))));
            };
            if found.snapshot.kind != SnapshotKind::Committed {
                let message = format!("parent {parent} is not committed snapshot");
                return Err(failed(Error::invalid_argument(message)).with_help("commit the parent first"));
            }
        }
        if self.load(txn, &snapshot.name)?.is_some() {
            return Err(failed(Error::already_exists(format!("snapshot {}", snapshot.name))));
        }
        let mut created = snapshot.clone();
        created.labels.retain(|_, value| !value.is_empty());
        (created.created_at, created.updated_at) = (Some(now), Some(now));
        let backing = Backing { number: self.next_number(txn)?, snapshot: created };
        let mounts = self.mounts_of(txn, &backing)?;
        self.save(txn, &backing);
        Ok(mounts)
    }

    fn commit(&self, txn: &mut Txn<'_>, name: &str, commit: &CommitActive<'_>, now: Timestamp) -> Result<()> {
        let CommitActive { active, labels, parent } = *commit;
        let context = format!("failed to commit snapshot {active}: ");
        let failed = |error: Error| error.context(self.failed("failed to commit snapshot: ", &context));
        if self.load(txn, name)?.is_some() {
            return Err(failed(Error::already_exists(format!("committed snapshot {name}"))));
        }
        let Some(mut backing) = self.load(txn, active)? else {
            return Err(failed(Error::not_found(format!("failed to get active snapshot {}", quote(active)))));
        };
        let snapshot = &mut backing.snapshot;
        if snapshot.kind != SnapshotKind::Active {
            return Err(failed(Error::failed_precondition(format!("snapshot {} is not active", quote(active))))
                .with_help("only a snapshot that was prepared can be committed"));
        }
        if snapshot.parent.is_empty() {
            parent.clone_into(&mut snapshot.parent);
        }
        if !snapshot.parent.is_empty() {
            let found = self.load(txn, &snapshot.parent)?;
            let text = quote(&snapshot.parent);
            match found.map(|found| found.snapshot.kind) {
                Some(SnapshotKind::Committed) => {}
                Some(_) => return Err(failed(Error::failed_precondition(format!("parent {text} is not committed")))),
                None => {
                    let message = format!("missing parent {text} of snapshot {}", quote(active));
                    return Err(failed(Error::not_found(message)));
                }
            }
        }
        name.clone_into(&mut snapshot.name);
        snapshot.kind = SnapshotKind::Committed;
        snapshot.labels =
            labels.iter().filter(|(_, value)| !value.is_empty()).map(|(k, v)| (k.clone(), v.clone())).collect();
        (snapshot.created_at, snapshot.updated_at) = (Some(now), Some(now));
        txn.delete(self.key(active));
        self.save(txn, &backing);
        Ok(())
    }

    fn stat(&self, read: &dyn Read, name: &str) -> Result<Snapshot> {
        Ok(self.find(read, name)?.snapshot)
    }

    fn update(
        &self,
        txn: &mut Txn<'_>,
        name: &str,
        labels: &Labels,
        fields: &[&str],
        now: Timestamp,
    ) -> Result<Snapshot> {
        let mut backing = self.find(txn, name)?;
        labels::apply(&mut backing.snapshot.labels, labels, fields, |field| {
            Error::invalid_argument(format!("cannot update {} field on snapshot {}", quote(field), quote(name)))
        })?;
        backing.snapshot.labels.retain(|_, value| !value.is_empty());
        backing.snapshot.updated_at = Some(now);
        self.save(txn, &backing);
        Ok(backing.snapshot)
    }

    fn remove(&self, txn: &mut Txn<'_>, name: &str) -> Result<()> {
        if self.load(txn, name)?.is_none() {
            let context = format!("failed to remove snapshot {name}: ");
            let error = Error::not_found(format!("snapshot {name}"));
            return Err(error.context(self.failed("failed to remove: ", &context)));
        }
        txn.delete(self.key(name));
        Ok(())
    }

    fn walk(&self, read: &dyn Read, visit: &mut dyn FnMut(Snapshot) -> Result<ControlFlow<()>>) -> Result<()> {
        let start = layout::prefix(Space::BackingSnapshot, &[self.name.as_bytes()]);
        read.scan(&start, layout::prefix_end(&start).as_deref(), &mut |key, value| {
            if key.len() == start.len() { Ok(ControlFlow::Continue(())) } else { visit(decode(value)?.snapshot) }
        })
    }

    fn mounts(&self, read: &dyn Read, name: &str) -> Result<Vec<Mount>> {
        let failed =
            |error: Error| error.context(self.failed("failed to get snapshot mount: ", "failed to get active mount: "));
        let backing = self.find(read, name).map_err(failed)?;
        if !can_be_made(backing.snapshot.kind) {
            let message = format!("requested snapshot {name} not active or view");
            return Err(failed(Error::failed_precondition(message)).with_help("prepare or view a snapshot on it"));
        }
        self.mounts_of(read, &backing).map_err(failed)
    }

    fn usage(&self, read: &dyn Read, name: &str) -> Result<Usage> {
        self.find(read, name)?;
        Ok(Usage::default())
    }
}
