//! A containerd-compatible server as a place of records.

mod content;
mod events;
mod stores;

pub use events::{Capabilities, RemoteEvents};

use crate::client::Client;
use std::path::Path;
use std::sync::Arc;
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
}

impl Remote {
    /// The server at this path. It is connected to at the first call, again after each loss.
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
        Ok(Remote { client, runtime: Arc::new(runtime), caller: None })
    }

    /// The same server, whose namespaces are made and changed on behalf of this context. Without it that is the namespace
    /// itself: containerd 1.6 tells of the change in the caller's namespace, and refuses when there is none.
    #[must_use]
    pub fn called_by(mut self, caller: Context) -> Self {
        self.caller = Some(caller);
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
}
