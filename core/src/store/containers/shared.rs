//! Container records that were read, as values that all who read them again share.
//!
//! A record that was read with [`Containers::get`](super::Containers::get) or [`list`](super::Containers::list) need not be found,
//! compared with its checksum and decoded again as long as nobody changes it. What is kept is bounded by its size.
//!
//! Nobody may be shown what their snapshot does not hold, nor miss what it holds. So time is cut into epochs, at the beginning and at
//! the end of every commit, and a reader notes the epoch before taking a snapshot:
//!
//! - When a commit begins, what it changes is removed from here, and nobody brings it back before it has ended. So a record that is
//!   here is what the newest snapshot shows.
//! - A record is kept only if the epoch is still the one that its reader noted. So it has not changed since that epoch began, and is
//!   what every snapshot shows that is taken from then on. A reader who noted an earlier epoch may have an older snapshot, and is not
//!   given it.

mod kept;
mod list;
#[cfg(test)]
mod tests;

use super::VisitSharedContainer;
use crate::Result;
use crate::model::Container;
use crate::storage::layout::{self, Space};
use crate::storage::{WatchCommits, WriteSet};
use crate::store::halves;
use kept::{Keeps, Kept};
use list::Lister;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The records of one book that were read lately.
#[derive(Default)]
pub struct SharedContainers(Mutex<Shared>);

#[derive(Default)]
struct Shared {
    /// Rises when a commit begins and when it ends.
    epoch: Epoch,
    changing: Changing,
    keeps: Keeps,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Epoch(u64);

/// What is being changed at this moment.
#[derive(Default)]
enum Changing {
    #[default]
    Nothing,
    These(Arc<WriteSet>),
    Anything,
}

impl SharedContainers {
    /// The record of this id: the one that is shared, or what `read` gives, which is shared from now on.
    pub(super) fn get(
        &self,
        namespace: &str,
        id: &str,
        read: impl FnOnce() -> Result<Container>,
    ) -> Result<Arc<Container>> {
        let key = halves::head_key::<Container>(namespace, id);
        let epoch = {
            let mut shared = self.lock();
            if let Some((container, evicted)) = shared.keeps.get(&key) {
                drop(shared);
                drop(evicted);
                return Ok(container);
            }
            shared.epoch
        };
        let container = Arc::new(read()?);
        let kept = Kept::new(&key, Arc::clone(&container), epoch);
        let mut shared = self.lock();
        if shared.may_keep(&key, epoch) {
            let evicted = shared.keeps.keep_asked(key.into(), kept);
            drop(shared);
            drop(evicted);
        }
        Ok(container)
    }

    /// To be had before a snapshot is taken, for a list of it.
    pub(super) fn lister(&self) -> Lister<'_> {
        Lister::new(self, self.lock().epoch)
    }

    /// A panic leaves nothing half done that matters: at worst a record is counted and not kept.
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn next_epoch(&mut self, changing: Changing) {
        self.epoch = Epoch(self.epoch.0.wrapping_add(1));
        self.changing = changing;
    }

    /// Whether a record that a reader found who had noted this epoch is still what everybody sees. If not, who reads it next has
    /// another try.
    fn may_keep(&self, key: &[u8], noted: Epoch) -> bool {
        self.epoch == noted && self.changing.spares(|writes| writes.get(key).is_none())
    }

    /// As [`Shared::may_keep`], of all records whose keys begin so.
    fn may_keep_list(&self, prefix: &[u8], noted: Epoch) -> bool {
        self.epoch == noted
            && self
                .changing
                .spares(|writes| writes.range(prefix, layout::prefix_end(prefix).as_deref()).next().is_none())
    }
}

impl Changing {
    /// Whether something stays as it is, if it does so where `these` says so.
    fn spares(&self, these: impl FnOnce(&WriteSet) -> bool) -> bool {
        match self {
            Changing::Nothing => true,
            Changing::These(writes) => these(writes),
            Changing::Anything => false,
        }
    }
}

impl WatchCommits for SharedContainers {
    fn begins(&self, changes: Option<&Arc<WriteSet>>) {
        let mut shared = self.lock();
        let Some(writes) = changes else {
            shared.next_epoch(Changing::Anything);
            let forgotten = std::mem::take(&mut shared.keeps);
            drop(shared);
            drop(forgotten);
            return;
        };
        shared.next_epoch(Changing::These(Arc::clone(writes)));
        if shared.keeps.is_empty() {
            return;
        }
        let heads = layout::space(Space::ContainerHead);
        // Whatever changes of a record, its head changes too (`halves::save`).
        let heads = writes.range(&heads, layout::prefix_end(&heads).as_deref());
        let removed: Vec<_> = heads.map(|(key, _)| shared.keeps.remove(key)).collect();
        // Letting records go takes a while, which nobody need wait for.
        drop(shared);
        drop(removed);
    }

    fn ends(&self, made: bool) {
        let mut shared = self.lock();
        shared.next_epoch(Changing::Nothing);
        let forgotten = (!made).then(|| std::mem::take(&mut shared.keeps));
        drop(shared);
        drop(forgotten);
    }
}

impl std::fmt::Debug for SharedContainers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SharedContainers {{ {} kept }}", self.lock().keeps.len())
    }
}
