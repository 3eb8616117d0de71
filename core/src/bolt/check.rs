//! What is wrong with a file, page by page.

use super::{Bucket, Claims, Entry, Fault, Item, Meta, Metas, ReadAt, View, Walk};
use crate::Result;
use crate::text::quote;

/// No bucket lies deeper. containerd's deepest is at 7.
const MAX_NESTING: usize = 32;

/// What is told of each fault, with the keys of the buckets on the way to it.
pub(crate) type Tell<'a> = dyn FnMut(&[&[u8]], Fault) + 'a;

/// Looks at the meta pages, at every page that can be reached, and at the list of free pages.
pub(crate) fn check(source: &dyn ReadAt, tell: &mut Tell<'_>) -> Result<()> {
    let metas = Metas::read(source);
    for (page, slot) in (0..).zip(&metas.slots) {
        if let Some(problem) = &slot.problem {
            tell(&[], Fault::on(page, problem.clone()));
        }
    }
    let meta = metas.newest()?;
    let view = View::new(source, &meta)?;
    if view.pages() < meta.high_water {
        let problem = format!("the file has {} pages, but should have {}", view.pages(), meta.high_water);
        tell(&[], Fault { page: None, problem, kind: crate::ErrorKind::DataLoss, harmless: false });
    }
    let walk = Walk::new(view);
    reach(&walk, &view.root(), tell);
    if let Some(list) = meta.freelist {
        free_pages(&walk, &view, &meta, list, tell);
    }
    Ok(())
}

/// Meets every page below a bucket.
fn reach(walk: &Walk<'_>, root: &Bucket, tell: &mut Tell<'_>) {
    // The cursors of the buckets on the way. Their pages do not overlap, so they are never more than the file.
    let mut open = vec![(Vec::new(), walk.cursor(root))];
    while let Some((_, cursor)) = open.last_mut() {
        let fault = match cursor.next() {
            Some(Ok(Entry { key, item: Item::Bucket(bucket), page })) => {
                if open.len() < MAX_NESTING {
                    open.push((key, walk.cursor(&bucket)));
                    continue;
                }
                Fault::on(page, format!("the bucket {} lies too deep", quote(&key)))
            }
            Some(Ok(_)) => continue,
            Some(Err(fault)) => fault,
            None => {
                open.pop();
                continue;
            }
        };
        let path: Vec<&[u8]> = open.iter().skip(1).map(|(key, _)| key.as_slice()).collect();
        tell(&path, fault);
    }
}

/// Every page is either in use or free, and not both.
fn free_pages(walk: &Walk<'_>, view: &View<'_>, meta: &Meta, list: u64, tell: &mut Tell<'_>) {
    let mut tell = |fault| tell(&[], fault);
    let (free, own) = match view.freelist(list) {
        Ok(found) => found,
        Err(fault) => return tell(fault),
    };
    if let Err(fault) = walk.claim(own) {
        tell(fault);
    }
    let mut listed = Claims::default();
    for page in free {
        if !(2..meta.high_water).contains(&page) {
            tell(Fault::on(list, format!("it lists page {page}, which does not exist")));
        } else if walk.claims().has(page) {
            tell(Fault::on(page, "it is in use and listed as free"));
        } else if !listed.claim(page) {
            tell(Fault::on(page, "it is listed as free twice"));
        }
    }
    let lost = |page: u64| !walk.claims().has(page) && !listed.has(page);
    let mut page = 2;
    while page < view.pages() {
        let first = page;
        while page < view.pages() && lost(page) {
            page = page.saturating_add(1);
        }
        match page.saturating_sub(first) {
            0 => {}
            1 => tell(Fault::harmless(first, "it is neither in use nor listed as free")),
            count => {
                let problem = format!("{count} pages from it on are neither in use nor listed as free");
                tell(Fault::harmless(first, problem));
            }
        }
        page = page.saturating_add(1);
    }
}
