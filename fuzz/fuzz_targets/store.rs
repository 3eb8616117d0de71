//! Operations with any names on a store in memory, against a map: keys never reach into each other.
#![no_main]
#![allow(missing_docs)]

use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use stowbook::Store;
use stowbook::model::{Container, Namespace};

/// Takes the next text: a length, and as many bytes as are left of it.
fn text(data: &mut &[u8]) -> String {
    let Some((length, rest)) = data.split_first() else { return String::new() };
    let (text, rest) = rest.split_at(rest.len().min(usize::from(*length) % 100));
    *data = rest;
    String::from_utf8_lossy(text).into_owned()
}

fuzz_target!(|data: &[u8]| {
    let store = Store::in_memory();
    let mut model: BTreeMap<(String, String), (BTreeMap<String, String>, String)> = BTreeMap::new();
    let mut data = data;
    while let Some((op, rest)) = data.split_first() {
        data = rest;
        let (namespace, id) = (text(&mut data), text(&mut data));
        let key = (namespace.clone(), id.clone());
        let scope = store.namespace(&namespace);
        match op % 5 {
            0 => {
                let mut container = Container::new(&id, "runc");
                container.labels.insert(text(&mut data), text(&mut data));
                container.image = text(&mut data);
                if let Ok(created) = scope.containers().create(&container) {
                    assert!(model.insert(key.clone(), (created.labels, created.image)).is_none(), "created twice");
                }
            }
            1 => {
                let mut container = Container::new(&id, "");
                let (name, value) = (text(&mut data), text(&mut data));
                container.labels.insert(name.clone(), value);
                if let Ok(updated) = scope.containers().update(&container, &[&format!("labels.{name}")]) {
                    model.get_mut(&key).expect("only what exists is updated").0 = updated.labels;
                }
            }
            2 => assert_eq!(scope.containers().delete(&id).is_ok(), model.remove(&key).is_some()),
            3 => drop(store.namespaces().create(&Namespace::new(&namespace))),
            _ => drop(store.namespaces().delete(&namespace)),
        }
        let found = scope.containers().get(&id).ok().map(|found| (found.labels.clone(), found.image.clone()));
        assert_eq!(found.as_ref(), model.get(&key));
    }
    for namespace in store.namespaces().list().expect("memory does not fail") {
        let found = store.namespace(&namespace.name).containers().list(&[""]).unwrap_or_default();
        let found: Vec<_> = found.iter().map(|container| container.id.clone()).collect();
        let expected: Vec<_> = model
            .keys()
            .filter(|(in_namespace, _)| *in_namespace == namespace.name)
            .map(|(_, id)| id.clone())
            .collect();
        assert_eq!(found, expected);
    }
    assert_eq!(store.check().expect("memory does not fail"), []);
});
