//! The `Write` method of containerd's content service: what each message of a stream does, and how it is answered.

use super::{CommitContent, ContentStore, ContentWriter, OpenContent};
use crate::proto::generated::containerd::services::content::v1::{
    WriteAction, WriteContentRequest, WriteContentResponse,
};
use crate::store::{Context, events};
use crate::{Error, ErrorKind, Result};

/// One stream of containerd's `Write`. The first message opens the ingest, and every message is answered, the first one
/// too. Source: containerd-grpc §6.
#[derive(Debug)]
pub struct ContentStream {
    context: Context,
    writer: ContentWriter,
    /// The last that was named, by whichever message.
    expected: String,
    total: i64,
    /// containerd fills one answer again and again, so what a message does not set stays from the one before.
    answer: WriteContentResponse,
}

impl ContentStream {
    /// Opens the ingest that the first message names. The message itself is still to be answered.
    ///
    /// # Errors
    /// `InvalidArgument` without a reference; as [`ContentStore::open_content`].
    pub fn open<S: ContentStore + ?Sized>(store: &S, context: &Context, first: &WriteContentRequest) -> Result<Self> {
        if first.r#ref.is_empty() {
            return Err(Error::new(ErrorKind::InvalidArgument, "first message must have a reference")
                .with_help("give the ingest a name"));
        }
        let open = OpenContent { reference: first.r#ref.clone(), expected: first.expected.clone(), total: first.total };
        let writer = store.open_content(context, &open)?;
        Ok(ContentStream {
            context: context.clone(),
            writer,
            expected: open.expected,
            total: open.total,
            answer: WriteContentResponse::default(),
        })
    }

    /// Does what a message asks for, and answers it. After an error the stream is at its end.
    ///
    /// # Errors
    /// `AlreadyExists` when there is content of the expected digest; `OutOfRange` for a position that is not the end of what
    /// was written; as [`ContentStore::commit_content`].
    pub fn answer<S: ContentStore + ?Sized>(
        &mut self,
        store: &S,
        request: &WriteContentRequest,
    ) -> Result<WriteContentResponse> {
        self.answer.action = request.action;
        let status = self.writer.status()?;
        self.answer.offset = status.offset;
        if !request.expected.is_empty() {
            self.expected.clone_from(&request.expected);
            if store.get_blob(&self.context, &request.expected).is_ok() {
                // The answer is the same if it cannot be aborted; then it is collected later.
                let _ = store.abort_ingest(&self.context, self.writer.reference());
                let message = format!("blob with expected digest {} exists", request.expected);
                return Err(Error::new(ErrorKind::AlreadyExists, message));
            }
        }
        if request.total > 0 {
            self.total = request.total;
        }
        match WriteAction::try_from(request.action) {
            Ok(WriteAction::Stat) => {
                self.answer.digest = self.writer.digest()?;
                self.answer.started_at = status.started_at.map(events::time);
                self.answer.updated_at = status.updated_at.map(events::time);
                self.answer.total = self.total;
            }
            Ok(action @ (WriteAction::Write | WriteAction::Commit)) => {
                self.write(request, status.offset)?;
                // A commit closes the writer, and what it wrote has this digest or the expected one.
                self.answer.digest = self.writer.digest()?;
                if action == WriteAction::Commit {
                    let commit = CommitContent {
                        expected: self.expected.clone(),
                        size: self.total,
                        labels: request.labels.clone(),
                    };
                    self.answer.digest = store.commit_content(&mut self.writer, &commit)?.digest;
                }
            }
            Err(_) => {}
        }
        Ok(self.answer.clone())
    }

    fn write(&mut self, request: &WriteContentRequest, offset: i64) -> Result<()> {
        if request.offset > 0 && request.offset != offset {
            let message = format!("write @{} must occur at current offset {offset}", request.offset);
            return Err(
                Error::new(ErrorKind::OutOfRange, message).with_help("ask for the status, and go on from there")
            );
        }
        if request.offset == 0 && offset > 0 {
            self.writer.clear().map_err(|error| error.context("truncate failed: "))?;
            self.answer.offset = 0;
        }
        if !request.data.is_empty() {
            self.writer.write(&request.data)?;
            self.answer.offset = self.writer.status()?.offset;
        }
        Ok(())
    }
}
