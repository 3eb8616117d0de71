//! A driver on the Rust core: the other end of DOORS.md, so that the way through a door is tested without another language.

use crate::door::{Word, line, parse_word};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, BufRead as _, Write as _};
use std::ops::ControlFlow;
use stowbook::{ContainerStore as _, Context, Error, NamespaceStore as _, Result, Store};

/// Serves requests until there are no more.
pub(crate) fn serve() -> io::Result<()> {
    let mut store = Store::in_memory();
    let mut out = io::stdout().lock();
    for request in io::stdin().lock().lines() {
        let request = request?;
        let reply = if request == "reset" {
            store = Store::in_memory();
            "ok".to_owned()
        } else {
            reply(&store, &request)
        };
        writeln!(out, "{reply}")?;
        out.flush()?;
    }
    Ok(())
}

fn reply(store: &Store, request: &str) -> String {
    let mut words = request.split(' ');
    let operation = words.next().unwrap_or_default();
    let Some(values) = words.map(parse_word).collect::<Option<Vec<Word>>>() else { return "unsupported".to_owned() };
    match run(store, operation, &values) {
        Ok(Some(records)) => line("ok", &records),
        Ok(None) => "unsupported".to_owned(),
        Err(error) => line(&format!("error {}", error.kind().code()), &[Some(error.message_bytes().to_vec())]),
    }
}

/// The records of a reply; none for an operation that is not known.
fn run(store: &Store, operation: &str, values: &[Word]) -> Result<Option<Vec<Word>>> {
    if let Some(operation) = operation.strip_prefix("containers.") {
        let Some((namespace, values)) = values.split_first() else { return Ok(None) };
        let mut context = Context::default();
        context.namespace = namespace.as_deref().map(text).transpose()?.map(str::to_owned);
        return run_on_containers(store, &context, operation, values);
    }
    match (operation, values) {
        ("namespaces.get", [Some(name)]) => written([store.get_namespace(text(name)?)?]),
        ("namespaces.list", []) => written(store.list_namespaces()?),
        ("namespaces.create", [Some(record)]) => written([store.create_namespace(&read(record)?)?]),
        ("namespaces.update", [Some(record), fields @ ..]) => {
            store.update_namespace(&read(record)?, &texts(fields)?).map(|()| Some(Vec::new()))
        }
        ("namespaces.delete", [Some(name)]) => store.delete_namespace(text(name)?).map(|()| Some(Vec::new())),
        _ => Ok(None),
    }
}

fn run_on_containers(store: &Store, context: &Context, operation: &str, values: &[Word]) -> Result<Option<Vec<Word>>> {
    match (operation, values) {
        ("get", [Some(id)]) => written([store.get_container(context, text(id)?)?]),
        ("list", filters) => {
            let filters: Vec<&[u8]> = filters.iter().flatten().map(Vec::as_slice).collect();
            let mut found = Vec::new();
            store.list_containers(context, &filters, &mut |container| {
                found.push(container);
                Ok(ControlFlow::Continue(()))
            })?;
            written(found)
        }
        ("create", [Some(record)]) => written([store.create_container(context, &read(record)?)?]),
        ("update", [Some(record), fields @ ..]) => {
            written([store.update_container(context, &read(record)?, &texts(fields)?)?])
        }
        ("delete", [Some(id)]) => store.delete_container(context, text(id)?).map(|()| Some(Vec::new())),
        _ => Ok(None),
    }
}

fn written(records: impl IntoIterator<Item = impl Serialize>) -> Result<Option<Vec<Word>>> {
    let records = records.into_iter().map(|record| serde_json::to_vec(&record).map(Some).map_err(not_a_record));
    records.collect::<Result<_>>().map(Some)
}

fn read<T: DeserializeOwned>(record: &[u8]) -> Result<T> {
    serde_json::from_slice(record).map_err(not_a_record)
}

fn not_a_record(error: serde_json::Error) -> Error {
    Error::internal(format!("not a record: {error}"))
}

fn text(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| Error::internal("not UTF-8"))
}

fn texts(words: &[Word]) -> Result<Vec<&str>> {
    words.iter().flatten().map(|word| text(word)).collect()
}
