//! What the operations of the vectors are in the core.

mod containers;
mod content;
mod events;
mod images;
mod leases;
mod namespaces;
mod pure;
mod sandboxes;
mod snapshots;

use crate::vectors::Step;
use serde_json::Value;
use stowbook::proto::generated::containerd::services::content::v1::{WriteContentRequest, WriteContentResponse};
use stowbook::{
    ContainerStore, ContentStore, ContentStream, Context, EventStore, ImageStore, LeaseStore, NamespaceStore, Result,
    SandboxStore, SnapshotStore, Store,
};

/// A place of all kinds of records.
pub(crate) trait Book:
    ContainerStore + Contents + EventStore + ImageStore + LeaseStore + NamespaceStore + SandboxStore + SnapshotStore
{
}

impl<B> Book for B where
    B: ContainerStore + Contents + EventStore + ImageStore + LeaseStore + NamespaceStore + SandboxStore + SnapshotStore
{
}

/// What the vectors do to content: they write message by message.
pub(crate) trait Contents: ContentStore {
    /// The answer to the last of these messages on one stream.
    fn write_content(&self, context: &Context, messages: Vec<WriteContentRequest>) -> Result<WriteContentResponse>;
}

impl Contents for Store {
    fn write_content(&self, context: &Context, messages: Vec<WriteContentRequest>) -> Result<WriteContentResponse> {
        let mut stream = None;
        let mut answer = WriteContentResponse::default();
        for message in messages {
            let stream = match &mut stream {
                Some(stream) => stream,
                None => stream.insert(ContentStream::open(self, context, &message)?),
            };
            answer = stream.answer(self, &message)?;
        }
        Ok(answer)
    }
}

/// An operation: on nothing but its request, or on a book.
pub(crate) enum Operation {
    Pure(fn(&Step) -> std::result::Result<Value, Trouble>),
    Stored(fn(&dyn Book, &Step) -> std::result::Result<Value, Trouble>),
}

/// Why there is no answer.
pub(crate) enum Trouble {
    /// The core refused.
    Refused(stowbook::Error),
    /// The request is not what the operation takes: the vector is wrong, or the runner.
    Request(serde_json::Error),
}

impl From<stowbook::Error> for Trouble {
    fn from(error: stowbook::Error) -> Self {
        Trouble::Refused(error)
    }
}

impl From<serde_json::Error> for Trouble {
    fn from(error: serde_json::Error) -> Self {
        Trouble::Request(error)
    }
}

impl Operation {
    /// The operation of this name, if the core has it.
    pub(crate) fn find(name: &str) -> Option<Self> {
        let kinds = [
            pure::find,
            containers::find,
            content::find,
            events::find,
            images::find,
            leases::find,
            namespaces::find,
            sandboxes::find,
            snapshots::find,
        ];
        kinds.into_iter().find_map(|find| find(name))
    }
}

pub(crate) fn context(step: &Step) -> Context {
    let mut context = Context::default();
    context.namespace = step.namespace().map(str::to_owned);
    context.lease = step.lease().map(str::to_owned);
    context
}
