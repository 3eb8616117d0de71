use crate::args::{Global, address};
use crate::{Failure, place};
use clap::{Args, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use stowbook::Store;
use stowbook_grpc::{Daemon, Level};

#[derive(Args)]
pub(crate) struct Serve {
    /// Keep the book in memory, whatever --db says: it begins empty, and ends with the server
    #[arg(long)]
    memory: bool,
    /// The socket; one that systemd passes is preferred [default: stowbook/stowbook.sock in the user's runtime directory,
    /// else in /run]
    #[arg(long, value_name = "unix:///PATH", value_parser = address)]
    address: Option<PathBuf>,
    /// The socket's permissions
    #[arg(long, value_name = "OCTAL", default_value = "600", value_parser = mode)]
    socket_mode: u32,
    /// The socket's user and group, by number [default: those of the process]
    #[arg(long, value_name = "UID:GID", value_parser = owner)]
    socket_owner: Option<(u32, u32)>,
    /// How much is said on the standard error
    #[arg(long, value_enum, default_value = "info")]
    log_level: LogLevel,
    /// Show metrics for Prometheus over HTTP
    #[arg(long, value_name = "HOST:PORT")]
    metrics: Option<SocketAddr>,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogLevel {
    /// Nothing
    Off,
    /// What keeps the server from serving
    Error,
    /// When it begins and ends, too
    Info,
    /// Each call, too
    Debug,
}

pub(crate) fn run(global: &Global, command: Serve) -> Result<(), Failure> {
    let store = if command.memory { Store::in_memory() } else { place::open(global)? };
    let mut daemon = Daemon::new(command.address.unwrap_or_else(default_address));
    daemon.socket.mode = command.socket_mode;
    daemon.socket.owner = command.socket_owner;
    daemon.metrics = command.metrics;
    daemon.level = match command.log_level {
        LogLevel::Off => Level::Off,
        LogLevel::Error => Level::Error,
        LogLevel::Info => Level::Info,
        LogLevel::Debug => Level::Debug,
    };
    Ok(daemon.run(store)?)
}

fn default_address() -> PathBuf {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    runtime.unwrap_or_else(|| "/run".into()).join("stowbook/stowbook.sock")
}

fn mode(text: &str) -> Result<u32, String> {
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777);
    mode.ok_or_else(|| "write it as octal digits, for example 660".to_owned())
}

fn owner(text: &str) -> Result<(u32, u32), String> {
    let numbers = text.split_once(':').and_then(|(user, group)| Some((user.parse().ok()?, group.parse().ok()?)));
    numbers.ok_or_else(|| "write it as two numbers, for example 0:999".to_owned())
}
