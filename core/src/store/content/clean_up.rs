//! Removes bytes that nobody wants. Source: containerd-metadata §10.6.

use super::rules;
use crate::Result;
use crate::store::{Store, namespaces};
use std::collections::BTreeSet;

impl Store {
    /// Removes the bytes of blobs and ingests that no record names, and that no writer of this process uses. Gives their
    /// digests and the blob store's references.
    pub(in crate::store) fn clean_up_content(&self) -> Result<(Vec<String>, Vec<String>)> {
        let backends = &self.backends;
        // From here on nobody relies on bytes that are there. Whoever does already has pinned them, and unpins them when
        // the record is durable: then the snapshot shows it.
        let in_use = backends.in_use.lock();
        let (mut blobs, mut ingests) = (BTreeSet::new(), BTreeSet::new());
        let snapshot = self.book.snapshot()?;
        for namespace in namespaces::list(&snapshot)? {
            let namespace = &namespace.name;
            rules::each_blob(&snapshot, namespace, &mut |blob| {
                blobs.insert(blob.digest);
                Ok(())
            })?;
            rules::each_ingest(&snapshot, namespace, &mut |ingest| {
                // What it expects may be gone from the other namespace.
                blobs.insert(ingest.expected);
                ingests.insert(ingest.backend_reference);
                Ok(())
            })?;
        }
        let mut removed = (Vec::new(), Vec::new());
        for digest in backends.blobs.list()? {
            if !blobs.contains(&digest) && !in_use.is_pinned(&digest) {
                backends.blobs.delete(&digest)?;
                removed.0.push(digest);
            }
        }
        for reference in backends.blobs.list_ingests()? {
            if !ingests.contains(&reference) && !in_use.is_open(&reference) {
                backends.blobs.abort(&reference)?;
                removed.1.push(reference);
            }
        }
        Ok(removed)
    }
}
