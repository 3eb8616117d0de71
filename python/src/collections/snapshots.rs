use crate::mapping::Mapping;
use crate::place::Place;
use crate::records::Snapshot;
use crate::text::{Fields, Text};
use crate::{collection, json};
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyList, PyString, PyTuple};
use serde::Serialize;
use stowbook::{Context, CreateSnapshot, ErrorKind};

/// The snapshots of a snapshotter in a namespace.
///
/// A book keeps records only; whoever has the files is told by events, or asks.
///
/// >>> from stowbook import Store
/// >>> snapshots = Store.in_memory().namespace("default").snapshots("overlayfs")
/// >>> mounts = snapshots.prepare("layer-1 rw", labels={"role": "front"})
/// >>> snapshots.commit("layer-1", "layer-1 rw")
/// >>> mounts = snapshots.prepare("web-rootfs", "layer-1")
/// >>> [(snapshot.name, snapshot.kind, snapshot.parent) for snapshot in snapshots]
/// [('layer-1', 'committed', ''), ('web-rootfs', 'active', 'layer-1')]
#[pyclass(frozen, module = "stowbook")]
pub(crate) struct Snapshots {
    place: Place,
    context: Context,
    snapshotter: String,
}

impl Snapshots {
    pub(crate) fn new(place: Place, context: Context, snapshotter: String) -> Self {
        Snapshots { place, context, snapshotter }
    }
}

/// Values that Python has as dicts.
fn dicts<'py>(py: Python<'py>, values: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    json::load(py, &json::write(values)?)
}

fn creation(parent: Text, labels: Option<Mapping<String>>) -> CreateSnapshot {
    let mut create = CreateSnapshot::default();
    create.parent = parent.0;
    create.labels = labels.map(|labels| labels.0).unwrap_or_default();
    create
}

#[pymethods]
impl Snapshots {
    /// The snapshotter's name.
    #[getter]
    fn snapshotter(&self) -> &str {
        &self.snapshotter
    }

    /// The record of this key.
    ///
    /// >>> from stowbook import Store
    /// >>> snapshots = Store.in_memory().namespace("default").snapshots("overlayfs")
    /// >>> mounts = snapshots.prepare("web-rootfs")
    /// >>> snapshots.get("web-rootfs").kind
    /// 'active'
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn get(&self, py: Python<'_>, key: Text) -> PyResult<Snapshot> {
        self.place.run(py, |records| records.get_snapshot(&self.context, &self.snapshotter, &key.0)).map(Snapshot)
    }

    /// The records that any of the filters selects (no filter: all), in byte order of their keys.
    ///
    /// >>> from stowbook import Store
    /// >>> snapshots = Store.in_memory().namespace("default").snapshots("overlayfs")
    /// >>> mounts = snapshots.prepare("web-rootfs", labels={"role": "front"})
    /// >>> [snapshot.name for snapshot in snapshots.list("labels.role==front", "name==other")]
    /// ['web-rootfs']
    #[pyo3(signature = (*filters))]
    fn list<'py>(&self, py: Python<'py>, filters: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyList>> {
        let filters = collection::texts(filters)?;
        let filters: Vec<&[u8]> = filters.iter().map(|filter| filter.0.as_bytes()).collect();
        let found = self.place.run(py, |records| records.list_snapshots(&self.context, &self.snapshotter, &filters))?;
        PyList::new(py, found.into_iter().map(Snapshot))
    }

    /// Makes a snapshot to write to, on a parent that is committed or on nothing, and tells how to mount it: dicts with
    /// ``type``, ``source``, ``target`` and ``options``.
    ///
    /// >>> from stowbook import Store
    /// >>> snapshots = Store.in_memory().namespace("default").snapshots("native")
    /// >>> [mount["type"] for mount in snapshots.prepare("web-rootfs")]
    /// ['bind']
    #[pyo3(
        signature = (key, parent=Text::default(), *, labels=None),
        text_signature = "($self, key, parent='', *, labels=None)"
    )]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn prepare<'py>(
        &self,
        py: Python<'py>,
        key: Text,
        parent: Text,
        labels: Option<Mapping<String>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let create = creation(parent, labels);
        let snapshotter = &self.snapshotter;
        let mounts =
            self.place.run(py, |records| records.prepare_snapshot(&self.context, snapshotter, &key.0, &create))?;
        dicts(py, &mounts)
    }

    /// Makes a snapshot to look at, and tells how to mount it.
    ///
    /// >>> from stowbook import Store
    /// >>> snapshots = Store.in_memory().namespace("default").snapshots("native")
    /// >>> mounts = snapshots.view("look")
    /// >>> snapshots.get("look").kind
    /// 'view'
    #[pyo3(
        signature = (key, parent=Text::default(), *, labels=None),
        text_signature = "($self, key, parent='', *, labels=None)"
    )]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn view<'py>(
        &self,
        py: Python<'py>,
        key: Text,
        parent: Text,
        labels: Option<Mapping<String>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let create = creation(parent, labels);
        let snapshotter = &self.snapshotter;
        let mounts =
            self.place.run(py, |records| records.view_snapshot(&self.context, snapshotter, &key.0, &create))?;
        dicts(py, &mounts)
    }

    /// Finishes the active snapshot ``key`` as ``name``. Its labels are not inherited.
    ///
    /// >>> from stowbook import Store
    /// >>> snapshots = Store.in_memory().namespace("default").snapshots("native")
    /// >>> mounts = snapshots.prepare("rw")
    /// >>> snapshots.commit("layer-1", "rw")
    /// >>> [snapshot.name for snapshot in snapshots]
    /// ['layer-1']
    #[pyo3(
        signature = (name, key, *, parent=Text::default(), labels=None),
        text_signature = "($self, name, key, *, parent='', labels=None)"
    )]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn commit(
        &self,
        py: Python<'_>,
        name: Text,
        key: Text,
        parent: Text,
        labels: Option<Mapping<String>>,
    ) -> PyResult<()> {
        let commit = creation(parent, labels);
        let snapshotter = &self.snapshotter;
        self.place.run(py, |records| records.commit_snapshot(&self.context, snapshotter, &name.0, &key.0, &commit))
    }

    /// Changes the labels with these paths (``labels.KEY``) to what ``snapshot`` says, and gives the record back as it is
    /// then. Without paths all labels are taken over.
    ///
    /// >>> from stowbook import Snapshot, Store
    /// >>> snapshots = Store.in_memory().namespace("default").snapshots("native")
    /// >>> mounts = snapshots.prepare("rw")
    /// >>> dict(snapshots.update(Snapshot("rw", labels={"role": "front"})).labels)
    /// {'role': 'front'}
    #[pyo3(signature = (snapshot, fields=Fields::default()), text_signature = "($self, snapshot, fields=())")]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn update(&self, py: Python<'_>, snapshot: &Bound<'_, Snapshot>, fields: Fields) -> PyResult<Snapshot> {
        let snapshot = &snapshot.get().0;
        let fields: Vec<&str> = fields.0.iter().map(|field| field.0.as_str()).collect();
        let snapshotter = &self.snapshotter;
        self.place
            .run(py, |records| records.update_snapshot(&self.context, snapshotter, snapshot, &fields))
            .map(Snapshot)
    }

    /// Removes a snapshot that no other stands on.
    ///
    /// >>> from stowbook import Store
    /// >>> snapshots = Store.in_memory().namespace("default").snapshots("native")
    /// >>> mounts = snapshots.prepare("rw")
    /// >>> snapshots.remove("rw")
    /// >>> snapshots.list()
    /// []
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn remove(&self, py: Python<'_>, key: Text) -> PyResult<()> {
        self.place.run(py, |records| records.remove_snapshot(&self.context, &self.snapshotter, &key.0))
    }

    /// How a snapshot is mounted.
    ///
    /// >>> from stowbook import Store
    /// >>> snapshots = Store.in_memory().namespace("default").snapshots("native")
    /// >>> snapshots.prepare("rw") == snapshots.mounts("rw")
    /// True
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn mounts<'py>(&self, py: Python<'py>, key: Text) -> PyResult<Bound<'py, PyAny>> {
        let mounts = self.place.run(py, |records| records.mount_snapshot(&self.context, &self.snapshotter, &key.0))?;
        dicts(py, &mounts)
    }

    /// The records as they are now; later changes do not show.
    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        self.list(py, &PyTuple::empty(py))?.try_iter()
    }

    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn __contains__(&self, py: Python<'_>, key: Text) -> PyResult<bool> {
        let snapshotter = &self.snapshotter;
        self.place.run(py, |records| match records.get_snapshot(&self.context, snapshotter, &key.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            result => result.map(|_| true),
        })
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let namespace = self.context.namespace.as_deref().unwrap_or_default();
        let namespace = PyString::new(py, namespace).repr()?;
        let snapshotter = PyString::new(py, &self.snapshotter).repr()?;
        Ok(format!("<snapshots of {snapshotter} in namespace {namespace} of a {}>", self.place.name()))
    }
}
