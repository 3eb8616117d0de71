use crate::args::{Global, Output};
use crate::progress::Progress;
use crate::{Failure, input, output, place};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;
use stowbook::{Error, ErrorKind, ImportOptions, Store};

pub(crate) fn export(global: &Global, file: &Path) -> Result<(), Failure> {
    place::refuse_metadb(global)?;
    let store = place::open_existing(global)?;
    if file.as_os_str() == "-" {
        let mut out = BufWriter::new(io::stdout().lock());
        write(&store, &mut out)?;
        return Ok(out.flush()?);
    }
    let created = File::create_new(file).map_err(|error| cannot_create(file, &error))?;
    let records = write_file(&store, created).inspect_err(|_| {
        // A file without its end is of no use to anybody.
        let _ = fs::remove_file(file);
    })?;
    let mut out = io::stdout().lock();
    if global.output == Output::Json {
        output::json(&mut out, &serde_json::json!({"records": records, "file": file.display().to_string()}))?;
    } else {
        writeln!(out, "{records} records written to {}", file.display())?;
    }
    Ok(())
}

fn write_file(store: &Store, file: File) -> Result<u64, Failure> {
    let mut out = BufWriter::new(file);
    let records = write(store, &mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(records)
}

fn write(store: &Store, out: &mut impl Write) -> Result<u64, Failure> {
    let mut progress = Progress::new("records written");
    store.export(|line| {
        progress.step();
        out.write_all(line.as_bytes()).map_err(Failure::from)
    })
}

fn cannot_create(file: &Path, error: &io::Error) -> Error {
    let file = file.display();
    match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Error::already_exists(format!("file \"{file}\"")).with_help("choose another name, or delete it")
        }
        io::ErrorKind::PermissionDenied => {
            Error::new(ErrorKind::PermissionDenied, format!("cannot write {file}: {error}"))
        }
        _ => Error::unavailable(format!("cannot write {file}: {error}")),
    }
}

pub(crate) fn import(global: &Global, file: &Path, same_book: bool) -> Result<(), Failure> {
    let mut options = ImportOptions::default();
    options.same_book = same_book;
    let source: Box<dyn BufRead> = if file.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(file).map_err(|error| input::cannot_read(file, &error))?))
    };
    let lines = Watched(source, Progress::new("lines read"));
    let report = place::fill(global, |book| book.import(lines, &options))?;
    let mut out = io::stdout().lock();
    if global.output == Output::Json {
        let report = serde_json::json!({
            "written_keys": report.written_keys, "unchanged_keys": report.unchanged_keys, "with_events": report.with_events,
        });
        output::json(&mut out, &report)?;
    } else {
        let events = if report.with_events { "" } else { "; the event log is left out" };
        writeln!(out, "{} keys written, {} were there{events}", report.written_keys, report.unchanged_keys)?;
    }
    Ok(())
}

/// Tells how many lines were read.
struct Watched(Box<dyn BufRead>, Progress);

impl Read for Watched {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.0.read(to)
    }
}

impl BufRead for Watched {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.0.consume(count);
    }

    fn read_until(&mut self, byte: u8, to: &mut Vec<u8>) -> io::Result<usize> {
        self.1.step();
        self.0.read_until(byte, to)
    }
}
