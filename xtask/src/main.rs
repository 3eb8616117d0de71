//! What builds and checks the generated parts of stowbook: `cargo xtask ‹task› [--check]`; and `cargo xtask pack`, which orders
//! the functions of a WebAssembly module.

mod examples;
mod files;
mod grpc;
mod header;
mod pack;
mod proto;
mod records;
mod rules;
mod tables;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use files::{Files, Mode};

/// One task: a generator whose output is committed.
struct Task {
    name: &'static str,
    about: &'static str,
    /// Makes the files, below the project's root.
    generate: fn(&Path) -> Result<Files, Box<dyn Error>>,
}

const TASKS: &[Task] = &[
    Task {
        name: "proto",
        about: "core/src/proto/generated from the interface definitions in core/proto",
        generate: proto::generate,
    },
    Task {
        name: "grpc",
        about: "grpc/src/generated.rs from the interface definitions in core/proto",
        generate: grpc::generate,
    },
    Task {
        name: "tables",
        about: "the error kinds of each door from the table in core/src/error.rs",
        generate: tables::generate,
    },
    Task { name: "rules", about: "the checker's tables and docs/codes from core/rules", generate: rules::generate },
    Task {
        name: "records",
        about: "what bindings/c has for each kind of record, from the table in xtask/src/records.rs",
        generate: records::generate,
    },
    Task { name: "header", about: "include/stowbook.h from bindings/c", generate: header::generate },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (name, mode) = match arguments.as_slice() {
        [name] => (*name, Mode::Write),
        [name, "--check"] | ["--check", name] => (*name, Mode::Check),
        ["pack", module] => return pack::run(Path::new(module)),
        _ => return usage(),
    };
    let Some(task) = TASKS.iter().find(|task| task.name == name) else { return usage() };
    match run(task, mode) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask {name}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: &Task, mode: Mode) -> Result<ExitCode, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the project's root is missing")?;
    let stale = (task.generate)(root)?.bring(root, mode)?;
    for file in &stale {
        println!("{} {file}", if mode == Mode::Check { "stale:" } else { "changed:" });
    }
    if mode == Mode::Check && !stale.is_empty() {
        eprintln!("xtask {}: {} stale; run `cargo xtask {}` and commit the result", task.name, stale.len(), task.name);
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn usage() -> ExitCode {
    eprintln!(
        "usage: cargo xtask ‹task› [--check]\n\nWith --check nothing is written; stale files are named, and fail.\n"
    );
    for task in TASKS {
        eprintln!("  {:<8} {}", task.name, task.about);
    }
    eprintln!("\n  pack ‹module.wasm›: writes it with its functions in the order that gzip makes least of");
    ExitCode::from(2)
}
