//! All keys of a bucket in order, also when parts of it are damaged.

use super::bucket::Place;
use super::page::{BRANCH, Element, HEADER_BYTES, elements};
use super::view::{BEGINNING_BYTES, MAX_DEPTH, entry};
use super::{Bucket, Claims, Entry, Fault, View};
use crate::text::quote;
use std::cell::{Ref, RefCell};

/// One reading of a state, in which no page is met twice: two ways to one page are damage, and would make a small file
/// endless.
pub struct Walk<'a> {
    view: View<'a>,
    claims: RefCell<Claims>,
    /// The pages of which a beginning was read, if only to refuse them.
    begun: RefCell<Claims>,
}

impl<'a> Walk<'a> {
    /// A walk that has met no page yet.
    #[must_use]
    pub fn new(view: View<'a>) -> Self {
        Walk { view, claims: RefCell::default(), begun: RefCell::default() }
    }

    /// The keys of a bucket, in byte order. What is damaged comes as a fault, and the cursor goes on behind it; who wants
    /// only what is whole stops at the first fault.
    #[must_use]
    pub fn cursor(&self, bucket: &Bucket) -> Cursor<'_, 'a> {
        let mut cursor = Cursor { walk: self, stack: Vec::new(), leaf: None, last: None, held: None };
        match &bucket.place {
            Place::Pages(root) => {
                let root = Child { page: *root, lower: Vec::new(), upper: None };
                cursor.stack.push(vec![root].into_iter());
            }
            Place::Inline { on, image } => cursor.enter_leaf(image.clone(), *on, true, Vec::new(), None),
        }
        cursor
    }

    /// The pages that were met.
    pub(crate) fn claims(&self) -> Ref<'_, Claims> {
        self.claims.borrow()
    }

    /// Whether this is the first time that somebody asks for the page.
    fn begin(&self, page: u64) -> bool {
        page < self.view.pages() && self.begun.borrow_mut().claim(page)
    }

    pub(super) fn claim(&self, pages: std::ops::Range<u64>) -> Result<(), Fault> {
        let mut claims = self.claims.borrow_mut();
        for page in pages {
            if !claims.claim(page) {
                return Err(Fault::on(page, "it is used twice"));
            }
        }
        Ok(())
    }
}

/// A page below a branch, and the keys between which its own keys must lie.
struct Child {
    page: u64,
    lower: Vec<u8>,
    upper: Option<Vec<u8>>,
}

struct Leaf {
    bytes: Vec<u8>,
    page: u64,
    inline: bool,
    elements: std::vec::IntoIter<Result<Element, String>>,
    lower: Vec<u8>,
    upper: Option<Vec<u8>>,
}

/// The keys of a bucket: see [`Walk::cursor`].
pub struct Cursor<'w, 'a> {
    walk: &'w Walk<'a>,
    /// For each branch above the leaf, its children that are still to come.
    stack: Vec<std::vec::IntoIter<Child>>,
    leaf: Option<Leaf>,
    last: Option<Vec<u8>>,
    /// What comes after a fault that concerns it.
    held: Option<Result<Entry, Fault>>,
}

impl Cursor<'_, '_> {
    fn enter_leaf(&mut self, bytes: Vec<u8>, page: u64, inline: bool, lower: Vec<u8>, upper: Option<Vec<u8>>) {
        match elements(&bytes) {
            Ok(elements) => {
                self.leaf = Some(Leaf { bytes, page, inline, elements: elements.into_iter(), lower, upper });
            }
            Err(problem) => self.held = Some(Err(Fault::on(page, problem))),
        }
    }

    fn enter(&mut self, child: Child) -> Result<(), Fault> {
        let view = &self.walk.view;
        // Claimed before it is read whole, so that a page is never read twice.
        let beginning = if self.walk.begin(child.page) { BEGINNING_BYTES } else { HEADER_BYTES };
        let page = view.page_if(child.page, beginning, |header| self.walk.claim(View::span(child.page, header)))?;
        if page.header.flags != BRANCH {
            self.enter_leaf(page.bytes, child.page, false, child.lower, child.upper);
            return Ok(());
        }
        if self.stack.len() >= MAX_DEPTH {
            return Err(Fault::on(child.page, "the tree above it is too deep"));
        }
        let elements = elements(&page.bytes).map_err(|problem| Fault::on(child.page, problem))?;
        let mut problem = None;
        let mut children: Vec<Child> = Vec::with_capacity(elements.len());
        for element in elements {
            match element {
                Ok(Element { key, child, .. }) => {
                    let lower = page.bytes.get(key).unwrap_or_default().to_vec();
                    if let Some(before) = children.last_mut() {
                        before.upper = Some(lower.clone());
                    }
                    children.push(Child { page: child, lower, upper: None });
                }
                Err(found) => {
                    // The neighbours' limits are not known then.
                    problem = Some(found);
                }
            }
        }
        if let Some(last) = children.last_mut() {
            last.upper = child.upper;
        }
        self.stack.push(children.into_iter());
        match problem {
            Some(problem) => Err(Fault::on(child.page, problem)),
            None => Ok(()),
        }
    }

    fn next_in_leaf(&mut self) -> Option<Result<Entry, Fault>> {
        let leaf = self.leaf.as_mut()?;
        let found = match leaf.elements.next()? {
            Ok(element) => entry(&leaf.bytes, leaf.page, leaf.inline, &element),
            Err(problem) => Err(Fault::on(leaf.page, problem)),
        };
        let Ok(found) = found else { return Some(found) };
        let key = found.key.as_slice();
        let disordered = self.last.as_deref().is_some_and(|last| last >= key);
        let misplaced = key < leaf.lower.as_slice() || leaf.upper.as_deref().is_some_and(|upper| key >= upper);
        let problem = match (disordered, misplaced) {
            (true, _) => Some("does not come behind the one before it"),
            (_, true) => Some("is not among the keys that its branch tells of"),
            _ => None,
        };
        self.last.get_or_insert_default().clone_from(&found.key);
        match problem {
            Some(problem) => {
                let fault = Fault::on(found.page, format!("the key {} {problem}", quote(&found.key)));
                self.held = Some(Ok(found));
                Some(Err(fault))
            }
            None => Some(Ok(found)),
        }
    }
}

impl Iterator for Cursor<'_, '_> {
    type Item = Result<Entry, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(held) = self.held.take() {
                return Some(held);
            }
            if self.leaf.is_some() {
                match self.next_in_leaf() {
                    Some(item) => return Some(item),
                    None => self.leaf = None,
                }
                continue;
            }
            match self.stack.last_mut()?.next() {
                Some(child) => {
                    if let Err(fault) = self.enter(child) {
                        return Some(Err(fault));
                    }
                }
                None => drop(self.stack.pop()),
            }
        }
    }
}
