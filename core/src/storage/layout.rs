//! Where everything lies in a book: the key layout, drawn as a tree.
//!
//! ```text
//! ‹space›  one byte, then the parts of the key      value (sealed with a checksum)
//!
//! B        book                                     header: format version, id and creation time of the book
//! N        namespace ‹ns›                           which kinds of records were ever created in it, its labels
//! c        container ‹ns› ‹id›                      head: what lists show and filters look at
//! C        container ‹ns› ‹id›                      body: spec, runtime options, extensions
//! i        image ‹ns› ‹name›                        containerd's message
//! l        lease ‹ns› ‹id›                          containerd's message
//! r        lease resource ‹ns› ‹lease› ‹type› ‹id›  nothing, or what its message carried that is not known
//! s        sandbox ‹ns› ‹id›                        head, as a container's
//! S        sandbox ‹ns› ‹id›                        body, as a container's
//! d        content blob ‹ns› ‹digest›               containerd's message: size, labels, times
//! g        content ingest ‹ns› ‹reference›          the blob store's reference, expected digest, expiry
//! p        snapshot ‹ns› ‹snapshotter› ‹key›        the snapshotter's name for it, containerd's message but the kind
//! k        snapshot child ‹ns› ‹snapshotter› ‹parent› ‹key›   nothing
//! q        sequence ‹ns› ‹snapshotter›              how many names its snapshots were given, 8 bytes little-endian
//! b        backing snapshot ‹snapshotter› ‹name›    what a snapshotter without files keeps: a number, containerd's message
//! e        event ‹number, 8 bytes big-endian›       containerd's envelope
//! f        event log                                the numbers of the first and the last event
//! ```
//!
//! The log's numbers stand behind its last event, because both are written with every change: mostly that is one page.
//!
//! Every part but the last is escaped (`00` becomes `00 ff`) and ended by `00 01`, so that keys sort as their parts do,
//! bytewise, which is the order of containerd's listings, and no name can reach into another's range. The last part is
//! taken as it is.
//!
//! The head and the body of a container or a sandbox are two halves of one protobuf message, containerd's own: written one
//! behind the other they are that message. So a record read from the book needs no conversion to go out on a wire, and fields
//! that this version does not know stay where they were.
//!
//! **To change this picture** raise [`FORMAT_VERSION`], teach [`crate::Store`] to open the older version, keep a book of
//! the older version among the tests, and say so in COMPATIBILITY.md.

use crate::text::quote;

/// The version of the file format that this code writes, and the newest that it reads.
pub const FORMAT_VERSION: u32 = 1;

/// The first byte of a key: what sort of thing it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Space {
    Book = b'B',
    Namespace = b'N',
    ContainerHead = b'c',
    ContainerBody = b'C',
    Image = b'i',
    Lease = b'l',
    LeaseResource = b'r',
    SandboxHead = b's',
    SandboxBody = b'S',
    Blob = b'd',
    Ingest = b'g',
    Snapshot = b'p',
    SnapshotChild = b'k',
    Sequence = b'q',
    BackingSnapshot = b'b',
    EventLog = b'f',
    Event = b'e',
}

impl Space {
    const ALL: [Space; 17] = [
        Space::Book,
        Space::Namespace,
        Space::ContainerHead,
        Space::ContainerBody,
        Space::Image,
        Space::Lease,
        Space::LeaseResource,
        Space::SandboxHead,
        Space::SandboxBody,
        Space::Blob,
        Space::Ingest,
        Space::Snapshot,
        Space::SnapshotChild,
        Space::Sequence,
        Space::BackingSnapshot,
        Space::EventLog,
        Space::Event,
    ];

    /// The spaces of what lies in a namespace, and goes with it.
    pub(crate) const IN_NAMESPACE: [Space; 12] = [
        Space::ContainerHead,
        Space::ContainerBody,
        Space::Image,
        Space::Lease,
        Space::LeaseResource,
        Space::SandboxHead,
        Space::SandboxBody,
        Space::Blob,
        Space::Ingest,
        Space::Snapshot,
        Space::SnapshotChild,
        Space::Sequence,
    ];

    /// What the keys of this space name, and the words for their parts.
    fn words(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Space::Book => ("the book's header", &[]),
            Space::Namespace => ("namespace", &[""]),
            Space::ContainerHead => ("container", &[" in namespace ", ""]),
            Space::ContainerBody => ("the body of container", &[" in namespace ", ""]),
            Space::Image => ("image", &[" in namespace ", ""]),
            Space::Lease => ("lease", &[" in namespace ", ""]),
            Space::LeaseResource => ("lease resource", &[" in namespace ", " of lease ", " of type ", ""]),
            Space::SandboxHead => ("sandbox", &[" in namespace ", ""]),
            Space::SandboxBody => ("the body of sandbox", &[" in namespace ", ""]),
            Space::Blob => ("content blob", &[" in namespace ", ""]),
            Space::Ingest => ("content ingest", &[" in namespace ", ""]),
            Space::Snapshot => ("snapshot", &[" in namespace ", " of snapshotter ", ""]),
            Space::SnapshotChild => ("child snapshot", &[" in namespace ", " of snapshotter ", " of parent ", ""]),
            Space::Sequence => ("the counter", &[" in namespace ", ""]),
            Space::BackingSnapshot => ("backing snapshot", &[" of snapshotter ", ""]),
            Space::EventLog => ("the event log", &[]),
            Space::Event => ("event", &[""]),
        }
    }
}

/// The key of the book's header.
pub(crate) fn book() -> Vec<u8> {
    vec![Space::Book as u8]
}

/// The key of a namespace.
pub(crate) fn namespace(namespace: &[u8]) -> Vec<u8> {
    [&[Space::Namespace as u8], namespace].concat()
}

/// The key of a record in a namespace.
pub(crate) fn record(space: Space, namespace: &[u8], id: &[u8]) -> Vec<u8> {
    let mut key = records(space, namespace);
    key.extend_from_slice(id);
    key
}

/// What the keys of all records of a kind in a namespace begin with.
pub(crate) fn records(space: Space, namespace: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(namespace.len() + 3 + 32);
    key.push(space as u8);
    push_part(&mut key, namespace);
    key
}

/// What [`records`] gives for the record of this key.
pub(crate) fn records_of(key: &[u8]) -> &[u8] {
    // Within a part, no 00 stands before a 01.
    let end = key.windows(PART_END.len()).position(|bytes| bytes == PART_END);
    key.get(..end.map_or(key.len(), |end| end.saturating_add(PART_END.len()))).unwrap_or_default()
}

/// What the keys with these first parts begin with.
pub(crate) fn prefix(space: Space, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = vec![space as u8];
    for part in parts {
        push_part(&mut key, part);
    }
    key
}

/// The key with these parts, all that the space has.
pub(crate) fn key(space: Space, parts: &[&[u8]]) -> Vec<u8> {
    let Some((last, first)) = parts.split_last() else { return vec![space as u8] };
    let mut key = prefix(space, first);
    key.extend_from_slice(last);
    key
}

/// The key of the event log's bounds.
pub(crate) fn event_log() -> Vec<u8> {
    vec![Space::EventLog as u8]
}

/// The key of an event.
pub(crate) fn event(number: u64) -> Vec<u8> {
    key(Space::Event, &[&number.to_be_bytes()])
}

/// What the keys of a whole space begin with.
pub(crate) fn space(space: Space) -> [u8; 1] {
    [space as u8]
}

/// What ends every part but the last.
const PART_END: [u8; 2] = [0, 1];

fn push_part(key: &mut Vec<u8>, part: &[u8]) {
    for byte in part {
        key.push(*byte);
        if *byte == 0 {
            key.push(0xff);
        }
    }
    key.extend_from_slice(&PART_END);
}

/// The first key behind all that begin with `prefix`; none if there is no such key.
pub(crate) fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return Some(end);
        }
    }
    None
}

/// The first key behind `key`.
pub(crate) fn after(key: &[u8]) -> Vec<u8> {
    [key, &[0]].concat()
}

/// The space of a key, and its parts.
pub(crate) fn parse(key: &[u8]) -> Option<(Space, Vec<Vec<u8>>)> {
    let (first, mut rest) = key.split_first()?;
    let space = *Space::ALL.iter().find(|space| **space as u8 == *first)?;
    let count = space.words().1.len();
    let mut parts = Vec::with_capacity(count);
    for _ in 1..count {
        let mut part = Vec::new();
        rest = loop {
            match rest {
                [0, 0xff, tail @ ..] => {
                    part.push(0);
                    rest = tail;
                }
                [0, 1, tail @ ..] => break tail,
                [0, ..] | [] => return None,
                [byte, tail @ ..] => {
                    part.push(*byte);
                    rest = tail;
                }
            }
        };
        parts.push(part);
    }
    match (count, rest) {
        (0, []) => {}
        (0, _) => return None,
        _ => parts.push(rest.to_vec()),
    }
    Some((space, parts))
}

/// What a key stands for, in words for a message.
pub(crate) fn describe(key: &[u8]) -> String {
    match parse(key) {
        Some((space, parts)) => {
            let (what, joints) = space.words();
            let mut out = what.to_owned();
            if let (Space::Event, [number]) = (space, parts.as_slice())
                && let Ok(number) = <[u8; 8]>::try_from(number.as_slice())
            {
                return format!("{what} {}", u64::from_be_bytes(number));
            }
            if let Some(name) = parts.last() {
                out = format!("{out} {}", quote(name));
            }
            for (part, joint) in parts.iter().zip(joints).take(parts.len().saturating_sub(1)) {
                out = format!("{out}{joint}{}", quote(part));
            }
            out
        }
        None => format!("key {}", quote(key)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_read_as_words() {
        assert_eq!(
            describe(&record(Space::ContainerHead, b"k8s.io", b"web")),
            r#"container "web" in namespace "k8s.io""#
        );
        assert_eq!(describe(&namespace(b"a//b")), r#"namespace "a//b""#);
        assert_eq!(describe(&book()), "the book's header");
        assert_eq!(describe(&event(513)), "event 513");
        assert_eq!(
            describe(&key(Space::LeaseResource, &[b"n", b"l", b"content", b"sha256:1"])),
            r#"lease resource "sha256:1" in namespace "n" of lease "l" of type "content""#
        );
        assert_eq!(describe(b"\xffx"), r#"key "\xffx""#);
    }

    proptest! {
        #[test]
        fn the_records_of_a_key_are_those_of_its_namespace(ns: Vec<u8>, id: Vec<u8>) {
            let (all, one) = (records(Space::ContainerHead, &ns), record(Space::ContainerHead, &ns, &id));
            prop_assert_eq!(records_of(&one), &all[..]);
        }

        #[test]
        fn keys_sort_as_their_parts(a: (Vec<u8>, Vec<u8>), b: (Vec<u8>, Vec<u8>)) {
            let key = |(ns, id): &(Vec<u8>, Vec<u8>)| record(Space::ContainerHead, ns, id);
            prop_assert_eq!(key(&a).cmp(&key(&b)), a.cmp(&b));
        }

        #[test]
        fn keys_read_back(ns: Vec<u8>, id: Vec<u8>) {
            let key = record(Space::ContainerBody, &ns, &id);
            prop_assert_eq!(parse(&key), Some((Space::ContainerBody, vec![ns.clone(), id])));
            prop_assert_eq!(parse(&namespace(&ns)), Some((Space::Namespace, vec![ns])));
        }

        #[test]
        fn no_name_reaches_into_another_namespace(a: Vec<u8>, b: Vec<u8>, id: Vec<u8>) {
            prop_assume!(a != b);
            let prefix = records(Space::ContainerHead, &a);
            let key = record(Space::ContainerHead, &b, &id);
            prop_assert!(!key.starts_with(&prefix));
            let end = prefix_end(&prefix).unwrap();
            prop_assert!(key < prefix || key >= end);
        }

        #[test]
        fn any_bytes_are_described(key: Vec<u8>) {
            let _ = describe(&key);
        }
    }
}
