use crate::error::raise;
use crate::open::Open;
use crate::records::Event;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use std::sync::Arc;
use std::time::{Duration, Instant};
use stowbook::Result;
use stowbook_grpc::RemoteEvents;

/// How long Python's signals may go unnoticed, and closing waits.
const STEP: Duration = Duration::from_millis(100);

/// One who follows events: an iterator. See ``Events.subscribe``.
///
/// >>> from stowbook import Namespace, Store
/// >>> store = Store.in_memory()
/// >>> with store.events.subscribe(timeout=1) as events:
/// ...     created = store.namespaces.create(Namespace("k8s.io"))
/// ...     print(next(events).topic)
/// /namespaces/create
#[pyclass(frozen, module = "stowbook")]
pub(crate) struct Subscription {
    source: Source,
    /// Nothing: without end.
    timeout: Option<Duration>,
}

enum Source {
    Store(Arc<Open<stowbook::Subscription>>),
    Server(Box<Open<RemoteEvents>>),
}

impl Subscription {
    pub(crate) fn of_store(events: Arc<Open<stowbook::Subscription>>, timeout: Option<Duration>) -> Self {
        Subscription { source: Source::Store(events), timeout }
    }

    pub(crate) fn of_server(events: Box<Open<RemoteEvents>>, timeout: Option<Duration>) -> Self {
        Subscription { source: Source::Server(events), timeout }
    }

    /// The next event, if it comes in this time.
    fn step(&self, wait: Duration) -> Result<Option<Event>> {
        match &self.source {
            Source::Store(events) => events.alone(|events| events.next(Some(wait))),
            Source::Server(events) => events.alone(|events| events.next(Some(wait))),
        }
        .map(|event| event.map(Event))
    }
}

#[pymethods]
impl Subscription {
    /// The place behind the last event that was given, for ``since`` of another subscription; None with a containerd, which
    /// keeps nothing for later.
    #[getter]
    fn cursor(&self, py: Python<'_>) -> PyResult<Option<String>> {
        let cursor = || match &self.source {
            Source::Store(events) => events.alone(|events| Ok(Some(events.cursor()))),
            Source::Server(events) => events.alone(|events| Ok(events.cursor())),
        };
        Ok(py.detach(cursor).map_err(raise)?.map(|cursor| cursor.to_string()))
    }

    /// Ends the subscription. A second call does nothing.
    ///
    /// >>> from stowbook import Store
    /// >>> events = Store.in_memory().events.subscribe()
    /// >>> events.close()
    fn close(&self, py: Python<'_>) {
        py.detach(|| match &self.source {
            Source::Store(events) => events.close(),
            Source::Server(events) => events.close(),
        });
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Event>> {
        let started = Instant::now();
        loop {
            let left = self.timeout.map(|timeout| timeout.saturating_sub(started.elapsed()));
            let event = py.detach(|| self.step(left.unwrap_or(STEP).min(STEP))).map_err(raise)?;
            if event.is_some() || left.is_some_and(|left| left.is_zero()) {
                return Ok(event);
            }
            py.check_signals()?;
        }
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) {
        self.close(py);
    }
}
