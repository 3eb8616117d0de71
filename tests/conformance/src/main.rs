//! Plays the test vectors on the core or through a door, and tells each difference.

mod compare;
mod door;
mod drive;
mod operations;
mod place;
mod report;
mod reports;
mod run;
mod socket;
mod value;
mod vectors;

use clap::{Parser, ValueEnum};
use place::{Core, Engine, Place};
use report::Report;
use std::path::PathBuf;
use std::process::ExitCode;

/// Plays vector files, and prints each difference and how many cases passed.
#[derive(Parser)]
#[command(name = "stowbook-conformance")]
struct Arguments {
    /// The storage below the core.
    #[arg(long, value_enum, default_value = "memory", conflicts_with = "door")]
    on: On,
    /// Play through this driver instead, as DOORS.md says. A shell runs the command.
    #[arg(long, value_name = "COMMAND")]
    door: Option<String>,
    /// Play against the containerd-compatible server on this unix socket instead. Everything in it is removed.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["on", "door"])]
    socket: Option<PathBuf>,
    /// The server on the socket is containerd: where a request would kill it, ask what stands in for it in the vectors.
    #[arg(long, requires = "socket")]
    daemon: bool,
    /// Write how many cases of each suite passed, failed and were skipped, and why, into this file, as JSON.
    #[arg(long, value_name = "FILE")]
    counts: Option<PathBuf>,
    /// Which containerd's answers are expected.
    #[arg(long, default_value = vectors::REFERENCE, value_parser = vectors::VERSIONS)]
    version: String,
    /// Be a driver on the Rust core: requests come in on the standard input.
    #[arg(long, exclusive = true)]
    drive: bool,
    /// Say what the core's checker says to texts: questions come in on the standard input.
    #[arg(long, exclusive = true)]
    reports: bool,
    /// The vector files.
    #[arg(required_unless_present_any = ["drive", "reports"])]
    files: Vec<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum On {
    Memory,
    Redb,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match &arguments {
        Arguments { drive: true, .. } => drive::serve().map(|()| true).map_err(Into::into),
        Arguments { reports: true, .. } => reports::serve().map(|()| true),
        _ => play(&arguments),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("stowbook-conformance: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether every case that was played passed.
fn play(arguments: &Arguments) -> Result<bool, Box<dyn std::error::Error>> {
    // All files are read first: a file that cannot be read is not found out after minutes.
    let mut suites = Vec::new();
    for path in &arguments.files {
        let mut suite = vectors::load(path).map_err(|error| format!("{}: {error}", path.display()))?;
        if arguments.daemon {
            suite.cases.iter_mut().for_each(|case| case.spare(&arguments.version));
        }
        suites.push(suite);
    }
    let mut place: Box<dyn Place> = match (&arguments.door, &arguments.socket, arguments.on) {
        (Some(command), ..) => Box::new(door::Door::start(command)?),
        (_, Some(path), _) => Box::new(socket::Socket::new(path)?),
        (None, None, On::Memory) => Box::new(Core::new(Engine::Memory)),
        (None, None, On::Redb) => Box::new(Core::new(Engine::redb()?)),
    };
    let mut report = Report::default();
    for suite in &suites {
        for case in &suite.cases {
            report.add(suite, case, run::case(case, &arguments.version, &mut *place));
        }
        report.end_suite(suite);
    }
    report.end();
    if let Some(path) = &arguments.counts {
        report.write_counts(path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(report.failed() == 0)
}
