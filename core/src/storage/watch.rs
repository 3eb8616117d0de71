use super::WriteSet;
use std::fmt::Debug;
use std::sync::Arc;

/// Who keeps what was read beyond a snapshot, and so has to know when it is no longer so.
pub(crate) trait WatchCommits: Debug + Send + Sync {
    /// These changes, or any (none), are about to be made: a snapshot that is taken from now on may show them, or not.
    fn begins(&self, changes: Option<&Arc<WriteSet>>);

    /// What began has ended, and nobody was told yet. If `made`, every snapshot that is taken from now on shows the changes; if not,
    /// nobody knows what it shows.
    fn ends(&self, made: bool);
}

/// Nobody.
impl WatchCommits for () {
    fn begins(&self, _changes: Option<&Arc<WriteSet>>) {}
    fn ends(&self, _made: bool) {}
}

/// What has begun and ends when this is dropped, also in a panic.
pub(super) struct Watched<'a> {
    watcher: &'a dyn WatchCommits,
    /// Whether the changes were made: not before somebody says so.
    pub(super) made: bool,
}

impl<'a> Watched<'a> {
    pub(super) fn begin(watcher: &'a dyn WatchCommits, changes: Option<&Arc<WriteSet>>) -> Self {
        watcher.begins(changes);
        Watched { watcher, made: false }
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.watcher.ends(self.made);
    }
}
