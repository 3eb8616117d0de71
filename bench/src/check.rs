//! Speed of the checker: all findings of a text, with their places.

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;
use stowbook::check::{Kind, Options, validate};

/// Prints, for the text and for texts with two and four times as many mounts: bytes, findings, microseconds a check.
pub(crate) fn run(file: &Path, sizes: &[usize]) -> Result<(), Box<dyn Error>> {
    let text = std::fs::read(file)?;
    measure("file", &text);
    for kilobytes in sizes {
        measure(&format!("{kilobytes} KiB"), &grown(&text, kilobytes * 1024)?);
    }
    Ok(())
}

/// The text with as many mounts as it takes to be so long.
fn grown(text: &[u8], length: usize) -> Result<Vec<u8>, Box<dyn Error>> {
    let text = std::str::from_utf8(text)?;
    let (before, after) = text.split_once("\"mounts\": [").ok_or("the text has no mounts")?;
    let mut grown = format!("{before}\"mounts\": [");
    let mut number = 0;
    while grown.len() + after.len() < length {
        number += 1;
        grown += &format!(
            "\n    {{\"destination\": \"/data/{number}\", \"type\": \"tmpfs\", \"source\": \"tmpfs\", \
             \"options\": [\"nosuid\", \"size={number}k\"]}},"
        );
    }
    Ok((grown + after).into_bytes())
}

fn measure(name: &str, text: &[u8]) {
    let check = || black_box(validate(black_box(text), Some(Kind::RuntimeConfig), &Options::default()));
    let findings = check().diagnostics.len();
    // Half a second, and at least ten times.
    let started = Instant::now();
    let mut times = Vec::new();
    while times.len() < 10 || started.elapsed().as_millis() < 500 {
        let one = Instant::now();
        check();
        times.push(one.elapsed());
    }
    times.sort();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    println!("{name}\t{}\t{findings}\t{:.1}", text.len(), median.as_secs_f64() * 1e6);
}
