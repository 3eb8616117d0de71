use crate::container::Container;
use crate::place::Place;
use crate::text::Text;
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyList, PyString, PyTuple};
use std::ops::ControlFlow;
use stowbook::{Context, ErrorKind};

/// The container records of a namespace.
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
    pub(crate) fn new(place: Place, namespace: &str) -> Self {
        Containers { place, context: Context::in_namespace(namespace) }
    }
}

#[pymethods]
impl Containers {
    /// The record of this id.
    ///
    /// >>> from stowbook import NotFoundError, Store
    /// >>> try:
    /// ...     Store.in_memory().namespace("default").containers.get("web")
    /// ... except NotFoundError as error:
    /// ...     print(error)
    /// container "web" in namespace "default": not found
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn get(&self, py: Python<'_>, id: Text) -> PyResult<Container> {
        self.place.run(py, |records| records.get_container(&self.context, &id.0)).map(Container)
    }

    /// The records that any of the filters selects (no filter: all), in byte order of their ids.
    ///
    /// A filter is containerd's: selectors joined by commas, all of which have to hold.
    ///
    /// >>> from stowbook import Container, Store
    /// >>> containers = Store.in_memory().namespace("default").containers
    /// >>> for id, role in [("web-1", "front"), ("web-2", "front"), ("db", "back")]:
    /// ...     created = containers.create(Container(id, "runc", labels={"role": role}))
    /// >>> [container.id for container in containers.list("labels.role==front", "id==db")]
    /// ['db', 'web-1', 'web-2']
    #[pyo3(signature = (*filters))]
    fn list<'py>(&self, py: Python<'py>, filters: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyList>> {
        let filters: Vec<Text> = filters.iter().map(|filter| filter.extract()).collect::<PyResult<_>>()?;
        let filters: Vec<&[u8]> = filters.iter().map(|filter| filter.0.as_bytes()).collect();
        let records = self.place.run(py, |records| {
            let mut out = Vec::new();
            records.list_containers(&self.context, &filters, &mut |container| {
                out.push(container);
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(out)
        })?;
        PyList::new(py, records.into_iter().map(Container))
    }

    /// Adds a record, and gives it as it was stored: with times, without empty labels.
    ///
    /// >>> from stowbook import Container, Store
    /// >>> containers = Store.in_memory().namespace("default").containers
    /// >>> containers.create(Container("web", "runc")).created_at is None
    /// False
    fn create(&self, py: Python<'_>, container: &Bound<'_, Container>) -> PyResult<Container> {
        let container = &container.get().0;
        self.place.run(py, |records| records.create_container(&self.context, container)).map(Container)
    }

    /// Changes the fields with these paths to what ``container`` says, and gives the record back. Without paths everything
    /// that can change is taken over, and what cannot has to be the same.
    ///
    /// Paths: labels, labels.KEY, spec, extensions, extensions.KEY, image, snapshotkey.
    ///
    /// >>> from stowbook import Container, Store
    /// >>> containers = Store.in_memory().namespace("default").containers
    /// >>> created = containers.create(Container("web", "runc", labels={"role": "front"}))
    /// >>> update = Container("web", labels={"tier": "1"})
    /// >>> dict(containers.update(update, fields=["labels.tier"]).labels)
    /// {'role': 'front', 'tier': '1'}
    #[pyo3(signature = (container, fields=Vec::new()), text_signature = "($self, container, fields=())")]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn update(&self, py: Python<'_>, container: &Bound<'_, Container>, fields: Vec<Text>) -> PyResult<Container> {
        let container = &container.get().0;
        let fields: Vec<&str> = fields.iter().map(|field| field.0.as_str()).collect();
        self.place.run(py, |records| records.update_container(&self.context, container, &fields)).map(Container)
    }

    /// Removes a record.
    ///
    /// >>> from stowbook import Container, Store
    /// >>> containers = Store.in_memory().namespace("default").containers
    /// >>> created = containers.create(Container("web", "runc"))
    /// >>> containers.delete("web")
    /// >>> "web" in containers
    /// False
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn delete(&self, py: Python<'_>, id: Text) -> PyResult<()> {
        self.place.run(py, |records| records.delete_container(&self.context, &id.0))
    }

    /// The records as they are now; later changes do not show.
    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        self.list(py, &PyTuple::empty(py))?.try_iter()
    }

    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn __contains__(&self, py: Python<'_>, id: Text) -> PyResult<bool> {
        self.place.run(py, |records| match records.get_container(&self.context, &id.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            result => result.map(|_| true),
        })
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let namespace = PyString::new(py, self.context.namespace.as_deref().unwrap_or_default()).repr()?;
        Ok(format!("<containers in namespace {namespace} of a {}>", self.place.name()))
    }
}
