//! gRPC's frames: a flag, a length, a message. Source: containerd-grpc §3.

use crate::MAX_MESSAGE_BYTES;
use crate::wire::{Sends, Wire};
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use std::marker::PhantomData;
use tokio::sync::{Semaphore, SemaphorePermit};
use tonic::Status;

const HEADER_BYTES: usize = 5;

/// What all messages of which a part is still missing may take together, beyond the first bytes of each. Without a limit one
/// connection could begin as many messages as it may make calls, and finish none.
const UNFINISHED_KIB: usize = 256 * 1024;
static UNFINISHED: Semaphore = Semaphore::const_new(UNFINISHED_KIB);

/// How much of a message does not count, so that small requests are served whatever others do.
const FREE_BYTES: usize = 64 * 1024;

/// The messages of a request, one after the other.
pub(crate) struct Requests<Q> {
    body: Incoming,
    received: BytesMut,
    /// Its part of [`UNFINISHED`].
    held: Option<SemaphorePermit<'static>>,
    message: PhantomData<fn() -> Q>,
}

impl<Q: Wire> Requests<Q> {
    pub(crate) fn new(body: Incoming) -> Self {
        Requests { body, received: BytesMut::new(), held: None, message: PhantomData }
    }

    /// The next message, or `None` when the client has sent its last.
    pub(crate) async fn next(&mut self) -> Result<Option<Q>, Status> {
        let Some(bytes) = self.next_bytes().await? else { return Ok(None) };
        // The code and the text before the message are grpc-go's.
        let decoded = Q::decode(&bytes);
        decoded
            .map(Some)
            .map_err(|error| Status::internal(format!("grpc: error unmarshalling request: {}", error.message())))
    }

    async fn next_bytes(&mut self) -> Result<Option<Bytes>, Status> {
        if !self.receive(HEADER_BYTES).await? {
            return if self.received.is_empty() { Ok(None) } else { Err(cut_off()) };
        }
        let compressed = self.received.get_u8() != 0;
        let length = usize::try_from(self.received.get_u32()).unwrap_or(usize::MAX);
        if compressed {
            return Err(Status::unimplemented("grpc: Decompressor is not installed for grpc-encoding"));
        }
        if length > MAX_MESSAGE_BYTES {
            return Err(Status::resource_exhausted(format!(
                "grpc: received message larger than max ({length} vs. {MAX_MESSAGE_BYTES})"
            )));
        }
        if !self.receive(length).await? {
            return Err(cut_off());
        }
        self.held = None;
        Ok(Some(self.received.split_to(length).freeze()))
    }

    /// Receives until that many bytes are there. Not so when the body ends before.
    async fn receive(&mut self, bytes: usize) -> Result<bool, Status> {
        while self.received.len() < bytes {
            match self.body.frame().await {
                None => return Ok(false),
                Some(Err(_)) => return Err(Status::cancelled("context canceled")),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.received.extend_from_slice(&data);
                        self.hold()?;
                    }
                }
            }
        }
        Ok(true)
    }

    /// Counts what was received of a message.
    fn hold(&mut self) -> Result<(), Status> {
        let beyond = self.received.len().saturating_sub(FREE_BYTES).div_ceil(1024);
        let more = beyond.saturating_sub(self.held.as_ref().map_or(0, SemaphorePermit::num_permits));
        if more == 0 {
            return Ok(());
        }
        let permit = UNFINISHED.try_acquire_many(u32::try_from(more).unwrap_or(u32::MAX)).map_err(|_| {
            let limit = UNFINISHED_KIB / 1024;
            Status::resource_exhausted(format!("{limit} MiB of unfinished messages are waited for; try again later"))
        })?;
        match &mut self.held {
            Some(held) => held.merge(permit),
            None => self.held = Some(permit),
        }
        Ok(())
    }
}

fn cut_off() -> Status {
    Status::internal("unexpected EOF")
}

/// A message in its frame.
pub(crate) fn frame<A>(message: &impl Sends<A>) -> Result<Bytes, Status> {
    let message = message.bytes();
    if message.len() > MAX_MESSAGE_BYTES {
        return Err(Status::resource_exhausted(format!(
            "grpc: trying to send message larger than max ({} vs. {MAX_MESSAGE_BYTES})",
            message.len()
        )));
    }
    let mut out = BytesMut::with_capacity(HEADER_BYTES + message.len());
    out.put_u8(0);
    // The limit is far below what does not fit.
    out.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    out.extend_from_slice(&message);
    Ok(out.freeze())
}
