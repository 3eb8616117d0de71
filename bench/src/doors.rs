//! What the doors are measured against: the same work on the core, on a book in memory, where no disk hides the cost of a call.

use crate::book::{NAMESPACE, all_unshared, id, record};
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;
use stowbook::{ContainerStore as _, Context, Result, Store};

const LISTS: u32 = 5;

/// Prints a line for each operation: name, nanoseconds an operation. A list of all records is one operation.
pub(crate) fn run(n: usize, spec: &[u8]) -> std::result::Result<(), Box<dyn Error>> {
    let store = Store::in_memory();
    let containers = store.namespace(NAMESPACE).containers();
    let records: Vec<_> = (0..n).map(|number| record(number, spec)).collect();
    timed("create", n, || records.iter().try_for_each(|record| containers.create(record).map(drop)))?;
    // As the doors do: each record is read from the book, and belongs to who asked.
    let context = Context::in_namespace(NAMESPACE);
    timed("get", n, || {
        (0..n).try_for_each(|number| store.get_container(&context, &id(number)).map(|found| drop(black_box(found))))
    })?;
    timed("list", LISTS as usize, || {
        (0..LISTS).try_for_each(|_| all_unshared(&containers, n).map(|found| drop(black_box(found))))
    })
}

fn timed(name: &str, operations: usize, work: impl FnOnce() -> Result<()>) -> std::result::Result<(), Box<dyn Error>> {
    let started = Instant::now();
    work()?;
    println!("{name}\t{}", started.elapsed().as_nanos() / operations as u128);
    Ok(())
}
