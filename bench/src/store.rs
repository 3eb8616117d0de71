//! Every operation on a new book, one kind after the other: the work of `peer/metastore`, under the same names.

use crate::book::{self, NAMESPACE, NO_FILTERS, id, record};
use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;
use std::thread;
use std::time::Instant;
use stowbook::storage::RedbStorage;
use stowbook::{ContainerStore as _, Context, Result};

const WRITERS: usize = 32;
const GETS: usize = 20_000;
const LISTS: usize = 5;

pub(crate) fn run(n: usize, batch: usize, spec: Vec<u8>, dir: &Path) -> std::result::Result<(), Box<dyn Error>> {
    let (store, storage) = book::open(dir)?;
    let containers = store.namespace(NAMESPACE).containers();
    let timed =
        |name: &str, operations: usize, work: &mut dyn FnMut() -> Result<()>| timed(&storage, name, operations, work);

    timed("create_seq", n, &mut || (0..n).try_for_each(|i| containers.create(&record(i, &spec)).map(drop)))?;
    timed("create_par32", n, &mut || {
        thread::scope(|scope| {
            let write = |first: usize| {
                let containers = store.namespace(NAMESPACE).containers();
                (first..n).step_by(WRITERS).try_for_each(|i| containers.create(&record(n + i, &spec)).map(drop))
            };
            let writers: Vec<_> = (0..WRITERS).map(|first| scope.spawn(move || write(first))).collect();
            writers.into_iter().try_for_each(|writer| match writer.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            })
        })
    })?;
    timed("create_onetx", batch, &mut || {
        store.write(|txn| {
            let containers = txn.namespace(NAMESPACE).containers();
            (0..batch).try_for_each(|i| containers.create(&record(2 * n + i, &spec)).map(drop))
        })
    })?;
    timed("get", GETS, &mut || (0..GETS).try_for_each(|i| containers.get(&id((i * 7919) % (2 * n))).map(drop)))?;
    let records = 2 * n + batch;
    timed("list_all_records", LISTS * records, &mut || {
        (0..LISTS).try_for_each(|_| containers.list(&NO_FILTERS).map(drop))
    })?;
    // The same from the book, whatever readers share.
    let context = Context::in_namespace(NAMESPACE);
    timed("get_unshared", GETS, &mut || {
        (0..GETS).try_for_each(|i| store.get_container(&context, &id((i * 7919) % (2 * n))).map(drop))
    })?;
    timed("each_record", LISTS * records, &mut || {
        (0..LISTS).try_for_each(|_| book::all_unshared(&containers, records).map(drop))
    })?;
    timed("view_all_records", LISTS * records, &mut || {
        (0..LISTS).try_for_each(|_| {
            containers.each_view(&NO_FILTERS, |container| {
                std::hint::black_box(container);
                Ok(ControlFlow::Continue(()))
            })
        })
    })?;
    timed("list_filter_records", LISTS * records, &mut || {
        (0..LISTS).try_for_each(|_| containers.list(&["labels.app==a7"]).map(drop))
    })?;
    timed("update_label", n, &mut || {
        (0..n).try_for_each(|i| {
            let mut change = stowbook::model::Container { id: id(i), ..Default::default() };
            change.labels.insert("x".to_owned(), "y".to_owned());
            containers.update(&change, &["labels.x"]).map(drop)
        })
    })?;
    timed("delete", n, &mut || (0..n).try_for_each(|i| containers.delete(&id(i))))?;
    Ok(())
}

fn timed(
    storage: &RedbStorage,
    name: &str,
    operations: usize,
    work: &mut dyn FnMut() -> Result<()>,
) -> std::result::Result<(), Box<dyn Error>> {
    let (syncs, begin) = (storage.syncs(), Instant::now());
    work().map_err(|error| format!("{name}: {error}"))?;
    let seconds = begin.elapsed().as_secs_f64();
    println!("{name} {:.0} {}", operations as f64 / seconds, storage.syncs() - syncs);
    Ok(())
}

/// How many records a book holds, when it is opened again and each is read whole.
pub(crate) fn count(dir: &Path) -> Result<usize> {
    let (store, _) = book::open(dir)?;
    Ok(store.namespace(NAMESPACE).containers().list(&NO_FILTERS)?.len())
}
