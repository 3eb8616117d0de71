//! A driver on the Rust core: the other end of DOORS.md, so that the way through a door is tested without another language.

use crate::door::{Word, line, parse_word};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, BufRead as _, Write as _};
use std::ops::ControlFlow;
use stowbook::model::{Any, Descriptor, Envelope, LeaseResource, Timestamp};
use stowbook::proto::Message as _;
use stowbook::{
    ContainerStore as _, Context, DeleteImage, Error, Event, EventStore as _, ImageStore as _, LeaseStore as _,
    NamespaceStore as _, Result, SandboxStore as _, Since, Store,
};

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
    match (operation, values) {
        ("namespaces.get", [Some(name)]) => written([store.get_namespace(text(name)?)?]),
        ("namespaces.list", []) => written(store.list_namespaces()?),
        ("namespaces.create", [Some(record)]) => written([store.create_namespace(&read(record)?)?]),
        ("namespaces.update", [Some(record), fields @ ..]) => {
            done(store.update_namespace(&read(record)?, &texts(fields)?))
        }
        ("namespaces.delete", [Some(name)]) => done(store.delete_namespace(text(name)?)),
        ("events.forward", [Some(envelope)]) => done(store.forward_event(&Envelope::decode(envelope)?)),
        ("events.read", [Some(after)]) => {
            let page = store.events().read(text(after)?.parse::<Since>()?, &[""], usize::MAX)?;
            written(page.events.iter().map(Event::to_json))
        }
        (_, [namespace, values @ ..]) => {
            let mut context = Context::default();
            context.namespace = optional(namespace)?;
            match operation.split_once('.') {
                Some(("containers", operation)) => on_containers(store, &context, operation, values),
                Some(("images", operation)) => on_images(store, context, operation, values),
                Some(("leases", operation)) => on_leases(store, &context, operation, values),
                Some(("sandboxes", operation)) => on_sandboxes(store, &context, operation, values),
                Some(("events", "publish")) => match values {
                    [Some(topic), Some(type_url), Some(value)] => {
                        let event = Any::new(text(type_url)?, value.as_slice());
                        done(store.publish_event(&context, text(topic)?, &event))
                    }
                    _ => Ok(None),
                },
                _ => Ok(None),
            }
        }
        _ => Ok(None),
    }
}

fn on_containers(store: &Store, context: &Context, operation: &str, values: &[Word]) -> Result<Option<Vec<Word>>> {
    match (operation, values) {
        ("get", [Some(id)]) => written([store.get_container(context, text(id)?)?]),
        ("list", filters) => {
            let mut found = Vec::new();
            store.list_containers(context, &bytes(filters), &mut |container| {
                found.push(container);
                Ok(ControlFlow::Continue(()))
            })?;
            written(found)
        }
        ("create", [Some(record)]) => written([store.create_container(context, &read(record)?)?]),
        ("update", [Some(record), fields @ ..]) => {
            written([store.update_container(context, &read(record)?, &texts(fields)?)?])
        }
        ("delete", [Some(id)]) => done(store.delete_container(context, text(id)?)),
        _ => Ok(None),
    }
}

fn on_images(store: &Store, mut context: Context, operation: &str, values: &[Word]) -> Result<Option<Vec<Word>>> {
    let time = |epoch: &Word| optional(epoch)?.as_deref().map(Timestamp::parse).transpose();
    match (operation, values) {
        ("get", [Some(name)]) => written([store.get_image(&context, text(name)?)?]),
        ("list", filters) => {
            let mut found = Vec::new();
            store.list_images(&context, &bytes(filters), &mut |image| {
                found.push(image);
                Ok(ControlFlow::Continue(()))
            })?;
            written(found)
        }
        ("create", [Some(record), lease, epoch]) => {
            context.lease = optional(lease)?;
            written([store.create_image(&context, &read(record)?, time(epoch)?)?])
        }
        ("update", [Some(record), lease, epoch, fields @ ..]) => {
            context.lease = optional(lease)?;
            written([store.update_image(&context, &read(record)?, &texts(fields)?, time(epoch)?)?])
        }
        ("delete", [Some(name), lease, digest, sync]) => {
            context.lease = optional(lease)?;
            let mut options = DeleteImage::default();
            options.target = optional(digest)?.map(|digest| Descriptor { digest, ..Descriptor::default() });
            options.sync = sync.is_some();
            done(store.delete_image(&context, text(name)?, &options))
        }
        _ => Ok(None),
    }
}

fn on_leases(store: &Store, context: &Context, operation: &str, values: &[Word]) -> Result<Option<Vec<Word>>> {
    match (operation, values) {
        ("list", filters) => written(store.list_leases(context, &bytes(filters))?),
        ("create", [Some(record)]) => written([store.create_lease(context, &read(record)?)?]),
        ("delete", [Some(id), sync]) => done(store.delete_lease(context, text(id)?, sync.is_some())),
        ("add_resource", [Some(id), Some(kind), Some(resource)]) => {
            done(store.add_resource(context, text(id)?, &lease_resource(kind, resource)?))
        }
        ("delete_resource", [Some(id), Some(kind), Some(resource)]) => {
            done(store.delete_resource(context, text(id)?, &lease_resource(kind, resource)?))
        }
        ("list_resources", [Some(id)]) => {
            let resources = store.list_resources(context, text(id)?)?.into_iter();
            Ok(Some(resources.flat_map(|one| [one.kind, one.id]).map(|text| Some(text.into_bytes())).collect()))
        }
        _ => Ok(None),
    }
}

fn on_sandboxes(store: &Store, context: &Context, operation: &str, values: &[Word]) -> Result<Option<Vec<Word>>> {
    match (operation, values) {
        ("get", [Some(id)]) => written([store.get_sandbox(context, text(id)?)?]),
        ("list", filters) => {
            let mut found = Vec::new();
            store.list_sandboxes(context, &bytes(filters), &mut |sandbox| {
                found.push(sandbox);
                Ok(ControlFlow::Continue(()))
            })?;
            written(found)
        }
        ("create", [Some(record)]) => written([store.create_sandbox(context, &read(record)?)?]),
        ("update", [Some(record), fields @ ..]) => {
            written([store.update_sandbox(context, &read(record)?, &texts(fields)?)?])
        }
        ("delete", [Some(id)]) => done(store.delete_sandbox(context, text(id)?)),
        _ => Ok(None),
    }
}

fn lease_resource(kind: &[u8], id: &[u8]) -> Result<LeaseResource> {
    Ok(LeaseResource { id: text(id)?.to_owned(), kind: text(kind)?.to_owned(), ..LeaseResource::default() })
}

/// What went well, and gives nothing.
fn done(result: Result<()>) -> Result<Option<Vec<Word>>> {
    result.map(|()| Some(Vec::new()))
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

fn bytes(words: &[Word]) -> Vec<&[u8]> {
    words.iter().flatten().map(Vec::as_slice).collect()
}

fn optional(word: &Word) -> Result<Option<String>> {
    word.as_deref().map(|word| text(word).map(str::to_owned)).transpose()
}
