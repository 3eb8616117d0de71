//! What is sent back: messages, then a status in the trailers.

use crate::frame::frame;
use crate::wire::{Sends, Wire};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::{Body, Frame};
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep};
use tonic::Status;

/// How many messages wait for a slow client before their maker waits too.
const WAITING: usize = 4;

/// The body of a response.
#[derive(Default)]
pub(crate) struct Reply {
    /// Messages that are there, in their frames.
    ready: VecDeque<Bytes>,
    /// Where more come from.
    more: Option<mpsc::Receiver<Result<Bytes, Status>>>,
    /// What is sent last.
    trailers: Option<HeaderMap>,
    /// When the client wants no more.
    deadline: Option<Pin<Box<Sleep>>>,
}

/// Where a maker of messages puts them, at the pace of the client.
pub(crate) struct Feed(mpsc::Sender<Result<Bytes, Status>>);

impl Feed {
    /// Sends a message. Gives `false` when nobody takes it any more.
    pub(crate) async fn send<A: Wire>(&self, message: &A) -> bool {
        self.0.send(frame::<A>(message)).await.is_ok()
    }

    /// Ends the stream with an error.
    pub(crate) async fn fail(self, status: Status) {
        // Nobody to tell when the client is gone.
        let _ = self.0.send(Err(status)).await;
    }

    /// Waits until nobody takes messages any more.
    pub(crate) async fn closed(&self) {
        self.0.closed().await;
    }
}

impl Reply {
    /// Nothing at all: no gRPC.
    pub(super) fn empty() -> Self {
        Reply::default()
    }

    /// These messages, and success.
    pub(super) fn of<A>(messages: &[impl Sends<A>]) -> Result<Self, Status> {
        let ready = messages.iter().map(|message| frame(message)).collect::<Result<_, _>>()?;
        Ok(Reply { ready, trailers: Some(success()), ..Reply::default() })
    }

    /// What is put into the feed, until it is dropped or fails.
    pub(super) fn fed() -> (Feed, Self) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Feed(sender), Reply { more: Some(receiver), trailers: Some(success()), ..Reply::default() })
    }

    /// The same, once its first message is there; an error instead of a first message is the error of the call.
    pub(super) async fn begun(mut self) -> Result<Self, Status> {
        if let Some(more) = &mut self.more {
            match more.recv().await {
                Some(first) => self.ready.push_back(first?),
                None => self.more = None,
            }
        }
        Ok(self)
    }

    /// The same, cut off at that time.
    pub(super) fn until(mut self, deadline: Instant) -> Self {
        if self.more.is_some() {
            self.deadline = Some(Box::pin(tokio::time::sleep_until(deadline)));
        }
        self
    }

    pub(super) fn into_response(self) -> http::Response<Self> {
        let mut response = http::Response::new(self);
        let kind = HeaderValue::from_static("application/grpc");
        response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
        response
    }
}

/// What is said when a deadline has passed.
pub(super) fn too_late() -> Status {
    Status::deadline_exceeded("context deadline exceeded")
}

fn success() -> HeaderMap {
    let mut trailers = HeaderMap::with_capacity(1);
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    trailers
}

fn failure(status: &Status) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    if status.add_header(&mut trailers).is_err() {
        // Nothing in it can be said in a header but its code.
        trailers.insert("grpc-status", HeaderValue::from(i32::from(status.code())));
    }
    trailers
}

impl Body for Reply {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(message) = self.ready.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(message))));
        }
        let late = self.deadline.as_mut().is_some_and(|deadline| deadline.as_mut().poll(context).is_ready());
        if let Some(more) = &mut self.more {
            let next = if late { Poll::Ready(Some(Err(too_late()))) } else { more.poll_recv(context) };
            match next {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(message))) => return Poll::Ready(Some(Ok(Frame::data(message)))),
                Poll::Ready(Some(Err(status))) => self.trailers = Some(failure(&status)),
                Poll::Ready(None) => {}
            }
            self.more = None;
        }
        Poll::Ready(self.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.ready.is_empty() && self.more.is_none() && self.trailers.is_none()
    }
}
