use super::{Operation, Trouble, context};
use crate::value::{Forward, Publish};
use crate::vectors::Step;
use serde_json::{Value, json};
use stowbook::{EventStore as _, Store};

pub(super) fn find(name: &str) -> Option<Operation> {
    Some(Operation::Stored(match name {
        "events.publish" => publish,
        "events.forward" => forward,
        _ => return None,
    }))
}

fn publish(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let request: Publish = step.request()?;
    store.publish_event(&context(step), &request.topic, &request.event)?;
    Ok(json!({}))
}

fn forward(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let request: Forward = step.request()?;
    store.forward_event(&request.envelope)?;
    Ok(json!({}))
}
