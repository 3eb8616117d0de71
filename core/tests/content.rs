//! Where the bytes of content lie, in memory and in a directory: crashes between any two steps, hostile names, a full disk,
//! clean-ups beside writers.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use stowbook::content::{BlobStore, DirectoryBlobs, MemoryBlobs};
use stowbook::model::Timestamp;
use stowbook::{CommitContent, Content, ErrorKind, OpenContent, Result, SharingPolicy, Store};
use tempfile::TempDir;

const HELLO: &str = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// The same bytes, hashed by coreutils' sha512sum.
const HELLO_SHA512: &str = "sha512:9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043";

fn open(reference: &str) -> OpenContent {
    OpenContent::new(reference)
}

fn commit(expected: &str) -> CommitContent {
    let mut commit = CommitContent::default();
    commit.expected = expected.to_owned();
    commit
}

/// Writes bytes and commits them. Gives the digest.
fn put(content: &Content<'_, Store>, reference: &str, bytes: &[u8]) -> Result<String> {
    let mut writer = content.open(&open(reference))?;
    writer.clear()?;
    writer.write(bytes)?;
    Ok(content.commit(&mut writer, &commit(""))?.digest)
}

fn read(content: &Content<'_, Store>, digest: &str) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut buffer = [0; 3];
    loop {
        match content.read_at(digest, out.len() as u64, &mut buffer)? {
            0 => return Ok(out),
            bytes => out.extend_from_slice(&buffer[..bytes]),
        }
    }
}

/// A book whose content lies in memory, and one whose content lies in a directory.
fn stores() -> Vec<(Store, Option<TempDir>)> {
    let folder = tempfile::tempdir().unwrap();
    let directory = Store::in_memory().with_blobs(Arc::new(DirectoryBlobs::new(folder.path().join("content"))));
    vec![(Store::in_memory(), None), (directory, Some(folder))]
}

#[test]
fn an_ingest_goes_on_where_it_ended() {
    for (store, _folder) in stores() {
        let namespace = store.namespace("n");
        let content = namespace.content();
        let mut writer = content.open(&open("r")).unwrap();
        writer.write(b"he").unwrap();
        writer.write(b"l").unwrap();
        drop(writer);
        assert_eq!(content.status("r").unwrap().offset, 3);

        let mut writer = content.open(&open("r")).unwrap();
        assert_eq!(writer.status().unwrap().offset, 3);
        writer.write(b"lo").unwrap();
        assert_eq!(writer.digest().unwrap(), HELLO);
        let blob = content.commit(&mut writer, &commit(HELLO)).unwrap();
        assert_eq!((blob.digest.as_str(), blob.size), (HELLO, 5));
        assert_eq!(read(&content, HELLO).unwrap(), b"hello");
        assert_eq!(content.read_at(HELLO, 5, &mut [0; 4]).unwrap(), 0);
        assert_eq!(content.read_at(HELLO, u64::MAX, &mut [0; 4]).unwrap(), 0);
        assert!(content.statuses(&[""]).unwrap().is_empty());
        assert_eq!(writer.write(b"more").unwrap_err().kind(), ErrorKind::FailedPrecondition);
        assert_eq!(content.commit(&mut writer, &commit("")).unwrap_err().kind(), ErrorKind::FailedPrecondition);
    }
}

#[test]
fn bytes_with_another_digest_never_become_a_blob() {
    for (store, _folder) in stores() {
        let namespace = store.namespace("n");
        let content = namespace.content();
        for wrong in [EMPTY, "nope", "sha512:00", "md5:d41d8cd98f00b204e9800998ecf8427e"] {
            let mut writer = content.open(&open("r")).unwrap();
            writer.clear().unwrap();
            writer.write(b"hello").unwrap();
            let error = content.commit(&mut writer, &commit(wrong)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::FailedPrecondition, "{wrong}");
            assert!(error.message().ends_with(&format!(", expected {wrong}: failed precondition")), "{error}");
        }
        assert!(content.list(&[""]).unwrap().is_empty());
        // The bytes are still there, and are still hello.
        let mut writer = content.open(&open("r")).unwrap();
        assert_eq!(content.commit(&mut writer, &commit(HELLO)).unwrap().size, 5);
    }
}

#[test]
fn another_algorithm_is_taken_when_it_is_expected() {
    for (store, _folder) in stores() {
        let namespace = store.namespace("n");
        let content = namespace.content();
        let mut writer = content.open(&open("r")).unwrap();
        writer.write(b"hello").unwrap();
        assert_eq!(content.commit(&mut writer, &commit(HELLO_SHA512)).unwrap().digest, HELLO_SHA512);
        assert_eq!(read(&content, HELLO_SHA512).unwrap(), b"hello");
        assert_eq!(read(&content, HELLO).unwrap_err().kind(), ErrorKind::NotFound);
    }
}

#[test]
fn one_writer_at_a_time() {
    for (store, _folder) in stores() {
        let namespace = store.namespace("n");
        let content = namespace.content();
        let writer = content.open(&open("r")).unwrap();
        let error = content.open(&open("r")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.message().starts_with("ref n/1/r locked for "), "{error}");
        content.open(&open("other")).unwrap();
        store.namespace("m").content().open(&open("r")).unwrap();
        drop(writer);
        content.open(&open("r")).unwrap();
    }
}

/// Every file and directory below a directory.
fn tree(path: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(tree(&path));
        }
        out.push(path);
    }
    out
}

#[test]
fn names_from_outside_never_become_paths() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("below").join("content");
    let blobs = Arc::new(DirectoryBlobs::new(&root));
    let store = Store::in_memory().with_blobs(Arc::clone(&blobs) as Arc<dyn BlobStore>);
    fs::write(folder.path().join("secret"), "secret").unwrap();
    let long = "x".repeat(70_000);
    let names = ["../../secret", "/etc/passwd", "..", ".", "a\0b", "a/b", "\u{202e}", "é", "con", &long, "ref\n"];
    let namespace = store.namespace("n");
    let content = namespace.content();
    for (number, name) in names.into_iter().enumerate() {
        let mut writer = content.open(&open(name)).unwrap();
        writer.write(&[u8::try_from(number).unwrap()]).unwrap();
        assert_eq!(content.status(name).unwrap().reference, name);
    }
    assert_eq!(content.statuses(&[""]).unwrap().len(), names.len());
    for name in names {
        content.abort(name).unwrap();
        let digest = format!("sha256:{name}");
        let odd = ["sha256:../../../../secret", "../../secret", "sha256:", &digest];
        for digest in odd {
            assert_eq!(blobs.size(digest).unwrap(), None);
            assert_eq!(blobs.read_at(digest, 0, &mut [0; 8]).unwrap_err().kind(), ErrorKind::NotFound);
            blobs.delete(digest).unwrap();
            assert_eq!(content.get(digest).unwrap_err().kind(), ErrorKind::InvalidArgument);
            assert_eq!(content.delete(digest).unwrap_err().kind(), ErrorKind::InvalidArgument);
        }
        put(&content, name, name.as_bytes()).unwrap();
    }
    assert_eq!(fs::read(folder.path().join("secret")).unwrap(), b"secret");
    for path in tree(folder.path()) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let hash = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(hash || ["secret", "below", "content", "blobs", "ingest", "sha256"].contains(&name), "{path:?}");
    }
    assert_eq!(blobs.list().unwrap().len(), names.len());
}

/// An ingest in a directory, to be spoilt as a crash would.
struct Crashed {
    store: Store,
    blobs: Arc<DirectoryBlobs>,
    root: PathBuf,
    _folder: TempDir,
}

impl Crashed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("content");
        let blobs = Arc::new(DirectoryBlobs::new(&root));
        let store = Store::in_memory().with_blobs(Arc::clone(&blobs) as Arc<dyn BlobStore>);
        let mut writer = store.namespace("n").content().open(&open("r")).unwrap();
        writer.write(b"hello").unwrap();
        drop(writer);
        Crashed { store, blobs, root, _folder: folder }
    }

    fn ingest(&self) -> PathBuf {
        fs::read_dir(self.root.join("ingest")).unwrap().next().unwrap().unwrap().path()
    }

    fn blob(&self) -> PathBuf {
        self.root.join("blobs/sha256").join(HELLO.strip_prefix("sha256:").unwrap())
    }
}

#[test]
fn a_crash_while_an_ingest_is_made_leaves_one_that_begins_again() {
    for missing in ["ref", "startedat", "data"] {
        let crashed = Crashed::new();
        fs::remove_file(crashed.ingest().join(missing)).unwrap();
        let namespace = crashed.store.namespace("n");
        let content = namespace.content();
        assert!(content.statuses(&[""]).unwrap().is_empty(), "without {missing}");
        let mut writer = content.open(&open("r")).unwrap();
        assert_eq!(writer.status().unwrap().offset, 0, "without {missing}");
        writer.write(b"hello").unwrap();
        content.commit(&mut writer, &commit(HELLO)).unwrap();
    }
}

#[test]
fn a_crash_while_bytes_come_keeps_those_that_came() {
    let crashed = Crashed::new();
    let file = fs::File::options().write(true).open(crashed.ingest().join("data")).unwrap();
    file.set_len(3).unwrap();
    let namespace = crashed.store.namespace("n");
    let content = namespace.content();
    let mut writer = content.open(&open("r")).unwrap();
    assert_eq!(writer.status().unwrap().offset, 3);
    writer.write(b"lo").unwrap();
    content.commit(&mut writer, &commit(HELLO)).unwrap();
    assert_eq!(read(&content, HELLO).unwrap(), b"hello");
}

#[test]
fn a_crash_between_the_bytes_and_their_record_loses_nothing() {
    // The blob has its name, the ingest is there still, and no record tells of either.
    let crashed = Crashed::new();
    fs::create_dir_all(crashed.blob().parent().unwrap()).unwrap();
    fs::copy(crashed.ingest().join("data"), crashed.blob()).unwrap();
    let namespace = crashed.store.namespace("n");
    let content = namespace.content();
    assert_eq!(read(&content, HELLO).unwrap_err().kind(), ErrorKind::NotFound);
    let mut writer = content.open(&open("r")).unwrap();
    content.commit(&mut writer, &commit(HELLO)).unwrap();
    assert_eq!(read(&content, HELLO).unwrap(), b"hello");
    assert!(crashed.blobs.list_ingests().unwrap().is_empty());

    // Nobody comes back for it: a clean-up takes it.
    let crashed = Crashed::new();
    fs::create_dir_all(crashed.blob().parent().unwrap()).unwrap();
    fs::rename(crashed.ingest().join("data"), crashed.blob()).unwrap();
    crashed.store.namespace("n").content().abort("r").unwrap();
    assert_eq!(crashed.store.clean_up().unwrap().blobs, [HELLO]);
    assert!(!crashed.blob().exists());
}

#[test]
fn a_blob_that_was_cut_short_is_replaced() {
    let crashed = Crashed::new();
    fs::create_dir_all(crashed.blob().parent().unwrap()).unwrap();
    fs::write(crashed.blob(), "hel").unwrap();
    let namespace = crashed.store.namespace("n");
    let content = namespace.content();
    let mut writer = content.open(&open("r")).unwrap();
    content.commit(&mut writer, &commit(HELLO)).unwrap();
    assert_eq!(read(&content, HELLO).unwrap(), b"hello");

    // Cut short later, it is told and not read as if it were whole.
    fs::write(crashed.blob(), "hel").unwrap();
    assert_eq!(content.read_at(HELLO, 0, &mut [0; 3]).unwrap(), 3);
    for (offset, mut buffer) in [(0, [0; 8]), (3, [0; 8]), (4, [0; 8])] {
        assert_eq!(content.read_at(HELLO, offset, &mut buffer).unwrap_err().kind(), ErrorKind::DataLoss);
    }
    assert_eq!(content.read_at(HELLO, 5, &mut [0; 3]).unwrap(), 0);
    // Deleted and brought again, it is whole again.
    content.delete(HELLO).unwrap();
    put(&content, "r", b"hello").unwrap();
    assert_eq!(read(&content, HELLO).unwrap(), b"hello");
}

#[test]
fn bytes_that_others_add_to_an_ingest_are_found() {
    let crashed = Crashed::new();
    let namespace = crashed.store.namespace("n");
    let content = namespace.content();
    let mut writer = content.open(&open("r")).unwrap();
    fs::write(crashed.ingest().join("data"), "hello, world").unwrap();
    assert_eq!(content.commit(&mut writer, &commit("")).unwrap_err().kind(), ErrorKind::DataLoss);
    assert!(content.list(&[""]).unwrap().is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_nothing_is_half_written() {
    let crashed = Crashed::new();
    let data = crashed.ingest().join("data");
    fs::remove_file(&data).unwrap();
    // Every write to it fails for want of space.
    std::os::unix::fs::symlink("/dev/full", &data).unwrap();
    let namespace = crashed.store.namespace("n");
    let content = namespace.content();
    let mut writer = content.open(&open("r")).unwrap();
    let error = writer.write(b"hello").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResourceExhausted, "{error}");
    assert_eq!(writer.status().unwrap().offset, 0);
    assert_eq!(writer.digest().unwrap(), EMPTY);
}

#[test]
fn a_clean_up_takes_what_nobody_names_and_nothing_else() {
    for (store, _folder) in stores() {
        let namespace = store.namespace("n");
        let content = namespace.content();
        let kept = put(&content, "a", b"kept").unwrap();
        let gone = put(&content, "b", b"gone").unwrap();
        content.delete(&gone).unwrap();
        drop(content.open(&open("waiting")).unwrap());
        // A namespace that is deleted takes its ingests' records with it.
        store.namespace("m").content().open(&open("orphan")).unwrap();
        let open_orphan = store.namespace("o").content().open(&open("open")).unwrap();
        store.namespaces().delete("m").unwrap();
        store.namespaces().delete("o").unwrap();

        let cleaned = store.clean_up().unwrap();
        assert_eq!(cleaned.blobs, [gone.as_str()]);
        assert_eq!(cleaned.ingests, ["m/1/orphan"]);
        assert_eq!(store.clean_up().unwrap(), stowbook::CleanUp::default());
        assert_eq!(read(&content, &kept).unwrap(), b"kept");
        drop(open_orphan);
        assert_eq!(store.clean_up().unwrap().ingests, ["o/1/open"]);
    }
}

#[test]
fn a_clean_up_waits_for_records_that_are_not_durable_yet() {
    for (store, _folder) in stores() {
        let transaction = store.begin().unwrap();
        let content = transaction.namespace("n").content();
        let mut writer = content.open(&open("r")).unwrap();
        writer.write(b"hello").unwrap();
        content.commit(&mut writer, &commit("")).unwrap();
        drop(writer);
        assert!(store.clean_up().unwrap().blobs.is_empty());
        transaction.commit().unwrap();
        assert_eq!(read(&store.namespace("n").content(), HELLO).unwrap(), b"hello");

        // One that is given up holds nothing.
        let transaction = store.begin().unwrap();
        let content = transaction.namespace("n").content();
        let mut writer = content.open(&open("r")).unwrap();
        writer.write(b"given up").unwrap();
        let digest = content.commit(&mut writer, &commit("")).unwrap().digest;
        transaction.rollback().unwrap();
        assert_eq!(store.clean_up().unwrap().blobs, [digest]);

        // In a closure that fails at its end.
        let failed = store.write(|txn| {
            let namespace = txn.namespace("n");
            let content = namespace.content();
            let mut writer = content.open(&open("r"))?;
            writer.write(b"failed")?;
            content.commit(&mut writer, &commit(""))?;
            content.get("sha256:00").map(drop)
        });
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::InvalidArgument);
        assert_eq!(store.clean_up().unwrap().blobs.len(), 1);
        assert_eq!(store.namespace("n").content().list(&[""]).unwrap().len(), 1);
    }
}

#[test]
fn writers_and_clean_ups_beside_each_other_lose_no_record() {
    for (store, _folder) in stores() {
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let store = &store;
                scope.spawn(move || {
                    for round in 0..20 {
                        // Two threads each work on the same bytes, so that one finds what the other lets go of.
                        let bytes = format!("{} {round}", thread / 2);
                        let namespace = store.namespace(format!("n{thread}"));
                        let digest = put(&namespace.content(), "r", bytes.as_bytes()).unwrap();
                        assert_eq!(read(&namespace.content(), &digest).unwrap(), bytes.as_bytes());
                        if round % 2 == 0 {
                            namespace.content().delete(&digest).unwrap();
                        }
                    }
                });
            }
            scope.spawn(|| (0..40).for_each(|_| drop(store.clean_up().unwrap())));
        });
        for thread in 0..4 {
            let namespace = store.namespace(format!("n{thread}"));
            let blobs = namespace.content().list(&[""]).unwrap();
            assert_eq!(blobs.len(), 10);
            for blob in blobs {
                assert_eq!(
                    read(&namespace.content(), &blob.digest).unwrap().len(),
                    usize::try_from(blob.size).unwrap()
                );
            }
        }
    }
}

#[test]
fn what_is_shared_follows_the_policy() {
    let shared = |store: &Store| {
        let mut expecting = open("r");
        expecting.expected = HELLO.to_owned();
        store.namespace("b").content().open(&expecting).unwrap().status().unwrap().offset
    };
    let store = Store::in_memory();
    put(&store.namespace("a").content(), "r", b"hello").unwrap();
    assert_eq!(shared(&store), 5);
    let store = Store::in_memory().with_sharing(SharingPolicy::Isolated);
    put(&store.namespace("a").content(), "r", b"hello").unwrap();
    assert_eq!(shared(&store), 0);
    let mut label = stowbook::model::Namespace::new("a");
    label.labels.insert("containerd.io/namespace.shareable".to_owned(), "true".to_owned());
    store.namespaces().update(&label, &[]).unwrap();
    assert_eq!(shared(&store), 5);
}

#[test]
fn a_shared_ingest_that_is_written_to_has_bytes_of_its_own() {
    for (store, _folder) in stores() {
        put(&store.namespace("a").content(), "r", b"hello").unwrap();
        let namespace = store.namespace("b");
        let content = namespace.content();
        let mut expecting = open("r");
        expecting.expected = HELLO.to_owned();
        let mut writer = content.open(&expecting).unwrap();
        assert_eq!(writer.digest().unwrap(), HELLO);
        writer.write(b", world").unwrap();
        let digest = content.commit(&mut writer, &commit("")).unwrap().digest;
        assert_eq!(read(&content, &digest).unwrap(), b"hello, world");
        assert_eq!(read(&store.namespace("a").content(), HELLO).unwrap(), b"hello");
    }
}

#[test]
fn a_book_in_a_file_has_its_content_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("book.redb");
    let store = Store::open(&path).unwrap();
    store.namespace("n").content().list(&[""]).unwrap();
    assert!(!folder.path().join("book.redb.content").exists(), "reading makes nothing");
    put(&store.namespace("n").content(), "r", b"hello").unwrap();
    drop(store.namespace("n").content().open(&open("half")).unwrap());
    drop(store);

    let mut options = stowbook::OpenOptions::default();
    options.read_only = true;
    let store = Store::open_with(&path, &options).unwrap();
    let namespace = store.namespace("n");
    assert_eq!(read(&namespace.content(), HELLO).unwrap(), b"hello");
    let files = tree(folder.path()).len();
    for refused in [namespace.content().open(&open("r")).map(drop), namespace.content().abort("half")] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::PermissionDenied);
    }
    assert_eq!(tree(folder.path()).len(), files);
    assert!(store.check().unwrap().is_empty());
}

#[test]
fn both_places_answer_alike() {
    let folder = tempfile::tempdir().unwrap();
    let now = Timestamp::new(1_700_000_000, 0).unwrap();
    let places: [Box<dyn BlobStore>; 2] =
        [Box::new(MemoryBlobs::new()), Box::new(DirectoryBlobs::new(folder.path().join("c")))];
    for place in places {
        assert!(place.list().unwrap().is_empty() && place.list_ingests().unwrap().is_empty());
        assert_eq!(place.status("r").unwrap(), None);
        place.abort("r").unwrap();
        place.delete(HELLO).unwrap();
        let (status, mut bytes) = place.open("r", 9, now).unwrap();
        assert_eq!((status.offset, status.total, status.started_at), (0, 9, Some(now)));
        bytes.append(b"hello", now).unwrap();
        let mut buffer = [0; 8];
        assert_eq!(bytes.read_at(1, &mut buffer).unwrap(), 4);
        assert_eq!(place.status("r").unwrap().unwrap().offset, 5);
        // Unknown or the same, the total lets the ingest go on; another one does not.
        assert_eq!(place.open("r", 0, now).unwrap().0.offset, 5);
        assert_eq!(place.open("r", 9, now).unwrap().0.offset, 5);
        let (status, mut bytes) = place.open("r", 8, now).unwrap();
        assert_eq!((status.offset, status.total), (0, 8));
        bytes.append(b"hello", now).unwrap();
        assert_eq!(place.list_ingests().unwrap(), ["r"]);
        bytes.publish(HELLO).unwrap();
        assert_eq!((place.size(HELLO).unwrap(), place.list().unwrap()), (Some(5), vec![HELLO.to_owned()]));
        assert!(place.list_ingests().unwrap().is_empty());
        // A second time the same.
        let (_, mut bytes) = place.open("r", 0, now).unwrap();
        bytes.append(b"hello", now).unwrap();
        bytes.publish(HELLO).unwrap();
        assert_eq!(place.read_at(HELLO, 4, &mut buffer).unwrap(), 1);
        place.delete(HELLO).unwrap();
        assert_eq!(place.size(HELLO).unwrap(), None);
        assert_eq!(place.read_at(HELLO, 0, &mut buffer).unwrap_err().kind(), ErrorKind::NotFound);
    }
}
