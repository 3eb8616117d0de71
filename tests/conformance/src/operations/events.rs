use super::{Book, Operation, Trouble, context};
use crate::value::{Forward, Publish};
use crate::vectors::Step;
use serde_json::{Value, json};

pub(super) fn find(name: &str) -> Option<Operation> {
    Some(Operation::Stored(match name {
        "events.publish" => publish,
        "events.forward" => forward,
        _ => return None,
    }))
}

fn publish(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: Publish = step.request()?;
    book.publish_event(&context(step), &request.topic, &request.event)?;
    Ok(json!({}))
}

fn forward(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: Forward = step.request()?;
    book.forward_event(&request.envelope)?;
    Ok(json!({}))
}
