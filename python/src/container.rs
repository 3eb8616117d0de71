use crate::any::Any;
use crate::json::{self, Json};
use crate::mapping::{self, Mapping};
use crate::protobuf;
use crate::runtime::{Runtime, RuntimeArgument};
use crate::text::Text;
use crate::time;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyMappingProxy, PyString, PyTuple, PyType};
use stowbook::model;

/// The metadata of a container; never a process.
///
/// A record does not change: ``replace`` makes a changed one, and a store keeps it. What a record has to be is checked by
/// the store, not here.
///
/// >>> from stowbook import Container
/// >>> Container("web", "io.containerd.runc.v2", labels={"role": "front"})
/// Container('web', runtime='io.containerd.runc.v2', labels={'role': 'front'})
#[pyclass(frozen, eq, module = "stowbook")]
#[derive(PartialEq)]
pub(crate) struct Container(pub(crate) model::Container);

#[pymethods]
impl Container {
    #[new]
    #[pyo3(
        signature = (
            id, runtime=RuntimeArgument::default(), *, labels=None, image=Text::default(), spec=None,
            snapshotter=Text::default(), snapshot_key=Text::default(), extensions=None, sandbox_id=Text::default()
        ),
        text_signature = "(id, runtime='', *, labels=None, image='', spec=None, snapshotter='', snapshot_key='', \
                          extensions=None, sandbox_id='')"
    )]
    #[allow(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn new(
        id: Text,
        runtime: RuntimeArgument,
        labels: Option<Mapping<String>>,
        image: Text,
        spec: Option<&Bound<'_, Any>>,
        snapshotter: Text,
        snapshot_key: Text,
        extensions: Option<Mapping<model::Any>>,
        sandbox_id: Text,
    ) -> Self {
        Container(model::Container {
            id: id.0,
            labels: labels.map(|labels| labels.0).unwrap_or_default(),
            image: image.0,
            runtime: runtime.0,
            spec: spec.map(|spec| spec.get().0.clone()),
            snapshotter: snapshotter.0,
            snapshot_key: snapshot_key.0,
            extensions: extensions.map(|extensions| extensions.0).unwrap_or_default(),
            sandbox_id: sandbox_id.0,
            ..model::Container::default()
        })
    }

    /// The key of the record in its namespace.
    #[getter]
    fn id(&self) -> &str {
        &self.0.id
    }

    /// The runtime that is to run it.
    #[getter]
    fn runtime(&self) -> Runtime {
        Runtime(self.0.runtime.clone())
    }

    /// The labels, in byte order of their keys; they cannot be changed in place.
    #[getter]
    fn labels<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMappingProxy>> {
        mapping::labels(py, &self.0.labels)
    }

    /// The name of the image it was made from.
    #[getter]
    fn image(&self) -> &str {
        &self.0.image
    }

    /// What the runtime is to start, usually an OCI runtime configuration: ``spec.json()``.
    #[getter]
    fn spec(&self) -> Option<Any> {
        self.0.spec.clone().map(Any)
    }

    /// The snapshotter that holds the root file system.
    #[getter]
    fn snapshotter(&self) -> &str {
        &self.0.snapshotter
    }

    /// The key of the root file system's snapshot.
    #[getter]
    fn snapshot_key(&self) -> &str {
        &self.0.snapshot_key
    }

    /// Values that clients keep with the record, by their names; they cannot be changed in place.
    #[getter]
    fn extensions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMappingProxy>> {
        mapping::extensions(py, &self.0.extensions)
    }

    /// The sandbox that the container belongs to.
    #[getter]
    fn sandbox_id(&self) -> &str {
        &self.0.sandbox_id
    }

    /// When the record was created, in UTC, cut to the microsecond; None for a record that no store has seen.
    #[getter]
    fn created_at<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.created_at.map(|created_at| time::datetime(py, created_at)).transpose()
    }

    /// When the record was created, in nanoseconds since 1970-01-01T00:00:00Z.
    #[getter]
    fn created_at_ns(&self) -> Option<i128> {
        self.0.created_at.map(time::nanoseconds)
    }

    /// When the record was last changed, in UTC, cut to the microsecond; None for a record that no store has seen.
    #[getter]
    fn updated_at<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.updated_at.map(|updated_at| time::datetime(py, updated_at)).transpose()
    }

    /// When the record was last changed, in nanoseconds since 1970-01-01T00:00:00Z.
    #[getter]
    fn updated_at_ns(&self) -> Option<i128> {
        self.0.updated_at.map(time::nanoseconds)
    }

    /// The same record with other values for these members, named as in ``Container(...)``.
    ///
    /// >>> from stowbook import Container
    /// >>> web = Container("web", "io.containerd.runc.v2", labels={"role": "front"})
    /// >>> web.replace(labels={**web.labels, "tier": "1"}).labels["tier"]
    /// '1'
    #[pyo3(
        signature = (**changes),
        text_signature = "($self, *, id=..., runtime=..., labels=..., image=..., spec=..., snapshotter=..., \
                          snapshot_key=..., extensions=..., sandbox_id=...)"
    )]
    fn replace<'py>(&self, py: Python<'py>, changes: Option<&Bound<'py, PyDict>>) -> PyResult<Self> {
        let members = PyDict::new(py);
        members.set_item("id", self.id())?;
        members.set_item("runtime", self.runtime())?;
        members.set_item("labels", self.labels(py)?)?;
        members.set_item("image", self.image())?;
        members.set_item("spec", self.spec())?;
        members.set_item("snapshotter", self.snapshotter())?;
        members.set_item("snapshot_key", self.snapshot_key())?;
        members.set_item("extensions", self.extensions(py)?)?;
        members.set_item("sandbox_id", self.sandbox_id())?;
        if let Some(changes) = changes {
            members.update(changes.as_mapping())?;
        }
        let replaced = py.get_type::<Self>().call((), Some(&members))?;
        let mut record = replaced.cast::<Self>()?.get().0.clone();
        record.created_at = self.0.created_at;
        record.updated_at = self.0.updated_at;
        record.unknown.clone_from(&self.0.unknown);
        Ok(Container(record))
    }

    /// The record as a dict, as ``to_json`` writes it: times as RFC 3339 text, bytes as base64.
    ///
    /// >>> from stowbook import Container
    /// >>> Container("web", "runc").to_dict()["runtime"]
    /// {'name': 'runc'}
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        json::to_dict(py, &self.0)
    }

    /// Reads a dict such as ``to_dict`` gives; members that are missing are empty.
    ///
    /// >>> from stowbook import Container
    /// >>> Container.from_dict({"id": "web", "runtime": {"name": "runc"}})
    /// Container('web', runtime='runc')
    #[classmethod]
    #[pyo3(signature = (record, /))]
    fn from_dict(_class: &Bound<'_, PyType>, record: &Bound<'_, PyDict>) -> PyResult<Self> {
        json::from_dict("container", record).map(Container)
    }

    /// The record as JSON on one line.
    ///
    /// >>> from stowbook import Container
    /// >>> print(Container("web", "runc", sandbox_id="pod").to_json())
    /// {"id":"web","image":"","runtime":{"name":"runc"},"snapshotter":"","snapshot_key":"","sandbox_id":"pod"}
    fn to_json(&self) -> PyResult<String> {
        json::write(&self.0)
    }

    /// Reads JSON such as ``to_json`` writes; members that are missing are empty.
    ///
    /// >>> from stowbook import Container
    /// >>> Container.from_json('{"id": "web"}').id
    /// 'web'
    #[classmethod]
    #[pyo3(signature = (text, /))]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn from_json(_class: &Bound<'_, PyType>, py: Python<'_>, text: Json) -> PyResult<Self> {
        json::read(py, "container", &text).map(Container)
    }

    /// The message containerd.services.containers.v1.Container, with what it carried beyond the members here.
    ///
    /// >>> from stowbook import Container
    /// >>> Container("web").to_protobuf()
    /// b'\n\x03web'
    fn to_protobuf<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        protobuf::write(py, &self.0)
    }

    /// Reads the message containerd.services.containers.v1.Container.
    ///
    /// >>> from stowbook import Container
    /// >>> Container.from_protobuf(b"\n\x03web").id
    /// 'web'
    #[classmethod]
    #[pyo3(signature = (message, /))]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn from_protobuf(_class: &Bound<'_, PyType>, py: Python<'_>, message: PyBackedBytes) -> PyResult<Self> {
        protobuf::read(py, &message).map(Container)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        protobuf::reduce::<Self>(py, &self.0)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let text = |text: &str| PyString::new(py, text).repr()?.extract::<String>();
        let record = &self.0;
        let mut out = format!("Container({}", text(&record.id)?);
        match &record.runtime.options {
            None => out += &format!(", runtime={}", text(&record.runtime.name)?),
            Some(_) => out += &format!(", runtime={}", self.runtime().__repr__(py)?),
        }
        if !record.labels.is_empty() {
            out += &format!(", labels={}", mapping::dict(py, &record.labels)?.repr()?);
        }
        for (name, value) in [
            ("image", &record.image),
            ("snapshotter", &record.snapshotter),
            ("snapshot_key", &record.snapshot_key),
            ("sandbox_id", &record.sandbox_id),
        ] {
            if !value.is_empty() {
                out += &format!(", {name}={}", text(value)?);
            }
        }
        if let Some(spec) = self.spec() {
            out += &format!(", spec={}", spec.__repr__(py)?);
        }
        if !record.extensions.is_empty() {
            let names: Vec<_> = record.extensions.keys().map(|name| text(name)).collect::<PyResult<_>>()?;
            out += &format!(", extensions=<{}>", names.join(", "));
        }
        for (name, time) in [("created_at", record.created_at), ("updated_at", record.updated_at)] {
            if let Some(time) = time {
                out += &format!(", {name}=<{time}>");
            }
        }
        Ok(out + ")")
    }
}
