//! `stowbook serve` under clients that mean no good, or forget what they began: its memory stays bounded, and others are served.

#![cfg(all(target_os = "linux", feature = "serve"))]
#![allow(clippy::unwrap_used)]

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use stowbook::model::{Any, Container};
use stowbook::{Context, ErrorKind, InNamespace, Since};
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
const CONTINUATION: u8 = 9;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
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

    /// As the server may have hung up already.
    fn try_send(&mut self, kind: u8, flags: u8, call: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let _ = self.stream.write_all(&[&length[1..], &[kind, flags], &call.to_be_bytes(), payload].concat());
    }

    fn wait_for_answer(&mut self) {
        while self.answered == 0 {
            self.receive();
        }
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

    fn call(&mut self, call: u32, path: &str) {
        let mut headers = vec![0x83, 0x86];
        for (name, value) in
            [(":path", path), (":authority", "localhost"), ("te", "trailers"), ("content-type", "application/grpc")]
        {
            headers.push(0);
            for text in [name, value] {
                headers.push(u8::try_from(text.len()).unwrap());
                headers.extend_from_slice(text.as_bytes());
            }
        }
        self.send(HEADERS, END_HEADERS, call, &headers);
    }

    /// Begins a message of 16 MiB and sends the first of them.
    fn begin(&mut self, call: u32) {
        self.call(call, "/containerd.services.containers.v1.Containers/Create");
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

#[test]
fn subscribers_that_are_slow_or_vanish_cost_others_nothing() {
    const SUBSCRIBERS: usize = 200;
    const RECORDS: usize = 2000;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let socket = folder.path().join("s");
    let mut subscribers: Vec<Raw> = (0..SUBSCRIBERS)
        .map(|_| {
            let mut raw = Raw::connect(&socket);
            raw.call(1, "/containerd.services.events.v1.Events/Subscribe");
            raw.send(DATA, END_STREAM, 1, &[0; 5]);
            raw.wait_for_answer();
            raw
        })
        .collect();
    // Half of them vanish, the others never read.
    subscribers.truncate(SUBSCRIBERS / 2);
    let remote = Remote::new(&socket).unwrap();
    let mut listener = remote.events(Since::Now, &[r#"topic=="/containers/create""#]).unwrap();
    let namespace = InNamespace::new(&remote, Context::in_namespace("default"));
    for number in 0..RECORDS {
        let mut container = Container::new(format!("c{number}"), "runc");
        // The event has it too: 8 MB for each subscriber.
        container.image = "i".repeat(4000);
        namespace.containers().create(&container).unwrap();
    }
    for number in 0..RECORDS {
        let event = listener.next(Some(PATIENCE)).unwrap().unwrap().envelope.event.unwrap();
        let id = format!("c{number}");
        assert!(event.value.windows(id.len()).any(|part| part == id.as_bytes()), "{number}");
    }
    assert!(server.peak_kib() < BOUND_KIB / 4, "{} KiB", server.peak_kib());
    println!("{SUBSCRIBERS} subscribers, {RECORDS} events, at most {} KiB", server.peak_kib());
    drop(subscribers);
}

#[test]
fn frames_and_headers_that_are_none_and_messages_as_large_as_they_may_be() {
    const CONNECTIONS: u32 = 300;
    const CLIENTS: usize = 6;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let socket = folder.path().join("s");
    let mut state = 7_u32;
    for connection in 0..CONNECTIONS {
        let mut raw = Raw::connect(&socket);
        let noise: Vec<u8> = (0..500)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_be_bytes()[0]
            })
            .collect();
        match connection % 3 {
            // Frames of any kind, for any call.
            0 => noise.chunks(20).for_each(|part| raw.try_send(part[0] % 11, part[1], u32::from(part[2]), part)),
            // No frames at all.
            1 => drop(raw.stream.write_all(&noise)),
            // Headers that never end.
            _ => {
                let field = [&[0x40, 1, b'a', 0x7f, 0xe0, 0x7c][..], &[b'x'; 16_095]].concat();
                raw.try_send(HEADERS, 0, 1, &[0x83, 0x86]);
                (0..100).for_each(|_| raw.try_send(CONTINUATION, 0, 1, &field));
            }
        }
    }
    println!("{CONNECTIONS} connections that make no sense, at most {} KiB", server.peak_kib());
    std::thread::scope(|scope| {
        for number in 0..CLIENTS {
            let remote = Remote::new(&socket).unwrap();
            scope.spawn(move || {
                let namespace = InNamespace::new(&remote, Context::in_namespace("default"));
                let mut container = Container::new(format!("c{number}"), "runc");
                container.spec = Some(Any::new("t", vec![7; 15 * 1024 * 1024]));
                namespace.containers().create(&container).unwrap();
                assert_eq!(namespace.containers().get(&container.id).unwrap().spec, container.spec);
            });
        }
    });
    assert!(server.peak_kib() < BOUND_KIB, "{} KiB", server.peak_kib());
    println!("{CLIENTS} records of 15 MiB at a time, at most {} KiB", server.peak_kib());
}

/// Needs `ulimit -n 4096`, here and for the server, which inherits it.
#[test]
#[ignore = "needs more file descriptors than most systems give a process"]
fn a_thousand_connections_that_do_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let socket = folder.path().join("s");
    let held: Vec<Raw> = (0..1000).map(|_| Raw::connect(&socket)).collect();
    let remote = Remote::new(&socket).unwrap();
    let namespace = InNamespace::new(&remote, Context::in_namespace("default"));
    namespace.containers().create(&Container::new("one", "runc")).unwrap();
    assert!(server.peak_kib() < BOUND_KIB / 4, "{} KiB", server.peak_kib());
    println!("{} connections, at most {} KiB", held.len(), server.peak_kib());
}
