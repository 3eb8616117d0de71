use crate::mapping::Mapping;
use crate::record;
use crate::repr::Repr;
use crate::text::Text;
use pyo3::prelude::*;
use stowbook::model;

/// The record of a piece of content.
///
/// Its message is containerd.services.content.v1.Info.
///
/// >>> from stowbook import Blob
/// >>> Blob("sha256:9f86d0", 528, labels={"containerd.io/gc.root": "1"}).size
/// 528
#[pyclass(frozen, eq, module = "stowbook")]
#[derive(PartialEq)]
pub(crate) struct Blob(pub(crate) model::Blob);

#[pymethods]
impl Blob {
    #[new]
    #[pyo3(signature = (digest, size=0, *, labels=None))]
    fn new(digest: Text, size: i64, labels: Option<Mapping<String>>) -> Self {
        let labels = labels.map(|labels| labels.0).unwrap_or_default();
        Blob(model::Blob { digest: digest.0, size, labels, ..model::Blob::default() })
    }

    /// The key: the digest of the bytes.
    #[getter]
    fn digest(&self) -> &str {
        &self.0.digest
    }

    /// The number of bytes.
    #[getter]
    fn size(&self) -> i64 {
        self.0.size
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let repr = Repr::new(py, "Blob").text(&self.0.digest)?.plain(self.0.size).labels("labels", &self.0.labels)?;
        Ok(repr.times([("created_at", self.0.created_at), ("updated_at", self.0.updated_at)]).end())
    }
}

record::record!(
    Blob, "($self, *, digest=..., size=..., labels=...)", ["digest", "size", "labels"],
    keeps [created_at, updated_at, unknown]
);
record::message!(Blob);
record::labels!(Blob);
record::created!(Blob);
record::updated!(Blob);
