//! Measures the checker, and the store in a file, in process: the work of `peer/metastore`, which does the same with containerd's metadata
//! package, and the cost as a book grows. `compare` runs both in turn.

mod book;
mod check;
mod doors;
mod grow;
mod plot;
mod store;

use clap::{Parser, Subcommand};
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

/// That of the command line.
#[cfg(not(feature = "system-allocator"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(about = "Measures the speed of stowbook's store")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs every operation on a new book. Prints a line for each: name, operations a second, fsyncs
    Store {
        /// How many records are made one by one; as many again by 32 threads
        #[arg(long, default_value_t = 2000)]
        n: usize,
        /// How many records are made in one transaction
        #[arg(long, default_value_t = 10_000)]
        batch: usize,
        /// A runtime spec that every record gets
        #[arg(long)]
        spec: PathBuf,
        /// An empty folder, on the disk that is to be measured
        #[arg(long)]
        dir: PathBuf,
    },
    /// Runs create, get and list on a book in memory, for comparison with the doors. Prints a line for each: name, nanoseconds an
    /// operation
    Doors {
        /// How many records
        #[arg(long, default_value_t = 10_000)]
        n: usize,
        /// A runtime spec that every record gets
        #[arg(long)]
        spec: PathBuf,
    },
    /// Reopens the book that `store` left, reads every record, and prints how many there are
    Count {
        #[arg(long)]
        dir: PathBuf,
    },
    /// Measures how the cost of an operation grows with the book: a table as CSV, and a plot as SVG
    Grow {
        /// The sizes at which is measured go up to this many records, times ten each
        #[arg(long, default_value_t = 1_000_000)]
        up_to: usize,
        /// A runtime spec that every record gets
        #[arg(long)]
        spec: PathBuf,
        /// An empty folder, on the disk that is to be measured
        #[arg(long)]
        dir: PathBuf,
        /// Where the table goes
        #[arg(long)]
        csv: PathBuf,
        /// Where the plot goes
        #[arg(long)]
        svg: PathBuf,
    },
    /// Checks runtime configs. Prints a line for each: name, bytes, findings, microseconds
    Check {
        /// The configs
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// How long each is checked again and again
        #[arg(long, default_value_t = 500)]
        milliseconds: u64,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stowbook-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Store { n, batch, spec, dir } => store::run(n, batch, std::fs::read(spec)?, &dir),
        Command::Doors { n, spec } => doors::run(n, &std::fs::read(spec)?),
        Command::Count { dir } => {
            println!("{}", store::count(&dir)?);
            Ok(())
        }
        Command::Check { files, milliseconds } => check::run(&files, milliseconds),
        Command::Grow { up_to, spec, dir, csv, svg } => grow::run(up_to, std::fs::read(spec)?, &dir, &csv, &svg),
    }
}
