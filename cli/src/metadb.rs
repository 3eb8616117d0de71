//! containerd's own databases.

use crate::args::{Global, Metadb, Output};
use crate::{Failure, output, place};
use std::io::Write as _;
use std::path::PathBuf;
use stowbook::bolt::FileSource;
use stowbook::metadb::ImportOptions;
use stowbook::metadb::{self, MetaDb, Severity};
use stowbook::{Error, Result, Store};

pub(crate) fn run(global: &Global, command: Metadb) -> Result<(), Failure> {
    // Errors tell of the file that the command is about; an import's, of the book as well.
    let mut about = global.clone();
    let file = match &command {
        Metadb::Info { file } | Metadb::Dump { file } | Metadb::Check { file } | Metadb::Salvage { file } => file,
        Metadb::Import { .. } => return import(global, command),
    };
    about.metadb = Some(file.clone());
    match read(&about, file, &command) {
        Err(Failure::Refused(error)) => {
            output::print_error(&about, &error);
            Err(Failure::Reported(error.kind().names().exit))
        }
        result => result,
    }
}

fn read(global: &Global, file: &PathBuf, command: &Metadb) -> Result<(), Failure> {
    let json = global.output == Output::Json;
    let mut out = std::io::stdout().lock();
    match command {
        Metadb::Info { .. } => {
            let info = MetaDb::open(file)?.info()?;
            if json {
                let (page_size, txid) = (info.page_size, info.txid);
                let shown = serde_json::json!({
                    "file": file.display().to_string(), "page_size": page_size, "txid": txid, "version": info.version,
                });
                output::json(&mut out, &shown)?;
            } else {
                writeln!(out, "file:         {}", file.display())?;
                writeln!(out, "page size:    {}", info.page_size)?;
                writeln!(out, "transaction:  {}", info.txid)?;
                let version = info.version.map_or("not written yet".to_owned(), |version| format!("v1.{version}"));
                writeln!(out, "schema:       {version}")?;
            }
        }
        Metadb::Dump { .. } => {
            let mut failed = None;
            let dumped = MetaDb::open(file)?.dump(|part| {
                out.write_all(part.as_bytes()).map_err(|error| {
                    let refused = Error::unavailable(format!("cannot write the output: {error}"));
                    failed = Some(error);
                    refused
                })
            });
            match failed {
                Some(error) => return Err(error.into()),
                None => dumped?,
            }
        }
        Metadb::Check { .. } => {
            let findings = metadb::check(&FileSource::open(file)?)?;
            if json {
                output::json(&mut out, &findings)?;
            } else {
                for finding in &findings {
                    let word = if finding.severity == Severity::Damage { "damage" } else { "oddity" };
                    writeln!(out, "{word}: {}", output::shown(&finding.to_string()))?;
                }
                if findings.is_empty() {
                    writeln!(out, "no problem found")?;
                }
            }
            if findings.iter().any(|finding| finding.severity == Severity::Damage) {
                return Err(Failure::Reported(1));
            }
        }
        Metadb::Salvage { .. } => {
            let saved = metadb::salvage(&FileSource::open(file)?)?;
            output::json(&mut out, &saved.to_json())?;
            // Nobody is to take it for a salvage, and the file for one that can go.
            if saved.found_nothing() && saved.findings().next().is_some() {
                return Err(Failure::Reported(1));
            }
        }
        Metadb::Import { .. } => {}
    }
    Ok(())
}

fn import(global: &Global, command: Metadb) -> Result<(), Failure> {
    let Metadb::Import { file, only, dry_run, keep_existing, salvage } = command else { return Ok(()) };
    let mut options = ImportOptions::default();
    options.namespaces = only;
    options.dry_run = dry_run;
    options.keep_existing = keep_existing;
    let into_book = |work: &dyn Fn(&Store) -> Result<_>| match dry_run {
        true => work(&place::open_or_new(global)?),
        false => place::fill(global, work),
    };
    let report = if salvage {
        let saved = metadb::salvage(&FileSource::open(&file)?)?;
        into_book(&|book| book.import_salvage(&saved, &options))?
    } else {
        let metadb = MetaDb::open(&file)?;
        into_book(&|book| book.import_metadb(&metadb, &options))?
    };
    let mut out = std::io::stdout().lock();
    if global.output == Output::Json {
        output::json(&mut out, &report)?;
        return Ok(());
    }
    for (word, lines) in [
        ("in the book already", &report.conflicts),
        ("not exact", &report.inexact),
        ("doubtful", &report.doubtful),
        ("left out", &report.left_out),
        ("concluded", &report.concluded),
    ] {
        lines.iter().try_for_each(|line| writeln!(out, "{word}: {}", output::shown(line)))?;
    }
    let done = if dry_run { "to import" } else { "imported" };
    for (word, count) in [
        ("namespaces", report.namespaces),
        ("containers", report.containers),
        ("images", report.images),
        ("leases", report.leases),
        ("sandboxes", report.sandboxes),
        ("content records", report.blobs),
        ("ingest records", report.ingests),
        ("snapshots", report.snapshots),
    ] {
        writeln!(out, "{word} {done}: {count}")?;
    }
    if report.unchanged > 0 {
        writeln!(out, "in the book already, the same: {}", report.unchanged)?;
    }
    Ok(())
}
