//! The server: connections, calls, and who hears of them.

mod authority;
mod body;
mod call;
mod follow;
mod log;
mod metrics;
mod routes;
mod socket;

pub(crate) use body::Feed;
pub(crate) use call::Call;
pub use log::Level;
pub(crate) use routes::{Replies, Routes};
pub use socket::{Socket, SocketOptions};

use crate::services;
use crate::{metadata, status};
use authority::TolerantOfAuthorities;
use body::{Reply, too_late};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use log::Log;
use metrics::Metrics;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use stowbook::{Error, Store};
use tokio::net::UnixStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tonic::Status;

/// What the server says its version is: the containerd whose interface and rules it has, and its own.
pub const VERSION: &str = concat!("v2.3.0+stowbook.", env!("CARGO_PKG_VERSION"));

/// How long calls that are running may take to end when the server is stopped.
const FAREWELL: Duration = Duration::from_secs(5);

/// How long a stop may go unnoticed by a thread that waits for something else.
const PATIENCE: Duration = Duration::from_millis(200);

/// How long the server waits before it accepts again when the system has no more file descriptors.
const RESPITE: Duration = Duration::from_millis(100);

/// What a header block may have, in bytes: far more than containerd's clients send, far less than memory.
const MAX_HEADER_BYTES: u32 = 64 * 1024;

/// The calls that one connection may make at a time. containerd sets no limit.
const MAX_CALLS: u32 = 4096;

const STREAM_WINDOW_BYTES: u32 = 1024 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 4 * 1024 * 1024;

/// A containerd-compatible server of a book.
///
/// It serves containers, images, namespaces, leases, sandbox records, content, snapshots, events, version, introspection and
/// health. Tasks has no task, ever: Get finds none and List is empty. Whatever else is asked for is Unimplemented, with a
/// message that says what this server is.
pub struct Server {
    shared: Arc<Shared>,
}

/// What all calls share.
pub(crate) struct Shared {
    store: Store,
    routes: Routes,
    log: Log,
    metrics: Metrics,
    /// Told when something was written to the event log.
    changes: watch::Sender<()>,
    /// Set when the server is to stop.
    stopping: watch::Sender<bool>,
}

impl Server {
    /// A server of this book. It says nothing but errors, on the standard error.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self::with_level(store, Level::Error)
    }

    /// A server that says more, on the standard error.
    #[must_use]
    pub fn with_level(store: Store, level: Level) -> Self {
        let shared = Shared {
            store,
            routes: services::routes(),
            log: Log::new(level),
            metrics: Metrics::default(),
            changes: watch::Sender::new(()),
            stopping: watch::Sender::new(false),
        };
        Server { shared: Arc::new(shared) }
    }

    /// Serves until `stop` is ready, and until the calls that are running then have ended: endless ones are ended, others
    /// have five seconds.
    pub async fn serve(&self, socket: Socket, stop: impl Future<Output = ()>) {
        self.shared.stopping.send_replace(false);
        // Also when nobody waits for this future any more.
        let _stopping = Stopping(&self.shared);
        let mut stop = pin!(stop);
        let shared = Arc::clone(&self.shared);
        let following = tokio::task::spawn_blocking(move || follow::follow(&shared));
        let shared = Arc::clone(&self.shared);
        let committing = tokio::task::spawn_blocking(move || {
            // No write is running in this thread.
            let _ = shared.store.commit_for_all(PATIENCE, || *shared.stopping.borrow());
        });
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                () = &mut stop => break,
                accepted = socket.accept() => match accepted {
                    Ok(stream) => {
                        connections.spawn(connection(Arc::clone(&self.shared), stream));
                    }
                    Err(error) => {
                        self.shared.log.error(format_args!("cannot accept a connection: {error}"));
                        tokio::time::sleep(RESPITE).await;
                    }
                },
                Some(_) = connections.join_next() => {}
            }
        }
        // Nobody connects any more, and the path is gone before the last call is answered.
        drop(socket);
        self.shared.stopping.send_replace(true);
        while connections.join_next().await.is_some() {}
        // It has nothing to say any more.
        let _ = following.await;
        let _ = committing.await;
    }

    /// Says something of interest to who runs the server.
    pub(crate) fn say(&self, text: std::fmt::Arguments<'_>) {
        self.shared.log.info(text);
    }

    /// What was asked and answered so far, in the text form that Prometheus reads.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.shared.metrics.text()
    }
}

/// Tells everybody to stop when it is dropped.
struct Stopping<'a>(&'a Shared);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.stopping.send_replace(true);
    }
}

impl Shared {
    /// Waits until the server is to stop.
    async fn stopping(&self) {
        // The sender is here, so it cannot be gone.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }
}

async fn connection(shared: Arc<Shared>, stream: UnixStream) {
    let _counted = shared.metrics.connection();
    let service = service_fn(|request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(answer(shared, request).await) }
    });
    let connection = http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_header_list_size(MAX_HEADER_BYTES)
        .max_concurrent_streams(MAX_CALLS)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(TolerantOfAuthorities::new(stream)), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shared.stopping() => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(FAREWELL, connection).await {
                Ok(ended) => ended,
                Err(_) => Ok(()),
            }
        }
    };
    if let Err(error) = ended {
        shared.log.debug(format_args!("a connection ended: {error}"));
    }
}

async fn answer(shared: Arc<Shared>, request: http::Request<Incoming>) -> http::Response<Reply> {
    if !is_grpc(request.headers()) {
        let mut response = http::Response::new(Reply::empty());
        *response.status_mut() = http::StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return response;
    }
    let began = Instant::now();
    let _counted = shared.metrics.call();
    let path = request.uri().path().to_owned();
    let reply = run(&shared, &path, request).await;
    let code = reply.as_ref().err().map_or(tonic::Code::Ok, Status::code);
    shared.metrics.answered(shared.routes.known(&path), code);
    shared.log.debug(format_args!("{path} {code:?} in {} us", began.elapsed().as_micros()));
    match reply {
        Ok(reply) => reply.into_response(),
        Err(status) => status.into_http(),
    }
}

fn is_grpc(headers: &http::HeaderMap) -> bool {
    let kind = headers.get(http::header::CONTENT_TYPE).map_or(&[][..], http::HeaderValue::as_bytes);
    // What follows names the encoding of messages; `application/grpc-web` is another protocol.
    kind.strip_prefix(b"application/grpc").is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

async fn run(shared: &Arc<Shared>, path: &str, request: http::Request<Incoming>) -> Result<Reply, Status> {
    let handler = shared.routes.find(path)?;
    let headers = request.headers();
    let call = Call::new(Arc::clone(shared), metadata::context(headers));
    // A deadline beyond the clock is none.
    let deadline = metadata::timeout(headers).and_then(|timeout| Instant::now().checked_add(timeout));
    let running = handler(call, request.into_body());
    match deadline {
        None => running.await,
        Some(deadline) => match tokio::time::timeout_at(deadline, running).await {
            Ok(reply) => Ok(reply?.until(deadline)),
            Err(_) => Err(too_late()),
        },
    }
}

/// Runs what waits for the disk where waiting does not hold up other calls. Many writers that wait so share one commit.
pub(crate) async fn blocking<T: Send + 'static>(
    operation: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Status> {
    match tokio::task::spawn_blocking(operation).await {
        Ok(result) => result.map_err(|error| status::from_error(&error)),
        Err(_) => Err(Status::internal("the operation was aborted by a defect of stowbook: internal")),
    }
}
