//! The event log: what happened to a book, numbered, written in the transaction of the change that it tells of. What can be
//! done with it stands here, how it is kept in `log`, what may be published in `rules`.

mod cursor;
mod event;
pub(super) mod log;
mod rules;
mod subscription;

pub use cursor::{Cursor, Since};
pub use event::Event;
pub use log::RETAINED_EVENTS;
pub(super) use log::{Bounds, any, append, publish, publish_record, time};
pub use subscription::Subscription;

use super::access::Access;
use super::{Context, Store};
use crate::filter::Filter;
use crate::model::{Any, Envelope};
use crate::{ErrorKind, Result};

/// Where events are published. Every change of a record is told of without it. Source: containerd-metadata §11.2.
pub trait EventStore {
    /// Tells of something in the context's namespace, now.
    ///
    /// # Errors
    /// `FailedPrecondition` without a namespace; `InvalidArgument` for one that is no identifier, and for a topic that is not
    /// identifiers with a `/` before each, or that lies below `/stowbook/`.
    fn publish_event(&self, context: &Context, topic: &str, event: &Any) -> Result<()>;

    /// Tells of something that happened elsewhere: in the envelope's namespace, at the envelope's time (without one: 1970).
    ///
    /// # Errors
    /// `InvalidArgument` for the namespace, the topic as [`publish_event`](EventStore::publish_event), or Go's zero time.
    fn forward_event(&self, envelope: &Envelope) -> Result<()>;
}

impl<A: Access> EventStore for A {
    fn publish_event(&self, context: &Context, topic: &str, event: &Any) -> Result<()> {
        let namespace = context.require_namespace().map_err(|error| error.context("failed publishing event: "))?;
        rules::validate_topic(topic)?;
        self.write(|txn, now| {
            txn.notify(Envelope {
                timestamp: Some(now),
                namespace: namespace.to_owned(),
                topic: topic.to_owned(),
                event: Some(event.clone()),
                ..Envelope::default()
            });
            Ok(())
        })
    }

    fn forward_event(&self, envelope: &Envelope) -> Result<()> {
        let envelope = rules::forwarded(envelope)?;
        self.write(|txn, _| {
            txn.notify(envelope.clone());
            Ok(())
        })
    }
}

/// The event log of a place.
pub struct Events<'a, S: ?Sized> {
    place: &'a S,
}

impl<'a, S: EventStore + ?Sized> Events<'a, S> {
    /// The event log of a place. For implementers of places; callers ask the place.
    #[must_use]
    pub fn new(place: &'a S) -> Self {
        Events { place }
    }

    /// Tells of something in a namespace, now.
    ///
    /// # Errors
    /// As [`EventStore::publish_event`].
    pub fn publish(&self, context: &Context, topic: &str, event: &Any) -> Result<()> {
        self.place.publish_event(context, topic, event)
    }

    /// Tells of something that happened elsewhere.
    ///
    /// # Errors
    /// As [`EventStore::forward_event`].
    pub fn forward(&self, envelope: &Envelope) -> Result<()> {
        self.place.forward_event(envelope)
    }
}

/// The numbers of the events that a log holds: from `first` to `last`. An empty log has none: `first` is `last` + 1. The
/// first event of a book has the number 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventBounds {
    /// The number of the oldest event that is kept.
    pub first: u64,
    /// The number of the newest event; 0 if nothing ever happened.
    pub last: u64,
}

/// Some events, and where to go on.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EventPage {
    /// The events that the filters select, in order.
    pub events: Vec<Event>,
    /// Everything up to this number was looked at: go on after it.
    pub next: Cursor,
    /// What the log held when the page was read.
    pub bounds: EventBounds,
}

/// Reading. Each call sees one state of the book; none makes a writer wait.
impl Events<'_, Store> {
    /// The numbers of the first and the last event that are kept.
    ///
    /// # Errors
    /// What the place gives; `DataLoss`.
    pub fn bounds(&self) -> Result<EventBounds> {
        Ok(Bounds::read(&self.place.book.snapshot()?)?.into())
    }

    /// The place behind the event of this number, to go on from there later. It is not looked up.
    ///
    /// # Errors
    /// What the place gives.
    pub fn cursor(&self, number: u64) -> Result<Cursor> {
        Ok(Cursor { book: self.place.header()?.id, number })
    }

    /// The next events that any of the filters selects (no filter: all), at most `limit` of them.
    ///
    /// A filter can name `topic`, `namespace`, and the fields of containerd's event messages: `event.id`,
    /// `event.runtime.name`, `event.labels.‹key›`. Source: containerd-metadata §8.6, containerd-grpc §5.
    ///
    /// # Errors
    /// `OutOfRange`, with the oldest and the newest number among the details, when events in between are not kept any more or
    /// the number is yet to come; `FailedPrecondition` for another book's cursor; `Unknown` for a filter that cannot be read
    /// (so says containerd).
    ///
    /// ```
    /// use stowbook::{Since, Store, model::Container};
    /// let store = Store::in_memory();
    /// store.namespace("default").containers().create(&Container::new("web", "runc"))?;
    /// store.namespace("default").containers().delete("web")?;
    ///
    /// let page = store.events().read(Since::Oldest, &["topic~=delete"], 10)?;
    /// assert_eq!((page.events[0].number, &*page.events[0].envelope.topic), (2, "/containers/delete"));
    /// assert!(store.events().read(page.next, &[""], 10)?.events.is_empty());
    /// # Ok::<(), stowbook::Error>(())
    /// ```
    pub fn read<F: AsRef<[u8]>>(&self, since: impl Into<Since>, filters: &[F], limit: usize) -> Result<EventPage> {
        let filter = parse_filters(filters)?;
        let snapshot = self.place.book.snapshot()?;
        let book = super::header::check(&snapshot)?.id;
        let bounds = Bounds::read(&snapshot)?;
        let after = since.into().resolve(book, bounds)?;
        let (events, next) = log::read(&snapshot, bounds, after, &filter, limit)?;
        Ok(EventPage { events, next: Cursor { book, number: next }, bounds: bounds.into() })
    }

    /// Follows the log: the events that any of the filters selects, from `since` on, one after the other as they are
    /// committed. Filters are those of [`read`](Events::read).
    ///
    /// A subscription reads the log and keeps nothing in memory for later, so it may be slow without any cost for writers, as
    /// long as the log still holds what it has not seen.
    ///
    /// # Errors
    /// As [`read`](Events::read).
    pub fn subscribe<F: AsRef<[u8]>>(&self, since: impl Into<Since>, filters: &[F]) -> Result<Subscription> {
        let filter = parse_filters(filters)?;
        let snapshot = self.place.book.snapshot()?;
        let book = super::header::check(&snapshot)?.id;
        let after = since.into().resolve(book, Bounds::read(&snapshot)?)?;
        Ok(Subscription::new(self.place.clone(), filter, Cursor { book, number: after }))
    }
}

fn parse_filters<F: AsRef<[u8]>>(filters: &[F]) -> Result<Filter> {
    Filter::parse(filters).map_err(|error| match error.kind() {
        // The stream's error is not converted, so its class is lost on the way to the client (containerd-grpc §5).
        ErrorKind::InvalidArgument => {
            error.context("subscription error: failed parsing subscription filters: ").with_kind(ErrorKind::Unknown)
        }
        _ => error,
    })
}
