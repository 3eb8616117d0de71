//! What a server tells of changes, as they happen.

use super::Remote;
use super::stores::filters;
use crate::generated::events::{self, SubscribeRequest};
use crate::wire::Bare;
use std::fmt;
use std::time::Duration;
use stowbook::model::Envelope;
use stowbook::{Context, Result};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

/// How many events wait here until they are asked for. The server waits with the rest, as far as it does.
const WAITING: usize = 256;

/// How long to wait for a server to say that it has subscribed. containerd says so with its first event only.
const PATIENCE: Duration = Duration::from_millis(200);

/// One who is told of the events of a server, from the moment of the subscription on: see [`Remote::subscribe`]. A server
/// keeps no events for later; a stowbook does.
pub struct RemoteSubscription {
    remote: Remote,
    events: mpsc::Receiver<Result<Envelope>>,
    task: AbortHandle,
}

impl fmt::Debug for RemoteSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RemoteSubscription")
    }
}

impl Drop for RemoteSubscription {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Remote {
    /// Follows the events of the server that any of the filters selects (no filter: all).
    ///
    /// # Errors
    /// `InvalidArgument` for a filter that is not UTF-8. What the server says, if it says so at once; later it is told by
    /// [`next`](RemoteSubscription::next).
    pub fn subscribe<F: AsRef<[u8]>>(&self, wanted: &[F]) -> Result<RemoteSubscription> {
        let wanted: Vec<&[u8]> = wanted.iter().map(AsRef::as_ref).collect();
        let request = SubscribeRequest { filters: filters(&wanted)? };
        let (sender, events) = mpsc::channel(WAITING);
        let (answered, answer) = oneshot::channel();
        let client = self.client.clone();
        let task = self.runtime.spawn(async move {
            let mut messages = match client.ask(&events::SUBSCRIBE, &Context::default(), request).await {
                Ok(messages) => {
                    // Nobody may be waiting for it any more.
                    let _ = answered.send(Ok(()));
                    messages
                }
                Err(error) => {
                    if let Err(Err(error)) = answered.send(Err(error)) {
                        let _ = sender.send(Err(error)).await;
                    }
                    return;
                }
            };
            while let Some(message) = messages.next().await.transpose() {
                let is_last = message.is_err();
                if sender.send(message.map(|Bare(envelope)| envelope)).await.is_err() || is_last {
                    return;
                }
            }
        });
        let subscription = RemoteSubscription { remote: self.clone(), events, task: task.abort_handle() };
        match self.wait(async { tokio::time::timeout(PATIENCE, answer).await }) {
            Ok(Ok(answer)) => answer.map(|()| subscription),
            _ => Ok(subscription),
        }
    }
}

impl RemoteSubscription {
    /// The next event. Waits for it, but no longer than `timeout`; `None` when there is none yet.
    ///
    /// # Errors
    /// What the server says, and `Unavailable` when it has ended the subscription or the connection is lost.
    pub fn next(&mut self, timeout: Duration) -> Result<Option<Envelope>> {
        let (remote, events) = (&self.remote, &mut self.events);
        match remote.wait(async { tokio::time::timeout(timeout, events.recv()).await }) {
            Err(_) => Ok(None),
            Ok(Some(event)) => event.map(Some),
            Ok(None) => Err(stowbook::Error::unavailable("the server has ended the subscription")
                .with_help("subscribe again, and list the records anew: what happened meanwhile was not told")),
        }
    }
}
