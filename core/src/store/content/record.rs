//! How blobs and ingests are stored.

use crate::model::codec::{put_text, put_time, take_text, take_time};
use crate::model::{Blob, Ingest};
use crate::proto::Message as _;
use crate::proto::wire::Reader;
use crate::{Error, Result};

pub(in crate::store) fn decode_blob(value: &[u8]) -> Result<Blob> {
    Blob::decode(value).map_err(Error::into_damage)
}

/// Whether this is the record of the blob whose digest is in its key.
pub(in crate::store) fn check_blob(key: &[u8], value: &[u8]) -> Result<()> {
    let blob = decode_blob(value)?;
    if key.ends_with(blob.digest.as_bytes()) {
        Ok(())
    } else {
        Err(Error::data_loss("the record is that of another blob"))
    }
}

/// containerd has no message for it, so this one is our own. The reference is the key.
pub(in crate::store) fn encode_ingest(ingest: &Ingest) -> Vec<u8> {
    let mut out = Vec::new();
    put_text(&mut out, 1, &ingest.backend_reference);
    put_time(&mut out, 2, ingest.expires_at);
    put_text(&mut out, 3, &ingest.expected);
    out
}

pub(in crate::store) fn decode_ingest(reference: &str, value: &[u8]) -> Result<Ingest> {
    let mut ingest = Ingest { reference: reference.to_owned(), ..Ingest::default() };
    for field in Reader::new(value) {
        let known = field.and_then(|field| match field.number {
            1 => take_text(&field, &mut ingest.backend_reference),
            2 => take_time(&field, &mut ingest.expires_at),
            3 => take_text(&field, &mut ingest.expected),
            _ => Ok(false),
        });
        if !known.map_err(Error::into_damage)? {
            return Err(Error::data_loss("the record of an ingest has a field that does not belong there"));
        }
    }
    Ok(ingest)
}
