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

/// A flood of calls that begin and never end, on several connections, and of subscribers that vanish.
#[tokio::test]
async fn calls_that_never_end_and_subscribers_that_vanish() {
    let store = Store::in_memory();
    let server = Running::start(store.clone());
    let host = [&[0x41][..], &text(b"localhost", false)].concat();
    let mut held = Vec::new();
    for path in [
        &b"/containerd.services.content.v1.Content/Write"[..],
        b"/containerd.services.containers.v1.Containers/Create",
        b"/containerd.services.events.v1.Events/Subscribe",
    ] {
        let mut stream = UnixStream::connect(&server.path).await.unwrap();
        let mut bytes = [PREFACE, SETTINGS].concat();
        // More than a connection may have at a time.
        for number in 0..5000u32 {
            let mut begin = frame(HEADERS, END_HEADERS, &headers(path, &host));
            let mut part = frame(DATA, 0, &[0, 0, 0, 0]);
            for frame in [&mut begin, &mut part] {
                frame[5..9].copy_from_slice(&(number * 2 + 1).to_be_bytes());
            }
            bytes.extend(begin);
            bytes.extend(part);
        }
        // The server may hang up in the middle, or stop to read.
        let _ = tokio::time::timeout(Duration::from_secs(5), stream.write_all(&bytes)).await;
        held.push(stream);
        server.answers().await;
    }
    let request = || stowbook_grpc::generated::events::SubscribeRequest { filters: Vec::new() };
    let subscribe = &stowbook_grpc::generated::events::SUBSCRIBE;
    let context = stowbook::Context::default();
    let mut listener = server.client.ask(subscribe, &context, request()).await.unwrap();
    for _ in 0..100 {
        let client = stowbook_grpc::Client::new(&server.path).unwrap();
        let vanished = client.ask(subscribe, &context, request()).await.unwrap();
        drop((vanished, client));
    }
    drop(held);
    for number in 0..200 {
        let context = stowbook::Context::in_namespace("default");
        let event = prost_types::Any { type_url: "t".into(), value: Vec::new() };
        let request =
            stowbook_grpc::generated::events::PublishRequest { topic: format!("/t/{number}"), event: Some(event) };
        server.client.call(&stowbook_grpc::generated::events::PUBLISH, &context, request).await.unwrap();
    }
    for number in 0..200 {
        assert_eq!(listener.next().await.unwrap().unwrap().0.topic, format!("/t/{number}"));
    }
    server.answers().await;
    drop(server.stop().await);
}

/// Messages as large as they may be, from several clients at a time, and one that is larger.
#[tokio::test]
async fn messages_of_sixteen_mebibytes() {
    use stowbook_grpc::generated::containers::{CREATE, CreateContainerRequest, GET, GetContainerRequest};
    let server = Running::start(Store::in_memory());
    let context = stowbook::Context::in_namespace("default");
    let request = |id: &str, bytes: usize| {
        let mut container = stowbook::model::Container::new(id, "runc");
        container.spec = Some(stowbook::model::Any::new("t", vec![7; bytes]));
        CreateContainerRequest { container: Some(container) }
    };
    let largest = stowbook_grpc::MAX_MESSAGE_BYTES - 1000;
    let mut calls = Vec::new();
    for number in 0..4 {
        let (client, context) = (stowbook_grpc::Client::new(&server.path).unwrap(), context.clone());
        let request = request(&format!("c{number}"), largest);
        calls.push(tokio::spawn(async move { client.call(&CREATE, &context, request).await }));
    }
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().container.unwrap().spec.unwrap().value.len(), largest);
    }
    let got = server.client.call(&GET, &context, GetContainerRequest { id: "c3".into() }).await.unwrap();
    assert_eq!(got.container.unwrap().spec.unwrap().value.len(), largest);
    // All four are more than an answer may have.
    let list = stowbook_grpc::generated::containers::ListContainersRequest::default();
    let list = server.client.call(&stowbook_grpc::generated::containers::LIST, &context, list).await.unwrap_err();
    assert_eq!(list.kind(), stowbook::ErrorKind::ResourceExhausted, "{list}");
    server.client.call(&CREATE, &context, request("big", stowbook_grpc::MAX_MESSAGE_BYTES)).await.unwrap_err();
    server.answers().await;
    drop(server.stop().await);
}
