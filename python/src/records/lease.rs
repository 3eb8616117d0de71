use crate::mapping::Mapping;
use crate::record;
use crate::repr::Repr;
use crate::text::Text;
use pyo3::prelude::*;
use stowbook::model;

/// What keeps resources from being collected while someone works with them. A lease is never changed.
///
/// The label ``containerd.io/gc.expire`` ends it at a time. Its message is containerd.services.leases.v1.Lease.
///
/// >>> from stowbook import Lease
/// >>> Lease("build", {"containerd.io/gc.expire": "2030-01-01T00:00:00Z"}).id
/// 'build'
#[pyclass(frozen, eq, module = "stowbook")]
#[derive(PartialEq)]
pub(crate) struct Lease(pub(crate) model::Lease);

#[pymethods]
impl Lease {
    #[new]
    #[pyo3(
        signature = (id=Text::default(), labels=None),
        text_signature = "(id='', labels=None)"
    )]
    fn new(id: Text, labels: Option<Mapping<String>>) -> Self {
        let labels = labels.map(|labels| labels.0).unwrap_or_default();
        Lease(model::Lease { id: id.0, labels, ..model::Lease::default() })
    }

    /// The key of the record in its namespace. A lease that is created without one is given one.
    #[getter]
    fn id(&self) -> &str {
        &self.0.id
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let repr = Repr::new(py, "Lease").text(&self.0.id)?.labels("labels", &self.0.labels)?;
        Ok(repr.times([("created_at", self.0.created_at)]).end())
    }
}

record::record!(Lease, "($self, *, id=..., labels=...)", ["id", "labels"], keeps [created_at, unknown]);
record::message!(Lease);
record::labels!(Lease);
record::created!(Lease);

/// One thing that a lease holds. It need not exist.
///
/// Its message is containerd.services.leases.v1.Resource.
///
/// >>> from stowbook import LeaseResource
/// >>> LeaseResource("snapshots/overlayfs", "web-rootfs")
/// LeaseResource('snapshots/overlayfs', 'web-rootfs')
#[pyclass(frozen, eq, module = "stowbook")]
#[derive(PartialEq)]
pub(crate) struct LeaseResource(pub(crate) model::LeaseResource);

#[pymethods]
impl LeaseResource {
    #[new]
    fn new(kind: Text, id: Text) -> Self {
        LeaseResource(model::LeaseResource { id: id.0, kind: kind.0, ..model::LeaseResource::default() })
    }

    /// What sort of thing it is: ``content``, ``ingests``, ``images`` or ``snapshots/SNAPSHOTTER``.
    #[getter]
    fn kind(&self) -> &str {
        &self.0.kind
    }

    /// The digest, reference, image name or snapshot key.
    #[getter]
    fn id(&self) -> &str {
        &self.0.id
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(Repr::new(py, "LeaseResource").text(&self.0.kind)?.text(&self.0.id)?.end())
    }
}

record::record!(LeaseResource, "($self, *, kind=..., id=...)", ["kind", "id"], keeps[unknown]);
record::message!(LeaseResource);
