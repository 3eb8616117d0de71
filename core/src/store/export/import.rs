use super::super::{check, containers, events, halves, header, images, sandboxes};
use super::kinds::decode;
use super::{EXPORT_VERSION, Header, hex};
use crate::model::Timestamp;
use crate::proto::generated::containerd::services::namespaces::v1::Namespace as NamespaceMessage;
use crate::storage::layout::{self, Space};
use crate::storage::{MemoryStorage, Read, Storage as _, Txn, WriteSet, seal};
use crate::{Error, Result, Store};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher as _;
use std::io::BufRead;
use std::ops::ControlFlow;
use twox_hash::XxHash3_64;

/// How many conflicts an error names.
const NAMED_CONFLICTS: usize = 10;

/// How an import goes about it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ImportOptions {
    /// Make the book the one that was exported: with its id and its time of creation, so that cursors into its event log go on
    /// to count. The book has to be empty, and the exported one should not go on being used.
    pub same_book: bool,
}

/// What an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ImportReport {
    /// How many keys were written.
    pub written_keys: u64,
    /// How many were there already with the same value.
    pub unchanged_keys: u64,
    /// Whether the event log was taken over: only into an empty book.
    pub with_events: bool,
}

/// What an export holds: values without their checksums, and the lines they came from.
struct Import {
    header: Header,
    entries: BTreeMap<Vec<u8>, (Vec<u8>, u64)>,
}

impl Store {
    /// Adds what [`Store::export`] wrote, in one transaction. The export is read to its end and checked as a whole book before
    /// anything is written; it is held in memory.
    ///
    /// Into an empty book goes everything, the event log and the counters included: the book then holds what the exported one
    /// held, but its id (see [`ImportOptions::same_book`]). Into any other book go the records: those that are there already
    /// with the same content stay as they are, and one event with the topic `/stowbook/import` tells of each namespace that
    /// was added to. The exported book's event log is then left out, because it tells of another book.
    ///
    /// # Errors
    /// `InvalidArgument`, with the line, for what is no export of this version, not whole, or no sound book; `AlreadyExists`, with
    /// the first of them in the details, when records with other content are there; `FailedPrecondition` when
    /// [`same_book`](ImportOptions::same_book) is asked of a book that is not empty, or the export has a newer file format.
    /// Nothing was changed. `Unavailable` when `input` cannot be read; what the storage gives.
    pub fn import(&self, input: impl BufRead, options: &ImportOptions) -> Result<ImportReport> {
        let import = read(input)?;
        import.check()?;
        let now = self.host.now();
        self.book.update(|txn| {
            let report = import.apply(txn, options, now)?;
            events::append(txn, self.retained_events)?;
            Ok(report)
        })
    }
}

fn at_line(line: u64) -> impl Fn(Error) -> Error {
    move |error| error.context(format!("line {line}: ")).with_detail("line", line)
}

fn read(mut input: impl BufRead) -> Result<Import> {
    let mut line = Vec::new();
    let mut number = 0;
    let mut checksum = XxHash3_64::new();
    let mut next = |line: &mut Vec<u8>| {
        line.clear();
        input.read_until(b'\n', line).map_err(|error| Error::unavailable(format!("cannot read the export: {error}")))
    };
    let mut header = None;
    let mut entries = BTreeMap::new();
    let mut records: u64 = 0;
    while next(&mut line)? > 0 {
        number += 1;
        let at = at_line(number);
        let value: Value = serde_json::from_slice(&line)
            .map_err(|error| at(Error::invalid_argument(format!("not JSON: {error}")).with_help(WHAT)))?;
        if header.is_none() {
            header = Some(first_line(&value).map_err(at)?);
        } else if let Some(end) = value.get("end") {
            let expected = End { records, checksum: format!("{:016x}", checksum.finish()) };
            if End::deserialize(end).ok() != Some(expected) || value.as_object().is_none_or(|end| end.len() > 1) {
                return Err(at(Error::invalid_argument("the lines before it are not those that were exported")
                    .with_help("export again; what was changed by hand has no checksum")));
            }
            return match (next(&mut line)?, header) {
                (0, Some(header)) => Ok(Import { header, entries }),
                _ => Err(at_line(number + 1)(Error::invalid_argument("there is more behind the end"))),
            };
        } else {
            records += 1;
            for (key, value) in decode(&value).map_err(&at)? {
                if let Some((_, before)) = entries.get(&key) {
                    let message = format!("{} stands in line {before} too", layout::describe(&key));
                    return Err(at(Error::invalid_argument(message)));
                }
                entries.insert(key, (value, number));
            }
        }
        checksum.write(&line);
    }
    let message = if number == 0 { "the export is empty" } else { "the export was cut: it has no end" };
    Err(at_line(number + 1)(Error::invalid_argument(message).with_help(WHAT)))
}

const WHAT: &str = "give the lines that `stowbook export` has written";

#[derive(PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    records: u64,
    checksum: String,
}

fn first_line(value: &Value) -> Result<Header> {
    #[derive(Deserialize)]
    struct First {
        format_version: u32,
        book: String,
        created_at: Timestamp,
    }
    match value.get("stowbook_export").and_then(Value::as_u64) {
        Some(EXPORT_VERSION) => {}
        Some(version) => {
            let message = format!("the export has version {version}, this stowbook reads version {EXPORT_VERSION}");
            return Err(Error::failed_precondition(message).with_help("update stowbook"));
        }
        None => return Err(Error::invalid_argument("not an export of stowbook").with_help(WHAT)),
    }
    let wrong = || Error::invalid_argument("the first line is not that of an export").with_help(WHAT);
    let First { format_version, book, created_at } = First::deserialize(value).map_err(|_| wrong())?;
    let id = u128::from_str_radix(&book, 16).map_err(|_| wrong())?.to_be_bytes();
    if hex(id) != book {
        return Err(wrong());
    }
    if format_version != layout::FORMAT_VERSION {
        let message =
            format!("the export is of file format {format_version}, this stowbook writes {}", layout::FORMAT_VERSION);
        return Err(Error::failed_precondition(message).with_help("update stowbook, or the book before the export"));
    }
    Ok(Header { format_version, id, created_at })
}

impl Import {
    /// That what comes in is a sound book of its own: nothing half, nothing in a namespace that does not exist, no record that
    /// could not have been made.
    fn check(&self) -> Result<()> {
        let mut writes = header::as_writes(&self.header);
        for (key, (value, line)) in &self.entries {
            if *key == layout::book() {
                return Err(at_line(*line)(Error::invalid_argument("a record cannot be the book's header")));
            }
            writes.put(key.as_slice(), seal(key, value.clone()));
        }
        let findings = check::values(&MemoryStorage::with_entries(&writes).snapshot()?)?;
        if let Some(finding) = findings.first() {
            let mut entries = self.entries.iter();
            let line = entries.find(|(key, _)| layout::describe(key) == finding.place).map(|(_, (_, line))| *line);
            let error = Error::invalid_argument(format!("the export is not a sound book: {finding}"))
                .with_detail("problems", findings.len());
            return Err(match line {
                Some(line) => at_line(line)(error),
                None => error,
            });
        }
        for (key, (value, line)) in &self.entries {
            let valid = match layout::parse(key) {
                Some((Space::ContainerHead, _)) => containers::validate(&halves::decode_head(value)?),
                Some((Space::SandboxHead, _)) => sandboxes::validate(&halves::decode_head(value)?),
                Some((Space::Image, _)) => images::validate(&images::decode(value)?),
                _ => Ok(()),
            };
            valid.map_err(at_line(*line))?;
        }
        Ok(())
    }

    fn apply(&self, txn: &mut Txn<'_>, options: &ImportOptions, now: Timestamp) -> Result<ImportReport> {
        if is_empty(txn)? {
            if options.same_book {
                txn.absorb(header::as_writes(&self.header));
            }
            for (key, (value, _)) in &self.entries {
                txn.put(key.clone(), value.clone());
            }
            let written_keys = self.entries.len() as u64;
            return Ok(ImportReport { written_keys, unchanged_keys: 0, with_events: true });
        }
        if options.same_book {
            return Err(Error::failed_precondition("the book is not empty, so it cannot become the exported one")
                .with_help("import into a new book"));
        }
        self.merge(txn, now)
    }

    fn merge(&self, txn: &mut Txn<'_>, now: Timestamp) -> Result<ImportReport> {
        let mut report = ImportReport::default();
        let mut conflicts = Vec::new();
        let mut writes = WriteSet::default();
        let mut namespaces = BTreeSet::new();
        for (key, (value, _)) in &self.entries {
            let Some((space, parts)) = layout::parse(key) else { continue };
            if matches!(space, Space::EventLog | Space::Event) {
                continue;
            }
            let read: &dyn Read = txn;
            let there = read.decode(key, |there| Ok(there.to_vec()))?;
            let value = match there {
                None => value.clone(),
                Some(there) if there == *value => {
                    report.unchanged_keys += 1;
                    continue;
                }
                Some(there) => match joined(space, &there, value) {
                    Some(joined) if joined == there => {
                        report.unchanged_keys += 1;
                        continue;
                    }
                    Some(joined) => joined,
                    None => {
                        conflicts.push(layout::describe(key));
                        continue;
                    }
                },
            };
            writes.put(key.as_slice(), seal(key, value));
            if space == Space::Namespace || Space::IN_NAMESPACE.contains(&space) {
                namespaces.extend(parts.into_iter().next());
            }
        }
        if !conflicts.is_empty() {
            let message = format!("{} of the records, with other content", conflicts.len());
            let error =
                Error::already_exists(message).with_help("delete what is in the way, or import into a new book");
            return Err(conflicts
                .iter()
                .take(NAMED_CONFLICTS)
                .fold(error, |error, conflict| error.with_detail("conflict", conflict)));
        }
        report.written_keys = writes.len() as u64;
        txn.absorb(writes);
        for namespace in namespaces {
            let Ok(name) = String::from_utf8(namespace) else { continue };
            let message = NamespaceMessage { name: name.clone(), ..NamespaceMessage::default() };
            events::publish(txn, &name, "/stowbook/import", &message, now);
        }
        Ok(report)
    }
}

/// Whether the book holds nothing but its header.
fn is_empty(read: &dyn Read) -> Result<bool> {
    let mut empty = true;
    read.scan(&[], None, &mut |key, _| {
        empty = key == layout::book();
        Ok(if empty { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    Ok(empty)
}

/// What two values of a key come to together, if they agree: a namespace was ever filled with what either was filled with,
/// and a counter goes on behind both.
fn joined(space: Space, one: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    if space == Space::Sequence {
        let number = |value: &[u8]| Some(u64::from_le_bytes(value.try_into().ok()?));
        return Some(number(one)?.max(number(other)?).to_le_bytes().to_vec());
    }
    match (space, one.split_first()?, other.split_first()?) {
        (Space::Namespace, (one, message), (other, same)) if message == same => {
            Some([&[*one | *other], message].concat())
        }
        _ => None,
    }
}

/// The keys and values of an export, sound or not.
#[cfg(test)]
pub(super) fn read_entries(input: impl BufRead) -> Result<BTreeMap<Vec<u8>, Vec<u8>>> {
    Ok(read(input)?.entries.into_iter().map(|(key, (value, _))| (key, value)).collect())
}
