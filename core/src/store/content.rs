//! Content: blobs and the ingests they grow from. What can be done with them stands here, the rules in `rules`, how they
//! are stored in `record`. The bytes are elsewhere: see [`crate::content`].

mod book_writer;
mod clean_up;
pub(super) mod in_use;
mod reader;
pub(super) mod record;
pub(super) mod rules;
mod stream;
mod writer;

pub use reader::ContentReader;
pub use stream::ContentStream;
pub use writer::{ContentWriter, WriteContent};

#[cfg(feature = "bolt")]
pub(crate) use rules::{missing as no_such_blob, no_reference as no_such_ingest};

use super::access::Access;
use super::{Context, InNamespace};
use crate::content::OpenIngest;
use crate::filter::{Adaptor, Filter};
use crate::model::{Blob, IngestStatus, Labels};
use crate::rules::validate_digest;
use crate::text::quote;
use crate::{Error, ErrorKind, Result};
use book_writer::{BookWriter, State};
use rules::{Committing, Opened, Opening};
use std::borrow::Cow;

/// Which namespaces see content that one of them has. The bytes are stored once in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SharingPolicy {
    /// Whoever names the digest of content that is there need not bring the bytes.
    #[default]
    Shared,
    /// Each namespace has to bring the bytes, which proves that it knows them. Namespaces with the label
    /// `containerd.io/namespace.shareable=true` share theirs nevertheless.
    Isolated,
}

/// What a writer is opened for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenContent {
    /// What the client calls the ingest: any text but the empty one. The same name goes on with the same ingest.
    pub reference: String,
    /// The digest that the content will have; empty when it is not known. It need not be one: the commit looks at it.
    pub expected: String,
    /// How many bytes the content will have; 0 when it is not known.
    pub total: i64,
}

impl OpenContent {
    /// An ingest of this name, of which nothing is known.
    pub fn new(reference: impl Into<String>) -> Self {
        OpenContent { reference: reference.into(), ..OpenContent::default() }
    }
}

/// What content is committed as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommitContent {
    /// The digest that the content has to have; empty for whichever it has.
    pub expected: String,
    /// How many bytes it has to have; 0 for any.
    pub size: i64,
    /// The labels of the blob.
    pub labels: Labels,
}

/// Where content is kept. Source: containerd-metadata §6.2.
pub trait ContentStore {
    /// The record of the blob with this digest.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no digest; `NotFound`, also when only another namespace has it.
    fn get_blob(&self, context: &Context, digest: &str) -> Result<Blob>;

    /// The records that any of `filters` selects (no filter: all), in byte order of the digests.
    ///
    /// # Errors
    /// `InvalidArgument` for a filter that cannot be read.
    fn list_blobs(&self, context: &Context, filters: &[&[u8]]) -> Result<Vec<Blob>>;

    /// Changes the labels that `fields` names (none: all) to what `blob` says, and gives the record back. Paths: `labels`,
    /// `labels.‹key›`.
    ///
    /// # Errors
    /// `NotFound`; `InvalidArgument` for what is no digest, a path that cannot be changed, or a label that is too large;
    /// `Unknown` for a label without a key.
    fn update_blob(&self, context: &Context, blob: &Blob, fields: &[&str]) -> Result<Blob>;

    /// Removes the record of a blob. The bytes stay until [`Store::clean_up`](crate::Store::clean_up) finds them unused.
    ///
    /// # Errors
    /// `NotFound`; `InvalidArgument` for what is no digest.
    fn delete_blob(&self, context: &Context, digest: &str) -> Result<()>;

    /// Reads a blob from this position until `buffer` is full or the blob ends, and gives the number of bytes. Behind the
    /// end there are none.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no digest; `NotFound`; `DataLoss` when bytes are missing; what the blob store gives.
    fn read_blob(&self, context: &Context, digest: &str, offset: u64, buffer: &mut [u8]) -> Result<usize>;

    /// Begins an ingest, or goes on with it. The lease of the context holds it; without one it is kept for 24 hours after it
    /// was opened last.
    ///
    /// # Errors
    /// `InvalidArgument` for an empty reference; `AlreadyExists` when the namespace has the expected content (the lease of
    /// the context holds it then); `Unavailable` while another writer has it open; `NotFound` for a lease that does not
    /// exist; what the blob store gives.
    fn open_content(&self, context: &Context, open: &OpenContent) -> Result<ContentWriter>;

    /// Makes a blob of what was written, with a record in the namespace that the writer was opened in, and ends the ingest.
    /// When it returns, record and bytes are durable, as far as their places are.
    ///
    /// # Errors
    /// `AlreadyExists` when the namespace has it: the ingest is ended and the lease holds the content nevertheless.
    /// `InvalidArgument` for a label that is too large; `Unknown` for one without a key; `FailedPrecondition` for another
    /// size or digest than expected, or for the writer of another place; what the blob store gives. The writer is closed then,
    /// and the ingest stays.
    fn commit_content(&self, writer: &mut ContentWriter, commit: &CommitContent) -> Result<Blob>;

    /// How far an ingest is.
    ///
    /// # Errors
    /// `NotFound`.
    fn get_ingest(&self, context: &Context, reference: &str) -> Result<IngestStatus>;

    /// The ingests that any of `filters` selects (no filter: all), in byte order of the references. Those whose bytes have
    /// not begun to come are left out.
    ///
    /// # Errors
    /// `InvalidArgument` for a filter that cannot be read.
    fn list_ingests(&self, context: &Context, filters: &[&[u8]]) -> Result<Vec<IngestStatus>>;

    /// Removes an ingest and its bytes.
    ///
    /// # Errors
    /// `NotFound`.
    fn abort_ingest(&self, context: &Context, reference: &str) -> Result<()>;
}

/// The service's first look at a digest. The store below does not look.
pub(crate) fn check_digest(digest: &str) -> Result<()> {
    validate_digest(digest).map_err(|error| {
        let message = format!("{} failed validation", quote(digest));
        copy_help(Error::new(ErrorKind::InvalidArgument, message), &error)
    })
}

/// The same error with what the cause knows.
fn copy_help(mut error: Error, cause: &Error) -> Error {
    error = error.with_detail("reason", cause.message());
    match cause.help() {
        Some(help) => error.with_help(help.to_owned()),
        None => error,
    }
}

impl<A: Access> ContentStore for A {
    fn get_blob(&self, context: &Context, digest: &str) -> Result<Blob> {
        check_digest(digest)?;
        let namespace = context.require_namespace()?;
        self.read(|read| rules::get(read, namespace, digest))
    }

    fn list_blobs(&self, context: &Context, filters: &[&[u8]]) -> Result<Vec<Blob>> {
        let namespace = context.require_namespace()?;
        let filter = Filter::parse(filters)?;
        self.read(|read| rules::list(read, namespace, &filter))
    }

    fn update_blob(&self, context: &Context, blob: &Blob, fields: &[&str]) -> Result<Blob> {
        check_digest(&blob.digest)?;
        let namespace = context.require_namespace()?;
        self.write(|txn, now| rules::update(txn, namespace, blob, fields, now))
    }

    fn delete_blob(&self, context: &Context, digest: &str) -> Result<()> {
        // The bare text: the service passes it on as it is.
        validate_digest(digest).map_err(|error| error.with_kind(ErrorKind::InvalidArgument))?;
        let namespace = context.require_namespace()?;
        self.write(|txn, now| rules::delete(txn, namespace, context.lease.as_deref(), digest, now))
    }

    fn read_blob(&self, context: &Context, digest: &str, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        validate_digest(digest)
            .map_err(|error| error.with_kind(ErrorKind::InvalidArgument).context(format!("{digest}: ")))?;
        let namespace = context.require_namespace()?;
        let blob = self.read(|read| rules::get(read, namespace, digest))?;
        let read = self.store().backends.blobs.read_at(digest, offset, buffer)?;
        let expected = blob.size.cast_unsigned().saturating_sub(offset).min(buffer.len() as u64);
        if (read as u64) < expected {
            return Err(Error::data_loss(format!("content {digest} has fewer bytes than its record says"))
                .with_detail("size_bytes", blob.size)
                .with_help("delete it, and bring it again"));
        }
        Ok(read)
    }

    fn open_content(&self, context: &Context, open: &OpenContent) -> Result<ContentWriter> {
        let OpenContent { reference, expected, total } = open;
        if reference.is_empty() {
            return Err(Error::invalid_argument("ref must not be empty").with_help("give the ingest a name"));
        }
        let namespace = context.require_namespace()?;
        let lease = context.lease.as_deref();
        let opening = Opening { namespace, lease, reference, expected, total: *total };
        let store = self.store();
        let backends = &store.backends;
        let shares_all = backends.sharing == SharingPolicy::Shared;
        // From before the look at the bytes on.
        let pin = backends.in_use.pin(expected);
        let opened = self.write(|txn, now| {
            Ok(match rules::open(txn, &opening, &*backends.blobs, shares_all, now)? {
                Opened::Exists => None,
                Opened::Shared { backend_reference, size } => {
                    let mut status = IngestStatus::begin(reference, size, now);
                    status.offset = size;
                    status.expected.clone_from(expected);
                    let pin = backends.in_use.pin(expected);
                    Some((backend_reference, State::Shared { status, pin }))
                }
                Opened::Written { backend_reference, is_new } => {
                    let taken = backends.in_use.take(&backend_reference, now)?;
                    if is_new {
                        // Bytes without a record, from before a namespace was deleted, are nobody's.
                        backends.blobs.abort(&backend_reference)?;
                    }
                    let (status, bytes) = backends.blobs.open(&backend_reference, *total, now)?;
                    let ingest = Box::new(OpenIngest::new(status, bytes));
                    Some((backend_reference, State::Open { ingest, taken }))
                }
            })
        })?;
        drop(pin);
        let (backend_reference, state) = opened.ok_or_else(|| rules::exists_already(expected))?;
        Ok(ContentWriter::of_book(BookWriter {
            store: store.clone(),
            context: context.clone(),
            reference: reference.clone(),
            backend_reference,
            state,
        }))
    }

    fn commit_content(&self, writer: &mut ContentWriter, commit: &CommitContent) -> Result<Blob> {
        let writer = writer.in_book()?;
        let namespace = writer.context.require_namespace()?.to_owned();
        if let Err(error) = super::labels::validate_info(&commit.labels) {
            writer.state = State::Closed;
            return Err(error);
        }
        // Before the transaction, so that nobody waits for the disk in it: the bytes come first in any case.
        let (digest, size, pin) = writer.publish(commit.size, &commit.expected)?;
        let committing = Committing {
            namespace: &namespace,
            lease: writer.context.lease.as_deref(),
            reference: &writer.reference,
            digest: &digest,
            size,
            labels: &commit.labels,
        };
        let created = self.write(|txn, now| rules::commit(txn, &committing, now));
        self.keep(pin);
        created?.ok_or_else(|| rules::exists_already(&digest))
    }

    fn get_ingest(&self, context: &Context, reference: &str) -> Result<IngestStatus> {
        let failed = |error: Error| error.context(format!("could not get status for ref {}: ", quote(reference)));
        let namespace = context.require_namespace().map_err(failed)?;
        let ingest = self.read(|read| rules::get_ingest(read, namespace, reference)).map_err(failed)?;
        match self.store().backends.blobs.status(&ingest.backend_reference).map_err(failed)? {
            Some(status) => Ok(IngestStatus { reference: reference.to_owned(), ..status }),
            None => Err(failed(Error::not_found(format!("ingest ref {}", quote(&ingest.backend_reference))))),
        }
    }

    fn list_ingests(&self, context: &Context, filters: &[&[u8]]) -> Result<Vec<IngestStatus>> {
        let namespace = context.require_namespace()?;
        let filter = Filter::parse(filters)?;
        let mut ingests = Vec::new();
        self.read(|read| {
            rules::each_ingest(read, namespace, &mut |ingest| {
                ingests.push(ingest);
                Ok(())
            })
        })?;
        let mut out = Vec::new();
        for ingest in ingests {
            if let Some(status) = self.store().backends.blobs.status(&ingest.backend_reference)? {
                let status = IngestStatus { reference: ingest.reference, ..status };
                if filter.matches(&Reference(&status.reference)) {
                    out.push(status);
                }
            }
        }
        Ok(out)
    }

    fn abort_ingest(&self, context: &Context, reference: &str) -> Result<()> {
        let namespace = context.require_namespace()?;
        let blobs = &*self.store().backends.blobs;
        self.write(|txn, now| rules::abort(txn, namespace, context.lease.as_deref(), reference, blobs, now))
    }
}

/// What a filter sees of an ingest. Source: containerd-metadata §8.6.
struct Reference<'a>(&'a str);

impl Adaptor for Reference<'_> {
    fn field<'s>(&'s self, path: &[Vec<u8>]) -> Option<Cow<'s, [u8]>> {
        path.first().filter(|first| *first == b"ref").map(|_| Cow::Borrowed(self.0.as_bytes()))
    }
}

impl<'a, S: ?Sized> InNamespace<'a, S> {
    /// The content in it.
    #[must_use]
    pub fn content(&self) -> Content<'a, S> {
        Content { place: self.place, context: self.context.clone() }
    }
}

/// The content of a namespace.
pub struct Content<'a, S: ?Sized> {
    place: &'a S,
    context: Context,
}

impl<S: ContentStore + ?Sized> Content<'_, S> {
    /// The record of the blob with this digest.
    ///
    /// # Errors
    /// As [`ContentStore::get_blob`].
    pub fn get(&self, digest: &str) -> Result<Blob> {
        self.place.get_blob(&self.context, digest)
    }

    /// The records that any of the filters selects (no filter: all), in byte order of the digests.
    ///
    /// # Errors
    /// As [`ContentStore::list_blobs`].
    pub fn list<F: AsRef<[u8]>>(&self, filters: &[F]) -> Result<Vec<Blob>> {
        let filters: Vec<&[u8]> = filters.iter().map(AsRef::as_ref).collect();
        self.place.list_blobs(&self.context, &filters)
    }

    /// Changes the labels with these paths to what `blob` says (no path: all labels), and gives the record back.
    ///
    /// # Errors
    /// As [`ContentStore::update_blob`].
    pub fn update(&self, blob: &Blob, fields: &[&str]) -> Result<Blob> {
        self.place.update_blob(&self.context, blob, fields)
    }

    /// Removes the record of a blob.
    ///
    /// # Errors
    /// As [`ContentStore::delete_blob`].
    pub fn delete(&self, digest: &str) -> Result<()> {
        self.place.delete_blob(&self.context, digest)
    }

    /// Reads a blob from this position until `buffer` is full or the blob ends. Gives the number of bytes.
    ///
    /// # Errors
    /// As [`ContentStore::read_blob`].
    pub fn read_at(&self, digest: &str, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        self.place.read_blob(&self.context, digest, offset, buffer)
    }

    /// Begins an ingest, or goes on with it.
    ///
    /// # Errors
    /// As [`ContentStore::open_content`].
    pub fn open(&self, open: &OpenContent) -> Result<ContentWriter> {
        self.place.open_content(&self.context, open)
    }

    /// Makes a blob of what was written, in the namespace that the writer was opened in.
    ///
    /// # Errors
    /// As [`ContentStore::commit_content`].
    ///
    /// ```
    /// # use stowbook::{CommitContent, OpenContent, Store};
    /// let store = Store::in_memory();
    /// let content = store.namespace("default").content();
    /// let mut writer = content.open(&OpenContent::new("greeting"))?;
    /// writer.write(b"hello")?;
    /// let blob = content.commit(&mut writer, &CommitContent::default())?;
    /// assert_eq!(blob.digest, "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    ///
    /// let mut buffer = [0; 16];
    /// assert_eq!(content.read_at(&blob.digest, 1, &mut buffer)?, 4);
    /// assert_eq!(&buffer[..4], b"ello");
    /// # Ok::<(), stowbook::Error>(())
    /// ```
    pub fn commit(&self, writer: &mut ContentWriter, commit: &CommitContent) -> Result<Blob> {
        self.place.commit_content(writer, commit)
    }

    /// How far an ingest is.
    ///
    /// # Errors
    /// As [`ContentStore::get_ingest`].
    pub fn status(&self, reference: &str) -> Result<IngestStatus> {
        self.place.get_ingest(&self.context, reference)
    }

    /// The ingests that any of the filters selects (no filter: all), in byte order of the references.
    ///
    /// # Errors
    /// As [`ContentStore::list_ingests`].
    pub fn statuses<F: AsRef<[u8]>>(&self, filters: &[F]) -> Result<Vec<IngestStatus>> {
        let filters: Vec<&[u8]> = filters.iter().map(AsRef::as_ref).collect();
        self.place.list_ingests(&self.context, &filters)
    }

    /// Removes an ingest and its bytes.
    ///
    /// # Errors
    /// As [`ContentStore::abort_ingest`].
    pub fn abort(&self, reference: &str) -> Result<()> {
        self.place.abort_ingest(&self.context, reference)
    }
}
