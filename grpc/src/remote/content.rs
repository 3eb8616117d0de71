//! Content of a server: records by calls, bytes by streams. Source: containerd-grpc §6.

use super::Remote;
use super::stores::{filters, mask, missing};
use crate::client::{Receiver, Sender};
use crate::generated::content::{
    self, AbortRequest, DeleteContentRequest, InfoRequest, ListContentRequest, ListStatusesRequest, ReadContentRequest,
    StatusRequest, UpdateRequest, WriteContentRequest, WriteContentResponse,
};
use std::fmt;
use stowbook::model::{Blob, IngestStatus, Timestamp};
use stowbook::proto::generated::containerd::services::content::v1::{Status, WriteAction};
use stowbook::{
    CommitContent, ContentStore, ContentWriter, Context, Error, ErrorKind, OpenContent, Result, WriteContent,
};

/// How much of the bytes goes in one message, as with containerd's clients.
const CHUNK_BYTES: usize = 1024 * 1024;

impl ContentStore for Remote {
    fn get_blob(&self, context: &Context, digest: &str) -> Result<Blob> {
        let request = InfoRequest { digest: digest.to_owned() };
        self.call(&content::INFO, context, request)?.info.ok_or_else(missing)
    }

    fn list_blobs(&self, context: &Context, wanted: &[&[u8]]) -> Result<Vec<Blob>> {
        let found = self.collect(&content::LIST, context, ListContentRequest { filters: filters(wanted)? })?;
        Ok(found.into_iter().flat_map(|message| message.info).collect())
    }

    fn update_blob(&self, context: &Context, blob: &Blob, fields: &[&str]) -> Result<Blob> {
        let request = UpdateRequest { info: Some(blob.clone()), update_mask: mask(fields) };
        self.call(&content::UPDATE, context, request)?.info.ok_or_else(missing)
    }

    fn delete_blob(&self, context: &Context, digest: &str) -> Result<()> {
        self.call(&content::DELETE, context, DeleteContentRequest { digest: digest.to_owned() })
    }

    fn read_blob(&self, context: &Context, digest: &str, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let request = ReadContentRequest {
            digest: digest.to_owned(),
            offset: i64::try_from(offset).unwrap_or(i64::MAX),
            // No size would be all there is.
            size: i64::try_from(buffer.len()).unwrap_or(i64::MAX).max(1),
        };
        self.wait_for(async {
            let mut filled = 0;
            let mut messages = match self.client.ask(&content::READ, context, request).await {
                Err(error) if error.kind() == ErrorKind::OutOfRange => return Ok(0),
                messages => messages?,
            };
            loop {
                let message = match messages.next().await {
                    // Behind the end there is nothing.
                    Err(error) if error.kind() == ErrorKind::OutOfRange && filled == 0 => return Ok(0),
                    message => message?,
                };
                let Some(message) = message else { return Ok(filled) };
                let room = buffer.get_mut(filled..).unwrap_or_default();
                let length = room.len().min(message.data.len());
                if let (Some(to), Some(from)) = (room.get_mut(..length), message.data.get(..length)) {
                    to.copy_from_slice(from);
                }
                filled += length;
            }
        })
    }

    fn open_content(&self, context: &Context, open: &OpenContent) -> Result<ContentWriter> {
        let first = WriteContentRequest {
            r#ref: open.reference.clone(),
            total: open.total,
            expected: open.expected.clone(),
            ..WriteContentRequest::default()
        };
        let (sender, mut answers) = self.wait_for(self.client.converse(&content::WRITE, context, Some(first)))?;
        let answer = self.wait_for(answers.next())?.ok_or_else(missing)?;
        let mut status = IngestStatus::default();
        status.reference.clone_from(&open.reference);
        status.total = answer.total.max(open.total);
        status.started_at = time(answer.started_at)?;
        if answer.offset > 0 && !open.expected.is_empty() && answer.digest == open.expected {
            // All of it is there: written before, or shared by another namespace.
            status.expected.clone_from(&open.expected);
        }
        let mut writer = Writer {
            remote: self.clone(),
            context: context.clone(),
            stream: sender.map(|sender| (sender, answers)),
            status,
            digest: String::new(),
        };
        writer.take(answer)?;
        Ok(ContentWriter::of_place(Box::new(writer)))
    }

    fn commit_content(&self, writer: &mut ContentWriter, commit: &CommitContent) -> Result<Blob> {
        writer.in_place()?.commit(commit)
    }

    fn get_ingest(&self, context: &Context, reference: &str) -> Result<IngestStatus> {
        let request = StatusRequest { r#ref: reference.to_owned() };
        ingest(self.call(&content::STATUS, context, request)?.status.ok_or_else(missing)?)
    }

    fn list_ingests(&self, context: &Context, wanted: &[&[u8]]) -> Result<Vec<IngestStatus>> {
        let request = ListStatusesRequest { filters: filters(wanted)? };
        let mut found = self.call(&content::LIST_STATUSES, context, request)?.statuses;
        // containerd gives them in the order of a directory.
        found.sort_by(|one, other| one.r#ref.cmp(&other.r#ref));
        found.into_iter().map(ingest).collect()
    }

    fn abort_ingest(&self, context: &Context, reference: &str) -> Result<()> {
        self.call(&content::ABORT, context, AbortRequest { r#ref: reference.to_owned() })
    }
}

fn ingest(status: Status) -> Result<IngestStatus> {
    Ok(IngestStatus {
        reference: status.r#ref,
        offset: status.offset,
        total: status.total,
        expected: status.expected,
        started_at: time(status.started_at)?,
        updated_at: time(status.updated_at)?,
    })
}

fn time(time: Option<prost_types::Timestamp>) -> Result<Option<Timestamp>> {
    let time = time.map(|time| Timestamp::new(time.seconds, u32::try_from(time.nanos).unwrap_or(u32::MAX)));
    time.transpose()
}

/// One stream of containerd's `Write`: each message is answered before the next one is sent.
struct Writer {
    remote: Remote,
    context: Context,
    /// Gone when it has ended.
    stream: Option<(Sender<WriteContentRequest>, Receiver<WriteContentResponse>)>,
    status: IngestStatus,
    /// That of the bytes so far.
    digest: String,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Writer of {:?} at {}", self.status.reference, self.status.offset)
    }
}

impl Writer {
    fn say(&mut self, request: WriteContentRequest) -> Result<()> {
        let (sender, answers) = self.stream.as_mut().ok_or_else(ended)?;
        let answer = self.remote.wait_for(async {
            // When nobody takes it, the answer tells why.
            sender.send(request).await;
            answers.next().await?.ok_or_else(missing)
        });
        match answer {
            Ok(answer) => self.take(answer),
            Err(error) => {
                self.stream = None;
                Err(error)
            }
        }
    }

    fn take(&mut self, answer: WriteContentResponse) -> Result<()> {
        self.status.offset = answer.offset;
        if let Some(time) = time(answer.updated_at)? {
            self.status.updated_at = Some(time);
        }
        self.digest = answer.digest;
        Ok(())
    }

    /// A message about the end of what was written.
    fn request(&self, action: WriteAction) -> WriteContentRequest {
        WriteContentRequest {
            action: action.into(),
            r#ref: self.status.reference.clone(),
            offset: self.status.offset,
            ..WriteContentRequest::default()
        }
    }
}

impl WriteContent for Writer {
    fn reference(&self) -> &str {
        &self.status.reference
    }

    fn status(&self) -> Result<IngestStatus> {
        if self.stream.is_some() { Ok(self.status.clone()) } else { Err(ended()) }
    }

    fn digest(&mut self) -> Result<String> {
        if self.stream.is_some() { Ok(self.digest.clone()) } else { Err(ended()) }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        for chunk in bytes.chunks(CHUNK_BYTES) {
            let mut request = self.request(WriteAction::Write);
            request.data = chunk.to_vec();
            self.say(request)?;
        }
        Ok(())
    }

    fn clear(&mut self) -> Result<()> {
        let mut request = self.request(WriteAction::Write);
        request.offset = 0;
        self.say(request)
    }

    fn commit(&mut self, commit: &CommitContent) -> Result<Blob> {
        let mut request = self.request(WriteAction::Commit);
        request.total = commit.size;
        request.expected.clone_from(&commit.expected);
        request.labels.clone_from(&commit.labels);
        self.say(request)?;
        let digest = std::mem::take(&mut self.digest);
        if let Some((sender, mut answers)) = self.stream.take() {
            drop(sender);
            // The ingest is in use until the server has said its last word.
            self.remote.wait(async { while matches!(answers.next().await, Ok(Some(_))) {} });
        }
        self.remote.get_blob(&self.context, &digest)
    }
}

fn ended() -> Error {
    Error::failed_precondition("cannot commit on closed writer").with_help("open the ingest again")
}
