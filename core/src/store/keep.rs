//! What a copy keeps of records of another place: their times, which the rules have set anew, and snapshots, which no rule would
//! make as they are.

use super::access::Access as _;
use super::halves::{self, Halved};
use super::{WriteTxn, events, snapshots};
use crate::model::{Blob, Container, Image, Lease, Sandbox, Snapshot};
use crate::proto::Message;
use crate::proto::generated::containerd::services::namespaces::v1::Namespace as NamespaceMessage;
use crate::storage::layout::{self, Space};
use crate::storage::{Read, Txn};
use crate::{Error, Result};

/// A record with its times.
#[derive(Clone, Copy)]
pub(crate) enum Dated<'a> {
    Blob(&'a Blob),
    Container(&'a Container),
    Image(&'a Image),
    Lease(&'a Lease),
    Sandbox(&'a Sandbox),
}

impl WriteTxn<'_, '_> {
    /// Gives the record of the same name these times. One that is not there stays away.
    pub(crate) fn keep_times(&self, namespace: &str, as_of: Dated<'_>) -> Result<()> {
        self.write(|txn, _| match as_of {
            Dated::Container(from) => halved(txn, namespace, &from.id, |kept: &mut Container| {
                (kept.created_at, kept.updated_at) = (from.created_at, from.updated_at);
            }),
            Dated::Sandbox(from) => halved(txn, namespace, &from.id, |kept: &mut Sandbox| {
                (kept.created_at, kept.updated_at) = (from.created_at, from.updated_at);
            }),
            Dated::Image(from) => whole(txn, (Space::Image, namespace, &from.name), |kept: &mut Image| {
                (kept.created_at, kept.updated_at) = (from.created_at, from.updated_at);
            }),
            Dated::Blob(from) => whole(txn, (Space::Blob, namespace, &from.digest), |kept: &mut Blob| {
                (kept.created_at, kept.updated_at) = (from.created_at, from.updated_at);
            }),
            Dated::Lease(from) => whole(txn, (Space::Lease, namespace, &from.id), |kept: &mut Lease| {
                kept.created_at = from.created_at;
            }),
        })
    }

    /// Puts snapshots of one snapshotter in, with their kinds and times. As after an import, one event tells of it.
    pub(crate) fn keep_snapshots(&self, namespace: &str, snapshotter: &str, kept: &[Snapshot]) -> Result<()> {
        self.write(|txn, now| {
            snapshots::keep(txn, namespace, snapshotter, kept)?;
            let message = NamespaceMessage { name: namespace.to_owned(), ..NamespaceMessage::default() };
            events::publish(txn, namespace, "/stowbook/import", &message, now);
            Ok(())
        })
    }
}

fn halved<T: Halved + Clone>(txn: &mut Txn<'_>, namespace: &str, id: &str, date: impl FnOnce(&mut T)) -> Result<()> {
    if let Some(stored) = halves::load::<T>(txn, namespace, id)? {
        let mut kept = stored.clone();
        date(&mut kept);
        halves::save(txn, namespace, &kept, Some(&stored));
    }
    Ok(())
}

fn whole<T: Message>(
    txn: &mut Txn<'_>,
    (space, namespace, id): (Space, &str, &str),
    date: impl FnOnce(&mut T),
) -> Result<()> {
    let key = layout::record(space, namespace.as_bytes(), id.as_bytes());
    let stored = (&*txn as &dyn Read).decode(&key, |value| T::decode(value).map_err(Error::into_damage))?;
    if let Some(mut kept) = stored {
        date(&mut kept);
        txn.put(key, kept.encode());
    }
    Ok(())
}
