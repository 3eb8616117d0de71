use super::{Book, Operation, Trouble, context};
use crate::value::{Filters, Message, NewLease, OfLease, lease, lease_resource};
use crate::vectors::Step;
use serde_json::{Value, json};
use stowbook::model::Lease;

pub(super) fn find(name: &str) -> Option<Operation> {
    Some(Operation::Stored(match name {
        "leases.create" => create_lease,
        "leases.delete" => delete_lease,
        "leases.list" => list_leases,
        "leases.add_resource" => add_resource,
        "leases.delete_resource" => delete_resource,
        "leases.list_resources" => list_resources,
        _ => return None,
    }))
}

fn create_lease(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let NewLease { id, labels } = step.request()?;
    let created = book.create_lease(&context(step), &Lease { id, labels, ..Lease::default() })?;
    Ok(json!({"lease": lease(&created)}))
}

fn delete_lease(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: OfLease = step.request()?;
    book.delete_lease(&context(step), &request.id, request.sync)?;
    Ok(json!({}))
}

fn list_leases(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: Filters = step.request()?;
    let filters: Vec<&[u8]> = request.filters.iter().map(String::as_bytes).collect();
    let found = book.list_leases(&context(step), &filters)?;
    Ok(Message::default().list("leases", found.iter().map(lease).collect()).end())
}

fn add_resource(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: OfLease = step.request()?;
    book.add_resource(&context(step), &request.id, &request.resource)?;
    Ok(json!({}))
}

fn delete_resource(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: OfLease = step.request()?;
    book.delete_resource(&context(step), &request.id, &request.resource)?;
    Ok(json!({}))
}

fn list_resources(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: OfLease = step.request()?;
    let found = book.list_resources(&context(step), &request.id)?;
    Ok(Message::default().list("resources", found.iter().map(lease_resource).collect()).end())
}
