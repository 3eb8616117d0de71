//! Content and snapshots, for reading. Their bytes are not in the database.

use super::decode::Decoder;
use super::{Kind, MetaDb, read_only};
use crate::model::{Blob, IngestStatus, Mount, Snapshot, Usage};
use crate::store::{
    CommitContent, ContentStore, ContentWriter, Context, CreateSnapshot, OpenContent, SnapshotStore, no_such_blob,
    no_such_snapshot,
};
use crate::{Error, Result};

/// The refusal of what only those know who keep the bytes.
fn not_here(what: &str) -> Error {
    Error::not_implemented(format!("{what} is not in containerd's database"))
        .with_help("ask the daemon that it belongs to")
}

impl ContentStore for MetaDb {
    fn get_blob(&self, context: &Context, digest: &str) -> Result<Blob> {
        let namespace = context.require_namespace()?;
        self.find(Kind::Blob, namespace, digest, Decoder::blob)?.ok_or_else(|| no_such_blob(digest))
    }

    fn list_blobs(&self, context: &Context, filters: &[&[u8]]) -> Result<Vec<Blob>> {
        self.blobs(context, filters)
    }

    fn update_blob(&self, _context: &Context, _blob: &Blob, _fields: &[&str]) -> Result<Blob> {
        Err(read_only())
    }

    fn delete_blob(&self, _context: &Context, _digest: &str) -> Result<()> {
        Err(read_only())
    }

    fn read_blob(&self, _context: &Context, _digest: &str, _offset: u64, _buffer: &mut [u8]) -> Result<usize> {
        Err(not_here("content itself"))
    }

    fn open_content(&self, _context: &Context, _open: &OpenContent) -> Result<ContentWriter> {
        Err(read_only())
    }

    fn commit_content(&self, _writer: &mut ContentWriter, _commit: &CommitContent) -> Result<Blob> {
        Err(read_only())
    }

    fn get_ingest(&self, _context: &Context, _reference: &str) -> Result<IngestStatus> {
        Err(not_here("how far an ingest is"))
    }

    fn list_ingests(&self, _context: &Context, _filters: &[&[u8]]) -> Result<Vec<IngestStatus>> {
        Err(not_here("how far an ingest is"))
    }

    fn abort_ingest(&self, _context: &Context, _reference: &str) -> Result<()> {
        Err(read_only())
    }
}

impl SnapshotStore for MetaDb {
    fn get_snapshot(&self, context: &Context, snapshotter: &str, key: &str) -> Result<Snapshot> {
        let mut found = self.snapshots(context, snapshotter, &[])?.into_iter();
        found.find(|snapshot| snapshot.name == key).ok_or_else(|| no_such_snapshot(key))
    }

    fn list_snapshots(&self, context: &Context, snapshotter: &str, filters: &[&[u8]]) -> Result<Vec<Snapshot>> {
        self.snapshots(context, snapshotter, filters)
    }

    fn prepare_snapshot(
        &self,
        _context: &Context,
        _snapshotter: &str,
        _key: &str,
        _prepare: &CreateSnapshot,
    ) -> Result<Vec<Mount>> {
        Err(read_only())
    }

    fn view_snapshot(
        &self,
        _context: &Context,
        _snapshotter: &str,
        _key: &str,
        _view: &CreateSnapshot,
    ) -> Result<Vec<Mount>> {
        Err(read_only())
    }

    fn commit_snapshot(
        &self,
        _context: &Context,
        _snapshotter: &str,
        _name: &str,
        _key: &str,
        _commit: &CreateSnapshot,
    ) -> Result<()> {
        Err(read_only())
    }

    fn update_snapshot(
        &self,
        _context: &Context,
        _snapshotter: &str,
        _snapshot: &Snapshot,
        _fields: &[&str],
    ) -> Result<Snapshot> {
        Err(read_only())
    }

    fn remove_snapshot(&self, _context: &Context, _snapshotter: &str, _key: &str) -> Result<()> {
        Err(read_only())
    }

    fn mount_snapshot(&self, _context: &Context, _snapshotter: &str, _key: &str) -> Result<Vec<Mount>> {
        Err(not_here("how a snapshot is mounted"))
    }

    fn snapshot_usage(&self, _context: &Context, _snapshotter: &str, _key: &str) -> Result<Usage> {
        Err(not_here("what a snapshot takes"))
    }
}
