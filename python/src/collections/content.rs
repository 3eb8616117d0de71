use crate::collection::{self, collection};
use crate::mapping::Mapping;
use crate::place::Place;
use crate::records::Blob;
use crate::text::{Fields, Text};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use stowbook::{CommitContent, Context, OpenContent};

/// The content of a namespace: records of blobs, and their bytes where the place has them.
///
/// >>> from stowbook import Store
/// >>> content = Store.in_memory().namespace("default").content
/// >>> blob = content.write(b"hello")
/// >>> blob.digest[:14], blob.size, content.read(blob.digest)
/// ('sha256:2cf24db', 5, b'hello')
#[pyclass(frozen, module = "stowbook")]
pub(crate) struct Content {
    place: Place,
    context: Context,
}

impl Content {
    pub(crate) fn new(place: Place, context: Context) -> Self {
        Content { place, context }
    }
}

collection! {
    Content of Blob as blob, "content", by digest, "created.digest",
    setup ">>> from stowbook import Store\n\
           >>> content = Store.in_memory().namespace(\"default\").content\n\
           >>> created = content.write(b\"hello\", labels={\"role\": \"front\"})",
    get get_blob, list_all list_blobs
}
collection::iterates!(Content);

/// How much is read at a time, in bytes.
const PIECE_BYTES: usize = 1 << 20;

#[pymethods]
impl Content {
    /// The bytes of the blob with this digest.
    ///
    /// >>> from stowbook import Store
    /// >>> content = Store.in_memory().namespace("default").content
    /// >>> content.read(content.write(b"hello").digest)
    /// b'hello'
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn read<'py>(&self, py: Python<'py>, digest: Text) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = self.place.run(py, |records| {
            let mut bytes = Vec::new();
            loop {
                let at = bytes.len();
                bytes.resize(at + PIECE_BYTES, 0);
                let piece = bytes.get_mut(at..).unwrap_or_default();
                let read = records.read_blob(&self.context, &digest.0, at as u64, piece)?;
                bytes.truncate(at + read);
                if read < PIECE_BYTES {
                    return Ok(bytes);
                }
            }
        })?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Makes a blob of these bytes, and gives its record. ``digest`` is the one that they have to have, ``reference`` what
    /// the ingest is called meanwhile.
    ///
    /// >>> from stowbook import FailedPreconditionError, Store
    /// >>> content = Store.in_memory().namespace("default").content
    /// >>> try:
    /// ...     content.write(b"hello", digest="sha256:" + "0" * 64)
    /// ... except FailedPreconditionError as error:
    /// ...     print(error.message[:26])
    /// unexpected commit digest s
    #[pyo3(
        signature = (data, *, digest=Text::default(), labels=None, reference=None),
        text_signature = "($self, data, *, digest='', labels=None, reference=None)"
    )]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn write(
        &self,
        py: Python<'_>,
        data: PyBackedBytes,
        digest: Text,
        labels: Option<Mapping<String>>,
        reference: Option<Text>,
    ) -> PyResult<Blob> {
        let size = i64::try_from(data.len())?;
        let mut commit = CommitContent::default();
        commit.expected = digest.0;
        commit.size = size;
        commit.labels = labels.map(|labels| labels.0).unwrap_or_default();
        let mut open = OpenContent::new(reference.map_or_else(|| "write".to_owned(), |reference| reference.0));
        open.expected.clone_from(&commit.expected);
        open.total = size;
        self.place
            .run(py, |records| {
                let mut writer = records.open_content(&self.context, &open)?;
                // What an interrupted write has left under this name.
                writer.clear()?;
                writer.write(&data)?;
                records.commit_content(&mut writer, &commit)
            })
            .map(Blob)
    }

    /// Changes the labels with these paths (``labels.KEY``) to what ``blob`` says, and gives the record back as it is then.
    /// Without paths all labels are taken over.
    ///
    /// >>> from stowbook import Store
    /// >>> content = Store.in_memory().namespace("default").content
    /// >>> blob = content.write(b"hello")
    /// >>> dict(content.update(blob.replace(labels={"role": "front"})).labels)
    /// {'role': 'front'}
    #[pyo3(signature = (blob, fields=Fields::default()), text_signature = "($self, blob, fields=())")]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn update(&self, py: Python<'_>, blob: &Bound<'_, Blob>, fields: Fields) -> PyResult<Blob> {
        let blob = &blob.get().0;
        let fields: Vec<&str> = fields.0.iter().map(|field| field.0.as_str()).collect();
        self.place.run(py, |records| records.update_blob(&self.context, blob, &fields)).map(Blob)
    }

    /// Removes the record of a blob. The bytes go when a collection finds that nobody has a record of them.
    ///
    /// >>> from stowbook import Store
    /// >>> content = Store.in_memory().namespace("default").content
    /// >>> content.delete(content.write(b"hello").digest)
    /// >>> content.list()
    /// []
    #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
    fn delete(&self, py: Python<'_>, digest: Text) -> PyResult<()> {
        self.place.run(py, |records| records.delete_blob(&self.context, &digest.0))
    }
}
