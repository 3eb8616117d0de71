//! A server on a socket as a place: the operations of the core, each one call.

use crate::operations::{Book, Contents, Operation, Trouble, context};
use crate::place::{Answer, Place};
use crate::value;
use crate::vectors::Step;
use serde_json::Value;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;
use stowbook::model::{Any, Envelope, Lease};
use stowbook::proto::generated::containerd::services::content::v1::{WriteContentRequest, WriteContentResponse};
use stowbook::{Context, Error, ErrorKind, EventStore as _, Result};
use stowbook_grpc::generated::{content, events};
use stowbook_grpc::{Bare, Receiver, Remote};

/// The snapshotters that vectors use.
const SNAPSHOTTERS: [&str; 2] = ["native", "overlayfs"];

/// How long the events of a step may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is published to know that all events before it have come.
const MARK: &str = "/conformance/mark";

pub(crate) struct Socket {
    remote: Remote,
    /// What is published, from the first step that asks for it on.
    published: Receiver<Bare<Envelope>>,
    /// Whether something may have been stored since the last reset.
    used: bool,
    /// How many marks were published.
    marks: u64,
}

impl Socket {
    /// The server at this path. What it holds is removed.
    pub(crate) fn new(path: &Path) -> Result<Self> {
        let remote = Remote::new(path)?;
        let request = events::SubscribeRequest { filters: Vec::new() };
        let client = remote.client().clone();
        // containerd 1.6 answers with its first event only, so there has to be one.
        #[expect(clippy::async_yields_async, reason = "it is waited for below")]
        let asked = remote.wait(async {
            tokio::spawn(async move { client.ask(&events::SUBSCRIBE, &Context::default(), request).await })
        });
        let mut marks = 0;
        while !asked.is_finished() {
            mark(&remote, &mut marks)?;
            std::thread::sleep(Duration::from_millis(20));
        }
        let published = remote.wait(asked).map_err(|_| Error::internal("the subscription was given up"))??;
        Ok(Socket { remote, published, marks, used: true })
    }

    fn clear(&mut self) -> Result<()> {
        let book: &dyn Book = &self.remote;
        let namespaces = book.list_namespaces()?;
        for namespace in &namespaces {
            let context = Context::in_namespace(&namespace.name);
            // There can be no record in a namespace whose name is no identifier.
            if book.list_leases(&context, &[]).is_ok() {
                clear(book, &context)?;
            }
        }
        // The snapshots, and the bytes that no record names any more.
        let (context, lease) = (Context::in_namespace("conformance"), Lease { id: "all".into(), ..Lease::default() });
        book.create_lease(&context, &lease)?;
        book.delete_lease(&context, "all", true)?;
        book.delete_namespace("conformance")?;
        for namespace in &namespaces {
            // One whose name is no identifier is removed, and an error. What is left is told of by the cases that follow.
            let _ = book.delete_namespace(&namespace.name);
        }
        self.used = false;
        self.events().map(drop)
    }

    /// What was published since the last call.
    fn events(&mut self) -> Result<Vec<Envelope>> {
        let last = mark(&self.remote, &mut self.marks)?;
        let published = &mut self.published;
        let all = async {
            let mut events = Vec::new();
            loop {
                let next = published.next().await?.ok_or_else(|| Error::unavailable("no more events"))?;
                if next.0.topic == last {
                    return Ok(events);
                }
                if !next.0.topic.starts_with(MARK) {
                    events.push(next.0);
                }
            }
        };
        self.remote
            .wait(async { tokio::time::timeout(PATIENCE, all).await })
            .unwrap_or_else(|_| Err(Error::unavailable("the events did not come")))
    }

    fn run(&mut self, step: &Step) -> std::result::Result<Value, Trouble> {
        match Operation::find(&step.op) {
            Some(Operation::Stored(operation)) => {
                self.used = true;
                operation(&self.remote.clone().called_by(context(step)), step)
            }
            _ => Err(Error::not_implemented(&*step.op).into()),
        }
    }
}

/// Publishes the next mark, and gives its topic.
fn mark(book: &Remote, marks: &mut u64) -> Result<String> {
    *marks += 1;
    let topic = format!("{MARK}{marks}");
    // containerd 1.6 dies of an event that is none.
    book.publish_event(&Context::in_namespace("conformance"), &topic, &Any::new("mark", []))?;
    Ok(topic)
}

/// What a collector took away meanwhile is removed too: containerd's comes at any time.
fn gone(removed: Result<()>) -> Result<()> {
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Removes all records of a namespace.
fn clear(book: &dyn Book, context: &Context) -> Result<()> {
    let mut ids = Vec::new();
    book.list_containers(context, &[], &mut |record| {
        ids.push(record.id);
        Ok(ControlFlow::Continue(()))
    })?;
    ids.drain(..).try_for_each(|id| gone(book.delete_container(context, &id)))?;
    let listed = book.list_sandboxes(context, &[], &mut |record| {
        ids.push(record.id);
        Ok(ControlFlow::Continue(()))
    });
    // containerd 1.6 has none.
    if let Err(error) = listed
        && error.kind() != ErrorKind::NotImplemented
    {
        return Err(error);
    }
    ids.drain(..).try_for_each(|id| gone(book.delete_sandbox(context, &id)))?;
    book.list_images(context, &[], &mut |record| {
        ids.push(record.name);
        Ok(ControlFlow::Continue(()))
    })?;
    ids.drain(..).try_for_each(|name| gone(book.delete_image(context, &name, &Default::default())))?;
    for lease in book.list_leases(context, &[])? {
        gone(book.delete_lease(context, &lease.id, false))?;
    }
    for ingest in book.list_ingests(context, &[])? {
        gone(book.abort_ingest(context, &ingest.reference))?;
    }
    for blob in book.list_blobs(context, &[])? {
        gone(book.delete_blob(context, &blob.digest))?;
    }
    // Some cannot be removed, because of what once stood on them; but what nothing holds is collected.
    for snapshotter in SNAPSHOTTERS {
        for mut snapshot in book.list_snapshots(context, snapshotter, &[])? {
            snapshot.labels.clear();
            gone(book.update_snapshot(context, snapshotter, &snapshot, &["labels"]).map(drop))?;
        }
    }
    Ok(())
}

impl Place for Socket {
    fn reset(&mut self) -> std::result::Result<(), String> {
        if !self.used {
            return Ok(());
        }
        self.clear().map_err(|error| format!("the server cannot be cleared: {error}"))
    }

    fn lacks(&self, op: &str) -> Option<String> {
        match Operation::find(op) {
            Some(Operation::Stored(_)) => None,
            Some(Operation::Pure(_)) => Some(format!("{op} is no call")),
            None => Some(format!("{op} is not in this place")),
        }
    }

    fn provides(&self, what: &str) -> bool {
        matches!(what, "content" | "events" | "gc" | "snapshots")
    }

    fn tells_events(&self) -> bool {
        true
    }

    fn published(&mut self) -> std::result::Result<Vec<Value>, String> {
        let events = self.events().map_err(|error| format!("the events cannot be read: {error}"))?;
        Ok(events.into_iter().map(|envelope| value::event(stowbook::Event::from(envelope).to_json())).collect())
    }

    fn play(&mut self, step: &Step) -> Answer {
        match self.run(step) {
            Ok(value) => Answer::Ok(value),
            Err(Trouble::Refused(error)) => {
                Answer::Refused { kind: error.kind(), message: error.message_bytes().to_vec() }
            }
            Err(Trouble::Request(error)) => Answer::Broken(format!("the request cannot be read: {error}")),
        }
    }
}

fn missing() -> Error {
    Error::internal("the answer has no record")
}

impl Contents for Remote {
    fn write_content(&self, context: &Context, messages: Vec<WriteContentRequest>) -> Result<WriteContentResponse> {
        self.wait(async {
            let mut messages = messages.into_iter();
            let (sender, mut answers) = self.client().converse(&content::WRITE, context, messages.next()).await?;
            let mut last = answers.next().await?.ok_or_else(missing)?;
            for message in messages {
                if let Some(sender) = &sender {
                    sender.send(message).await;
                }
                last = answers.next().await?.ok_or_else(missing)?;
            }
            // The lock is held until the server has seen the end.
            drop(sender);
            while answers.next().await?.is_some() {}
            Ok(last)
        })
    }
}
