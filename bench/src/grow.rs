//! The cost of an operation in books of growing size.

use crate::book::{self, NAMESPACE, NO_FILTERS, id, record};
use crate::plot;
use std::error::Error;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};
use stowbook::model::Container;
use stowbook::{ContainerStore as _, Containers, Context, Result, Store};

const FIRST_SIZE: usize = 1000;
/// How many records are made in one transaction while a book is filled.
const FILL: usize = 5000;
/// How many durable changes of each kind are measured; their median counts.
const CHANGES: usize = 200;
const GETS: usize = 5000;
/// A list is measured on so many records: the whole of a large book would only take longer.
const LISTED: usize = 100_000;

/// What is measured at each size: its name, and the unit that stands for one operation.
const COLUMNS: [&str; 6] = ["create", "update_label", "delete", "get", "list_a_record", "filter_a_record"];

/// Measures at 1,000 records and at every power of ten up to `up_to`, and writes table and plot.
pub(crate) fn run(
    up_to: usize,
    spec: Vec<u8>,
    dir: &Path,
    csv: &Path,
    svg: &Path,
) -> std::result::Result<(), Box<dyn Error>> {
    let (store, _) = book::open(dir)?;
    let mut table = format!("records,{}_us,file_bytes\n", COLUMNS.join("_us,"));
    let mut lines: Vec<plot::Line> = COLUMNS.map(|name| plot::Line { name, points: Vec::new() }).into();
    let mut filled = 0;
    let sizes = std::iter::successors(Some(FIRST_SIZE), |size| size.checked_mul(10));
    for size in sizes.take_while(|size| *size <= up_to) {
        fill(&store, filled, size, &spec)?;
        filled = size;
        let costs = measure(&store, size, &spec)?;
        write!(table, "{size}")?;
        for (line, cost) in lines.iter_mut().zip(costs) {
            let micros = cost.as_secs_f64() * 1e6;
            write!(table, ",{micros:.2}")?;
            line.points.push((size as f64, micros));
        }
        let bytes = std::fs::metadata(book::file(dir))?.len();
        writeln!(table, ",{bytes}")?;
        eprintln!("{size} records measured");
    }
    std::fs::write(csv, table)?;
    std::fs::write(svg, plot::log_log("microseconds an operation, by records in the book", &lines))?;
    Ok(())
}

fn fill(store: &Store, from: usize, to: usize, spec: &[u8]) -> Result<()> {
    for first in (from..to).step_by(FILL) {
        store.write(|txn| {
            let containers = txn.namespace(NAMESPACE).containers();
            (first..to.min(first + FILL)).try_for_each(|i| containers.create(&record(i, spec)).map(drop))
        })?;
    }
    Ok(())
}

/// The cost of each operation in a book of this size, which it has again afterwards.
fn measure(store: &Store, size: usize, spec: &[u8]) -> Result<[Duration; COLUMNS.len()]> {
    let containers = store.namespace(NAMESPACE).containers();
    // Scattered over the whole book.
    let some = |i: usize| id((i * 7919) % size);
    let create = median(|i| containers.create(&record(size + i, spec)).map(drop))?;
    let update = median(|i| {
        let mut change = Container { id: some(i), ..Default::default() };
        change.labels.insert("x".to_owned(), i.to_string());
        containers.update(&change, &["labels.x"]).map(drop)
    })?;
    let delete = median(|i| containers.delete(&id(size + i)))?;
    let begin = Instant::now();
    // From the book, whatever readers share.
    let context = Context::in_namespace(NAMESPACE);
    (0..GETS).try_for_each(|i| store.get_container(&context, &some(i)).map(drop))?;
    let get = begin.elapsed() / GETS as u32;
    let list = a_record(&containers, &NO_FILTERS, size.min(LISTED))?;
    let filter = a_record(&containers, &["labels.app==a7"], size.min(LISTED) / 100)? / 100;
    Ok([create, update, delete, get, list, filter])
}

fn median(mut operation: impl FnMut(usize) -> Result<()>) -> Result<Duration> {
    let mut times = Vec::with_capacity(CHANGES);
    for i in 0..CHANGES {
        let begin = Instant::now();
        operation(i)?;
        times.push(begin.elapsed());
    }
    times.sort_unstable();
    Ok(times[CHANGES / 2])
}

/// What it costs to be shown one of the first records.
fn a_record(containers: &Containers<'_, Store>, filters: &[&str], first: usize) -> Result<Duration> {
    let begin = Instant::now();
    let mut left = first;
    containers.each(filters, |container| {
        std::hint::black_box(&container);
        left -= 1;
        Ok(if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(begin.elapsed() / first as u32)
}
