//! The list of free pages.

use super::page::FREELIST;
use super::{Fault, View, u64_at};

/// A count that does not fit into the header says this, and stands before the list.
const COUNT_FOLLOWS: u16 = 0xffff;
const NUMBER_BYTES: usize = 8;

impl View<'_> {
    /// The pages on the list that begins on page `id`, and the pages that the list itself takes.
    pub(super) fn freelist(&self, id: u64) -> Result<(Vec<u64>, std::ops::Range<u64>), Fault> {
        let page = self.page(id)?;
        if page.header.flags != FREELIST {
            return Err(Fault::on(id, format!("it is no list of free pages: its flags are {:#x}", page.header.flags)));
        }
        let content = page.bytes.get(super::page::HEADER_BYTES..).unwrap_or_default();
        let (count, list) = match page.header.count {
            COUNT_FOLLOWS => (u64_at(content, 0).unwrap_or_default(), content.get(NUMBER_BYTES..).unwrap_or_default()),
            count => (u64::from(count), content),
        };
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let numbers = list.get(..count.saturating_mul(NUMBER_BYTES));
        let numbers =
            numbers.ok_or_else(|| Fault::on(id, format!("a list of {count} free pages does not fit into it")))?;
        let free = numbers.chunks_exact(NUMBER_BYTES).filter_map(|number| u64_at(number, 0)).collect();
        Ok((free, View::span(id, &page.header)))
    }
}
