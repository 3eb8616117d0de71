use super::{Operation, Trouble, context};
use crate::value::{ByDigest, ByRef, Filters, Message, WithBlob, WriteMessages, blob, ingest_status};
use crate::vectors::Step;
use serde_json::{Value, json};
use stowbook::{ContentStore as _, ContentStream, Store};

pub(super) fn find(name: &str) -> Option<Operation> {
    Some(Operation::Stored(match name {
        "content.info" => get_blob,
        "content.list" => list_blobs,
        "content.update" => update_blob,
        "content.delete" => delete_blob,
        "content.write" => write,
        "content.status" => get_ingest,
        "content.list_statuses" => list_ingests,
        "content.abort" => abort_ingest,
        _ => return None,
    }))
}

fn get_blob(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let request: ByDigest = step.request()?;
    Ok(json!({"info": blob(&store.get_blob(&context(step), &request.digest)?)}))
}

fn list_blobs(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let request: Filters = step.request()?;
    let filters: Vec<&[u8]> = request.filters.iter().map(String::as_bytes).collect();
    let found = store.list_blobs(&context(step), &filters)?;
    Ok(Message::default().list("info", found.iter().map(blob).collect()).end())
}

fn update_blob(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let request: WithBlob = step.request()?;
    let updated = store.update_blob(&context(step), &request.info, &request.update_mask.paths())?;
    Ok(json!({"info": blob(&updated)}))
}

fn delete_blob(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let request: ByDigest = step.request()?;
    store.delete_blob(&context(step), &request.digest)?;
    Ok(json!({}))
}

fn write(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let request: WriteMessages = step.request()?;
    let mut stream = None;
    let mut answer = None;
    for message in request.messages() {
        let stream = match &mut stream {
            Some(stream) => stream,
            None => stream.insert(ContentStream::open(store, &context(step), &message)?),
        };
        answer = Some(stream.answer(store, &message)?);
    }
    let answer = answer.unwrap_or_default();
    let (offset, total) = (answer.offset, answer.total);
    Ok(Message::default().integer("offset", offset).integer("total", total).text("digest", &answer.digest).end())
}

fn get_ingest(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let request: ByRef = step.request()?;
    Ok(json!({"status": ingest_status(&store.get_ingest(&context(step), &request.reference)?)}))
}

fn list_ingests(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let request: Filters = step.request()?;
    let filters: Vec<&[u8]> = request.filters.iter().map(String::as_bytes).collect();
    let found = store.list_ingests(&context(step), &filters)?;
    Ok(Message::default().list("statuses", found.iter().map(ingest_status).collect()).end())
}

fn abort_ingest(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let request: ByRef = step.request()?;
    store.abort_ingest(&context(step), &request.reference)?;
    Ok(json!({}))
}
