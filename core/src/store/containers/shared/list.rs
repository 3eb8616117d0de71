//! Lists of records that are shared.

use super::kept::{Eviction, List};
use super::{Epoch, SharedContainers, VisitSharedContainer};
use crate::Result;
use crate::filter::Filter;
use crate::model::Container;
use crate::storage::Read;
use crate::storage::layout::{self, Space};
use crate::store::halves::{self, Page};
use std::ops::ControlFlow;
use std::sync::Arc;

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
            return self.read(read, namespace, filter, visit).map(drop);
        }
        let prefix = layout::records(Space::ContainerHead, namespace.as_bytes());
        let (list, evictions) = {
            let keeps = &self.shared.lock().keeps;
            (keeps.get_list(&prefix, self.epoch), keeps.evictions())
        };
        if let Some(list) = list {
            for container in &*list {
                if visit(Arc::clone(container))?.is_break() {
                    break;
                }
            }
            return Ok(());
        }
        let mut whole = Vec::new();
        let all_kept = self.read(read, namespace, filter, &mut |container| {
            whole.push(Arc::clone(&container));
            visit(container)
        })?;
        if all_kept && !whole.is_empty() {
            self.keep(prefix, whole, evictions);
        }
        Ok(())
    }

    /// Shows what the filter selects, and tells whether that is all there is and all of it is kept.
    fn read(
        &self,
        read: &dyn Read,
        namespace: &str,
        filter: &Filter,
        visit: &mut VisitSharedContainer<'_>,
    ) -> Result<bool> {
        let mut all_kept = true;
        let mut kept = Vec::new();
        halves::pages::<Container>(read, namespace, None, filter, &mut |page| {
            self.find(page, &mut kept);
            let mut flow = ControlFlow::Continue(());
            if kept.iter().all(Option::is_some) {
                for container in kept.drain(..).flatten() {
                    flow = visit(container)?;
                    if flow.is_break() {
                        break;
                    }
                }
            } else {
                let mut found = Vec::with_capacity(page.len());
                let (mut kept, mut keys) = (kept.drain(..), page.head_keys());
                flow = page.show::<Container>(read, namespace, &mut |head, body| {
                    let key = keys.next().unwrap_or_default();
                    if let Some(container) = kept.next().flatten() {
                        return visit(container);
                    }
                    let container = Arc::new(halves::decode(head, body)?);
                    found.push((key.to_vec(), Arc::clone(&container)));
                    visit(container)
                })?;
                all_kept &= self.shared.keep(found, self.epoch, Eviction::Refused);
            }
            all_kept &= flow.is_continue();
            Ok(flow)
        })?;
        Ok(all_kept)
    }

    /// For each record of the page the one that is shared, if it is what the snapshot shows.
    fn find(&self, page: &Page, out: &mut Vec<Option<Arc<Container>>>) {
        let keeps = &self.shared.lock().keeps;
        out.clear();
        out.extend(page.head_keys().map(|key| keeps.get_listed(key, self.epoch)));
    }

    /// Keeps a whole list, if nothing has come in between. Not an empty one: namespaces that are not there may be asked for without end.
    fn keep(&self, prefix: Vec<u8>, containers: Vec<Arc<Container>>, evictions: u64) {
        let list = List { containers: containers.into(), since: self.epoch };
        let mut shared = self.shared.lock();
        let is_changing = shared.is_changing(&prefix, layout::prefix_end(&prefix).as_deref());
        if shared.epoch == self.epoch && !is_changing {
            let passed = shared.keeps.keep_list(prefix, list, evictions);
            drop(shared);
            drop(passed);
        }
    }
}
