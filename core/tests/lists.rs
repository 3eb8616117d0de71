//! Lists that are longer than what the store looks at in one go.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::ops::ControlFlow;
use std::sync::Arc;
use stowbook::model::{Any, Container};
use stowbook::storage::{RedbStorage, Storage};
use stowbook::{ContainerStore, Containers, Store, SystemHost};

const RECORDS: usize = 300;
const NO_FILTERS: [&str; 0] = [];

fn record(number: usize) -> Container {
    let mut out = Container::new(format!("c{number:04}"), "io.containerd.runc.v2");
    out.labels.insert("third".to_owned(), (number % 3).to_string());
    out.labels.insert("all".to_owned(), "yes".to_owned());
    out.snapshotter = "overlayfs".to_owned();
    out.spec = Some(Any::new("spec", vec![number as u8; number]));
    out.runtime.options = number.is_multiple_of(2).then(|| Any::new("options", "x"));
    out.extensions.insert(format!("e{number}"), Any::new("extension", "y"));
    out
}

/// Lists whole, filtered and broken off agree with each other and with single reads.
fn check<S: ContainerStore + ?Sized>(containers: &Containers<'_, S>, numbers: &[usize]) {
    let single: Vec<_> = numbers.iter().map(|number| containers.get(&record(*number).id).unwrap()).collect();
    for (container, number) in single.iter().zip(numbers) {
        assert_eq!((&container.spec, &container.extensions), (&record(*number).spec, &record(*number).extensions));
        assert_eq!((&container.labels, &container.runtime), (&record(*number).labels, &record(*number).runtime));
    }
    assert_eq!(containers.list(&NO_FILTERS).unwrap(), single);
    assert_eq!(containers.list(&["labels.all==yes"]).unwrap(), single);
    let third: Vec<_> = single.iter().filter(|container| container.labels["third"] == "1").cloned().collect();
    assert_eq!(containers.list(&["labels.third==1"]).unwrap(), third);
    for size in [1, 127, 128, 300] {
        let mut seen: Vec<Arc<Container>> = Vec::new();
        loop {
            let after = seen.last().map(|last| last.id.clone()).unwrap_or_default();
            let page = containers.page(&after, &["labels.third==1"], size).unwrap();
            if page.is_empty() {
                break;
            }
            assert!(page.len() <= size);
            seen.extend(page.into_iter().map(Arc::new));
        }
        assert_eq!(seen, third);
    }
    assert!(containers.page("c0100~", &NO_FILTERS, 0).unwrap().is_empty());
    let behind = single.iter().find(|container| *container.id > *"c0100~");
    assert_eq!(containers.page("c0100~", &NO_FILTERS, 1).unwrap().first(), behind.map(|container| &**container));
    for filters in [&NO_FILTERS[..], &["labels.all==yes"]] {
        for count in [1, 127, 128, 129, numbers.len()] {
            let mut seen = Vec::new();
            let visit = |container| {
                seen.push(Arc::new(container));
                Ok(if seen.len() == count { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            };
            containers.each(filters, visit).unwrap();
            assert_eq!(seen, single[..count.min(single.len())]);
        }
        let mut seen = Vec::new();
        containers
            .each_view(filters, |view| {
                let copy = view.to_container()?;
                assert_eq!((view.id, view.image, view.runtime_name), (&*copy.id, &*copy.image, &*copy.runtime.name));
                assert_eq!((view.snapshotter, view.snapshot_key), (&*copy.snapshotter, &*copy.snapshot_key));
                assert_eq!((view.created_at, view.updated_at), (copy.created_at, copy.updated_at));
                assert!(view.labels().eq(copy.labels.iter().map(|(key, value)| (&**key, &**value))));
                let same = |view: stowbook::AnyView<'_>, any: &Any| {
                    (view.type_url, view.value) == (&*any.type_url, &*any.value)
                };
                assert!(same(view.spec.unwrap(), copy.spec.as_ref().unwrap()));
                assert_eq!(view.runtime_options.is_some(), copy.runtime.options.is_some());
                assert!(view.extensions().zip(&copy.extensions).all(|((a, view), (b, any))| a == b && same(view, any)));
                assert_eq!(view.extensions().count(), copy.extensions.len());
                assert_eq!(<Container as stowbook::proto::Message>::decode(&view.message().concat())?, copy);
                seen.push(Arc::new(copy));
                Ok(ControlFlow::Continue(()))
            })
            .unwrap();
        assert_eq!(seen, single);
    }
}

#[test]
fn lists_agree_with_single_reads() {
    let redb: Box<dyn Storage> = Box::new(RedbStorage::in_memory().unwrap());
    for store in [Store::in_memory(), Store::with_storage(redb, Arc::new(SystemHost)).unwrap()] {
        let numbers: Vec<usize> = (0..RECORDS).collect();
        // Neighbours that are not to be seen.
        store.namespace("aaa").containers().create(&record(1)).unwrap();
        store.namespace("zzz").containers().create(&record(2)).unwrap();
        let namespace = store.namespace("default");
        let containers = namespace.containers();
        check(&containers, &[]);
        store
            .write(|txn| {
                let containers = txn.namespace("default").containers();
                numbers.iter().try_for_each(|number| containers.create(&record(*number)).map(drop))
            })
            .unwrap();
        check(&containers, &numbers);
        // Half of them from the book, the rest from the transaction, some of the book's gone.
        let transaction = store.begin().unwrap();
        let pending = transaction.namespace("default").containers();
        let more: Vec<usize> = (RECORDS..2 * RECORDS).collect();
        more.iter().for_each(|number| drop(pending.create(&record(*number)).unwrap()));
        (0..RECORDS).step_by(7).for_each(|number| pending.delete(&record(number).id).unwrap());
        let left: Vec<usize> = numbers.iter().copied().filter(|number| number % 7 != 0).chain(more).collect();
        check(&pending, &left);
        transaction.commit().unwrap();
        check(&containers, &left);
    }
}
