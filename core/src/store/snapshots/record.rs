//! How snapshots are stored.

use crate::model::Snapshot;
use crate::model::codec::{Codec as _, put_text, take_message, take_text};
use crate::proto::wire::{self, Reader};
use crate::{Error, Result};

/// What the book keeps of a snapshot: the snapshotter's name for it, and containerd's message. The kind is left out, it is
/// the snapshotter's to know.
pub(in crate::store) fn encode(snapshot: &Snapshot) -> Vec<u8> {
    let mut out = Vec::new();
    put_text(&mut out, 1, &snapshot.backend_name);
    let message = Snapshot { kind: crate::model::SnapshotKind::Unknown, ..snapshot.clone() };
    wire::put_message(&mut out, 2, |out| message.put_all(out));
    out
}

pub(in crate::store) fn decode(value: &[u8]) -> Result<Snapshot> {
    let mut snapshot = Snapshot::default();
    for field in Reader::new(value) {
        let known = field.and_then(|field| match field.number {
            1 => take_text(&field, &mut snapshot.backend_name),
            2 => take_message(&field, &mut snapshot),
            _ => Ok(false),
        });
        if !known.map_err(Error::into_damage)? {
            return Err(Error::data_loss("the record of a snapshot has a field that does not belong there"));
        }
    }
    Ok(snapshot)
}
