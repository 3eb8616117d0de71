//! The book under measurement: a store in a file whose fsyncs can be counted, and the records that fill it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use stowbook::model::{Any, Container};
use stowbook::storage::{RedbStorage, Snapshot, Storage, WriteSet};
use stowbook::{Containers, OpenOptions, Result, Store, SystemHost};

/// The namespace of all records.
pub(crate) const NAMESPACE: &str = "default";

/// The list of filters that every record passes.
pub(crate) const NO_FILTERS: [&str; 0] = [];

/// The file of the book in `dir`.
pub(crate) fn file(dir: &Path) -> PathBuf {
    dir.join("book.redb")
}

/// A store in `dir`, new or as it was left, and its storage.
pub(crate) fn open(dir: &Path) -> Result<(Store, Arc<RedbStorage>)> {
    let storage = RedbStorage::open(&file(dir), &OpenOptions::default(), WriteSet::default)?;
    let storage = Arc::new(storage);
    let store = Store::with_storage(Box::new(Shared(Arc::clone(&storage))), Arc::new(SystemHost))?;
    Ok((store, storage))
}

/// A storage that a store owns and that can still be asked for its fsyncs.
#[derive(Debug)]
struct Shared(Arc<RedbStorage>);

impl Storage for Shared {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>> {
        self.0.snapshot()
    }

    fn commit(&self, writes: &WriteSet) -> Result<()> {
        self.0.commit(writes)
    }
}

/// All records, read from the book whatever readers share, of which there are about so many.
pub(crate) fn all_unshared(containers: &Containers<'_, Store>, about: usize) -> Result<Vec<Container>> {
    let mut all = Vec::with_capacity(about);
    containers.each(&NO_FILTERS, |container| {
        all.push(container);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(all)
}

/// The id of record number `i`.
pub(crate) fn id(i: usize) -> String {
    format!("c{i:07}")
}

/// Record number `i`, the same that the peer makes.
pub(crate) fn record(i: usize, spec: &[u8]) -> Container {
    let mut out = Container::new(id(i), "io.containerd.runc.v2");
    out.image = "docker.io/library/nginx:alpine".to_owned();
    let labels =
        [("app", format!("a{}", i % 100)), ("tier", "web".into()), ("io.cri-containerd.kind", "container".into())];
    out.labels.extend(labels.into_iter().map(|(key, value)| (key.to_owned(), value)));
    out.snapshotter = "overlayfs".to_owned();
    out.snapshot_key = id(i);
    out.spec = Some(Any::new("types.containerd.io/opencontainers/runtime-spec/1/Spec", spec));
    out
}
