//! containerd's gRPC interface over a stowbook: a server on a unix socket, and a client of any containerd-compatible one.
//!
//! The server converts messages, reads headers and maps errors; what an operation does and what it refuses is the core's
//! matter. See [`Server`] for what it serves.
//!
//! ```no_run
//! use stowbook::Store;
//! use stowbook_grpc::{Server, Socket, SocketOptions};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let socket = Socket::bind("/run/user/1000/book.sock", &SocketOptions::default())?;
//! let stop = async { drop(tokio::signal::ctrl_c().await) };
//! Server::new(Store::open("book.redb")?).serve(socket, stop).await;
//! # Ok(())
//! # }
//! ```

mod client;
mod daemon;
mod frame;
mod metadata;
mod method;
mod remote;
mod server;
mod services;
mod status;
mod wire;

/// containerd's services: their methods, and the messages that these take and give.
#[allow(missing_docs, unused_imports)]
pub mod generated {
    include!("generated.rs");
}

pub use client::{Client, Receiver, Sender, socket_path};
pub use daemon::Daemon;
pub use method::{Method, Shape};
pub use remote::{Capabilities, Remote, RemoteEvents};
pub use server::{Level, Server, Socket, SocketOptions, VERSION};
pub use wire::{Bare, Wire};

/// The largest message that is sent or taken, in bytes. Source: containerd-grpc §3.
pub const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;
