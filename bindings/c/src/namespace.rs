//! A namespace, to reach the records in it.

use crate::entry::{Entry, Handle};
use crate::error::sb_error;
use crate::status::sb_status;
use crate::value::{sb_str, sb_time};
use std::ops::ControlFlow;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use stowbook_core::model::{Container, Image, Lease, Sandbox, Timestamp};
use stowbook_core::proto::Message;
use stowbook_core::proto::wire::put_varint;
use stowbook_core::{
    ContainerStore, Context, DeleteImage, EventStore, ImageStore, LeaseStore, NamespaceStore, Result, SandboxStore,
};

/// Where records are kept: a store, a transaction, a database of containerd.
pub(crate) trait Place:
    ContainerStore + EventStore + ImageStore + LeaseStore + NamespaceStore + SandboxStore + Send + Sync
{
}

impl<T> Place for T where
    T: ContainerStore + EventStore + ImageStore + LeaseStore + NamespaceStore + SandboxStore + Send + Sync
{
}

/// A namespace of a store, of a transaction, or of a database of containerd, to reach the records in it. Any number of
/// threads may use it at once.
pub struct sb_namespace {
    place: Arc<dyn Place>,
    context: Context,
    source_date_epoch: Option<Timestamp>,
    poisoned: Arc<AtomicBool>,
}

impl Handle for sb_namespace {
    fn poisoned(&self) -> &AtomicBool {
        &self.poisoned
    }
}

impl sb_namespace {
    pub(crate) fn new(place: Arc<dyn Place>, name: &str, poisoned: &Arc<AtomicBool>) -> Self {
        let context = Context::in_namespace(name);
        sb_namespace { place, context, source_date_epoch: None, poisoned: Arc::clone(poisoned) }
    }

    fn copy(&self) -> Self {
        sb_namespace {
            place: Arc::clone(&self.place),
            context: self.context.clone(),
            source_date_epoch: self.source_date_epoch,
            poisoned: Arc::clone(&self.poisoned),
        }
    }

    pub(crate) fn place(&self) -> &dyn Place {
        &*self.place
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    pub(crate) fn get<T: Get>(&self, key: &str) -> Result<T> {
        T::get(self, key)
    }

    /// The record as a message.
    pub(crate) fn get_message<T: Get>(&self, key: &str) -> Result<Vec<u8>> {
        T::get_message(self, key)
    }

    pub(crate) fn list<T: Kept>(&self, filters: &[&str]) -> Result<Vec<T>> {
        let mut found = Vec::new();
        T::each(self, &as_bytes(filters), &mut |record| found.push(record))?;
        Ok(found)
    }

    /// The records as messages, each with its length before it.
    pub(crate) fn list_messages<T: Kept>(&self, filters: &[&str]) -> Result<Vec<u8>> {
        let mut found = Vec::new();
        T::each_message(self, &as_bytes(filters), &mut |pieces| put_delimited(&mut found, pieces))?;
        Ok(found)
    }

    pub(crate) fn create<T: Kept>(&self, record: &T) -> Result<T> {
        record.create(self)
    }

    pub(crate) fn update<T: Update>(&self, record: &T, fields: &[&str]) -> Result<T> {
        record.update(self, fields)
    }

    pub(crate) fn delete<T: Kept>(&self, key: &str) -> Result<()> {
        T::delete(self, key)
    }
}

fn as_bytes<'a>(texts: &[&'a str]) -> Vec<&'a [u8]> {
    texts.iter().map(|text| text.as_bytes()).collect()
}

/// Appends a message that comes in pieces, with its length as a varint before it.
pub(crate) fn put_delimited(out: &mut Vec<u8>, pieces: &[&[u8]]) {
    let length: usize = pieces.iter().map(|piece| piece.len()).sum();
    put_varint(out, length as u64);
    for piece in pieces {
        out.extend_from_slice(piece);
    }
}

/// What the core calls the operations on a kind of record.
pub(crate) trait Kept: Message {
    fn each(namespace: &sb_namespace, filters: &[&[u8]], show: &mut dyn FnMut(Self)) -> Result<()>;

    /// Shows the records as messages, in pieces that belong behind each other.
    fn each_message(namespace: &sb_namespace, filters: &[&[u8]], show: &mut dyn FnMut(&[&[u8]])) -> Result<()> {
        Self::each(namespace, filters, &mut |record| show(&[&record.encode()]))
    }

    fn create(&self, namespace: &sb_namespace) -> Result<Self>;
    fn delete(namespace: &sb_namespace, key: &str) -> Result<()>;
}

/// A kind of record that can be asked for by its key.
pub(crate) trait Get: Kept {
    fn get(namespace: &sb_namespace, key: &str) -> Result<Self>;

    fn get_message(namespace: &sb_namespace, key: &str) -> Result<Vec<u8>> {
        Ok(Self::get(namespace, key)?.encode())
    }
}

/// A kind of record that can be changed.
pub(crate) trait Update: Kept {
    fn update(&self, namespace: &sb_namespace, fields: &[&str]) -> Result<Self>;
}

impl Kept for Container {
    fn each(namespace: &sb_namespace, filters: &[&[u8]], show: &mut dyn FnMut(Self)) -> Result<()> {
        namespace.place.list_containers(&namespace.context, filters, &mut |record| {
            show(record);
            Ok(ControlFlow::Continue(()))
        })
    }

    fn each_message(namespace: &sb_namespace, filters: &[&[u8]], show: &mut dyn FnMut(&[&[u8]])) -> Result<()> {
        // As they lie in the book: nothing is decoded to be encoded again.
        namespace.place.view_containers(&namespace.context, filters, &mut |record| {
            show(&record.message());
            Ok(ControlFlow::Continue(()))
        })
    }

    fn create(&self, namespace: &sb_namespace) -> Result<Self> {
        namespace.place.create_container(&namespace.context, self)
    }

    fn delete(namespace: &sb_namespace, key: &str) -> Result<()> {
        namespace.place.delete_container(&namespace.context, key)
    }
}

impl Get for Container {
    fn get(namespace: &sb_namespace, key: &str) -> Result<Self> {
        namespace.place.get_container(&namespace.context, key)
    }

    fn get_message(namespace: &sb_namespace, key: &str) -> Result<Vec<u8>> {
        let mut message = Vec::new();
        // As it lies in the book: nothing is decoded to be encoded again.
        namespace.place.view_container(&namespace.context, key, &mut |record| {
            let [head, body] = record.message();
            // One more for the NUL that `sb_bytes::owned` adds.
            message.reserve_exact(head.len() + body.len() + 1);
            message.extend_from_slice(head);
            message.extend_from_slice(body);
            Ok(())
        })?;
        Ok(message)
    }
}

impl Update for Container {
    fn update(&self, namespace: &sb_namespace, fields: &[&str]) -> Result<Self> {
        namespace.place.update_container(&namespace.context, self, fields)
    }
}

impl Kept for Image {
    fn each(namespace: &sb_namespace, filters: &[&[u8]], show: &mut dyn FnMut(Self)) -> Result<()> {
        namespace.place.list_images(&namespace.context, filters, &mut |record| {
            show(record);
            Ok(ControlFlow::Continue(()))
        })
    }

    fn create(&self, namespace: &sb_namespace) -> Result<Self> {
        namespace.place.create_image(&namespace.context, self, namespace.source_date_epoch)
    }

    fn delete(namespace: &sb_namespace, key: &str) -> Result<()> {
        namespace.place.delete_image(&namespace.context, key, &DeleteImage::default())
    }
}

impl Get for Image {
    fn get(namespace: &sb_namespace, key: &str) -> Result<Self> {
        namespace.place.get_image(&namespace.context, key)
    }
}

impl Update for Image {
    fn update(&self, namespace: &sb_namespace, fields: &[&str]) -> Result<Self> {
        namespace.place.update_image(&namespace.context, self, fields, namespace.source_date_epoch)
    }
}

impl Kept for Lease {
    fn each(namespace: &sb_namespace, filters: &[&[u8]], show: &mut dyn FnMut(Self)) -> Result<()> {
        namespace.place.list_leases(&namespace.context, filters)?.into_iter().for_each(show);
        Ok(())
    }

    fn create(&self, namespace: &sb_namespace) -> Result<Self> {
        namespace.place.create_lease(&namespace.context, self)
    }

    fn delete(namespace: &sb_namespace, key: &str) -> Result<()> {
        namespace.place.delete_lease(&namespace.context, key, false)
    }
}

impl Kept for Sandbox {
    fn each(namespace: &sb_namespace, filters: &[&[u8]], show: &mut dyn FnMut(Self)) -> Result<()> {
        namespace.place.list_sandboxes(&namespace.context, filters, &mut |record| {
            show(record);
            Ok(ControlFlow::Continue(()))
        })
    }

    fn create(&self, namespace: &sb_namespace) -> Result<Self> {
        namespace.place.create_sandbox(&namespace.context, self)
    }

    fn delete(namespace: &sb_namespace, key: &str) -> Result<()> {
        namespace.place.delete_sandbox(&namespace.context, key)
    }
}

impl Get for Sandbox {
    fn get(namespace: &sb_namespace, key: &str) -> Result<Self> {
        namespace.place.get_sandbox(&namespace.context, key)
    }
}

impl Update for Sandbox {
    fn update(&self, namespace: &sb_namespace, fields: &[&str]) -> Result<Self> {
        namespace.place.update_sandbox(&namespace.context, self, fields)
    }
}

/// Reaches the same namespace on behalf of a lease: it holds the images and the content that are created through the handle.
/// The caller frees `*namespace_out` with sb_namespace_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespace_with_lease(
    in_namespace: *const sb_namespace,
    lease: sb_str,
    namespace_out: *mut *mut sb_namespace,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("namespace_out", namespace_out)?;
        let mut namespace = args.handle("in_namespace", in_namespace)?.copy();
        namespace.context.lease = Some(args.text("lease", lease)?.to_owned());
        out.give(namespace);
        Ok(())
    })
}

/// Reaches the same namespace, but images that are created or updated through the handle get this time instead of the
/// clock's, so that they come out the same again. Without a time it is the clock's. The caller frees `*namespace_out` with
/// sb_namespace_free().
///
/// Errors: SB_ERR_INVALID_ARGUMENT for a time that is before the year 1 or after the year 9999.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespace_with_source_date_epoch(
    in_namespace: *const sb_namespace,
    epoch: sb_time,
    namespace_out: *mut *mut sb_namespace,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("namespace_out", namespace_out)?;
        let mut namespace = args.handle("in_namespace", in_namespace)?.copy();
        namespace.source_date_epoch = epoch.read()?;
        out.give(namespace);
        Ok(())
    })
}

/// Frees a namespace's handle; the namespace itself stays. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_namespace_free(handle: *mut sb_namespace) {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.free(handle);
}
