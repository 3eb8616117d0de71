//! What happened: the event log of a store, and what a server tells.

mod subscription;

pub(crate) use subscription::Subscription;

use crate::collection;
use crate::error::raise;
use crate::open::Open;
use crate::place::Place;
use crate::records::{Any, Event};
use crate::text::Text;
use crate::values;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyString, PyTuple};
use std::time::Duration;
use stowbook::{Context, Error, Since};

/// The event log of a store: every change of a record, numbered, in the order of the commits. Those of a server are only
/// followed, and to a transaction one can only publish.
///
/// >>> from stowbook import Container, Store
/// >>> store = Store.in_memory()
/// >>> created = store.namespace("default").containers.create(Container("web", "runc"))
/// >>> [(event.number, event.topic) for event in store.events.read()]
/// [(1, '/containers/create')]
#[pyclass(frozen, module = "stowbook")]
pub(crate) struct Events {
    place: Place,
}

impl Events {
    pub(crate) fn new(place: Place) -> Self {
        Events { place }
    }

    fn refused<T>(&self, what: &str) -> PyResult<T> {
        let place = self.place.name();
        Err(raise(Error::not_implemented(format!("{what} of a {place}")).with_help("a store has them")))
    }
}

/// Where to begin in a log: a word, a cursor as text, or a number.
struct SinceArgument(Since);

impl FromPyObject<'_, '_> for SinceArgument {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if object.is_instance_of::<PyInt>() {
            let number = object.extract::<u64>();
            let number = number.map_err(|_| raise(Error::out_of_range(format!("there is no event {}", &*object))))?;
            return Ok(SinceArgument(Since::After(number)));
        }
        if !object.is_instance_of::<PyString>() {
            let class = object.get_type().name()?;
            return Err(PyTypeError::new_err(format!("'{class}' object is neither 'str' nor 'int'")));
        }
        let text: Text = object.extract()?;
        text.0.parse().map(SinceArgument).map_err(raise)
    }
}

#[pymethods]
impl Events {
    /// The next events that any of the filters selects (no filter: all), at most ``limit``. ``since`` is ``"oldest"``,
    /// ``"now"``, the number of an event, or a cursor: a page's ``next``.
    ///
    /// A filter can name ``topic``, ``namespace``, and fields of the message below ``event``, as ``event.id``.
    ///
    /// >>> from stowbook import Container, Store
    /// >>> store = Store.in_memory()
    /// >>> containers = store.namespace("default").containers
    /// >>> web = containers.create(Container("web", "runc"))
    /// >>> page = store.events.read()
    /// >>> containers.delete("web")
    /// >>> [event.topic for event in store.events.read("event.id==web", since=page.next)]
    /// ['/containers/delete']
    #[pyo3(
        signature = (*filters, since=SinceArgument(Since::Oldest), limit=1000),
        text_signature = "($self, *filters, since='oldest', limit=1000)"
    )]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn read<'py>(
        &self,
        py: Python<'py>,
        filters: &Bound<'py, PyTuple>,
        since: SinceArgument,
        limit: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Place::Store(book) = &self.place else { return self.refused("the event log") };
        let filters = collection::texts(filters)?;
        let filters: Vec<&[u8]> = filters.iter().map(|filter| filter.0.as_bytes()).collect();
        let read = || book.with(|store| store.events().read(since.0, &filters, limit));
        let page = py.detach(read).map_err(raise)?;
        let events = PyTuple::new(py, page.events.into_iter().map(Event))?;
        let bounds = (page.bounds.first, page.bounds.last);
        values::make(py, "EventPage", (events, page.next.to_string(), values::make(py, "EventBounds", bounds)?))
    }

    /// Follows the events that any of the filters selects, one after the other as they are committed: an iterator. ``since``
    /// is as in ``read``. A stowbook's server knows what has happened too, and is asked again when the connection is lost; a
    /// containerd begins with ``"now"``.
    ///
    /// The iterator ends when no event has come for ``timeout`` seconds; None: never. ``cursor`` of the subscription is
    /// where another one goes on.
    ///
    /// >>> from stowbook import Container, Store
    /// >>> store = Store.in_memory()
    /// >>> containers = store.namespace("default").containers
    /// >>> web = containers.create(Container("web", "runc"))
    /// >>> events = store.events.subscribe("topic~=^/containers/", since="oldest", timeout=0)
    /// >>> [event.topic for event in events]
    /// ['/containers/create']
    /// >>> containers.delete("web")
    /// >>> [event.topic for event in store.events.subscribe(since=events.cursor, timeout=0)]
    /// ['/containers/delete']
    #[pyo3(
        signature = (*filters, since=SinceArgument(Since::Now), timeout=None),
        text_signature = "($self, *filters, since='now', timeout=None)"
    )]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn subscribe(
        &self,
        py: Python<'_>,
        filters: &Bound<'_, PyTuple>,
        since: SinceArgument,
        timeout: Option<f64>,
    ) -> PyResult<Subscription> {
        let timeout = timeout.map(|seconds| seconds_of("timeout", seconds)).transpose()?;
        let filters: Vec<String> = collection::texts(filters)?.into_iter().map(|filter| filter.0).collect();
        match &self.place {
            Place::Store(book) => {
                let subscribe = || book.open(|store| store.events().subscribe(since.0, &filters));
                py.detach(subscribe).map(|events| Subscription::of_store(events, timeout)).map_err(raise)
            }
            Place::Remote(remote) => {
                let subscribe = || remote.with(|remote| remote.all_events(since.0, &filters, false));
                let events = py.detach(subscribe).map_err(raise)?;
                Ok(Subscription::of_server(Box::new(Open::new("subscription", events)), timeout))
            }
            _ => self.refused("the events"),
        }
    }

    /// The numbers of the first and the last event that the log holds. An empty log has none: ``first`` is ``last + 1``.
    ///
    /// >>> from stowbook import Store
    /// >>> Store.in_memory().events.bounds()
    /// EventBounds(first=1, last=0)
    fn bounds<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let Place::Store(book) = &self.place else { return self.refused("the event log") };
        let bounds = py.detach(|| book.with(|store| store.events().bounds())).map_err(raise)?;
        values::make(py, "EventBounds", (bounds.first, bounds.last))
    }

    /// The place behind the event of this number, to go on from there later: a cursor, which tells the book too.
    ///
    /// >>> from stowbook import Store
    /// >>> Store.in_memory().events.cursor(7)[-2:]
    /// ':7'
    fn cursor(&self, py: Python<'_>, number: u64) -> PyResult<String> {
        let Place::Store(book) = &self.place else { return self.refused("the event log") };
        py.detach(|| book.with(|store| store.events().cursor(number))).map(|cursor| cursor.to_string()).map_err(raise)
    }

    /// Tells of something in a namespace, now.
    ///
    /// >>> from stowbook import Any, Store
    /// >>> store = Store.in_memory()
    /// >>> store.events.publish("default", "/backup/done", Any("text/plain", b"ok"))
    /// >>> [(event.topic, event.event.value) for event in store.events.read()]
    /// [('/backup/done', b'ok')]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn publish(&self, py: Python<'_>, namespace: Text, topic: Text, event: &Bound<'_, Any>) -> PyResult<()> {
        let event = &event.get().0;
        let context = Context::in_namespace(namespace.0);
        self.place.run(py, |records| records.publish_event(&context, &topic.0, event))
    }

    /// Tells of something that happened elsewhere: in the event's namespace, at its time.
    ///
    /// >>> from stowbook import Container, Store
    /// >>> here, there = Store.in_memory(), Store.in_memory()
    /// >>> created = there.namespace("default").containers.create(Container("web", "runc"))
    /// >>> for event in there.events.read():
    /// ...     here.events.forward(event)
    /// >>> [event.topic for event in here.events.read()]
    /// ['/containers/create']
    fn forward(&self, py: Python<'_>, event: &Bound<'_, Event>) -> PyResult<()> {
        let envelope = &event.get().0.envelope;
        self.place.run(py, |records| records.forward_event(envelope))
    }

    fn __repr__(&self) -> String {
        format!("<events of a {}>", self.place.name())
    }
}

/// A time span from Python, in seconds.
pub(crate) fn seconds_of(what: &str, seconds: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| raise(Error::invalid_argument(format!("{what} {seconds} is not a number of seconds"))))
}
