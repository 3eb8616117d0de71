use super::WriteSet;
use std::fmt::Debug;
use std::sync::Arc;

/// Who keeps what was read beyond a snapshot, and so has to know when it is no longer so.
pub(crate) trait WatchCommits: Debug + Send + Sync {
    /// These changes are about to be made: a snapshot that is taken from now on may show them, or not.
    fn begins(&self, writes: &Arc<WriteSet>);

    /// What began has ended, and nobody was told yet. If `made`, every snapshot that is taken from now on shows the changes; if not,
    /// nobody knows what it shows.
    fn ends(&self, made: bool);
}

/// Nobody.
impl WatchCommits for () {
    fn begins(&self, _writes: &Arc<WriteSet>) {}
    fn ends(&self, _made: bool) {}
}
