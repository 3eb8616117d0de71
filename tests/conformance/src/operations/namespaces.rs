use super::{Book, Operation, Trouble};
use crate::value::{ByName, Message, Namespaces, WithNamespace, namespace};
use crate::vectors::Step;
use serde_json::{Value, json};

pub(super) fn find(name: &str) -> Option<Operation> {
    Some(Operation::Stored(match name {
        "namespaces.get" => get_namespace,
        "namespaces.list" => list_namespaces,
        "namespaces.create" => create_namespace,
        "namespaces.update" => update_namespace,
        "namespaces.delete" => delete_namespace,
        _ => return None,
    }))
}

fn get_namespace(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: ByName = step.request()?;
    Ok(json!({"namespace": namespace(&book.get_namespace(&request.name)?)}))
}

fn list_namespaces(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let _: Namespaces = step.request()?;
    let found = book.list_namespaces()?.iter().map(namespace).collect();
    Ok(Message::default().list("namespaces", found).end())
}

fn create_namespace(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: WithNamespace = step.request()?;
    Ok(json!({"namespace": namespace(&book.create_namespace(&request.namespace)?)}))
}

fn update_namespace(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: WithNamespace = step.request()?;
    book.update_namespace(&request.namespace, &request.update_mask.paths())?;
    Ok(json!({}))
}

fn delete_namespace(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: ByName = step.request()?;
    book.delete_namespace(&request.name)?;
    Ok(json!({}))
}
