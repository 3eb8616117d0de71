//! What is no book, or a book of the future, is refused with the reason, and left as it was.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic")]

use ::redb::{Database, ReadableDatabase as _, TableDefinition, TableHandle as _};
use std::hash::Hasher as _;
use std::path::Path;
use stowbook::{Error, ErrorKind, FORMAT_VERSION, OpenOptions, Store};
use twox_hash::XxHash3_64;

const BOOK: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("book");
const OTHER: TableDefinition<'static, &str, u64> = TableDefinition::new("numbers");

fn sealed(key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut hash = XxHash3_64::new();
    hash.write(&(key.len() as u64).to_le_bytes());
    hash.write(key);
    hash.write(value);
    [value, &hash.finish().to_le_bytes()].concat()
}

/// A redb database with a table `book` that holds this.
fn write(path: &Path, entries: &[(&[u8], &[u8])]) {
    let database = Database::create(path).unwrap();
    let txn = database.begin_write().unwrap();
    {
        let mut table = txn.open_table(BOOK).unwrap();
        for (key, value) in entries {
            table.insert(*key, sealed(key, value).as_slice()).unwrap();
        }
    }
    txn.commit().unwrap();
}

/// The error of opening it, in each way.
fn refusals(path: &Path) -> [Error; 2] {
    [false, true].map(|read_only| {
        let mut options = OpenOptions::default();
        options.read_only = read_only;
        Store::open_with(path, &options).err().unwrap()
    })
}

#[test]
fn a_book_of_a_newer_format() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("book.redb");
    let version = FORMAT_VERSION + 1;
    write(&path, &[(b"B", &[&version.to_le_bytes()[..], b"whatever it says then"].concat()), (b"?new", b"value")]);
    for error in refusals(&path) {
        assert_eq!(error.kind(), ErrorKind::FailedPrecondition);
        let expected = format!("file format {version}, this one reads up to {FORMAT_VERSION}");
        assert!(error.message().contains(&expected), "{error}");
        assert_eq!(error.help(), Some("update stowbook"));
    }
}

#[test]
fn a_book_without_a_header_or_with_half_a_header() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("headless.redb");
    write(&path, &[(b"Ndefault", b"\x01")]);
    assert!(refusals(&path).iter().all(|error| error.kind() == ErrorKind::DataLoss));

    for header in [&[][..], &1u32.to_le_bytes(), &[1, 0, 0, 0, 9, 9, 9]] {
        let path = folder.path().join(format!("header-{}.redb", header.len()));
        write(&path, &[(b"B", header)]);
        assert!(refusals(&path).iter().all(|error| error.kind() == ErrorKind::DataLoss), "{header:?}");
    }
}

#[test]
fn another_redb_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.redb");
    let database = Database::create(&path).unwrap();
    let txn = database.begin_write().unwrap();
    txn.open_table(OTHER).unwrap().insert("one", 1).unwrap();
    txn.commit().unwrap();
    drop(database);
    for error in refusals(&path) {
        assert_eq!(error.kind(), ErrorKind::FailedPrecondition, "{error}");
        assert!(error.message().contains("the file is a redb database, but not a book"), "{error}");
    }
    let database = Database::create(&path).unwrap();
    let txn = database.begin_read().unwrap();
    let tables: Vec<_> = txn.list_tables().unwrap().map(|table| table.name().to_owned()).collect();
    assert_eq!(tables, ["numbers"]);
}

#[test]
fn files_that_are_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let noise: Vec<u8> = (0..100_000u32).map(|n| u8::try_from(n.wrapping_mul(2_654_435_761) >> 24).unwrap()).collect();
    for (name, bytes) in [("empty", &[][..]), ("text", b"id: web\n"), ("noise", &noise), ("zeros", &[0; 8192])] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        for error in refusals(&path) {
            assert_eq!(error.kind(), ErrorKind::DataLoss, "{name}: {error}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{name}");
    }
    for error in refusals(folder.path()) {
        assert_eq!(error.kind(), ErrorKind::FailedPrecondition, "{error}");
    }
}
