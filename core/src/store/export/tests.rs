use super::import;
use crate::model::{Any, Container, Descriptor, Image, Labels, Lease, LeaseResource, Namespace, Sandbox};
use crate::proto::Message as _;
use crate::storage::layout;
use crate::storage::{Book, MemoryStorage, Read, Snapshot};
use crate::{
    CommitContent, Context, CreateSnapshot, ErrorKind, EventStore as _, ImportOptions, ImportReport,
    NamespaceStore as _, OpenContent, Result, Since, Store, SystemHost,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

type Content = BTreeMap<Vec<u8>, Vec<u8>>;

/// Everything in a book, as it is stored.
fn content(store: &Store) -> Content {
    let mut out = Content::new();
    let snapshot = store.book.snapshot().unwrap();
    Snapshot::scan(&*snapshot, &[], None, &mut |key, value| {
        out.insert(key.to_vec(), value.to_vec());
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    out
}

fn without_header(mut content: Content) -> Content {
    assert!(content.remove(&layout::book()).is_some());
    content
}

fn export(store: &Store) -> String {
    let mut out = String::new();
    let mut lines = 0;
    let records = store
        .export(|line| {
            assert!(line.ends_with('\n') && line.matches('\n').count() == 1);
            out.push_str(line);
            lines += 1;
            Ok::<_, crate::Error>(())
        })
        .unwrap();
    assert_eq!(records + 2, lines);
    out
}

/// A book with something of everything.
fn book() -> Store {
    let store = Store::in_memory().with_retained_events(5);
    let labels: Labels = [("a".to_owned(), "ü\n\u{0}".to_owned())].into();
    store.namespaces().create(&Namespace { labels: labels.clone(), ..Namespace::new("n") }).unwrap();
    assert!(store.update_namespace(&Namespace { labels, ..Namespace::new("odd//name") }, &[]).is_err());
    let mut web = Container::new("web", "runc");
    web.spec = Some(Any::new("spec", r#"{"process": {}}"#));
    web.runtime.options = Some(Any::new("o", [0, 0xff]));
    web.extensions.insert("e".into(), Any::default());
    let message = [web.encode(), b"\x98\x06\x01".to_vec()].concat();
    let containers = store.namespace("n").containers();
    containers.create(&Container::decode(&message).unwrap()).unwrap();
    for id in ["a", "b", "c"] {
        containers.create(&Container::new(id, "runc")).unwrap();
    }
    containers.delete("b").unwrap();
    store.publish_event(&Context::in_namespace("n"), "/mine", &Any::new("nobody.knows", [0xff])).unwrap();
    let in_n = store.namespace("n");
    let digest = format!("sha256:{}", "0".repeat(64));
    in_n.images().create(&Image::new("img", Descriptor::new("mt", digest.clone(), 1))).unwrap();
    in_n.leases().create(&Lease { id: "l".into(), ..Lease::default() }).unwrap();
    let held = LeaseResource { id: digest, kind: "content".into(), ..LeaseResource::default() };
    in_n.leases().add_resource("l", &held).unwrap();
    in_n.sandboxes().create(&Sandbox::new("pod", "runc")).unwrap();
    in_n.content().open(&OpenContent::new("unfinished")).unwrap().write(b"some").unwrap();
    let mut writer = in_n.content().open(&OpenContent::new("finished")).unwrap();
    writer.write(b"all").unwrap();
    in_n.content().commit(&mut writer, &CommitContent::default()).unwrap();
    let snapshots = in_n.snapshots("native");
    snapshots.prepare("active", &CreateSnapshot::default()).unwrap();
    snapshots.commit("base", "active", &CreateSnapshot::default()).unwrap();
    let labels = Labels::from([("k".to_owned(), "v".to_owned())]);
    let above = CreateSnapshot { parent: "base".into(), labels };
    snapshots.view("above", &above).unwrap();
    store
}

fn import(store: &Store, text: impl AsRef<[u8]>) -> Result<ImportReport> {
    store.import(text.as_ref(), &ImportOptions::default())
}

#[test]
fn a_book_comes_back_to_the_byte() {
    let book = book();
    assert_eq!(book.check().unwrap(), []);
    let lines = export(&book);
    for line in [
        r#"{"kind":"namespace","name":"n","kinds":127,"record":{"labels":{"a":"ü\n\u0000"}}}"#,
        r#""runtime":{"name":"runc","options":{"type_url":"o","value_base64":"AP8="}}"#,
        r#""unknown_base64":"mAYB","spec":{"type_url":"spec","value_text":"{\"process\": {}}"},"extensions":{"e":{}}}}"#,
        r#"{"kind":"image","namespace":"n","name":"img","record":{"name":"img","target":{"media_type":"mt","digest":"sha256:"#,
        r#"{"kind":"lease_resource","namespace":"n","lease":"l","type":"content","id":"sha256:"#,
        r#"{"kind":"ingest","namespace":"n","reference":"unfinished","record":{"#,
        r#"{"kind":"snapshot","namespace":"n","snapshotter":"native","key":"above","record":{"name":"above","parent":"base","#,
        r#"{"kind":"sequence","namespace":"n","name":"native","value":3}"#,
        r#"{"kind":"event_log","first":14,"last":18}"#,
        r#"{"kind":"raw","what":"child snapshot \"above\" in namespace \"n\" of snapshotter \"native\" of parent \"base\"","#,
    ] {
        assert!(lines.contains(line), "{line}\n{lines}");
    }
    assert_eq!(lines.matches(r#""kind":"raw""#).count(), 4, "a link, and what the snapshotter keeps for itself");

    let copy = Store::in_memory();
    let report = import(&copy, &lines).unwrap();
    assert!(report.with_events);
    assert_eq!(without_header(content(&copy)), without_header(content(&book)));
    assert_ne!(copy.header().unwrap().id, book.header().unwrap().id);
    assert_eq!(copy.check().unwrap(), []);

    let same = Store::in_memory();
    let options = ImportOptions { same_book: true };
    let cursor = book.events().cursor(16).unwrap();
    same.import(lines.as_bytes(), &options).unwrap();
    assert_eq!(content(&same), content(&book));
    assert_eq!(export(&same), lines);
    assert_eq!(same.events().read(cursor, &[""], 9).unwrap().events.len(), 2);
    let error = same.import(lines.as_bytes(), &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FailedPrecondition);
}

#[test]
fn a_file_that_was_cut_or_changed_is_found_out() {
    let lines = export(&book());
    let target = Store::in_memory();
    let before = content(&target);
    // The last line feed may be missing.
    for end in 0..lines.len() - 1 {
        assert!(import(&target, &lines.as_bytes()[..end]).is_err(), "cut at {end}");
    }
    for at in 0..lines.len() - 1 {
        let mut changed = lines.clone().into_bytes();
        changed[at] ^= 1;
        assert!(import(&target, changed).is_err(), "changed at {at}");
    }
    let count = lines.lines().count();
    for left_out in 0..count {
        let others = lines.lines().enumerate().filter(|(at, _)| *at != left_out);
        let others: String = others.map(|(_, line)| format!("{line}\n")).collect();
        assert!(import(&target, others).is_err(), "without line {left_out}");
    }
    assert!(import(&target, lines.repeat(2)).is_err());
    assert_eq!(content(&target), before, "nothing was changed");
}

/// An export with these lines as its records.
fn with_records(records: &[&str]) -> String {
    let lines = export(&Store::in_memory());
    let mut out = format!("{}\n", lines.lines().next().unwrap());
    for record in records {
        out.push_str(record);
        out.push('\n');
    }
    let checksum = twox_hash::XxHash3_64::oneshot(out.as_bytes());
    out + &format!("{{\"end\":{{\"records\":{},\"checksum\":\"{checksum:016x}\"}}}}\n", records.len())
}

#[test]
fn a_wrong_record_is_named_by_its_line() {
    const NAMESPACE: &str = r#"{"kind":"namespace","name":"n","kinds":1,"record":{}}"#;
    let store = Store::in_memory();
    assert_eq!(import(&store, with_records(&[NAMESPACE])).unwrap().written_keys, 1);
    for (record, message) in [
        ("{", "line 3: not JSON: EOF while parsing an object at line 2 column 0"),
        ("[]", "line 3: a record is not an object"),
        ("{}", r#"line 3: member "kind" is not a text"#),
        (r#"{"kind":"ship"}"#, r#"line 3: kind "ship" is not known"#),
        (r#"{"kind":"container","namespace":"n","id":"c"}"#, r#"line 3: member "record" is not an object"#),
        (
            r#"{"kind":"container","namespace":"n","id":"c","record":{"colour":1}}"#,
            r#"line 3: record: containerd.services.containers.v1.Container has no member "colour""#,
        ),
        (
            r#"{"kind":"container","namespace":"n","id":"c","record":{"id":"a b"}}"#,
            r#"line 3: container.ID: identifier "a b" must match ^[A-Za-z0-9]+(?:[._-](?:[A-Za-z0-9]+))*$"#,
        ),
        (
            r#"{"kind":"container","namespace":"m","id":"c","record":{"id":"c","runtime":{"name":"r"}}}"#,
            r#"line 3: the export is not a sound book: container "c" in namespace "m": its namespace does not exist"#,
        ),
        (
            r#"{"kind":"event_log","first":1,"last":2}"#,
            "line 3: the export is not a sound book: the event log: 2 of its events are missing",
        ),
        (r#"{"kind":"event","number":-1,"record":{}}"#, r#"line 3: member "number" is not a number"#),
        (
            r#"{"kind":"namespace","name":"m","kinds":256,"record":{}}"#,
            r#"line 3: member "kinds" is not a number up to 255"#,
        ),
        (NAMESPACE, r#"line 3: namespace "n" stands in line 2 too"#),
        (
            r#"{"kind":"raw","what":"","key_base64":"Qg==","value_base64":""}"#,
            "line 3: a record cannot be the book's header",
        ),
        (
            r#"{"kind":"raw","what":"","key_base64":"eA==","value_base64":""}"#,
            r#"line 3: the export is not a sound book: key "x": nothing of this format has such a key"#,
        ),
        (
            r#"{"kind":"raw","what":"","key_base64":"?","value_base64":""}"#,
            r#"line 3: member "key_base64" is not base64"#,
        ),
    ] {
        let empty = Store::in_memory();
        let before = content(&empty);
        let error = import(&empty, with_records(&[NAMESPACE, record])).unwrap_err();
        assert_eq!(error.message(), format!("{message}: invalid argument"), "{record}");
        assert_eq!(content(&empty), before);
    }
    for (text, message) in [
        ("", "line 1: the export is empty: invalid argument"),
        ("{}\n", "line 1: not an export of stowbook: invalid argument"),
        ("\u{0}", "line 1: not JSON: expected value at line 1 column 1: invalid argument"),
        (
            r#"{"stowbook_export":2}"#,
            "line 1: the export has version 2, this stowbook reads version 1: failed precondition",
        ),
        (r#"{"stowbook_export":1}"#, "line 1: the first line is not that of an export: invalid argument"),
    ] {
        assert_eq!(import(&store, text).unwrap_err().message(), message);
    }
}

#[test]
fn records_are_added_to_a_book_unless_they_contradict_it() {
    let book = book();
    let target = Store::in_memory();
    let labels = book.get_namespace("n").unwrap().labels;
    target.namespaces().create(&Namespace { labels, ..Namespace::new("n") }).unwrap();
    target.namespace("other").containers().create(&Container::new("mine", "runc")).unwrap();
    let number = target.events().bounds().unwrap().last;
    let report = import(&target, export(&book)).unwrap();
    assert!(!report.with_events && report.unchanged_keys == 0);
    assert_eq!(
        target.namespace("n").containers().get("web").unwrap(),
        book.namespace("n").containers().get("web").unwrap()
    );
    assert_eq!(target.check().unwrap(), []);
    let events = target.events().read(number, &[""], 99).unwrap().events;
    let told: Vec<_> =
        events.iter().map(|event| (event.envelope.topic.as_str(), event.envelope.namespace.as_str())).collect();
    assert_eq!(told, [("/stowbook/import", "n"), ("/stowbook/import", "odd//name")]);
    assert!(events.iter().all(|event| !event.is_published()));

    let before = content(&target);
    let again = import(&target, export(&book)).unwrap();
    assert_eq!((again.written_keys, again.unchanged_keys), (0, report.written_keys));
    assert_eq!(content(&target), before, "nothing to do, nothing to tell");

    let mut web = Arc::unwrap_or_clone(target.namespace("n").containers().get("web").unwrap());
    web.image = "changed".into();
    target.namespace("n").containers().update(&web, &["image"]).unwrap();
    target.namespace("n").containers().delete("a").unwrap();
    let before = content(&target);
    let error = import(&target, export(&book)).unwrap_err();
    assert_eq!(error.message(), "1 of the records, with other content: already exists");
    let details: Vec<_> = error.details().iter().map(|detail| (detail.name, detail.value.as_str())).collect();
    assert_eq!(details, [("conflict", r#"container "web" in namespace "n""#)]);
    assert_eq!(content(&target), before, "the record that would have fitted is not added either");
    assert_eq!(target.events().read(Since::Now, &[""], 1).unwrap().bounds.last, number + 4);
}

#[test]
fn the_caller_ends_an_export() {
    let mut lines = 0;
    let result = book().export(|_| {
        lines += 1;
        if lines == 3 { Err(crate::Error::aborted("enough")) } else { Ok(()) }
    });
    assert_eq!((result.unwrap_err().kind(), lines), (ErrorKind::Aborted, 3));
}

/// A key of any space, or of none, and something that may be a value there.
fn entry() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let part = prop_oneof!["[a-c]{0,2}".prop_map(String::into_bytes), prop::collection::vec(any::<u8>(), 0..3)];
    let key = (prop::sample::select(b"NcCilrsSdgpkqLex".as_slice()), prop::collection::vec(part, 1..4)).prop_map(
        |(space, parts)| {
            let (last, first) = parts.split_last().unwrap();
            let mut key = vec![space];
            for part in first {
                key.extend(part);
                key.extend([0, 1]);
            }
            [key, last.clone()].concat()
        },
    );
    let message = prop_oneof![
        Just(b"\x0a\x03web".to_vec()),
        Just(b"\x22\x04\x0a\x02rt".to_vec()),
        Just(b"\x22\x02\x12\x00".to_vec()),
        Just(b"\x2a\x03\x0a\x01s".to_vec()),
        Just(b"\x12\x06\x0a\x01k\x12\x01v".to_vec()),
        Just(b"\x98\x06\x01".to_vec()),
        Just(b"\x42\x02\x08\x05".to_vec()),
        prop::collection::vec(any::<u8>(), 0..4),
    ];
    (key, prop::collection::vec(message, 0..4).prop_map(|parts| parts.concat()))
}

proptest! {
    #[test]
    fn whatever_a_book_holds_is_written_and_read_to_the_byte(entries in prop::collection::vec(entry(), 0..12)) {
        let header = crate::store::header::new_book(&SystemHost);
        let storage = MemoryStorage::with_entries(&header);
        let book = Book::new(Box::new(storage));
        book.update(|txn| {
            entries.iter().for_each(|(key, value)| txn.put(key.clone(), value.clone()));
            Ok(())
        }).unwrap();
        let snapshot = book.snapshot().unwrap();
        let mut expected = Content::new();
        Read::scan(&snapshot, &[], None, &mut |key, value| {
            expected.insert(key.to_vec(), value.to_vec());
            Ok(ControlFlow::Continue(()))
        }).unwrap();
        expected.remove(&layout::book());
        let store = Store { book: Arc::new(book), ..Store::in_memory().with_retained_events(1) };
        let read = import::read_entries(export(&store).as_bytes()).unwrap();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn any_lines_are_answered(text in "\\PC{0,60}", record in "\\{\"kind\":\"(container|raw|event|namespace)\",\\PC{0,40}\\}") {
        let store = Store::in_memory();
        let _ = import(&store, &text);
        let _ = import(&store, with_records(&[&record]));
    }
}
