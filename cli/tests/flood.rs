//! `stowbook serve` under clients that begin messages and never finish them: its memory stays bounded, and others are served.

#![cfg(all(target_os = "linux", feature = "serve"))]
#![allow(clippy::unwrap_used)]

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use stowbook::model::{Any, Container};
use stowbook::{Context, ErrorKind, InNamespace};
use stowbook_grpc::Remote;

const PATIENCE: Duration = Duration::from_secs(60);
const CALLS: u32 = 400;
/// What is sent of each message, as much as a call may send unasked.
const SENT_BYTES: usize = 1024 * 1024;
/// Twice what unfinished messages may take, for buffers grow by doubling, and the server itself.
const BOUND_KIB: usize = 700 * 1024;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const WINDOW_UPDATE: u8 = 8;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// A connection that speaks just enough HTTP/2.
struct Raw {
    stream: UnixStream,
    /// How much the server is ready to take on the connection.
    window: usize,
    /// How many calls were answered.
    answered: u32,
}

impl Raw {
    fn connect(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut raw = Raw { stream, window: 65535, answered: 0 };
        raw.stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
        raw.send(SETTINGS, 0, 0, &[]);
        // The server's windows count from when its settings were acknowledged; they come first.
        raw.receive();
        raw.send(SETTINGS, ACK, 0, &[]);
        raw
    }

    fn send(&mut self, kind: u8, flags: u8, call: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let frame = [&length[1..], &[kind, flags], &call.to_be_bytes(), payload].concat();
        self.stream.write_all(&frame).unwrap();
    }

    fn receive(&mut self) {
        let mut header = [0; 9];
        self.stream.read_exact(&mut header).unwrap();
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]) as usize;
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).unwrap();
        match (header[3], &header[5..]) {
            (WINDOW_UPDATE, [0, 0, 0, 0]) => {
                self.window += u32::from_be_bytes(payload.try_into().unwrap()) as usize;
            }
            (HEADERS, _) => self.answered += 1,
            _ => {}
        }
    }

    /// Begins a message of 16 MiB and sends the first of them.
    fn begin(&mut self, call: u32) {
        let mut headers = vec![0x83, 0x86];
        for (name, value) in [
            (":path", "/containerd.services.containers.v1.Containers/Create"),
            (":authority", "localhost"),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
        ] {
            headers.push(0);
            for text in [name, value] {
                headers.push(u8::try_from(text.len()).unwrap());
                headers.extend_from_slice(text.as_bytes());
            }
        }
        self.send(HEADERS, END_HEADERS, call, &headers);
        let mut message = vec![0; SENT_BYTES];
        message[1] = 1;
        for part in message.chunks(16 * 1024) {
            while self.window < part.len() {
                self.receive();
            }
            self.window -= part.len();
            self.send(DATA, 0, call, part);
        }
    }
}

/// A server that is killed when the test ends.
struct Server(Child);

impl Server {
    fn start(folder: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stowbook"));
        command.args(["serve", "--memory", "--address", "s", "--log-level", "off"]).current_dir(folder);
        let server = Server(command.env_remove("STOWBOOK_DB").stdin(Stdio::null()).spawn().unwrap());
        let began = Instant::now();
        while UnixStream::connect(folder.join("s")).is_err() {
            assert!(began.elapsed() < PATIENCE, "the start takes too long");
            std::thread::sleep(Duration::from_millis(2));
        }
        server
    }

    /// The most memory that it ever had.
    fn peak_kib(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn messages_that_are_never_finished_take_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let socket = folder.path().join("s");
    let mut flood = Raw::connect(&socket);
    let mut begun = 0;
    while flood.answered == 0 {
        assert!(begun < CALLS, "none is refused");
        flood.begin(begun * 2 + 1);
        begun += 1;
    }
    let remote = Remote::new(&socket).unwrap();
    let namespace = InNamespace::new(&remote, Context::in_namespace("default"));
    let mut container = Container::new("small", "runc");
    container.spec = Some(Any::new("t", "{}"));
    namespace.containers().create(&container).unwrap();
    container.id = "large".to_owned();
    container.spec = Some(Any::new("t", vec![7; 15 * 1024 * 1024]));
    let error = namespace.containers().create(&container).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResourceExhausted, "{error}");
    assert!(server.peak_kib() < BOUND_KIB, "{} KiB", server.peak_kib());

    // When the flood is over, all is as before.
    drop(flood);
    let began = Instant::now();
    while let Err(error) = namespace.containers().create(&container) {
        assert_eq!(error.kind(), ErrorKind::ResourceExhausted, "{error}");
        assert!(began.elapsed() < PATIENCE, "it is never over");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(server.peak_kib() < BOUND_KIB, "{} KiB", server.peak_kib());
    println!("{begun} calls begun, at most {} KiB", server.peak_kib());
}
