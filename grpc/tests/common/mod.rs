//! A server in this process, and what tests ask it.

#![allow(unreachable_pub, dead_code, reason = "each test file takes what it needs")]
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use stowbook::{Context, Store};
use stowbook_grpc::generated::{containers, version};
use stowbook_grpc::{Client, Server, Socket, SocketOptions};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub struct Running {
    pub path: PathBuf,
    pub client: Client,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
    folder: TempDir,
}

impl Running {
    pub fn start(store: Store) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), store)
    }

    /// At the same path as another one before.
    pub fn start_in(folder: TempDir, store: Store) -> Self {
        let path = folder.path().join("s");
        let socket = Socket::bind(&path, &SocketOptions::default()).unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(async move {
            Server::new(store).serve(socket, async { drop(stopped.await) }).await;
        });
        Running { client: Client::new(&path).unwrap(), path, stop: Some(stop), served, folder }
    }

    /// Whether it answers a client that has not been there before.
    pub async fn answers(&self) {
        let client = Client::new(&self.path).unwrap();
        let answer = client.call(&version::VERSION, &Context::default(), ()).await.unwrap();
        assert_eq!(answer.version, stowbook_grpc::VERSION);
    }

    /// Stops it, and waits until it has stopped.
    pub async fn stop(mut self) -> TempDir {
        self.stop.take().unwrap().send(()).unwrap();
        self.served.await.unwrap();
        assert!(!self.path.exists());
        self.folder
    }
}

/// The request that creates a container.
pub fn new_container(id: &str) -> containers::CreateContainerRequest {
    containers::CreateContainerRequest { container: Some(stowbook::model::Container::new(id, "runc")) }
}
