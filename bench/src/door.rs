//! What the core itself takes for what doors are measured with, on a book in memory, where nothing else hides a door's
//! share: `bindings/c/bench`.

use crate::book::{self, NAMESPACE, NO_FILTERS};
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;
use stowbook::{Result, Store};

/// The best of so many rounds is told: the others were disturbed.
const ROUNDS: usize = 7;

/// Prints for each operation its name and how many nanoseconds one took.
pub(crate) fn run(n: usize, spec: &[u8]) -> std::result::Result<(), Box<dyn Error>> {
    let (mut create, mut get, mut list) = (f64::MAX, f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        let store = Store::in_memory();
        let containers = store.namespace(NAMESPACE).containers();
        let records: Vec<_> = (0..n).map(|i| book::record(i, spec)).collect();
        timed(&mut create, n, || records.iter().try_for_each(|record| containers.create(record).map(drop)))?;
        let ids: Vec<_> = (0..n).map(book::id).collect();
        timed(&mut get, n, || ids.iter().try_for_each(|id| containers.get(id).map(|record| drop(black_box(record)))))?;
        timed(&mut list, 1, || containers.list(&NO_FILTERS).map(|found| drop(black_box(found))))?;
    }
    println!("create {create:.0}\nget {get:.0}\nlist {list:.0}");
    Ok(())
}

fn timed(best: &mut f64, operations: usize, work: impl FnOnce() -> Result<()>) -> Result<()> {
    let start = Instant::now();
    work()?;
    *best = best.min(start.elapsed().as_nanos() as f64 / operations as f64);
    Ok(())
}
