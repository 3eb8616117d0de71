//! Any bytes as a database of containerd: they are refused, or read, and what is salvaged of them is what can be read.
#![no_main]
#![allow(missing_docs)]

use libfuzzer_sys::fuzz_target;
use stowbook::metadb::{ImportOptions, MetaDb, Severity, check, salvage};
use stowbook::{Context, Store};

fuzz_target!(|data: &[u8]| {
    let bytes = data.to_vec();
    let damaged = check(&bytes).map_or(true, |findings| findings.iter().any(|one| one.severity == Severity::Damage));
    let salvaged = salvage(&bytes).expect("damage is no error here").to_json();
    let Ok(metadb) = MetaDb::from_bytes(bytes) else {
        assert!(damaged);
        return;
    };
    let mut text = String::new();
    match metadb.dump(|part| Ok(text.push_str(part))) {
        Ok(()) => {
            let dumped: serde_json::Value = serde_json::from_str(&text).expect("a dump is JSON");
            assert_eq!(dumped, salvaged["namespaces"]);
        }
        Err(_) => assert!(damaged),
    }
    let context = Context::in_namespace("demo");
    for namespace in metadb.namespaces().list().unwrap_or_default() {
        let _ = metadb.namespace(&namespace.name).containers().list(&["labels.role==demo", "runtime.name"]);
    }
    let _ = metadb.namespace("demo").containers().get("c1");
    let _ = metadb.images(&context, &[b"target.digest~=sha256"]);
    let _ = metadb.leases(&context, &[]);
    let _ = metadb.sandboxes(&context, &[b"labels.a"]);
    let _ = metadb.snapshots(&context, "native", &[b"parent==base"]);
    let _ = (metadb.owners("base"), metadb.owners("rw"));
    let book = Store::in_memory();
    if book.import_metadb(&metadb, &ImportOptions::default()).is_ok() {
        // A snapshot whose parent is not there stays one.
        let is_odd = |finding: &stowbook::Finding| finding.problem != "its parent does not exist";
        let findings = book.check().expect("a book in memory can be checked");
        assert_eq!(findings.into_iter().filter(is_odd).collect::<Vec<_>>(), []);
        let again = book.import_metadb(&metadb, &ImportOptions::default()).expect("it is there already");
        assert_eq!((again.namespaces, again.containers, again.snapshots, again.blobs), (0, 0, 0, 0));
    }
    let book = Store::in_memory();
    let salvage = salvage(&data.to_vec()).expect("damage is no error here");
    book.import_salvage(&salvage, &ImportOptions::default()).expect("what cannot be taken over is left out");
});
