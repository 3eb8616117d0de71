//! Lists of records that are shared.

use super::kept::{Kept, List};
use super::{Epoch, SharedContainers, VisitSharedContainer};
use crate::Result;
use crate::filter::Filter;
use crate::model::Container;
use crate::storage::Read;
use crate::storage::layout::{self, Space};
use crate::store::halves::{self, Page};
use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A body of this size is kept or let go at once, a smaller one with its page.
const LARGE_BYTES: usize = 64 << 10;

/// Lists a snapshot that was taken after it was made.
pub(in crate::store::containers) struct Lister<'a> {
    shared: &'a SharedContainers,
    epoch: Epoch,
}

impl<'a> Lister<'a> {
    pub(super) fn new(shared: &'a SharedContainers, epoch: Epoch) -> Self {
        Lister { shared, epoch }
    }

    /// Shows the records that the filter selects, in byte order of their ids, until `visit` breaks. Those that are not shared yet are
    /// from now on, as long as there is room: records that were asked for one by one are worth more.
    pub(in crate::store::containers) fn list(
        &self,
        read: &dyn Read,
        namespace: &str,
        filter: &Filter,
        visit: &mut VisitSharedContainer<'_>,
    ) -> Result<()> {
        if !filter.is_all() {
            return self.read(read, namespace, filter, &Cell::new(true), visit);
        }
        let prefix = layout::records(Space::ContainerHead, namespace.as_bytes());
        let (list, evictions) = {
            let keeps = &self.shared.lock().keeps;
            (keeps.get_list(&prefix, self.epoch), keeps.evictions())
        };
        if let Some(list) = list {
            return show(list.iter().cloned(), visit).map(drop);
        }
        let all_kept = Cell::new(true);
        let mut whole = Vec::new();
        self.read(read, namespace, filter, &all_kept, &mut |container| {
            if all_kept.get() {
                whole.push(Arc::clone(&container));
            } else {
                // What is not kept must not stay in memory for a list that is handed over one by one.
                whole = Vec::new();
            }
            visit(container)
        })?;
        if all_kept.get() && !whole.is_empty() {
            self.keep_list(prefix, whole, evictions);
        }
        Ok(())
    }

    /// Shows what the filter selects, and says as soon as it is so that not all of it is shown or kept.
    fn read(
        &self,
        read: &dyn Read,
        namespace: &str,
        filter: &Filter,
        all_kept: &Cell<bool>,
        visit: &mut VisitSharedContainer<'_>,
    ) -> Result<()> {
        let mut kept = Vec::new();
        halves::pages::<Container>(read, namespace, None, filter, &mut |page| {
            self.find(page, &mut kept);
            let flow = if kept.iter().all(Option::is_some) {
                show(kept.drain(..).flatten(), visit)?
            } else {
                let mut found = Vec::with_capacity(page.len());
                let (mut kept, mut keys) = (kept.drain(..), page.head_keys());
                let flow = page.show::<Container>(read, namespace, &mut |head, body| {
                    let key = keys.next().unwrap_or_default();
                    if let Some(container) = kept.next().flatten() {
                        return visit(container);
                    }
                    let container = Arc::new(halves::decode(head, body)?);
                    if all_kept.get() {
                        found.push((key.into(), Kept::new(key, Arc::clone(&container), self.epoch)));
                        if body.len() >= LARGE_BYTES {
                            self.keep(&mut found, all_kept);
                        }
                    }
                    visit(container)
                })?;
                self.keep(&mut found, all_kept);
                flow
            };
            if flow.is_break() {
                all_kept.set(false);
            }
            Ok(flow)
        })
    }

    /// For each record of the page the one that is shared, if it is what the snapshot shows.
    fn find(&self, page: &Page, out: &mut Vec<Option<Arc<Container>>>) {
        let keeps = &self.shared.lock().keeps;
        out.clear();
        out.extend(page.head_keys().map(|key| keeps.get_listed(key, self.epoch)));
    }

    /// Keeps records as long as there is room.
    fn keep(&self, found: &mut Vec<(Box<[u8]>, Kept)>, all_kept: &Cell<bool>) {
        let mut shared = self.shared.lock();
        for (key, kept) in found.drain(..) {
            if !shared.may_keep(&key, self.epoch) || !shared.keeps.keep_listed(key, kept) {
                all_kept.set(false);
            }
        }
    }

    /// Keeps a whole list, if nothing has come in between. Not an empty one: namespaces that are not there may be asked for without end.
    fn keep_list(&self, prefix: Vec<u8>, containers: Vec<Arc<Container>>, evictions: u64) {
        let list = List { containers: containers.into(), since: self.epoch };
        let mut shared = self.shared.lock();
        if shared.may_keep_list(&prefix, self.epoch) {
            let passed = shared.keeps.keep_list(prefix, list, evictions);
            drop(shared);
            drop(passed);
        }
    }
}

/// Shows records until `visit` breaks.
fn show(
    containers: impl Iterator<Item = Arc<Container>>,
    visit: &mut VisitSharedContainer<'_>,
) -> Result<ControlFlow<()>> {
    for container in containers {
        if visit(container)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}
