use crate::mapping::Mapping;
use crate::repr::Repr;
use crate::text::Text;
use crate::{protobuf, record};
use pyo3::IntoPyObjectExt as _;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyTuple, PyType};
use stowbook::model::{self, SnapshotKind};

/// The record of a snapshot: a file system's state, in a snapshotter's keeping.
///
/// Its message is containerd.services.snapshots.v1.Info.
///
/// >>> from stowbook import Snapshot
/// >>> Snapshot("web-rootfs", labels={"role": "front"}).kind
/// 'unknown'
#[pyclass(frozen, eq, module = "stowbook")]
#[derive(PartialEq)]
pub(crate) struct Snapshot(pub(crate) model::Snapshot);

#[pymethods]
impl Snapshot {
    #[new]
    #[pyo3(signature = (name, *, labels=None))]
    fn new(name: Text, labels: Option<Mapping<String>>) -> Self {
        let labels = labels.map(|labels| labels.0).unwrap_or_default();
        Snapshot(model::Snapshot { name: name.0, labels, ..model::Snapshot::default() })
    }

    /// The key of the record at its snapshotter.
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    /// The key of the snapshot below, empty for none.
    #[getter]
    fn parent(&self) -> &str {
        &self.0.parent
    }

    /// What it is for: ``view``, ``active``, ``committed``, or ``unknown`` where only the snapshotter would know.
    #[getter]
    fn kind(&self) -> &'static str {
        match self.0.kind {
            SnapshotKind::View => "view",
            SnapshotKind::Active => "active",
            SnapshotKind::Committed => "committed",
            _ => "unknown",
        }
    }

    /// What the snapshotter calls it, where that is known.
    #[getter]
    fn backend_name(&self) -> &str {
        &self.0.backend_name
    }

    /// The record as containerd's protobuf message, with what it carried beyond the members here. What the snapshotter calls
    /// it is not in it.
    ///
    /// >>> from stowbook import Snapshot
    /// >>> Snapshot("rw").to_protobuf()
    /// b'\n\x02rw'
    fn to_protobuf<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        protobuf::write(py, &self.0)
    }

    /// Reads containerd's protobuf message.
    ///
    /// >>> from stowbook import Snapshot
    /// >>> Snapshot.from_protobuf(b"\n\x02rw", "default/7/rw").backend_name
    /// 'default/7/rw'
    #[classmethod]
    #[pyo3(
        signature = (message, backend_name=Text::default(), /),
        text_signature = "(message, backend_name='', /)"
    )]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn from_protobuf(class: &Bound<'_, PyType>, message: PyBackedBytes, backend_name: Text) -> PyResult<Self> {
        let mut snapshot: model::Snapshot = protobuf::read(class.py(), &message)?;
        snapshot.backend_name = backend_name.0;
        Ok(Snapshot(snapshot))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let arguments = (self.to_protobuf(py), self.backend_name()).into_bound_py_any(py)?;
        (py.get_type::<Self>().getattr("from_protobuf")?, arguments).into_pyobject(py)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let repr = Repr::new(py, "Snapshot").text(&self.0.name)?.labels("labels", &self.0.labels)?;
        let repr = match self.kind() {
            "unknown" => repr,
            kind => repr.named("kind", format_args!("<{kind}>")),
        };
        let repr = match &*self.0.parent {
            "" => repr,
            parent => repr.named("parent", format_args!("<{parent}>")),
        };
        Ok(repr.times([("created_at", self.0.created_at), ("updated_at", self.0.updated_at)]).end())
    }
}

record::record!(
    Snapshot, "($self, *, name=..., labels=...)", ["name", "labels"],
    keeps [parent, kind, created_at, updated_at, backend_name, unknown]
);
record::labels!(Snapshot);
record::created!(Snapshot);
record::updated!(Snapshot);
