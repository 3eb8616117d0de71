//! A known field with another wire type than it should have is an unknown field: it is kept, and disturbs nothing.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic")]

use stowbook::Store;
use stowbook::model::{Any, Container, Timestamp};
use stowbook::proto::Message as _;

#[test]
fn what_came_before_stays() {
    let mut container = Container::new("web", "io.containerd.runc.v2");
    container.runtime.options = Some(Any::new("options", [1]));
    container.spec = Some(Any::new("spec", [2]));
    container.created_at = Some(Timestamp::new(1, 2).unwrap());
    container.updated_at = Some(Timestamp::new(3, 4).unwrap());
    container.labels.insert("a".to_owned(), "b".to_owned());
    let mut bytes = container.encode();
    // Every field of the message once more, as a number.
    bytes.extend((1..=11).flat_map(|number| [number << 3, 7]));
    let decoded = Container::decode(&bytes).unwrap();
    assert_eq!(decoded.encode(), bytes);
    assert_eq!(Container { unknown: container.unknown.clone(), ..decoded.clone() }, container);

    // And in a book, where a record lies in two halves.
    let store = Store::in_memory();
    let containers = store.namespace("default").containers();
    let created = containers.create(&decoded).unwrap();
    assert_eq!(*containers.get("web").unwrap(), created);
    assert_eq!((created.spec, created.unknown), (container.spec, decoded.unknown));
}
