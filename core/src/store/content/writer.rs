use super::CommitContent;
use super::book_writer::BookWriter;
use crate::model::{Blob, IngestStatus};
use crate::{Error, Result};
use std::fmt::Debug;

/// Content that is being written. The place learns of it when it is committed
/// ([`ContentStore::commit_content`](super::ContentStore::commit_content)). Dropping the writer keeps the ingest, to go on with
/// later; aborting it ([`ContentStore::abort_ingest`](super::ContentStore::abort_ingest)) removes it.
#[derive(Debug)]
pub struct ContentWriter(Writer);

#[derive(Debug)]
enum Writer {
    Book(Box<BookWriter>),
    Other(Box<dyn WriteContent>),
}

/// What a [`ContentWriter`] does in a place that is no book. For implementers of places; the methods are those of the writer.
pub trait WriteContent: Send + Debug {
    /// As [`ContentWriter::reference`].
    fn reference(&self) -> &str;

    /// As [`ContentWriter::status`].
    ///
    /// # Errors
    /// `FailedPrecondition` when it was committed.
    fn status(&self) -> Result<IngestStatus>;

    /// As [`ContentWriter::digest`].
    ///
    /// # Errors
    /// `FailedPrecondition` when it was committed; what the place gives.
    fn digest(&mut self) -> Result<String>;

    /// As [`ContentWriter::write`].
    ///
    /// # Errors
    /// `FailedPrecondition` when it was committed; what the place gives.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;

    /// As [`ContentWriter::clear`].
    ///
    /// # Errors
    /// `FailedPrecondition` when it was committed; what the place gives.
    fn clear(&mut self) -> Result<()>;

    /// As [`ContentStore::commit_content`](super::ContentStore::commit_content).
    ///
    /// # Errors
    /// As there.
    fn commit(&mut self, commit: &CommitContent) -> Result<Blob>;
}

impl ContentWriter {
    /// The writer of a place that is no book. For implementers of places.
    #[must_use]
    pub fn of_place(writer: Box<dyn WriteContent>) -> Self {
        ContentWriter(Writer::Other(writer))
    }

    pub(super) fn of_book(writer: BookWriter) -> Self {
        ContentWriter(Writer::Book(Box::new(writer)))
    }

    /// What it is in the place that [`of_place`](ContentWriter::of_place) got it from. For implementers of places.
    ///
    /// # Errors
    /// `FailedPrecondition` when it is the writer of a book.
    pub fn in_place(&mut self) -> Result<&mut dyn WriteContent> {
        match &mut self.0 {
            Writer::Other(writer) => Ok(&mut **writer),
            Writer::Book(_) => Err(elsewhere()),
        }
    }

    pub(super) fn in_book(&mut self) -> Result<&mut BookWriter> {
        match &mut self.0 {
            Writer::Book(writer) => Ok(writer),
            Writer::Other(_) => Err(elsewhere()),
        }
    }

    /// What the client calls the ingest.
    #[must_use]
    pub fn reference(&self) -> &str {
        match &self.0 {
            Writer::Book(writer) => writer.reference(),
            Writer::Other(writer) => writer.reference(),
        }
    }

    /// How far it is.
    ///
    /// # Errors
    /// `FailedPrecondition` when it was committed.
    pub fn status(&self) -> Result<IngestStatus> {
        match &self.0 {
            Writer::Book(writer) => writer.status(),
            Writer::Other(writer) => writer.status(),
        }
    }

    /// The digest of the bytes so far.
    ///
    /// # Errors
    /// `FailedPrecondition` when it was committed; what the place gives: an ingest that goes on is read again.
    pub fn digest(&mut self) -> Result<String> {
        match &mut self.0 {
            Writer::Book(writer) => writer.digest(),
            Writer::Other(writer) => writer.digest(),
        }
    }

    /// Adds bytes at the end.
    ///
    /// # Errors
    /// `FailedPrecondition` when it was committed; what the place gives: nothing was added then.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.0 {
            Writer::Book(writer) => writer.write(bytes),
            Writer::Other(writer) => writer.write(bytes),
        }
    }

    /// Removes all bytes, to begin again.
    ///
    /// # Errors
    /// `FailedPrecondition` when it was committed; what the place gives.
    pub fn clear(&mut self) -> Result<()> {
        match &mut self.0 {
            Writer::Book(writer) => writer.clear(),
            Writer::Other(writer) => writer.clear(),
        }
    }
}

fn elsewhere() -> Error {
    Error::failed_precondition("the writer was opened in another place").with_help("commit it there")
}
