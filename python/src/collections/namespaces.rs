use crate::place::Place;
use crate::records::Namespace;
use crate::text::{Fields, Text};
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyList};

/// The namespaces of a store or of a transaction.
///
/// >>> from stowbook import Namespace, Store
/// >>> namespaces = Store.in_memory().namespaces
/// >>> namespaces.create(Namespace("k8s.io", {"owner": "kubelet"}))
/// Namespace('k8s.io', labels={'owner': 'kubelet'})
/// >>> [namespace.name for namespace in namespaces]
/// ['k8s.io']
#[pyclass(frozen, module = "stowbook")]
pub(crate) struct Namespaces {
    place: Place,
}

impl Namespaces {
    pub(crate) fn new(place: Place) -> Self {
        Namespaces { place }
    }
}

#[pymethods]
impl Namespaces {
    /// A namespace with its labels. Never fails for a name: one that does not exist has no labels.
    ///
    /// >>> from stowbook import Store
    /// >>> Store.in_memory().namespaces.get("nowhere")
    /// Namespace('nowhere')
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn get(&self, py: Python<'_>, name: Text) -> PyResult<Namespace> {
        self.place.run(py, |records| records.get_namespace(&name.0)).map(Namespace)
    }

    /// All namespaces in byte order of their names, those made by a first record included.
    ///
    /// >>> from stowbook import Container, Store
    /// >>> store = Store.in_memory()
    /// >>> created = store.namespace("default").containers.create(Container("web", "runc"))
    /// >>> store.namespaces.list()
    /// [Namespace('default')]
    fn list<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let namespaces = self.place.run(py, |records| records.list_namespaces())?;
        PyList::new(py, namespaces.into_iter().map(Namespace))
    }

    /// Adds a namespace, and gives back what was asked for.
    ///
    /// >>> from stowbook import Namespace, Store
    /// >>> Store.in_memory().namespaces.create(Namespace("k8s.io"))
    /// Namespace('k8s.io')
    fn create(&self, py: Python<'_>, namespace: &Bound<'_, Namespace>) -> PyResult<Namespace> {
        let namespace = &namespace.get().0;
        self.place.run(py, |records| records.create_namespace(namespace)).map(Namespace)
    }

    /// Changes the labels with these paths (``labels.KEY``) to what ``namespace`` says; without paths, all of them.
    ///
    /// >>> from stowbook import Namespace, Store
    /// >>> namespaces = Store.in_memory().namespaces
    /// >>> created = namespaces.create(Namespace("k8s.io", {"owner": "kubelet"}))
    /// >>> namespaces.update(Namespace("k8s.io", {"tier": "1"}), fields=["labels.tier"])
    /// >>> namespaces.get("k8s.io")
    /// Namespace('k8s.io', labels={'owner': 'kubelet', 'tier': '1'})
    #[pyo3(signature = (namespace, fields=Fields::default()), text_signature = "($self, namespace, fields=())")]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn update(&self, py: Python<'_>, namespace: &Bound<'_, Namespace>, fields: Fields) -> PyResult<()> {
        let namespace = &namespace.get().0;
        let fields: Vec<&str> = fields.0.iter().map(|field| field.0.as_str()).collect();
        self.place.run(py, |records| records.update_namespace(namespace, &fields))
    }

    /// Removes an empty namespace.
    ///
    /// >>> from stowbook import Namespace, Store
    /// >>> namespaces = Store.in_memory().namespaces
    /// >>> created = namespaces.create(Namespace("k8s.io"))
    /// >>> namespaces.delete("k8s.io")
    /// >>> namespaces.list()
    /// []
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn delete(&self, py: Python<'_>, name: Text) -> PyResult<()> {
        self.place.run(py, |records| records.delete_namespace(&name.0))
    }

    /// The namespaces as they are now; later changes do not show.
    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        self.list(py)?.try_iter()
    }

    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn __contains__(&self, py: Python<'_>, name: Text) -> PyResult<bool> {
        self.place.run(py, |records| Ok(records.list_namespaces()?.iter().any(|namespace| namespace.name == name.0)))
    }

    fn __repr__(&self) -> String {
        format!("<namespaces of a {}>", self.place.name())
    }
}
