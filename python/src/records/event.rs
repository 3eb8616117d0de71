use super::Any;
use crate::repr::Repr;
use crate::{json, protobuf, time};
use pyo3::IntoPyObjectExt as _;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyTuple, PyType};
use stowbook::proto::json::Spelling;

/// One event: what happened, when, and in which namespace.
///
/// Its message is containerd.types.Envelope.
///
/// >>> from stowbook import Container, Store
/// >>> store = Store.in_memory()
/// >>> created = store.namespace("default").containers.create(Container("web", "runc"))
/// >>> [event] = store.events.read()
/// >>> event.number, event.namespace, event.topic, event.payload()["id"]
/// (1, 'default', '/containers/create', 'web')
#[pyclass(frozen, eq, module = "stowbook")]
#[derive(PartialEq)]
pub(crate) struct Event(pub(crate) stowbook::Event);

#[pymethods]
impl Event {
    /// Its number: one more than that of the event before it, in the order of the commits. 0 for one of a containerd.
    #[getter]
    fn number(&self) -> u64 {
        self.0.number
    }

    /// When it happened, in UTC, cut to the microsecond.
    #[getter]
    fn timestamp<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.envelope.timestamp.map(|time| time::datetime(py, time)).transpose()
    }

    /// When it happened, in nanoseconds since 1970-01-01T00:00:00Z.
    #[getter]
    fn timestamp_ns(&self) -> Option<i128> {
        self.0.envelope.timestamp.map(time::nanoseconds)
    }

    /// The namespace that it happened in.
    #[getter]
    fn namespace(&self) -> &str {
        &self.0.envelope.namespace
    }

    /// What happened. Topics below ``/stowbook/`` are of changes that containerd tells nobody of.
    #[getter]
    fn topic(&self) -> &str {
        &self.0.envelope.topic
    }

    /// What it happened to: one of containerd's event messages; below ``/stowbook/`` the record or the request.
    #[getter]
    fn event(&self) -> Option<Any> {
        self.0.envelope.event.clone().map(Any)
    }

    /// Whether containerd's own subscribers would see it.
    #[getter]
    fn published(&self) -> bool {
        self.0.is_published()
    }

    /// The message about what happened, as a dict; None for a type that is not known, or bytes that are no such message.
    ///
    /// >>> from stowbook import Namespace, Store
    /// >>> store = Store.in_memory()
    /// >>> created = store.namespaces.create(Namespace("k8s.io"))
    /// >>> [event.payload() for event in store.events.read()]
    /// [{'name': 'k8s.io'}]
    fn payload<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.payload(Spelling::Exact).map(|payload| json::load(py, &payload.to_string())).transpose()
    }

    /// The event as a dict: number, timestamp, namespace, topic, published, type_url, and payload, or value_base64 where
    /// there is no payload.
    ///
    /// >>> from stowbook import Namespace, Store
    /// >>> store = Store.in_memory()
    /// >>> created = store.namespaces.create(Namespace("k8s.io"))
    /// >>> [event.to_dict()["type_url"] for event in store.events.read()]
    /// ['containerd.events.NamespaceCreate']
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        json::to_dict(py, &self.0.to_json())
    }

    /// The event as JSON on one line, as ``stowbook events -o json`` prints it.
    ///
    /// >>> import json
    /// >>> from stowbook import Namespace, Store
    /// >>> store = Store.in_memory()
    /// >>> created = store.namespaces.create(Namespace("k8s.io"))
    /// >>> [event] = store.events.read()
    /// >>> json.loads(event.to_json()) == event.to_dict()
    /// True
    fn to_json(&self) -> String {
        self.0.to_json().to_string()
    }

    /// The event as containerd's protobuf message. The number is not in it.
    ///
    /// >>> from stowbook import Event
    /// >>> Event.from_protobuf(b"\x12\x01n").to_protobuf()
    /// b'\x12\x01n'
    fn to_protobuf<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        protobuf::write(py, &self.0.envelope)
    }

    /// Reads containerd's protobuf message.
    ///
    /// >>> from stowbook import Event
    /// >>> Event.from_protobuf(b"\x12\x01n", 7).number
    /// 7
    #[classmethod]
    #[pyo3(signature = (message, number=0, /))]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn from_protobuf(class: &Bound<'_, PyType>, message: PyBackedBytes, number: u64) -> PyResult<Self> {
        let mut event = stowbook::Event::from(protobuf::read::<stowbook::model::Envelope>(class.py(), &message)?);
        event.number = number;
        Ok(Event(event))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let arguments = (self.to_protobuf(py), self.0.number).into_bound_py_any(py)?;
        (py.get_type::<Self>().getattr("from_protobuf")?, arguments).into_pyobject(py)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let stowbook::Event { number, envelope, .. } = &self.0;
        let texts = [("namespace", &*envelope.namespace), ("topic", &envelope.topic)];
        let repr = Repr::new(py, "Event").plain(number).texts(texts)?.any("event", envelope.event.as_ref())?;
        Ok(format!("<{}>", repr.times([("timestamp", envelope.timestamp)]).end()))
    }
}
