//! What is wrong with a file, page by page.

use super::{Bucket, Claims, Entry, Fault, Item, Meta, Metas, ReadAt, View, Walk};
use crate::Result;

/// A fault, and the keys of the buckets on the way to it.
#[derive(Clone, Debug)]
pub(crate) struct Defect {
    pub(crate) path: Vec<Vec<u8>>,
    pub(crate) fault: Fault,
}

/// Looks at the meta pages, at every page that can be reached, and at the list of free pages.
pub(crate) fn check(source: &dyn ReadAt, found: &mut dyn FnMut(Defect)) -> Result<()> {
    let metas = Metas::read(source);
    for (page, slot) in (0..).zip(&metas.slots) {
        if let Some(problem) = &slot.problem {
            found(Defect { path: Vec::new(), fault: Fault::on(page, problem.clone()) });
        }
    }
    let meta = metas.newest()?;
    let view = View::new(source, &meta)?;
    if view.pages() < meta.high_water {
        let problem = format!("the file has {} pages, but should have {}", view.pages(), meta.high_water);
        found(Defect { path: Vec::new(), fault: Fault { page: None, problem, kind: crate::ErrorKind::DataLoss } });
    }
    let walk = Walk::new(view);
    reach(&walk, &view.root(), found);
    if let Some(list) = meta.freelist {
        free_pages(&walk, &view, &meta, list, found);
    }
    Ok(())
}

/// Meets every page below a bucket.
fn reach(walk: &Walk<'_>, root: &Bucket, found: &mut dyn FnMut(Defect)) {
    // The cursors of the buckets on the way. Their pages do not overlap, so they are never more than the file.
    let mut open = vec![(Vec::new(), walk.cursor(root))];
    while let Some((_, cursor)) = open.last_mut() {
        match cursor.next() {
            Some(Ok(Entry { key, item: Item::Bucket(bucket), .. })) => open.push((key, walk.cursor(&bucket))),
            Some(Ok(_)) => {}
            Some(Err(fault)) => {
                let path = open.iter().skip(1).map(|(key, _)| key.clone()).collect();
                found(Defect { path, fault });
            }
            None => drop(open.pop()),
        }
    }
}

/// Every page is either in use or free, and not both.
fn free_pages(walk: &Walk<'_>, view: &View<'_>, meta: &Meta, list: u64, found: &mut dyn FnMut(Defect)) {
    let mut tell = |fault| found(Defect { path: Vec::new(), fault });
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
            1 => tell(Fault::on(first, "it is neither in use nor listed as free")),
            count => tell(Fault::on(first, format!("{count} pages from it on are neither in use nor listed as free"))),
        }
        page = page.saturating_add(1);
    }
}
