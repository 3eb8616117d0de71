//! Records that are stored as two halves of containerd's message: the head, which lists show and filters look at, and the
//! body with the opaque values, which only those who ask for the whole record get to see.

use super::fields::Fields;
use super::value_missing;
use crate::filter::Filter;
use crate::model::codec::{Codec, put_extensions, put_message, put_optional};
use crate::model::{Any, Extensions, Runtime};
use crate::proto::wire::{self, Reader};
use crate::storage::layout::{self, Space};
use crate::storage::{Read, Txn};
use crate::{Error, Result};
use std::borrow::Cow;
use std::ops::ControlFlow;

/// A record in two halves.
pub(super) trait Halved: Codec {
    /// Where the heads are.
    const HEAD: Space;
    /// Where the bodies are.
    const BODY: Space;
    /// The numbers of the fields that make the body: the runtime (of which only its options), the spec, the extensions.
    const BODY_FIELDS: [u32; 3];

    /// The last part of its keys.
    fn id(&self) -> &str;

    /// The fields of [`Halved::BODY_FIELDS`].
    fn body(&self) -> (&Runtime, Option<&Any>, &Extensions);

    /// Everything that is not in the body.
    fn encode_head(&self) -> Vec<u8>;

    /// Whether the filter selects the record of this head.
    fn is_selected(filter: &Filter, head: Fields<'_>) -> bool;
}

pub(super) fn head_key<T: Halved>(namespace: &str, id: &str) -> Vec<u8> {
    layout::record(T::HEAD, namespace.as_bytes(), id.as_bytes())
}

fn body_key<T: Halved>(namespace: &str, id: &[u8]) -> Vec<u8> {
    layout::record(T::BODY, namespace.as_bytes(), id)
}

/// The record of a head; its body is still to be added.
pub(super) fn decode_head<T: Halved>(head: &[u8]) -> Result<T> {
    let mut record = T::default();
    record.merge(Reader::new(head)).map_err(Error::into_damage)?;
    Ok(record)
}

/// Adds the body to a record that was decoded from its head.
pub(super) fn decode_body<T: Halved>(record: &mut T, body: &[u8]) -> Result<()> {
    for field in Reader::new(body) {
        let field = field.map_err(Error::into_damage)?;
        if !T::BODY_FIELDS.contains(&field.number) || !record.take(&field).map_err(Error::into_damage)? {
            return Err(Error::data_loss(format!("the body of {} has the field {}", T::NAME, field.number)));
        }
    }
    Ok(())
}

/// The record of a head and a body.
pub(super) fn decode<T: Halved>(head: &[u8], body: &[u8]) -> Result<T> {
    let mut record = decode_head(head)?;
    decode_body(&mut record, body)?;
    Ok(record)
}

/// What is stored of a body: containerd's writes add and replace, but never remove (§3.6). So the record that an update
/// gives back can show less than the next read.
fn encode_body<T: Halved>(record: &T, stored: Option<&T>) -> Vec<u8> {
    let [runtime_field, spec_field, extensions_field] = T::BODY_FIELDS;
    let (runtime, spec, extensions) = record.body();
    let (mut options, mut spec, mut extensions) = (runtime.options.as_ref(), spec, Cow::Borrowed(extensions));
    if let Some((stored_runtime, stored_spec, stored_extensions)) = stored.map(Halved::body) {
        options = options.or(stored_runtime.options.as_ref());
        spec = spec.or(stored_spec);
        for (name, value) in stored_extensions {
            if !extensions.contains_key(name) {
                extensions.to_mut().insert(name.clone(), value.clone());
            }
        }
    }
    let mut out = Vec::with_capacity(spec.map_or(0, |spec| spec.type_url.len() + spec.value.len()) + 64);
    if let Some(options) = options {
        wire::put_message(&mut out, runtime_field, |out| put_message(out, 2, options));
    }
    put_optional(&mut out, spec_field, spec);
    put_extensions(&mut out, extensions_field, &extensions);
    out
}

pub(super) fn exists<T: Halved>(read: &dyn Read, namespace: &str, id: &str) -> Result<bool> {
    read.get(&head_key::<T>(namespace, id), &mut |_| Ok(()))
}

pub(super) fn load<T: Halved>(read: &dyn Read, namespace: &str, id: &str) -> Result<Option<T>> {
    let mut record = None;
    show::<T>(read, namespace, id, &mut |head, body| {
        record = Some(decode(head, body)?);
        Ok(())
    })?;
    Ok(record)
}

/// What is called with the head and the body of a record.
type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> Result<()> + 'a;

/// Shows the head and the body of a record, and says whether there is one.
pub(super) fn show<T: Halved>(read: &dyn Read, namespace: &str, id: &str, visit: &mut Visit<'_>) -> Result<bool> {
    read.get(&head_key::<T>(namespace, id), &mut |head| {
        let key = body_key::<T>(namespace, id.as_bytes());
        let found = read.get(&key, &mut |body| visit(head, body))?;
        if found { Ok(()) } else { Err(value_missing(&key)) }
    })
}

/// What is called with the head and the body of each record of a list.
pub(super) type VisitHalves<'a> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>> + 'a;

/// How many records of a list are found before the first of them is shown.
const PAGE_RECORDS: usize = 128;

/// Shows the records that the filter selects, in byte order of their ids, until `visit` breaks: all, or those behind an id.
pub(super) fn list<T: Halved>(
    read: &dyn Read,
    namespace: &str,
    after: Option<&str>,
    filter: &Filter,
    visit: &mut VisitHalves<'_>,
) -> Result<()> {
    pages::<T>(read, namespace, after, filter, &mut |page| page.show::<T>(read, namespace, visit))
}

/// Finds what [`list`] shows, and hands it over page by page.
pub(super) fn pages<T: Halved>(
    read: &dyn Read,
    namespace: &str,
    after: Option<&str>,
    filter: &Filter,
    visit: &mut dyn FnMut(&Page) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let heads = layout::records(T::HEAD, namespace.as_bytes());
    let heads_end = layout::prefix_end(&heads);
    let mut page = Page { has_all: filter.is_all(), id_at: heads.len(), ..Page::default() };
    let mut from = Some(after.map_or(heads, |id| layout::after(&head_key::<T>(namespace, id))));
    while let Some(start) = from.take() {
        // Only the head is looked at until a record is known to be wanted, and of the head only what the filter names.
        page.clear();
        read.scan(&start, heads_end.as_deref(), &mut |key, head| {
            if filter.is_all() || T::is_selected(filter, Fields::of(head)) {
                page.push(key, head);
            }
            if page.len() < PAGE_RECORDS {
                return Ok(ControlFlow::Continue(()));
            }
            from = Some(layout::after(key));
            Ok(ControlFlow::Break(()))
        })?;
        if visit(&page)?.is_break() {
            break;
        }
    }
    Ok(())
}

fn show_each<T: Halved>(
    read: &dyn Read,
    namespace: &str,
    page: &Page,
    visit: &mut VisitHalves<'_>,
) -> Result<ControlFlow<()>> {
    for (id, head) in page.iter() {
        let key = body_key::<T>(namespace, id);
        let mut flow = ControlFlow::Continue(());
        let found = read.get(&key, &mut |body| {
            flow = visit(head, body)?;
            Ok(())
        })?;
        if !found {
            return Err(value_missing(&key));
        }
        if flow.is_break() {
            return Ok(flow);
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// Shows records between which there is no other.
fn show_neighbours<T: Halved>(
    read: &dyn Read,
    namespace: &str,
    page: &Page,
    visit: &mut VisitHalves<'_>,
) -> Result<ControlFlow<()>> {
    let (Some((first, _)), Some((last, _))) = (page.iter().next(), page.iter().next_back()) else {
        return Ok(ControlFlow::Continue(()));
    };
    let (start, end) = (body_key::<T>(namespace, first), layout::after(&body_key::<T>(namespace, last)));
    let id_at = start.len().saturating_sub(first.len());
    let mut heads = page.iter();
    let mut flow = ControlFlow::Continue(());
    read.scan(&start, Some(&end), &mut |key, body| {
        let Some((id, head)) = heads.next() else {
            return Err(Error::data_loss(format!("{} belongs to no record", layout::describe(key))));
        };
        if key.get(id_at..) != Some(id) {
            return Err(value_missing(&body_key::<T>(namespace, id)));
        }
        flow = visit(head, body)?;
        Ok(flow)
    })?;
    match heads.next() {
        Some((id, _)) if flow.is_continue() => Err(value_missing(&body_key::<T>(namespace, id))),
        _ => Ok(flow),
    }
}

/// Keys and heads of records, one behind the other in one piece of memory.
#[derive(Default)]
pub(super) struct Page {
    bytes: Vec<u8>,
    /// Where each key and each head ends.
    ends: Vec<(usize, usize)>,
    /// Where the id begins in each key.
    id_at: usize,
    /// Whether there is no other record between these.
    has_all: bool,
}

impl Page {
    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    fn push(&mut self, key: &[u8], head: &[u8]) {
        self.bytes.extend_from_slice(key);
        let key_end = self.bytes.len();
        self.bytes.extend_from_slice(head);
        self.ends.push((key_end, self.bytes.len()));
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The keys and the heads.
    fn entries(&self) -> impl DoubleEndedIterator<Item = (&[u8], &[u8])> {
        (0..self.len()).filter_map(|at| {
            let (key_end, end) = *self.ends.get(at)?;
            let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |(_, end)| *end);
            Some((self.bytes.get(start..key_end)?, self.bytes.get(key_end..end)?))
        })
    }

    /// The keys of the heads.
    pub(super) fn head_keys(&self) -> impl Iterator<Item = &[u8]> {
        self.entries().map(|(key, _)| key)
    }

    /// The ids and the heads.
    fn iter(&self) -> impl DoubleEndedIterator<Item = (&[u8], &[u8])> {
        self.entries().map(|(key, head)| (key.get(self.id_at..).unwrap_or_default(), head))
    }

    /// Shows these records with their bodies.
    pub(super) fn show<T: Halved>(
        &self,
        read: &dyn Read,
        namespace: &str,
        visit: &mut VisitHalves<'_>,
    ) -> Result<ControlFlow<()>> {
        // When all are wanted, one walk over the bodies, which lie in the same order, is cheaper than a search for each.
        if self.has_all {
            show_neighbours::<T>(read, namespace, self, visit)
        } else {
            show_each::<T>(read, namespace, self, visit)
        }
    }
}

/// Writes a record, over `stored` if there is one. A body that has not changed is not written.
pub(super) fn save<T: Halved>(txn: &mut Txn<'_>, namespace: &str, record: &T, stored: Option<&T>) {
    txn.put(head_key::<T>(namespace, record.id()), record.encode_head());
    let body = encode_body(record, stored);
    if stored.is_none_or(|stored| body != encode_body(stored, None)) {
        txn.put(body_key::<T>(namespace, record.id().as_bytes()), body);
    }
}

/// The keys and values of a whole record.
#[cfg(feature = "bolt")]
pub(super) fn entries<T: Halved>(namespace: &str, record: &T) -> [(Vec<u8>, Vec<u8>); 2] {
    let body = (body_key::<T>(namespace, record.id().as_bytes()), encode_body(record, None));
    [(head_key::<T>(namespace, record.id()), record.encode_head()), body]
}

pub(super) fn delete<T: Halved>(txn: &mut Txn<'_>, namespace: &str, id: &str) {
    txn.delete(head_key::<T>(namespace, id));
    txn.delete(body_key::<T>(namespace, id.as_bytes()));
}
