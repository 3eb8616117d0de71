use crate::mapping::{self, Mapping};
use crate::record;
use crate::repr::Repr;
use crate::text::Text;
use pyo3::prelude::*;
use pyo3::types::PyMappingProxy;
use stowbook::model;

/// A name for a piece of content. Nothing looks at the content: it need not exist.
///
/// Its message is containerd.services.images.v1.Image.
///
/// >>> from stowbook import Descriptor, Image
/// >>> index = Descriptor("application/vnd.oci.image.index.v1+json", "sha256:" + "a" * 64, 1609)
/// >>> Image("docker.io/library/nginx:1.27", index).target.size
/// 1609
#[pyclass(frozen, eq, module = "stowbook")]
#[derive(PartialEq)]
pub(crate) struct Image(pub(crate) model::Image);

#[pymethods]
impl Image {
    #[new]
    #[pyo3(signature = (name, target=None, *, labels=None))]
    fn new(name: Text, target: Option<&Bound<'_, Descriptor>>, labels: Option<Mapping<String>>) -> Self {
        Image(model::Image {
            name: name.0,
            target: target.map(|target| target.get().0.clone()).unwrap_or_default(),
            labels: labels.map(|labels| labels.0).unwrap_or_default(),
            ..model::Image::default()
        })
    }

    /// The key of the record in its namespace.
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    /// The content that the name stands for.
    #[getter]
    fn target(&self) -> Descriptor {
        Descriptor(self.0.target.clone())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let record = &self.0;
        let repr = Repr::new(py, "Image").text(&record.name)?.named("target", descriptor_repr(py, &record.target)?);
        let times = [("created_at", record.created_at), ("updated_at", record.updated_at)];
        Ok(repr.labels("labels", &record.labels)?.times(times).end())
    }
}

record::record!(
    Image, "($self, *, name=..., target=..., labels=...)", ["name", "target", "labels"],
    keeps [created_at, updated_at, unknown]
);
record::message!(Image);
record::labels!(Image);
record::created!(Image);
record::updated!(Image);

/// What a piece of content is: an OCI descriptor, as far as containerd stores it.
///
/// Its message is containerd.types.Descriptor.
///
/// >>> from stowbook import Descriptor
/// >>> Descriptor("application/vnd.oci.image.manifest.v1+json", "sha256:9f86d0", 528)
/// Descriptor('application/vnd.oci.image.manifest.v1+json', 'sha256:9f86d0', 528)
#[pyclass(frozen, eq, module = "stowbook")]
#[derive(PartialEq)]
pub(crate) struct Descriptor(pub(crate) model::Descriptor);

#[pymethods]
impl Descriptor {
    #[new]
    #[pyo3(
        signature = (media_type=Text::default(), digest=Text::default(), size=0, *, annotations=None),
        text_signature = "(media_type='', digest='', size=0, *, annotations=None)"
    )]
    fn new(media_type: Text, digest: Text, size: i64, annotations: Option<Mapping<String>>) -> Self {
        Descriptor(model::Descriptor {
            media_type: media_type.0,
            digest: digest.0,
            size,
            annotations: annotations.map(|annotations| annotations.0).unwrap_or_default(),
            ..model::Descriptor::default()
        })
    }

    /// The type of the content.
    #[getter]
    fn media_type(&self) -> &str {
        &self.0.media_type
    }

    /// The digest of the content, as in ``sha256:44136f…``.
    #[getter]
    fn digest(&self) -> &str {
        &self.0.digest
    }

    /// The size of the content in bytes.
    #[getter]
    fn size(&self) -> i64 {
        self.0.size
    }

    /// The annotations, in byte order of their keys; they cannot be changed in place.
    #[getter]
    fn annotations<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMappingProxy>> {
        mapping::labels(py, &self.0.annotations)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        descriptor_repr(py, &self.0)
    }
}

record::record!(
    Descriptor,
    "($self, *, media_type=..., digest=..., size=..., annotations=...)",
    ["media_type", "digest", "size", "annotations"],
    keeps[unknown]
);
record::message!(Descriptor);

fn descriptor_repr(py: Python<'_>, descriptor: &model::Descriptor) -> PyResult<String> {
    let repr = Repr::new(py, "Descriptor").text(&descriptor.media_type)?.text(&descriptor.digest)?;
    Ok(repr.plain(descriptor.size).labels("annotations", &descriptor.annotations)?.end())
}
