//! A process that serves: its runtime, signals, systemd, and the page of its metrics.

use crate::server::{Level, Server, Socket, SocketOptions};
use std::ffi::OsStr;
use std::io;
use std::net::SocketAddr;
#[cfg(target_os = "linux")]
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::Arc;
use stowbook::{Error, Result, Store};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// How many operations may wait for the disk at a time. Writers among them share commits.
const OPERATIONS: usize = 128;

/// How a process serves.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Daemon {
    /// Where to listen, unless systemd passes a socket.
    pub path: PathBuf,
    /// Who may connect.
    pub socket: SocketOptions,
    /// How much is said on the standard error.
    pub level: Level,
    /// Where to show metrics over HTTP, if anywhere.
    pub metrics: Option<SocketAddr>,
}

impl Daemon {
    /// Serves at this path to its owner, says when it begins and ends, and shows no metrics.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Daemon { path: path.into(), socket: SocketOptions::default(), level: Level::Info, metrics: None }
    }

    /// Serves a book until the process is asked to stop, by an interrupt or a termination signal. Tells systemd when it is
    /// ready.
    ///
    /// # Errors
    /// As [`Socket::bind`] and [`Socket::inherited`]; `Unavailable` when the system gives no threads, signals or ports.
    pub fn run(self, store: Store) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .max_blocking_threads(OPERATIONS)
            .build()
            .map_err(|error| failed("start threads", &error))?;
        runtime.block_on(self.serve(store))
    }

    async fn serve(self, store: Store) -> Result<()> {
        let listen = |kind| signal(kind).map_err(|error| failed("wait for signals", &error));
        let mut interrupt = listen(SignalKind::interrupt())?;
        let mut terminate = listen(SignalKind::terminate())?;
        let socket = match Socket::inherited()? {
            Some(socket) => socket,
            None => Socket::bind(&self.path, &self.socket)?,
        };
        let server = Arc::new(Server::with_level(store, self.level));
        let page = match self.metrics {
            None => None,
            Some(address) => {
                let listener = TcpListener::bind(address).await;
                let listener = listener.map_err(|error| failed(&format!("show metrics on {address}"), &error))?;
                Some(tokio::spawn(page(listener, Arc::clone(&server))))
            }
        };
        let place = socket.path().unwrap_or(self.path);
        server.say(format_args!("serving on unix://{}", place.display()));
        notify("READY=1");
        let stop = async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            notify("STOPPING=1");
            server.say(format_args!("stopping"));
        };
        server.serve(socket, stop).await;
        if let Some(page) = page {
            page.abort();
        }
        Ok(())
    }
}

fn failed(what: &str, error: &io::Error) -> Error {
    Error::unavailable(format!("cannot {what}: {error}"))
}

/// Tells systemd how it goes, where it asked to be told.
fn notify(state: &str) {
    let Some(path) = std::env::var_os("NOTIFY_SOCKET") else { return };
    // A manager that does not listen is no reason not to serve.
    let _ = send(&path, state);
}

fn send(path: &OsStr, state: &str) -> io::Result<usize> {
    let socket = UnixDatagram::unbound()?;
    #[cfg(target_os = "linux")]
    if let Some(name) = path.as_bytes().strip_prefix(b"@") {
        use std::os::linux::net::SocketAddrExt as _;
        let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
        return socket.send_to_addr(state.as_bytes(), &address);
    }
    socket.send_to(state.as_bytes(), path)
}

/// Answers every request with the metrics.
async fn page(listener: TcpListener, server: Arc<Server>) {
    use http_body_util::Full;
    use hyper::service::service_fn;
    while let Ok((stream, _)) = listener.accept().await {
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let service = service_fn(|_| {
                let text = server.metrics();
                async move {
                    http::Response::builder()
                        .header("content-type", "text/plain; version=0.0.4")
                        .body(Full::new(bytes::Bytes::from(text)))
                }
            });
            let stream = hyper_util::rt::TokioIo::new(stream);
            // Whoever asked has gone.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(stream, service).await;
        });
    }
}
