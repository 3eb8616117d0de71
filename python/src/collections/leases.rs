use crate::collection::{self, collection};
use crate::place::Place;
use crate::records::{Lease, LeaseResource};
use crate::text::Text;
use pyo3::prelude::*;
use pyo3::types::PyList;
use stowbook::Context;

/// The leases of a namespace, and what they hold.
///
/// >>> from stowbook import Lease, LeaseResource, Store
/// >>> leases = Store.in_memory().namespace("default").leases
/// >>> build = leases.create(Lease("build"))
/// >>> leases.add_resource("build", LeaseResource("images", "nginx"))
/// >>> leases.resources("build")
/// [LeaseResource('images', 'nginx')]
#[pyclass(frozen, module = "stowbook")]
pub(crate) struct Leases {
    place: Place,
    context: Context,
}

impl Leases {
    pub(crate) fn new(place: Place, context: Context) -> Self {
        Leases { place, context }
    }
}

collection! {
    Leases of Lease as lease, "leases", by id, "\"build\"",
    setup ">>> from stowbook import Lease, Store\n\
           >>> leases = Store.in_memory().namespace(\"default\").leases\n\
           >>> created = leases.create(Lease(\"build\", labels={\"role\": \"front\"}))",
    list_all list_leases
}
collection::iterates!(Leases);

#[pymethods]
impl Leases {
    /// Adds a lease, and gives it as it was stored. Without an id it gets one that no other has.
    ///
    /// >>> from stowbook import Lease, Store
    /// >>> leases = Store.in_memory().namespace("default").leases
    /// >>> leases.create(Lease("build")).id, leases.create(Lease()).id == ""
    /// ('build', False)
    fn create(&self, py: Python<'_>, lease: &Bound<'_, Lease>) -> PyResult<Lease> {
        let lease = &lease.get().0;
        self.place.run(py, |records| records.create_lease(&self.context, lease)).map(Lease)
    }

    /// Removes a lease. What nothing holds any more is collected later, with ``sync`` before this returns.
    ///
    /// >>> from stowbook import Lease, Store
    /// >>> leases = Store.in_memory().namespace("default").leases
    /// >>> build = leases.create(Lease("build"))
    /// >>> leases.delete("build", sync=True)
    /// >>> leases.list()
    /// []
    #[pyo3(signature = (id, *, sync=false))]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn delete(&self, py: Python<'_>, id: Text, sync: bool) -> PyResult<()> {
        self.place.run(py, |records| records.delete_lease(&self.context, &id.0, sync))
    }

    /// What the lease of this id holds.
    ///
    /// >>> from stowbook import Lease, Store
    /// >>> leases = Store.in_memory().namespace("default").leases
    /// >>> build = leases.create(Lease("build"))
    /// >>> leases.resources("build")
    /// []
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn resources<'py>(&self, py: Python<'py>, id: Text) -> PyResult<Bound<'py, PyList>> {
        let found = self.place.run(py, |records| records.list_resources(&self.context, &id.0))?;
        PyList::new(py, found.into_iter().map(LeaseResource))
    }

    /// Has the lease of this id hold a resource. A second time changes nothing.
    ///
    /// >>> from stowbook import Lease, LeaseResource, Store
    /// >>> leases = Store.in_memory().namespace("default").leases
    /// >>> build = leases.create(Lease("build"))
    /// >>> leases.add_resource("build", LeaseResource("snapshots/overlayfs", "web-rootfs"))
    /// >>> leases.resources("build")
    /// [LeaseResource('snapshots/overlayfs', 'web-rootfs')]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn add_resource(&self, py: Python<'_>, id: Text, resource: &Bound<'_, LeaseResource>) -> PyResult<()> {
        let resource = &resource.get().0;
        self.place.run(py, |records| records.add_resource(&self.context, &id.0, resource))
    }

    /// Has the lease of this id hold a resource no more. It is no error when it did not.
    ///
    /// >>> from stowbook import Lease, LeaseResource, Store
    /// >>> leases = Store.in_memory().namespace("default").leases
    /// >>> build = leases.create(Lease("build"))
    /// >>> leases.add_resource("build", LeaseResource("images", "nginx"))
    /// >>> leases.delete_resource("build", LeaseResource("images", "nginx"))
    /// >>> leases.resources("build")
    /// []
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn delete_resource(&self, py: Python<'_>, id: Text, resource: &Bound<'_, LeaseResource>) -> PyResult<()> {
        let resource = &resource.get().0;
        self.place.run(py, |records| records.delete_resource(&self.context, &id.0, resource))
    }
}
