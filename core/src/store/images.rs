//! Image records: names for content. What can be done with them stands here, the rules in `rules`, how filters read what
//! is stored in `record`.

mod record;
mod rules;

pub(super) use rules::{decode, validate};

use super::access::Access;
use super::{Context, InNamespace, filters, gc};
use crate::model::{Descriptor, Image, Timestamp};
use crate::{Error, ErrorKind, Result};
use rules::Scope;
use std::ops::ControlFlow;

/// Where image records are kept. Source: containerd-metadata §4.
///
/// Nothing here looks at the content that an image names: it need not exist.
pub trait ImageStore {
    /// The record of this name.
    ///
    /// # Errors
    /// `NotFound`: the name is not checked, so an impossible one is not found either.
    fn get_image(&self, context: &Context, name: &str) -> Result<Image>;

    /// Shows the records that any of `filters` selects (no filter: all) to `visit`, in byte order of their names, until it
    /// breaks. A namespace that does not exist has no records.
    ///
    /// # Errors
    /// `InvalidArgument` for a filter that cannot be read, before anything is shown; what `visit` gives.
    fn list_images(&self, context: &Context, filters: &[&[u8]], visit: &mut VisitImage<'_>) -> Result<()>;

    /// Adds a record and gives it as it was stored: with times, without empty labels. With a source date epoch both times
    /// are that. A record with the label `containerd.io/gc.expire` is held by the lease of the context.
    ///
    /// # Errors
    /// `InvalidArgument` for the first rule it breaks, also when it exists; `NotFound` for a lease that is to hold it and
    /// does not exist; `AlreadyExists`. Nothing was changed.
    fn create_image(&self, context: &Context, image: &Image, source_date_epoch: Option<Timestamp>) -> Result<Image>;

    /// Changes the fields named by `fields` (none: labels and target) to what `image` says, and gives the record back.
    /// Paths: `labels`, `labels.‹key›`, `annotations`, `annotations.‹key›` (of the target), `target` (with its
    /// annotations). The time of the update is the source date epoch, if there is one. A lease holds the result as with
    /// [`create_image`](ImageStore::create_image).
    ///
    /// # Errors
    /// `NotFound`; `InvalidArgument` for a path that cannot be changed, or a record that would break a rule. Nothing was
    /// changed.
    fn update_image(
        &self,
        context: &Context,
        image: &Image,
        fields: &[&str],
        source_date_epoch: Option<Timestamp>,
    ) -> Result<Image>;

    /// Removes a record; the lease of the context no longer holds it. What it refers to stays until it is collected.
    ///
    /// # Errors
    /// `NotFound`, also for the second call, and for a record with another target than the options name.
    fn delete_image(&self, context: &Context, name: &str, options: &DeleteImage) -> Result<()>;
}

/// What is called with each record of a list.
pub type VisitImage<'a> = dyn FnMut(Image) -> Result<ControlFlow<()>> + 'a;

/// How an image is deleted.
///
/// ```
/// use stowbook::DeleteImage;
/// let mut options = DeleteImage::default();
/// options.sync = true;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteImage {
    /// Delete the record only if it has this target. Only the digests are compared; one without a digest is none.
    pub target: Option<Descriptor>,
    /// Collect afterwards what nothing holds any more, and wait for it.
    pub sync: bool,
}

fn require_name(image: &Image) -> Result<()> {
    if image.name.is_empty() {
        // The text is the service's. The stores below have others, but no client sees those.
        return Err(Error::new(ErrorKind::InvalidArgument, "Image.Name required")
            .with_help("any text will do, for example docker.io/library/nginx:alpine"));
    }
    Ok(())
}

impl<A: Access> ImageStore for A {
    fn get_image(&self, context: &Context, name: &str) -> Result<Image> {
        let namespace = context.require_namespace()?;
        self.read(|read| rules::get(read, namespace, name))
    }

    fn list_images(&self, context: &Context, filters: &[&[u8]], visit: &mut VisitImage<'_>) -> Result<()> {
        let namespace = context.require_namespace()?;
        let filter = filters::parse(filters)?;
        self.read(|read| rules::list(read, namespace, &filter, visit))
    }

    fn create_image(&self, context: &Context, image: &Image, source_date_epoch: Option<Timestamp>) -> Result<Image> {
        require_name(image)?;
        let (namespace, lease) = (context.require_namespace()?, context.lease.as_deref());
        self.write(|txn, now| rules::create(txn, Scope { namespace, lease, now }, image, source_date_epoch))
    }

    fn update_image(
        &self,
        context: &Context,
        image: &Image,
        fields: &[&str],
        source_date_epoch: Option<Timestamp>,
    ) -> Result<Image> {
        require_name(image)?;
        let (namespace, lease) = (context.require_namespace()?, context.lease.as_deref());
        self.write(|txn, now| rules::update(txn, Scope { namespace, lease, now }, image, fields, source_date_epoch))
    }

    fn delete_image(&self, context: &Context, name: &str, options: &DeleteImage) -> Result<()> {
        let (namespace, lease) = (context.require_namespace()?, context.lease.as_deref());
        self.write(|txn, now| rules::delete(txn, Scope { namespace, lease, now }, name, options))?;
        if options.sync { gc::collect(self, gc::CollectRules::default()).map(drop) } else { Ok(()) }
    }
}

impl<'a, S: ?Sized> InNamespace<'a, S> {
    /// The image records in it.
    #[must_use]
    pub fn images(&self) -> Images<'a, S> {
        Images { place: self.place, context: self.context.clone(), source_date_epoch: None }
    }
}

/// The image records of a namespace.
pub struct Images<'a, S: ?Sized> {
    place: &'a S,
    context: Context,
    source_date_epoch: Option<Timestamp>,
}

impl<S: ImageStore + ?Sized> Images<'_, S> {
    /// The same records, written with this time instead of the clock's: for images that are to come out the same again.
    ///
    /// ```
    /// # use stowbook::{Store, model::{Descriptor, Image, Timestamp}};
    /// let store = Store::in_memory();
    /// let epoch = Timestamp::parse("2020-02-02T02:02:02Z")?;
    /// let target = Descriptor::new("application/vnd.oci.image.index.v1+json", format!("sha256:{}", "a".repeat(64)), 1609);
    /// let images = store.namespace("default").images().with_source_date_epoch(epoch);
    /// assert_eq!(images.create(&Image::new("web", target))?.created_at, Some(epoch));
    /// # Ok::<(), stowbook::Error>(())
    /// ```
    #[must_use]
    pub fn with_source_date_epoch(mut self, time: Timestamp) -> Self {
        self.source_date_epoch = Some(time);
        self
    }

    /// The record of this name.
    ///
    /// # Errors
    /// As [`ImageStore::get_image`].
    pub fn get(&self, name: &str) -> Result<Image> {
        self.place.get_image(&self.context, name)
    }

    /// The records that any of the filters selects (no filter: all), in byte order of their names.
    ///
    /// # Errors
    /// As [`ImageStore::list_images`].
    pub fn list<F: AsRef<[u8]>>(&self, filters: &[F]) -> Result<Vec<Image>> {
        let mut out = Vec::new();
        self.each(filters, |image| {
            out.push(image);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(out)
    }

    /// Shows the records that any of the filters selects to `visit`, one after the other, until it breaks.
    ///
    /// # Errors
    /// As [`ImageStore::list_images`].
    pub fn each<F: AsRef<[u8]>>(
        &self,
        filters: &[F],
        mut visit: impl FnMut(Image) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let filters: Vec<&[u8]> = filters.iter().map(AsRef::as_ref).collect();
        self.place.list_images(&self.context, &filters, &mut visit)
    }

    /// Adds a record, and gives it as it was stored.
    ///
    /// # Errors
    /// As [`ImageStore::create_image`].
    pub fn create(&self, image: &Image) -> Result<Image> {
        self.place.create_image(&self.context, image, self.source_date_epoch)
    }

    /// Changes the fields with these paths to what `image` says (no path: replaces the record), and gives it back.
    ///
    /// # Errors
    /// As [`ImageStore::update_image`].
    pub fn update(&self, image: &Image, fields: &[&str]) -> Result<Image> {
        self.place.update_image(&self.context, image, fields, self.source_date_epoch)
    }

    /// Removes a record.
    ///
    /// # Errors
    /// As [`ImageStore::delete_image`].
    pub fn delete(&self, name: &str) -> Result<()> {
        self.delete_with(name, &DeleteImage::default())
    }

    /// Removes a record in the way that the options say.
    ///
    /// # Errors
    /// As [`ImageStore::delete_image`].
    pub fn delete_with(&self, name: &str, options: &DeleteImage) -> Result<()> {
        self.place.delete_image(&self.context, name, options)
    }
}
