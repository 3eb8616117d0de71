//! Any bytes as a book: it is opened or refused, and whatever is read of it is an answer or an error.
#![no_main]
#![allow(missing_docs)]

use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, Once};
use stowbook::model::Container;
use stowbook::storage::RedbStorage;
use stowbook::{Store, SystemHost};

static QUIET: Once = Once::new();

fuzz_target!(|data: &[u8]| {
    // On damaged pages redb may panic. The core catches that; libFuzzer's own hook would end the process before.
    QUIET.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    let Ok(storage) = RedbStorage::from_bytes(data.to_vec()) else { return };
    let Ok(store) = Store::with_storage(Box::new(storage), Arc::new(SystemHost)) else { return };
    let _ = store.header();
    for namespace in store.namespaces().list().unwrap_or_default() {
        let _ = store.namespace(&namespace.name).containers().list(&[""]);
        let _ = store.namespace(&namespace.name).containers().get("pod1");
    }
    let _ = store.namespace("default").containers().create(&Container::new("new", "runc"));
    let _ = store.check();
});
