//! A client of a containerd-compatible socket.

use crate::method::Method;
use crate::wire::Wire;
use crate::{MAX_MESSAGE_BYTES, metadata, status};
use bytes::{Buf as _, BufMut as _};
use std::marker::PhantomData;
use std::path::Path;
use stowbook::{Context, Error, Result};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder, Streaming};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// How many messages of a client wait until the server takes them.
const WAITING: usize = 4;

/// A client of a unix socket that speaks containerd's interface: a stowbook's, or a containerd's. Clones share a connection.
#[derive(Clone, Debug)]
pub struct Client {
    channel: Channel,
}

/// The messages that a server sends.
pub struct Receiver<A>(Streaming<A>);

/// Where messages to a server are put.
pub struct Sender<Q>(mpsc::Sender<Q>);

impl Client {
    /// A client of the socket at this path, which may be written as an address too: `unix:///run/stowbook.sock`. It connects at
    /// its first call, again after each loss, and needs a tokio runtime.
    ///
    /// # Errors
    /// `InvalidArgument` when the path cannot be that of a socket.
    pub fn new(socket: impl AsRef<Path>) -> Result<Self> {
        let path = socket.as_ref();
        let wrong = || {
            Error::invalid_argument(format!("{} is no path of a socket", path.display()))
                .with_help("write it as /run/stowbook.sock or unix:///run/stowbook.sock")
        };
        let text = path.to_str().and_then(socket_path).ok_or_else(wrong)?;
        let endpoint = Endpoint::from_shared(format!("unix://{text}")).map_err(|_| wrong())?;
        Ok(Client { channel: endpoint.connect_lazy() })
    }

    /// Calls a method with one request and one response.
    ///
    /// # Errors
    /// What the server says; `Unavailable` when it cannot be reached.
    pub async fn call<Q: Wire, A: Wire>(&self, method: &Method<Q, A>, context: &Context, request: Q) -> Result<A> {
        let mut grpc = self.ready().await?;
        let request = with_headers(Request::new(request), context)?;
        let path = http::uri::PathAndQuery::from_static(method.path());
        let response = grpc.unary(request, path, WireCodec::default()).await;
        response.map(tonic::Response::into_inner).map_err(|status| to_error(&status))
    }

    /// Calls a method with one request and several responses.
    ///
    /// # Errors
    /// As [`call`](Client::call).
    pub async fn ask<Q: Wire, A: Wire>(
        &self,
        method: &Method<Q, A>,
        context: &Context,
        request: Q,
    ) -> Result<Receiver<A>> {
        let mut grpc = self.ready().await?;
        let request = with_headers(Request::new(request), context)?;
        let path = http::uri::PathAndQuery::from_static(method.path());
        let response = grpc.server_streaming(request, path, WireCodec::default()).await;
        response.map(|response| Receiver(response.into_inner())).map_err(|status| to_error(&status))
    }

    /// Calls a method with several requests and several responses.
    ///
    /// The response begins when the server says something: the first request is given here for that reason.
    ///
    /// # Errors
    /// As [`call`](Client::call).
    pub async fn converse<Q: Wire, A: Wire>(
        &self,
        method: &Method<Q, A>,
        context: &Context,
        first: Option<Q>,
    ) -> Result<(Option<Sender<Q>>, Receiver<A>)> {
        let mut grpc = self.ready().await?;
        let (sender, receiver) = mpsc::channel(WAITING);
        let sender = match first {
            Some(first) => {
                // There is room for it, and the receiver is here.
                let _ = sender.send(first).await;
                Some(Sender(sender))
            }
            None => {
                // The end of the requests.
                drop(sender);
                None
            }
        };
        let request = with_headers(Request::new(ReceiverStream::new(receiver)), context)?;
        let path = http::uri::PathAndQuery::from_static(method.path());
        let response = grpc.streaming(request, path, WireCodec::default()).await;
        response.map(|response| (sender, Receiver(response.into_inner()))).map_err(|status| to_error(&status))
    }

    async fn ready(&self) -> Result<Grpc<Channel>> {
        let mut grpc = Grpc::new(self.channel.clone())
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES);
        grpc.ready().await.map_err(|error| unreachable(&error))?;
        Ok(grpc)
    }
}

/// The path in the address of a unix socket, as gRPC writes it, or the text itself; none for another sort of address.
#[must_use]
pub fn socket_path(address: &str) -> Option<&str> {
    let path = address.strip_prefix("unix://").or_else(|| address.strip_prefix("unix:")).unwrap_or(address);
    (!path.is_empty() && !path.contains("://")).then_some(path)
}

/// What the server said; or why it could not, which tonic has as a status too.
fn to_error(status: &Status) -> Error {
    match std::error::Error::source(status) {
        Some(source) => unreachable(source),
        None => status::to_error(status),
    }
}

fn unreachable(error: &(dyn std::error::Error + 'static)) -> Error {
    let mut reason = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    Error::unavailable(format!("cannot reach the server: {reason}")).with_help("check that it is running")
}

fn with_headers<T>(mut request: Request<T>, context: &Context) -> Result<Request<T>> {
    for (name, value) in [(metadata::NAMESPACE, &context.namespace), (metadata::LEASE, &context.lease)] {
        let Some(value) = value else { continue };
        let value: MetadataValue<Ascii> = value
            .parse()
            .map_err(|_| Error::invalid_argument(format!("{name}: {value:?} cannot be sent in a header")))?;
        request.metadata_mut().insert(name, value);
    }
    Ok(request)
}

impl<A: Wire> Receiver<A> {
    /// The next message, or `None` when the server has sent its last.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn next(&mut self) -> Result<Option<A>> {
        self.0.message().await.map_err(|status| to_error(&status))
    }
}

impl<Q: Wire> Sender<Q> {
    /// Sends a message. Gives `false` when the call has ended: the receiver tells why.
    pub async fn send(&self, message: Q) -> bool {
        self.0.send(message).await.is_ok()
    }
}

/// tonic's view of [`Wire`] messages.
struct WireCodec<Q, A>(PhantomData<fn(Q) -> A>);

impl<Q, A> Default for WireCodec<Q, A> {
    fn default() -> Self {
        WireCodec(PhantomData)
    }
}

impl<Q: Wire, A: Wire> Codec for WireCodec<Q, A> {
    type Encode = Q;
    type Decode = A;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        WireCodec::default()
    }

    fn decoder(&mut self) -> Self {
        WireCodec::default()
    }
}

impl<Q: Wire, A> Encoder for WireCodec<Q, A> {
    type Item = Q;
    type Error = Status;

    fn encode(&mut self, message: Q, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&message.encode());
        Ok(())
    }
}

impl<Q, A: Wire> Decoder for WireCodec<Q, A> {
    type Item = A;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<A>, Status> {
        let bytes = from.copy_to_bytes(from.remaining());
        A::decode(&bytes).map(Some).map_err(|error| Status::internal(error.message()))
    }
}
