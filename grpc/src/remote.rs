//! A containerd-compatible server as a place of records.

mod content;
mod events;
mod stores;

pub use events::{Capabilities, RemoteEvents};

use crate::client::Client;
use std::fmt;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use stowbook::{Context, Error, Result};
use tokio::runtime::Runtime;

/// The records of a server on a unix socket, a stowbook's or a containerd's, behind the same traits as those of a
/// [`Store`](stowbook::Store). Its methods wait for the server; do not call them from a thread that runs asynchronous tasks.
///
/// ```no_run
/// use stowbook::{ContainerStore, Context};
/// let remote = stowbook_grpc::Remote::new("/run/containerd/containerd.sock")?;
/// let web = remote.get_container(&Context::in_namespace("default"), "web")?;
/// # Ok::<(), stowbook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Remote {
    client: Client,
    runtime: Arc<Runtime>,
    /// On whose behalf namespaces are made and changed; none: their own.
    caller: Option<Context>,
    go_on: Option<GoOn>,
}

/// Whether a call is still to be waited for.
#[derive(Clone)]
struct GoOn(Arc<dyn Fn() -> Result<()> + Send + Sync>);

impl fmt::Debug for GoOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GoOn")
    }
}

/// How often it is asked whether to wait on.
const ASK_EVERY: Duration = Duration::from_millis(50);

impl Remote {
    /// The server at this path or address (`unix:///run/stowbook.sock`). It is connected to at the first call, again after
    /// each loss.
    ///
    /// # Errors
    /// `InvalidArgument` when the path cannot be that of a socket; `Unavailable` when the system gives no thread.
    pub fn new(socket: impl AsRef<Path>) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| Error::unavailable(format!("cannot start a thread: {error}")))?;
        let client = {
            let _inside = runtime.enter();
            Client::new(socket)?
        };
        Ok(Remote { client, runtime: Arc::new(runtime), caller: None, go_on: None })
    }

    /// The same server, whose namespaces are made and changed on behalf of this context. Without it that is the namespace
    /// itself: containerd 1.6 tells of the change in the caller's namespace, and refuses when there is none.
    #[must_use]
    pub fn called_by(mut self, caller: Context) -> Self {
        self.caller = Some(caller);
        self
    }

    /// The same server, but while a call waits, its thread asks `go_on` twenty times a second whether to wait on. The error that
    /// it gives ends the call; whether the server does what it was asked is not known then.
    #[must_use]
    pub fn while_going_on(mut self, go_on: impl Fn() -> Result<()> + Send + Sync + 'static) -> Self {
        self.go_on = Some(GoOn(Arc::new(go_on)));
        self
    }

    /// The client below, for calls that no trait has.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Waits for calls of the client.
    pub fn wait<F: Future>(&self, calls: F) -> F::Output {
        self.runtime.block_on(calls)
    }

    /// Waits for calls, as long as it is to go on.
    fn wait_for<T>(&self, calls: impl Future<Output = Result<T>>) -> Result<T> {
        let Some(GoOn(go_on)) = &self.go_on else { return self.wait(calls) };
        self.wait(async {
            let mut calls = pin!(calls);
            loop {
                match tokio::time::timeout(ASK_EVERY, calls.as_mut()).await {
                    Ok(result) => return result,
                    Err(_) => go_on()?,
                }
            }
        })
    }
}
