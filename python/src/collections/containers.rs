use crate::collection::collection;
use crate::place::{Place, Records};
use crate::records::Container;
use pyo3::prelude::*;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use stowbook::{Context, Result};

/// The container records of a namespace.
///
/// Iteration reads some records at a time, as they are then: it needs little memory however many there are, and records may
/// be changed meanwhile. ``list`` shows one state.
///
/// >>> from stowbook import Container, Store
/// >>> containers = Store.in_memory().namespace("default").containers
/// >>> created = containers.create(Container("web", "io.containerd.runc.v2"))
/// >>> [container.id for container in containers]
/// ['web']
/// >>> "web" in containers
/// True
#[pyclass(frozen, module = "stowbook")]
pub(crate) struct Containers {
    place: Place,
    context: Context,
}

impl Containers {
    pub(crate) fn new(place: Place, context: Context) -> Self {
        Containers { place, context }
    }
}

#[pymethods]
impl Containers {
    fn __iter__(&self) -> ContainerIterator {
        ContainerIterator {
            place: self.place.clone(),
            context: self.context.clone(),
            ahead: Mutex::new(Ahead { after: String::new(), records: VecDeque::new(), is_last: false }),
        }
    }
}

collection! {
    Containers of Container as container, "containers", by id, "\"web\"",
    setup ">>> from stowbook import Container, Store\n\
           >>> containers = Store.in_memory().namespace(\"default\").containers\n\
           >>> created = containers.create(Container(\"web\", \"io.containerd.runc.v2\", labels={\"role\": \"front\"}))",
    get get_container, list list_containers,
    create create_container, update update_container, delete delete_container,
    paths "labels, labels.KEY, spec, extensions, extensions.KEY, image, snapshotkey",
    update_signature "($self, container, fields=())"
}

/// How many records are read ahead where a list can be gone on with.
const PAGE: usize = 128;

/// The records of a namespace, one after the other.
#[pyclass(frozen, module = "stowbook")]
pub(crate) struct ContainerIterator {
    place: Place,
    context: Context,
    ahead: Mutex<Ahead>,
}

struct Ahead {
    /// The id of the last record that was read.
    after: String,
    records: VecDeque<Container>,
    is_last: bool,
}

#[pymethods]
impl ContainerIterator {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Container>> {
        loop {
            if let Some(next) = self.next_ahead() {
                return Ok(next);
            }
            self.place.run(py, |records| self.read_on(records))?;
        }
    }
}

impl ContainerIterator {
    /// The next record, or that there is none; nothing when that is not known yet.
    fn next_ahead(&self) -> Option<Option<Container>> {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        match ahead.records.pop_front() {
            None if !ahead.is_last => None,
            next => Some(next),
        }
    }

    fn read_on(&self, records: &dyn Records) -> Result<()> {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        if ahead.is_last || !ahead.records.is_empty() {
            // Another thread was here first.
            return Ok(());
        }
        let limit = if self.place.can_go_on() { PAGE } else { usize::MAX };
        let mut found = VecDeque::new();
        records.list_containers_after(&self.context, &ahead.after, &[], &mut |container| {
            found.push_back(Container(container));
            Ok(if found.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        ahead.is_last = found.len() < limit;
        if let Some(last) = found.back() {
            ahead.after.clone_from(&last.0.id);
        }
        ahead.records = found;
        Ok(())
    }
}
