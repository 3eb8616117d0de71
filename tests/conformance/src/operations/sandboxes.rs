use super::{Book, Operation, Trouble, context};
use crate::value::{BySandboxId, Filters, Message, WithSandbox, sandbox};
use crate::vectors::Step;
use serde_json::{Value, json};
use std::ops::ControlFlow;

pub(super) fn find(name: &str) -> Option<Operation> {
    Some(Operation::Stored(match name {
        "sandboxes.get" => get_sandbox,
        "sandboxes.list" => list_sandboxes,
        "sandboxes.create" => create_sandbox,
        "sandboxes.update" => update_sandbox,
        "sandboxes.delete" => delete_sandbox,
        _ => return None,
    }))
}

fn get_sandbox(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: BySandboxId = step.request()?;
    Ok(json!({"sandbox": sandbox(&book.get_sandbox(&context(step), &request.sandbox_id)?)}))
}

fn list_sandboxes(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: Filters = step.request()?;
    let filters: Vec<&[u8]> = request.filters.iter().map(String::as_bytes).collect();
    let mut found = Vec::new();
    book.list_sandboxes(&context(step), &filters, &mut |record| {
        found.push(sandbox(&record));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(Message::default().list("list", found).end())
}

fn create_sandbox(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: WithSandbox = step.request()?;
    Ok(json!({"sandbox": sandbox(&book.create_sandbox(&context(step), &request.sandbox)?)}))
}

fn update_sandbox(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: WithSandbox = step.request()?;
    let fields: Vec<&str> = request.fields.iter().map(String::as_str).collect();
    Ok(json!({"sandbox": sandbox(&book.update_sandbox(&context(step), &request.sandbox, &fields)?)}))
}

fn delete_sandbox(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: BySandboxId = step.request()?;
    book.delete_sandbox(&context(step), &request.sandbox_id)?;
    Ok(json!({}))
}
