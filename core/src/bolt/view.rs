//! One state of a file: what its pages are when the walk begins at one of the two meta pages.

use super::bucket::Place;
use super::page::{BRANCH, Header, LEAF, elements};
use super::{Bucket, Entry, Fault, Item, Meta, Metas, ReadAt};
use crate::{Error, Result};
use std::ops::Range;

/// No tree is deeper: bbolt's branches have two children at least, so 2⁶⁴ leaves would lie below.
pub(super) const MAX_DEPTH: usize = 64;
/// How much is read of a page together with its header: most pages whole.
pub(super) const BEGINNING_BYTES: usize = 4096;

/// One state of a bbolt file.
#[derive(Clone, Copy)]
pub struct View<'a> {
    source: &'a dyn ReadAt,
    page_size: u64,
    /// How many pages there are in the file, at most as many as the state has.
    pages: u64,
    root: u64,
    root_sequence: u64,
}

/// The bytes of a page and those that overflow from it.
pub(super) struct Page {
    pub(super) header: Header,
    pub(super) bytes: Vec<u8>,
}

impl<'a> View<'a> {
    /// The state of this meta page. Pages that the file no longer has are not there.
    ///
    /// # Errors
    /// What the place gives.
    pub fn new(source: &'a dyn ReadAt, meta: &Meta) -> Result<Self> {
        let all = Self::all(source, meta.page_size)?;
        Ok(View { pages: all.pages.min(meta.high_water), root: meta.root, root_sequence: meta.root_sequence, ..all })
    }

    /// The newest state.
    ///
    /// # Errors
    /// As [`Metas::newest`], and what the place gives.
    pub fn newest(source: &'a dyn ReadAt) -> Result<Self> {
        Self::new(source, &Metas::read(source).newest()?)
    }

    /// All pages of a file, of whatever state. Its root bucket does not exist.
    pub(crate) fn all(source: &'a dyn ReadAt, page_size: u32) -> Result<Self> {
        let page_size = u64::from(page_size);
        let pages = source.size()?.checked_div(page_size).unwrap_or_default();
        Ok(View { source, page_size, pages, root: 0, root_sequence: 0 })
    }

    /// The outermost bucket.
    #[must_use]
    pub fn root(&self) -> Bucket {
        Bucket::at(self.root, self.root_sequence)
    }

    /// How many pages there are.
    #[must_use]
    pub fn pages(&self) -> u64 {
        self.pages
    }

    /// Whether there is a leaf on this page.
    pub(crate) fn is_leaf(&self, id: u64) -> bool {
        self.header(id).is_ok_and(|header| header.flags == LEAF)
    }

    /// How many pages a leaf or branch takes; none if there is neither on this page.
    pub(crate) fn tree_pages(&self, id: u64) -> Option<u64> {
        let header = self.header(id).ok().filter(|header| matches!(header.flags, BRANCH | LEAF))?;
        Some(u64::from(header.overflow).saturating_add(1))
    }

    /// The numbers of a page and of those that overflow from it.
    pub(super) fn span(id: u64, header: &Header) -> Range<u64> {
        id..id.saturating_add(u64::from(header.overflow)).saturating_add(1)
    }

    pub(super) fn header(&self, id: u64) -> Result<Header, Fault> {
        let mut bytes = [0; super::page::HEADER_BYTES];
        self.begin(id, &mut bytes)
    }

    /// Reads the first bytes of a page, and its header from them.
    fn begin(&self, id: u64, bytes: &mut [u8]) -> Result<Header, Fault> {
        if !(2..self.pages).contains(&id) {
            return Err(Fault::on(id, format!("there is no such page among {}", self.pages)));
        }
        self.read(id, 0, bytes)?;
        let header = Header::parse(bytes).ok_or_else(|| Fault::on(id, "it has no header"))?;
        if header.id != id {
            return Err(Fault::on(id, format!("it says that it is page {}", header.id)));
        }
        if Self::span(id, &header).end > self.pages {
            return Err(Fault::on(id, format!("it goes on for {} pages, beyond the last", header.overflow)));
        }
        Ok(header)
    }

    pub(super) fn page(&self, id: u64) -> Result<Page, Fault> {
        self.page_if(id, BEGINNING_BYTES, |_| Ok(()))
    }

    /// The page, if its header passes `check`. Of others no more than `beginning` bytes are read.
    pub(super) fn page_if(
        &self,
        id: u64,
        beginning: usize,
        check: impl FnOnce(&Header) -> Result<(), Fault>,
    ) -> Result<Page, Fault> {
        let beginning = usize::try_from(self.page_size).unwrap_or(usize::MAX).min(beginning);
        let mut bytes = vec![0; beginning];
        let header = self.begin(id, &mut bytes)?;
        check(&header)?;
        let length = u64::from(header.overflow).saturating_add(1).saturating_mul(self.page_size);
        // The file has that many bytes: the header was compared with its length.
        let length = usize::try_from(length).map_err(|_| Fault::on(id, "it is larger than the memory"))?;
        bytes.resize(length, 0);
        if let Some((_, rest)) = bytes.split_at_mut_checked(beginning).filter(|(_, rest)| !rest.is_empty()) {
            self.read(id, beginning as u64, rest)?;
        }
        Ok(Page { header, bytes })
    }

    fn read(&self, id: u64, from: u64, out: &mut [u8]) -> Result<(), Fault> {
        let offset = id.saturating_mul(self.page_size).saturating_add(from);
        self.source.read_at(offset, out).map_err(|error| Fault {
            page: Some(id),
            problem: error.to_string(),
            kind: error.kind(),
            harmless: false,
        })
    }

    /// The entry of a key.
    ///
    /// # Errors
    /// `DataLoss` when a page on the way is damaged, and what the place gives.
    pub fn get(&self, bucket: &Bucket, key: &[u8]) -> Result<Option<Entry>> {
        let mut id = match &bucket.place {
            Place::Inline { on, image } => return find(image, *on, true, key).map_err(Error::from),
            Place::Pages(root) => *root,
        };
        // A way down meets no page twice.
        let mut left = self.pages;
        for _ in 0..MAX_DEPTH {
            let header = self.header(id)?;
            let pages = u64::from(header.overflow).saturating_add(1);
            left = left.checked_sub(pages).ok_or_else(|| Fault::on(id, "it is used twice"))?;
            let page = self.page(id)?;
            if page.header.flags != BRANCH {
                return find(&page.bytes, id, false, key).map_err(Error::from);
            }
            let children = strict(&page.bytes, id)?;
            let below = |range: &Range<usize>| page.bytes.get(range.clone()).unwrap_or_default() <= key;
            let child = children.iter().rev().find(|child| below(&child.key)).or(children.first());
            id = child.ok_or_else(|| Fault::on(id, "it is a branch without children"))?.child;
        }
        Err(Fault::on(bucket.page(), "the tree below it is too deep").into())
    }

    /// The bucket at the end of a path of keys.
    ///
    /// # Errors
    /// As [`View::get`].
    pub fn bucket(&self, path: &[&[u8]]) -> Result<Option<Bucket>> {
        let mut bucket = self.root();
        for key in path {
            match self.get(&bucket, key)?.map(|entry| entry.item) {
                Some(Item::Bucket(inner)) => bucket = inner,
                Some(Item::Value(_)) | None => return Ok(None),
            }
        }
        Ok(Some(bucket))
    }
}

fn strict(bytes: &[u8], page: u64) -> Result<Vec<super::page::Element>, Fault> {
    let elements = elements(bytes).and_then(|elements| elements.into_iter().collect());
    elements.map_err(|problem| Fault::on(page, problem))
}

fn find(bytes: &[u8], page: u64, inline: bool, key: &[u8]) -> Result<Option<Entry>, Fault> {
    for element in strict(bytes, page)? {
        if bytes.get(element.key.clone()) == Some(key) {
            return entry(bytes, page, inline, &element).map(Some);
        }
    }
    Ok(None)
}

/// An element of a leaf that lies on `page`.
pub(super) fn entry(bytes: &[u8], page: u64, inline: bool, element: &super::page::Element) -> Result<Entry, Fault> {
    let key = bytes.get(element.key.clone()).unwrap_or_default().to_vec();
    let value = bytes.get(element.value.clone()).unwrap_or_default();
    let item = if !element.is_bucket {
        Item::Value(value.to_vec())
    } else if inline {
        // bbolt writes none, and copies of copies would cost more than the file's size explains.
        return Err(Fault::on(page, format!("there is a bucket {} in an inline bucket", crate::text::quote(&key))));
    } else {
        let bucket = Bucket::parse(value, page);
        let truncated = || Fault::on(page, format!("the bucket {} is truncated", crate::text::quote(&key)));
        Item::Bucket(bucket.ok_or_else(truncated)?)
    };
    Ok(Entry { key, item, page })
}
