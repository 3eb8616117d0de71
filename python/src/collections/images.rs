use crate::collection::{self, collection};
use crate::place::Place;
use crate::records::{Descriptor, Image};
use crate::text::{Fields, Text};
use crate::time::TimeArgument;
use pyo3::prelude::*;
use stowbook::{Context, DeleteImage};

/// The image records of a namespace: names for content.
///
/// >>> from stowbook import Descriptor, Image, Store
/// >>> images = Store.in_memory().namespace("default").images
/// >>> index = Descriptor("application/vnd.oci.image.index.v1+json", "sha256:" + "a" * 64, 1609)
/// >>> created = images.create(Image("docker.io/library/nginx:1.27", index))
/// >>> [image.name for image in images]
/// ['docker.io/library/nginx:1.27']
#[pyclass(frozen, module = "stowbook")]
pub(crate) struct Images {
    place: Place,
    context: Context,
}

impl Images {
    pub(crate) fn new(place: Place, context: Context) -> Self {
        Images { place, context }
    }
}

collection! {
    Images of Image as image, "images", by name, "\"nginx\"",
    setup ">>> from stowbook import Descriptor, Image, Store\n\
           >>> images = Store.in_memory().namespace(\"default\").images\n\
           >>> index = Descriptor(\"application/vnd.oci.image.index.v1+json\", \"sha256:\" + \"a\" * 64, 1609)\n\
           >>> created = images.create(Image(\"nginx\", index, labels={\"role\": \"front\"}))",
    get get_image, list list_images
}
collection::iterates!(Images);

#[pymethods]
impl Images {
    /// Adds a record, and gives it as it was stored: with times, without empty labels. With a source date epoch, a datetime
    /// or nanoseconds since 1970, both times are that.
    ///
    /// >>> from datetime import datetime, timezone
    /// >>> from stowbook import Descriptor, Image, Store
    /// >>> images = Store.in_memory().namespace("default").images
    /// >>> index = Descriptor("application/vnd.oci.image.index.v1+json", "sha256:" + "a" * 64, 1609)
    /// >>> epoch = datetime(2020, 2, 2, tzinfo=timezone.utc)
    /// >>> images.create(Image("nginx", index), source_date_epoch=epoch).created_at == epoch
    /// True
    #[pyo3(signature = (image, *, source_date_epoch=None))]
    fn create(
        &self,
        py: Python<'_>,
        image: &Bound<'_, Image>,
        source_date_epoch: Option<TimeArgument>,
    ) -> PyResult<Image> {
        let (image, epoch) = (&image.get().0, source_date_epoch.map(|time| time.0));
        self.place.run(py, |records| records.create_image(&self.context, image, epoch)).map(Image)
    }

    /// Changes the fields with these paths to what the record says, and gives it back as it is then. Without paths labels and
    /// target are taken over.
    ///
    /// Paths: labels, labels.KEY, annotations, annotations.KEY, target.
    ///
    /// >>> from stowbook import Descriptor, Image, Store
    /// >>> images = Store.in_memory().namespace("default").images
    /// >>> index = Descriptor("application/vnd.oci.image.index.v1+json", "sha256:" + "a" * 64, 1609)
    /// >>> created = images.create(Image("nginx", index))
    /// >>> update = created.replace(labels={"tier": "1"})
    /// >>> dict(images.update(update, fields=["labels.tier"]).labels)
    /// {'tier': '1'}
    #[pyo3(
        signature = (image, fields=Fields::default(), *, source_date_epoch=None),
        text_signature = "($self, image, fields=(), *, source_date_epoch=None)"
    )]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn update(
        &self,
        py: Python<'_>,
        image: &Bound<'_, Image>,
        fields: Fields,
        source_date_epoch: Option<TimeArgument>,
    ) -> PyResult<Image> {
        let (image, epoch) = (&image.get().0, source_date_epoch.map(|time| time.0));
        let fields: Vec<&str> = fields.0.iter().map(|field| field.0.as_str()).collect();
        self.place.run(py, |records| records.update_image(&self.context, image, &fields, epoch)).map(Image)
    }

    /// Removes a record; with ``target`` only if it has this target. What nothing holds any more is collected later, with
    /// ``sync`` before this returns.
    ///
    /// >>> from stowbook import Descriptor, Image, Store
    /// >>> images = Store.in_memory().namespace("default").images
    /// >>> index = Descriptor("application/vnd.oci.image.index.v1+json", "sha256:" + "a" * 64, 1609)
    /// >>> created = images.create(Image("nginx", index))
    /// >>> images.delete("nginx", sync=True)
    /// >>> images.list()
    /// []
    #[pyo3(signature = (name, *, target=None, sync=false))]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn delete(&self, py: Python<'_>, name: Text, target: Option<&Bound<'_, Descriptor>>, sync: bool) -> PyResult<()> {
        let mut options = DeleteImage::default();
        options.target = target.map(|target| target.get().0.clone());
        options.sync = sync;
        self.place.run(py, |records| records.delete_image(&self.context, &name.0, &options))
    }
}
