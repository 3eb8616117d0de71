use crate::args::{Content, Global, Ingest, Output};
use crate::{Failure, input, on_each, output, place};
use std::io::{self, Write};
use stowbook::model::{Blob, IngestStatus, Timestamp};
use stowbook::{CommitContent, ErrorKind, Host as _, OpenContent, SystemHost};

/// How much is read or written at a time, as ctr does it.
const CHUNK_BYTES: usize = 1 << 20;

pub(crate) fn run(global: &Global, command: Content) -> Result<(), Failure> {
    let json = global.output == Output::Json;
    let mut out = io::stdout().lock();
    match command {
        Content::List { quiet, filters } => {
            let blobs = place::open_or_empty(global)?.namespace(&global.namespace).content().list(&filters)?;
            if quiet {
                blobs.iter().try_for_each(|blob| writeln!(out, "{}", output::shown(&blob.digest)))?;
            } else if json {
                output::json(&mut out, &blobs)?;
            } else {
                let rows: Vec<_> = blobs.into_iter().map(row).collect();
                output::tabbed(&mut out, ["DIGEST", "SIZE", "AGE", "LABELS"], &rows)?;
            }
        }
        Content::Get { digest } => get(global, &digest, &mut out)?,
        Content::Ingest(command) => {
            let blob = ingest(global, command)?;
            if json {
                output::json(&mut out, &blob)?;
            } else {
                writeln!(out, "{}", blob.digest)?;
            }
        }
        Content::Active { filters } => {
            let active = place::open_or_empty(global)?.namespace(&global.namespace).content().statuses(&filters)?;
            if json {
                output::json(&mut out, &active)?;
            } else {
                let cells = |status: IngestStatus| {
                    [status.reference, output::decimal_size(status.offset), age(status.started_at), String::new()]
                };
                let rows: Vec<_> = active.into_iter().map(cells).collect();
                output::tabbed(&mut out, ["REF", "SIZE", "AGE", ""], &rows)?;
            }
        }
        Content::Abort { references } => {
            let store = place::writable_existing(global)?;
            on_each(global, &references, |_, reference| store.namespace(&global.namespace).content().abort(reference))?;
        }
        Content::Info { digest } => {
            let blob = place::open_or_empty(global)?.namespace(&global.namespace).content().get(&digest)?;
            output::json(&mut out, &blob)?;
        }
        Content::Label { digest, labels } => {
            let mut blob = Blob { digest, ..Blob::default() };
            let fields = input::set(&mut blob.labels, "labels", labels);
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            let updated =
                place::writable_existing(global)?.namespace(&global.namespace).content().update(&blob, &fields)?;
            if json {
                output::json(&mut out, &updated)?;
            } else {
                writeln!(out, "{}", output::shown(&output::labels(&updated.labels)))?;
            }
        }
        Content::Delete { digests } => {
            let store = place::writable_existing(global)?;
            let mut written = Ok(());
            on_each(global, &digests, |_, digest| {
                store.namespace(&global.namespace).content().delete(digest)?;
                output::name(&mut out, digest, &mut written);
                Ok(())
            })?;
            written?;
        }
    }
    Ok(())
}

fn row(blob: Blob) -> [String; 4] {
    let labels = if blob.labels.is_empty() { "-".to_owned() } else { output::labels(&blob.labels) };
    [blob.digest, output::decimal_size(blob.size), age(blob.created_at), labels]
}

fn age(since: Option<Timestamp>) -> String {
    since.map_or_else(|| "-".to_owned(), |since| output::age(SystemHost.now().seconds() - since.seconds()))
}

fn get(global: &Global, digest: &str, out: &mut impl Write) -> Result<(), Failure> {
    let store = place::open_to_read(global)?;
    let namespace = store.namespace(&global.namespace);
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut at = 0;
    loop {
        let read = namespace.content().read_at(digest, at, &mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        out.write_all(bytes)?;
        at += read as u64;
    }
    Ok(out.flush()?)
}

/// Takes all of the input, whatever was written under this name before. Content that is there already is no error, as
/// with ctr.
fn ingest(global: &Global, command: Ingest) -> Result<Blob, Failure> {
    let Ingest { reference, file, expected_digest, expected_size, labels } = command;
    let mut input = input::open(&file)?;
    if !expected_digest.is_empty() {
        stowbook::rules::validate_digest(&expected_digest)
            .map_err(|error| error.with_kind(ErrorKind::InvalidArgument))?;
    }
    let store = place::writable(global)?;
    let namespace = store.namespace(&global.namespace);
    let content = namespace.content();
    let mut open = OpenContent::new(reference);
    open.expected.clone_from(&expected_digest);
    open.total = expected_size;
    let mut writer = match content.open(&open) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(content.get(&expected_digest)?),
        result => result?,
    };
    let status = writer.status()?;
    // What another namespace shares need not be read.
    if status.expected.is_empty() {
        if status.offset > 0 {
            writer.clear()?;
        }
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            let read = match input.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => result.map_err(|error| input::cannot_read(&file, &error))?,
            };
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            writer.write(bytes)?;
        }
    }
    let digest = writer.digest()?;
    let mut commit = CommitContent::default();
    commit.expected = expected_digest;
    commit.size = expected_size;
    commit.labels.extend(labels);
    match content.commit(&mut writer, &commit) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(content.get(&digest)?),
        result => Ok(result?),
    }
}
