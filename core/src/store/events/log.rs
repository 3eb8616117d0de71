//! How the event log is kept: one value for its bounds, one for each event. Source: containerd-metadata §11.2.

use super::{Event, EventBounds};
use crate::filter::Filter;
use crate::model::{Any, Envelope, Timestamp};
use crate::proto::{self, Message as _};
use crate::storage::layout::{self, Space};
use crate::storage::{Read, Txn};
use crate::store::value_missing;
use crate::{Error, ErrorKind, Result};
use std::ops::ControlFlow;

/// How many events a book keeps, unless [`Store::with_retained_events`](crate::Store::with_retained_events) says otherwise: the
/// newest. Older ones go with the changes that bring new ones.
pub const RETAINED_EVENTS: u64 = 65_536;

/// The numbers of the events that a log holds: from `first` to `last`. An empty log has none: `first` is behind `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Bounds {
    pub(in crate::store) first: u64,
    pub(in crate::store) last: u64,
}

impl Bounds {
    pub(in crate::store) fn read(read: &dyn Read) -> Result<Self> {
        Ok(read.decode(&layout::event_log(), Self::decode)?.unwrap_or(Bounds { first: 1, last: 0 }))
    }

    pub(in crate::store) fn decode(value: &[u8]) -> Result<Self> {
        let damaged = || Error::data_loss("the bounds of the event log are damaged").with_help("restore a backup");
        let (first, last) = value.split_first_chunk::<8>().ok_or_else(damaged)?;
        let bounds = Bounds {
            first: u64::from_le_bytes(*first),
            last: u64::from_le_bytes(last.try_into().map_err(|_| damaged())?),
        };
        if bounds.first == 0 || bounds.first > bounds.last.saturating_add(1) { Err(damaged()) } else { Ok(bounds) }
    }

    pub(in crate::store) fn encode(self) -> Vec<u8> {
        [self.first.to_le_bytes(), self.last.to_le_bytes()].concat()
    }
}

impl From<Bounds> for EventBounds {
    fn from(bounds: Bounds) -> Self {
        EventBounds { first: bounds.first, last: bounds.last }
    }
}

/// The events behind number `after` that the filter selects, at most `limit` of them, and the number up to which the log was
/// looked at. `after` lies within the bounds.
pub(super) fn read(
    read: &dyn Read,
    bounds: Bounds,
    after: u64,
    filter: &Filter,
    limit: usize,
) -> Result<(Vec<Event>, u64)> {
    let mut events = Vec::new();
    let mut seen = after;
    if limit == 0 || after >= bounds.last {
        return Ok((events, seen));
    }
    let start = layout::event(after.saturating_add(1));
    let space = layout::space(Space::Event);
    read.scan(&start, layout::prefix_end(&space).as_deref(), &mut |key, value| {
        let number = seen.saturating_add(1);
        if key != layout::event(number) {
            return Err(value_missing(&layout::event(number)));
        }
        let envelope =
            Envelope::decode(value).map_err(|error| error.into_damage().context(format!("event {number}: ")))?;
        let event = Event { number, envelope };
        if filter.matches(&event) {
            events.push(event);
        }
        seen = number;
        Ok(if events.len() >= limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    if seen < bounds.last && events.len() < limit {
        Err(value_missing(&layout::event(seen.saturating_add(1))))
    } else {
        Ok((events, seen))
    }
}

/// Tells of a change in a namespace: one of containerd's topics and its message.
pub(in crate::store) fn publish<M: prost::Message + prost::Name>(
    txn: &mut Txn<'_>,
    namespace: &str,
    topic: &str,
    message: &M,
    now: Timestamp,
) {
    notify(txn, namespace, topic, Any::new(proto::type_url::<M>(), message.encode_to_vec()), now);
}

/// Tells of a change in a namespace with the record as it was stored, whatever it carries.
pub(in crate::store) fn publish_record<M: proto::Message>(
    txn: &mut Txn<'_>,
    namespace: &str,
    topic: &str,
    record: &M,
    now: Timestamp,
) {
    notify(txn, namespace, topic, Any::new(M::NAME, record.encode()), now);
}

fn notify(txn: &mut Txn<'_>, namespace: &str, topic: &str, event: Any, now: Timestamp) {
    txn.notify(Envelope {
        timestamp: Some(now),
        namespace: namespace.to_owned(),
        topic: topic.to_owned(),
        event: Some(event),
        ..Envelope::default()
    });
}

/// A time inside an event or an answer.
pub(in crate::store) fn time(time: Timestamp) -> prost_types::Timestamp {
    // Nanoseconds are below a thousand million.
    prost_types::Timestamp { seconds: time.seconds(), nanos: i32::try_from(time.nanos()).unwrap_or_default() }
}

/// An opaque value inside an event.
pub(in crate::store) fn any(any: &Any) -> prost_types::Any {
    prost_types::Any { type_url: any.type_url.clone(), value: any.value.clone() }
}

/// Writes what the transaction told of to the log. Runs last in a transaction, at the moment when it takes effect: so the
/// numbers rise in the order of the commits, without gaps.
pub(in crate::store) fn append(txn: &mut Txn<'_>, retained: u64) -> Result<()> {
    let events = txn.take_events();
    if events.is_empty() {
        return Ok(());
    }
    let mut bounds = Bounds::read(txn)?;
    for event in events {
        let number = bounds
            .last
            .checked_add(1)
            .ok_or_else(|| Error::classed(ErrorKind::ResourceExhausted, "the event log is full"))?;
        bounds.last = number;
        txn.put(layout::event(number), event.encode());
    }
    let first = bounds.last.saturating_add(1).saturating_sub(retained).max(bounds.first);
    for number in bounds.first..first {
        txn.delete(layout::event(number));
    }
    bounds.first = first;
    txn.put(layout::event_log(), bounds.encode());
    Ok(())
}
