use super::{Bounds, Cursor, Event, cursor, log};
use crate::filter::Filter;
use crate::{Result, Store};
use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

/// How many events are read from the log at a time.
const READ_AHEAD: usize = 64;

/// One who follows the event log: see [`Events::subscribe`](super::Events::subscribe).
///
/// ```
/// use std::time::Duration;
/// use stowbook::{Since, Store, model::Container};
/// let store = Store::in_memory();
/// let mut events = store.events().subscribe(Since::Now, &["topic~=|^/containers/|"])?;
/// assert!(events.try_next()?.is_none());
///
/// let containers = store.namespace("default").containers();
/// let creator = std::thread::scope(|scope| {
///     scope.spawn(|| containers.create(&Container::new("web", "runc")));
///     events.next(Some(Duration::from_secs(10)))
/// });
/// assert_eq!(creator?.unwrap().envelope.topic, "/containers/create");
/// # Ok::<(), stowbook::Error>(())
/// ```
pub struct Subscription {
    store: Store,
    filter: Filter,
    /// Behind the last event that was given away.
    given: Cursor,
    /// The number up to which the log was read.
    read: u64,
    ahead: VecDeque<Event>,
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subscription after {}", self.given)
    }
}

impl Subscription {
    pub(super) fn new(store: Store, filter: Filter, after: Cursor) -> Self {
        Subscription { store, filter, given: after, read: after.number, ahead: VecDeque::new() }
    }

    /// The next event, if it has happened.
    ///
    /// # Errors
    /// `OutOfRange` when the log does not keep it any more: the subscriber was too slow. It goes on being so until another
    /// subscription is made. What the place gives.
    pub fn try_next(&mut self) -> Result<Option<Event>> {
        if self.ahead.is_empty() {
            let snapshot = self.store.book.snapshot()?;
            let bounds = Bounds::read(&snapshot)?;
            let after = cursor::check(self.read, bounds)?;
            let (events, read) = log::read(&snapshot, bounds, after, &self.filter, READ_AHEAD)?;
            self.ahead = events.into();
            self.read = read;
        }
        let event = self.ahead.pop_front();
        // What the filters did not select lies behind too, once there is nothing before it.
        self.given.number = match (&event, self.ahead.is_empty()) {
            (Some(event), false) => event.number,
            _ => self.read,
        };
        Ok(event)
    }

    /// The next event. Waits for it, but no longer than `timeout` (none: without end); `None` when there is none yet. That
    /// may come early, when there was a commit but no event for this subscription in it. In a browser, where nothing can
    /// wait, this is [`try_next`](Subscription::try_next).
    ///
    /// # Errors
    /// As [`try_next`](Subscription::try_next); `FailedPrecondition` when called from inside a write of this book.
    pub fn next(&mut self, timeout: Option<Duration>) -> Result<Option<Event>> {
        loop {
            // Counted before the log is read, so that no commit can come unseen in between.
            let seen = self.store.book.commits()?;
            let event = self.try_next()?;
            if event.is_some() || !self.store.book.wait_for_commit(seen, timeout)? {
                return Ok(event);
            }
            if timeout.is_some() {
                return self.try_next();
            }
        }
    }

    /// The place behind the last event that was given, to go on from there another time. Events that the filters do not select
    /// may lie before it.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.given
    }
}
