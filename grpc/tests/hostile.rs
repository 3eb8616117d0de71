//! What the server gets that no proper client sends: it answers, or closes, and goes on with the others.

#![allow(clippy::unwrap_used)]

mod common;

use common::Running;
use std::time::Duration;
use stowbook::Store;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const GO_AWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// How long a test waits for an answer: much longer than one takes.
const PATIENCE: Duration = Duration::from_secs(30);

fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat()
}

fn text(text: &[u8], huffman: bool) -> Vec<u8> {
    let mark = u8::from(huffman) << 7;
    let mut out = match text.len() {
        short @ 0..0x7f => vec![mark | u8::try_from(short).unwrap()],
        long => {
            let mut rest = long - 0x7f;
            let mut out = vec![mark | 0x7f];
            while rest >= 0x80 {
                out.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
                rest >>= 7;
            }
            out.push(u8::try_from(rest).unwrap());
            out
        }
    };
    out.extend_from_slice(text);
    out
}

fn field(name: &[u8], value: &[u8]) -> Vec<u8> {
    [&[0x40][..], &text(name, false), &text(value, false)].concat()
}

const VERSION: &[u8] = b"/containerd.services.version.v1.Version/Version";

/// The headers of a call, with this `:authority` field.
fn headers(path: &[u8], authority: &[u8]) -> Vec<u8> {
    // POST and http, by the static table.
    [
        &[0x83, 0x86][..],
        &field(b":path", path),
        authority,
        &field(b"te", b"trailers"),
        &field(b"content-type", b"application/grpc"),
    ]
    .concat()
}

fn call(headers: &[u8], message: &[u8]) -> Vec<u8> {
    [PREFACE, SETTINGS, &frame(HEADERS, END_HEADERS, headers), &frame(DATA, END_STREAM, message)].concat()
}

const EMPTY: &[u8] = &[0, 0, 0, 0, 0];

/// The frames of stream 1 and the farewells that come back, until the stream or the connection ends.
async fn ask(server: &Running, bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let asking = async {
        let mut stream = UnixStream::connect(&server.path).await.unwrap();
        // The server may hang up in the middle.
        let _ = stream.write_all(bytes).await;
        let mut frames = Vec::new();
        let mut header = [0; 9];
        while stream.read_exact(&mut header).await.is_ok() {
            let [a, b, c, kind, flags, .., stream_number] = header;
            let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
            if stream.read_exact(&mut payload).await.is_err() {
                break;
            }
            if stream_number == 1 || kind == GO_AWAY {
                frames.push((kind, payload));
                if kind == GO_AWAY || kind == RST_STREAM || flags & END_STREAM != 0 && kind <= HEADERS {
                    break;
                }
            }
        }
        frames
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap()
}

fn kinds(frames: &[(u8, Vec<u8>)]) -> Vec<u8> {
    frames.iter().map(|(kind, _)| *kind).collect()
}

#[tokio::test]
async fn clients_may_say_the_path_of_the_socket_for_a_host() {
    let server = Running::start(Store::in_memory());
    // "/run/a.sock" in Huffman code.
    let coded = [0x62, 0xcb, 0x6a, 0x60, 0x6b, 0xa0, 0xe4, 0xeb];
    for authority in [
        [&[0x41][..], &text(b"localhost", false)].concat(),
        // As Java, and grpc's C core by the static table and by the name.
        [&[0x41][..], &text(b"/run/a.sock", false)].concat(),
        [&[0x41][..], &text(b"%2Frun%2Fa.sock", false)].concat(),
        field(b":authority", b"run%2Fa b.sock"),
        [&[0x41][..], &text(&coded, true)].concat(),
    ] {
        let frames = ask(&server, &call(&headers(VERSION, &authority), EMPTY)).await;
        assert_eq!(kinds(&frames), [HEADERS, DATA, HEADERS], "{authority:x?}");
    }
    // A second call of the same connection, which names the entry of the table that the first one made.
    let first = [&[0x41][..], &text(b"%2Frun%2Fa.sock", false)].concat();
    let mut second = frame(HEADERS, END_HEADERS, &headers(VERSION, &[0x80 | 65]));
    second[8] = 3;
    let mut end = frame(DATA, END_STREAM, EMPTY);
    end[8] = 3;
    let bytes = [call(&headers(VERSION, &first), EMPTY), second, end].concat();
    assert_eq!(kinds(&ask(&server, &bytes).await), [HEADERS, DATA, HEADERS]);
    server.answers().await;
    server.stop().await;
}

#[tokio::test]
async fn frames_of_grpc_that_are_none() {
    let server = Running::start(Store::in_memory());
    let host = [&[0x41][..], &text(b"localhost", false)].concat();
    for message in [
        &[][..],
        &[0, 0],
        &[0, 0, 0, 0, 9],
        &[0, 0, 0, 0, 9, 1],
        &[1, 0, 0, 0, 0],
        &[7, 0, 0, 0, 0],
        &[0, 0xff, 0xff, 0xff, 0xff],
        &[0, 1, 0, 0, 1, 5],
        &[0, 0, 0, 0, 2, 0x0a, 0x05],
        &[0, 0, 0, 0, 1, 0xff],
    ] {
        let path = b"/containerd.services.containers.v1.Containers/Create";
        let frames = ask(&server, &call(&headers(path, &host), message)).await;
        assert_eq!(kinds(&frames), [HEADERS], "{message:x?}: the status alone");
        server.answers().await;
    }
    server.stop().await;
}

#[tokio::test]
async fn calls_that_are_none() {
    let server = Running::start(Store::in_memory());
    let host = [&[0x41][..], &text(b"localhost", false)].concat();
    for path in [&b"/"[..], b"*", b"//", b"/x", b"/x/y", b"/containerd.services.version.v1.Version/", b"/a/b/c"] {
        let frames = ask(&server, &call(&headers(path, &host), EMPTY)).await;
        assert!(matches!(kinds(&frames)[..], [HEADERS] | [RST_STREAM]), "{path:?}: {frames:?}");
    }
    // No gRPC at all: an HTTP status.
    let plain = [&[0x82, 0x86][..], &field(b":path", VERSION), &host].concat();
    let frames = ask(&server, &[PREFACE, SETTINGS, &frame(HEADERS, END_HEADERS | END_STREAM, &plain)].concat()).await;
    assert_eq!(kinds(&frames), [HEADERS]);
    // Headers beyond all measure, in one field and in many.
    let long = vec![b'x'; 16_000];
    let one = [headers(VERSION, &host), field(b"a", &long)].concat();
    assert_eq!(kinds(&ask(&server, &call(&one, EMPTY)).await), [HEADERS, DATA, HEADERS], "not yet too long");
    let mut bytes = [PREFACE, SETTINGS, &frame(HEADERS, 0, &headers(VERSION, &host))].concat();
    for _ in 0..30 {
        bytes.extend(frame(9, 0, &field(b"a", &long)));
    }
    bytes.extend(frame(9, END_HEADERS, &field(b"b", b"")));
    bytes.extend(frame(DATA, END_STREAM, EMPTY));
    let frames = ask(&server, &bytes).await;
    assert!(!kinds(&frames).contains(&DATA), "{:?}", kinds(&frames));
    server.answers().await;
    server.stop().await;
}

#[tokio::test]
async fn requests_that_miss_every_part() {
    let server = Running::start(Store::in_memory());
    let host = [&[0x41][..], &text(b"localhost", false)].concat();
    let paths = include_str!("../src/generated.rs")
        .split('"')
        .filter(|text| text.starts_with("/containerd.") || text.starts_with("/grpc."));
    let mut asked = 0;
    // These two answer until nobody listens any more.
    for path in paths.filter(|path| !path.ends_with("/Subscribe") && !path.ends_with("/Watch")) {
        for namespace in [None, Some(&b"default"[..])] {
            let mut headers = headers(path.as_bytes(), &host);
            headers.extend(namespace.map(|name| field(b"containerd-namespace", name)).unwrap_or_default());
            let frames = ask(&server, &call(&headers, EMPTY)).await;
            assert_eq!(kinds(&frames).last(), Some(&HEADERS), "{path}");
            asked += 1;
        }
    }
    assert!(asked > 100, "{asked}");
    server.answers().await;
    server.stop().await;
}

#[tokio::test]
async fn bytes_that_are_no_http() {
    let server = Running::start(Store::in_memory());
    let mut state = 7u32;
    for round in 0..300 {
        let mut bytes = if round % 3 == 0 { Vec::new() } else { [PREFACE, SETTINGS].concat() };
        for _ in 0..100 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let byte = u8::try_from(state >> 24).unwrap();
            bytes.push(if state & 0x8000 == 0 { byte & 0x0f } else { byte });
        }
        let mut stream = UnixStream::connect(&server.path).await.unwrap();
        let _ = stream.write_all(&bytes).await;
    }
    server.answers().await;
    server.stop().await;
}

#[tokio::test]
async fn many_connections_that_say_nothing() {
    hold(200).await;
}

/// Needs `ulimit -n 4096`: both ends of each connection are in this process.
#[tokio::test]
#[ignore = "needs more file descriptors than most systems give a process"]
async fn a_thousand_connections_that_say_nothing() {
    hold(1000).await;
}

async fn hold(connections: usize) {
    let server = Running::start(Store::in_memory());
    let mut held = Vec::new();
    for number in 0..connections {
        let mut stream = UnixStream::connect(&server.path).await.unwrap();
        // Some stop in the middle of the first words.
        stream.write_all(&PREFACE[..number % PREFACE.len()]).await.unwrap();
        held.push(stream);
    }
    server.answers().await;
    drop(held);
    server.answers().await;
    server.stop().await;
}
