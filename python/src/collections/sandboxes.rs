use crate::collection::{self, collection};
use crate::place::Place;
use crate::records::Sandbox;
use pyo3::prelude::*;
use stowbook::Context;

/// The sandbox records of a namespace.
///
/// >>> from stowbook import Sandbox, Store
/// >>> sandboxes = Store.in_memory().namespace("k8s.io").sandboxes
/// >>> created = sandboxes.create(Sandbox("pod", "io.containerd.runc.v2"))
/// >>> [sandbox.id for sandbox in sandboxes]
/// ['pod']
#[pyclass(frozen, module = "stowbook")]
pub(crate) struct Sandboxes {
    place: Place,
    context: Context,
}

impl Sandboxes {
    pub(crate) fn new(place: Place, context: Context) -> Self {
        Sandboxes { place, context }
    }
}

collection! {
    Sandboxes of Sandbox as sandbox, "sandboxes", by id, "\"pod\"",
    setup ">>> from stowbook import Sandbox, Store\n\
           >>> sandboxes = Store.in_memory().namespace(\"k8s.io\").sandboxes\n\
           >>> created = sandboxes.create(Sandbox(\"pod\", \"io.containerd.runc.v2\", labels={\"role\": \"front\"}))",
    get get_sandbox, list list_sandboxes,
    create create_sandbox, update update_sandbox, delete delete_sandbox,
    paths "labels, labels.KEY, extensions, extensions.KEY, spec, runtime",
    update_signature "($self, sandbox, fields=())"
}
collection::iterates!(Sandboxes);
