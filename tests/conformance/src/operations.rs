//! What the operations of the vectors are in the core.

mod containers;
mod content;
mod events;
mod images;
mod leases;
mod namespaces;
mod pure;
mod sandboxes;
mod snapshots;

use crate::vectors::Step;
use serde_json::Value;
use stowbook::{Context, Store};

/// An operation: on nothing but its request, or on a book.
pub(crate) enum Operation {
    Pure(fn(&Step) -> Result<Value, Trouble>),
    Stored(fn(&Store, &Step) -> Result<Value, Trouble>),
}

/// Why there is no answer.
pub(crate) enum Trouble {
    /// The core refused.
    Refused(stowbook::Error),
    /// The request is not what the operation takes: the vector is wrong, or the runner.
    Request(serde_json::Error),
}

impl From<stowbook::Error> for Trouble {
    fn from(error: stowbook::Error) -> Self {
        Trouble::Refused(error)
    }
}

impl From<serde_json::Error> for Trouble {
    fn from(error: serde_json::Error) -> Self {
        Trouble::Request(error)
    }
}

impl Operation {
    /// The operation of this name, if the core has it.
    pub(crate) fn find(name: &str) -> Option<Self> {
        let kinds = [
            pure::find,
            containers::find,
            content::find,
            events::find,
            images::find,
            leases::find,
            namespaces::find,
            sandboxes::find,
            snapshots::find,
        ];
        kinds.into_iter().find_map(|find| find(name))
    }
}

fn context(step: &Step) -> Context {
    let mut context = Context::default();
    context.namespace = step.namespace().map(str::to_owned);
    context.lease = step.lease().map(str::to_owned);
    context
}
