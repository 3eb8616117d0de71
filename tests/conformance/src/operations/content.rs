use super::{Book, Operation, Trouble, context};
use crate::value::{ByDigest, ByRef, Filters, Message, WithBlob, WriteMessages, blob, ingest_status};
use crate::vectors::Step;
use serde_json::{Value, json};

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

fn get_blob(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: ByDigest = step.request()?;
    Ok(json!({"info": blob(&book.get_blob(&context(step), &request.digest)?)}))
}

fn list_blobs(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: Filters = step.request()?;
    let filters: Vec<&[u8]> = request.filters.iter().map(String::as_bytes).collect();
    let found = book.list_blobs(&context(step), &filters)?;
    Ok(Message::default().list("info", found.iter().map(blob).collect()).end())
}

fn update_blob(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: WithBlob = step.request()?;
    let updated = book.update_blob(&context(step), &request.info, &request.update_mask.paths())?;
    Ok(json!({"info": blob(&updated)}))
}

fn delete_blob(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: ByDigest = step.request()?;
    book.delete_blob(&context(step), &request.digest)?;
    Ok(json!({}))
}

fn write(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: WriteMessages = step.request()?;
    let answer = book.write_content(&context(step), request.messages().collect())?;
    let (offset, total) = (answer.offset, answer.total);
    Ok(Message::default().integer("offset", offset).integer("total", total).text("digest", &answer.digest).end())
}

fn get_ingest(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: ByRef = step.request()?;
    Ok(json!({"status": ingest_status(&book.get_ingest(&context(step), &request.reference)?)}))
}

fn list_ingests(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: Filters = step.request()?;
    let filters: Vec<&[u8]> = request.filters.iter().map(String::as_bytes).collect();
    let found = book.list_ingests(&context(step), &filters)?;
    Ok(Message::default().list("statuses", found.iter().map(ingest_status).collect()).end())
}

fn abort_ingest(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: ByRef = step.request()?;
    book.abort_ingest(&context(step), &request.reference)?;
    Ok(json!({}))
}
