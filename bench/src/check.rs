//! Speed of the checker: all findings of a text, with their places.

use std::error::Error;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use stowbook::check::{Kind, Options, validate};

/// Prints, for each file: its name, bytes, findings, microseconds a check.
pub(crate) fn run(files: &[PathBuf], milliseconds: u64) -> Result<(), Box<dyn Error>> {
    for file in files {
        let text = std::fs::read(file)?;
        let (findings, median) = measure(&text, Duration::from_millis(milliseconds));
        println!("{}\t{}\t{findings}\t{:.1}", file.display(), text.len(), median.as_secs_f64() * 1e6);
    }
    Ok(())
}

/// How many findings there are, and the median of the checks that fit into the time; at least ten.
fn measure(text: &[u8], budget: Duration) -> (usize, Duration) {
    let check = || black_box(validate(black_box(text), Some(Kind::RuntimeConfig), &Options::default()));
    let findings = check().diagnostics.len();
    let started = Instant::now();
    let mut times = Vec::new();
    while times.len() < 10 || started.elapsed() < budget {
        let one = Instant::now();
        check();
        times.push(one.elapsed());
    }
    times.sort();
    (findings, times.get(times.len() / 2).copied().unwrap_or_default())
}
