use super::{Operation, Trouble};
use crate::value::{ByName, Message, Namespaces, WithNamespace, namespace};
use crate::vectors::Step;
use serde_json::{Value, json};
use stowbook::{NamespaceStore as _, Store};

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

fn get_namespace(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let request: ByName = step.request()?;
    Ok(json!({"namespace": namespace(&store.get_namespace(&request.name)?)}))
}

fn list_namespaces(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let _: Namespaces = step.request()?;
    let found = store.list_namespaces()?.iter().map(namespace).collect();
    Ok(Message::default().list("namespaces", found).end())
}

fn create_namespace(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let request: WithNamespace = step.request()?;
    Ok(json!({"namespace": namespace(&store.create_namespace(&request.namespace)?)}))
}

fn update_namespace(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let request: WithNamespace = step.request()?;
    store.update_namespace(&request.namespace, &request.update_mask.paths())?;
    Ok(json!({}))
}

fn delete_namespace(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let request: ByName = step.request()?;
    store.delete_namespace(&request.name)?;
    Ok(json!({}))
}
