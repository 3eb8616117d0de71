use super::{Book, Operation, Trouble, context};
use crate::value::{ById, Filters, Message, WithContainer, container};
use crate::vectors::Step;
use serde_json::{Value, json};
use std::ops::ControlFlow;

pub(super) fn find(name: &str) -> Option<Operation> {
    Some(Operation::Stored(match name {
        "containers.get" => get_container,
        // What tells them apart is the wire.
        "containers.list" | "containers.list_stream" => list_containers,
        "containers.create" => create_container,
        "containers.update" => update_container,
        "containers.delete" => delete_container,
        _ => return None,
    }))
}

fn get_container(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: ById = step.request()?;
    Ok(json!({"container": container(&book.get_container(&context(step), &request.id)?)}))
}

fn list_containers(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: Filters = step.request()?;
    let filters: Vec<&[u8]> = request.filters.iter().map(String::as_bytes).collect();
    let mut found = Vec::new();
    book.list_containers(&context(step), &filters, &mut |record| {
        found.push(container(&record));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(Message::default().list("containers", found).end())
}

fn create_container(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: WithContainer = step.request()?;
    Ok(json!({"container": container(&book.create_container(&context(step), &request.container)?)}))
}

fn update_container(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: WithContainer = step.request()?;
    let updated = book.update_container(&context(step), &request.container, &request.update_mask.paths())?;
    Ok(json!({"container": container(&updated)}))
}

fn delete_container(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: ById = step.request()?;
    book.delete_container(&context(step), &request.id)?;
    Ok(json!({}))
}
