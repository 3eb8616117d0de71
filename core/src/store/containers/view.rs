//! A container's record, read where it lies.

use crate::model::codec::{take_str, take_time};
use crate::model::{Container, Timestamp};
use crate::proto::Message as _;
use crate::proto::wire::{Reader, Record, Value};
use crate::{Error, Result};

/// A container record as it lies in the book, for as long as a list shows it. The fields are those of [`Container`].
///
/// Nothing is copied: reading a record so takes a fraction of the time, and a list of any length no memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContainerView<'a> {
    /// The key of the record in its namespace.
    pub id: &'a str,
    /// The name of the image it was made from, or empty.
    pub image: &'a str,
    /// The name of the runtime.
    pub runtime_name: &'a str,
    /// The runtime's options.
    pub runtime_options: Option<AnyView<'a>>,
    /// What the runtime is to start.
    pub spec: Option<AnyView<'a>>,
    /// The snapshotter that holds the root file system, or empty.
    pub snapshotter: &'a str,
    /// The key of the root file system's snapshot, or empty.
    pub snapshot_key: &'a str,
    /// When the record was created.
    pub created_at: Option<Timestamp>,
    /// When the record was last changed.
    pub updated_at: Option<Timestamp>,
    /// The sandbox that the container belongs to, or empty.
    pub sandbox_id: &'a str,
    head: &'a [u8],
    body: &'a [u8],
}

/// An opaque value with the name of its type, borrowed: see [`crate::model::Any`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnyView<'a> {
    /// The type's name.
    pub type_url: &'a str,
    /// The bytes.
    pub value: &'a [u8],
}

impl<'a> ContainerView<'a> {
    /// The record of these two halves.
    ///
    /// # Errors
    /// `DataLoss` when they are not that.
    pub(super) fn new(head: &'a [u8], body: &'a [u8]) -> Result<Self> {
        let mut out = ContainerView { head, body, ..ContainerView::default() };
        for half in [head, body] {
            for field in Reader::new(half) {
                out.take(&field.map_err(Error::into_damage)?).map_err(Error::into_damage)?;
            }
        }
        Ok(out)
    }

    /// The record that containerd's message `containerd.services.containers.v1.Container` holds: for places whose records come
    /// as messages.
    ///
    /// # Errors
    /// `DataLoss` when it is no such message.
    pub fn of_message(message: &'a [u8]) -> Result<Self> {
        ContainerView::new(message, &[])
    }

    fn take(&mut self, field: &Record<'a>) -> Result<()> {
        let _ = match field.number {
            1 => take_str(field, &mut self.id)?,
            // Looked at now, so that the lists of both cannot fail later.
            2 => label(field)?.is_some(),
            3 => take_str(field, &mut self.image)?,
            4 => self.take_runtime(field)?,
            5 => AnyView::take(field, &mut self.spec)?,
            6 => take_str(field, &mut self.snapshotter)?,
            7 => take_str(field, &mut self.snapshot_key)?,
            8 => take_time(field, &mut self.created_at)?,
            9 => take_time(field, &mut self.updated_at)?,
            10 => extension(field)?.is_some(),
            11 => take_str(field, &mut self.sandbox_id)?,
            _ => false,
        };
        Ok(())
    }

    fn take_runtime(&mut self, field: &Record<'a>) -> Result<bool> {
        let Value::Bytes(bytes) = field.value else { return Ok(false) };
        for part in field.reader(bytes) {
            let part = part?;
            let _ = match part.number {
                1 => take_str(&part, &mut self.runtime_name)?,
                2 => AnyView::take(&part, &mut self.runtime_options)?,
                _ => false,
            };
        }
        Ok(true)
    }

    /// The fields of both pieces, which were looked at when the view was made.
    fn fields(&self) -> impl Iterator<Item = Record<'a>> + use<'a> {
        self.message().into_iter().flat_map(|piece| Reader::new(piece).flatten())
    }

    /// The labels, in byte order of the keys.
    pub fn labels(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let labels = self.fields().filter(|field| field.number == 2);
        labels.filter_map(|field| label(&field).ok().flatten())
    }

    /// The extensions, in byte order of their names.
    pub fn extensions(&self) -> impl Iterator<Item = (&'a str, AnyView<'a>)> + use<'a> {
        let extensions = self.fields().filter(|field| field.number == 10);
        extensions.filter_map(|field| extension(&field).ok().flatten())
    }

    /// containerd's message `containerd.services.containers.v1.Container` in two pieces: one behind the other they are the
    /// record, with all that this version does not know.
    #[must_use]
    pub fn message(&self) -> [&'a [u8]; 2] {
        [self.head, self.body]
    }

    /// A copy to keep.
    ///
    /// # Errors
    /// `DataLoss` when the record is not one.
    pub fn to_container(&self) -> Result<Container> {
        Container::decode(&self.message().concat()).map_err(Error::into_damage)
    }
}

impl<'a> AnyView<'a> {
    fn take(field: &Record<'a>, to: &mut Option<Self>) -> Result<bool> {
        let Value::Bytes(bytes) = field.value else { return Ok(false) };
        let out = to.get_or_insert_default();
        for part in field.reader(bytes) {
            let part = part?;
            match (part.number, part.value) {
                (1, _) => drop(take_str(&part, &mut out.type_url)?),
                (2, Value::Bytes(bytes)) => out.value = bytes,
                _ => {}
            }
        }
        Ok(true)
    }
}

fn label<'a>(field: &Record<'a>) -> Result<Option<(&'a str, &'a str)>> {
    let Value::Bytes(entry) = field.value else { return Ok(None) };
    let (mut key, mut value) = ("", "");
    for half in field.reader(entry) {
        let half = half?;
        let _ = match half.number {
            1 => take_str(&half, &mut key)?,
            2 => take_str(&half, &mut value)?,
            _ => false,
        };
    }
    Ok(Some((key, value)))
}

fn extension<'a>(field: &Record<'a>) -> Result<Option<(&'a str, AnyView<'a>)>> {
    let Value::Bytes(entry) = field.value else { return Ok(None) };
    let (mut name, mut value) = ("", None);
    for half in field.reader(entry) {
        let half = half?;
        let _ = match half.number {
            1 => take_str(&half, &mut name)?,
            2 => AnyView::take(&half, &mut value)?,
            _ => false,
        };
    }
    Ok(Some((name, value.unwrap_or_default())))
}
