//! The event log of a store: reading, following, publishing.

use crate::entry::{Args, Entry, Handle};
use crate::error::sb_error;
use crate::event::{sb_event, sb_event_array};
use crate::namespace::sb_namespace;
use crate::status::sb_status;
use crate::store::sb_store;
use crate::value::{sb_bytes, sb_slice, sb_str};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use stowbook_core::model::{Any, Envelope};
use stowbook_core::proto::Message as _;
use stowbook_core::{Result, Since, Subscription};

/// One who follows the event log of a store. It keeps nothing in memory for later, so it may be slow without any cost for
/// writers. One thread at a time may use it.
pub struct sb_subscription {
    subscription: Subscription,
    poisoned: Arc<AtomicBool>,
}

impl Handle for sb_subscription {
    fn poisoned(&self) -> &AtomicBool {
        &self.poisoned
    }
}

fn since(args: &Args<'_>, since: sb_str) -> Result<Since> {
    args.text("since", since)?.parse()
}

/// The numbers of the events that the log of a store holds: from `*first_out` to `*last_out`. An empty log has none:
/// `*first_out` is `*last_out` + 1. The first event of a book has the number 1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_event_bounds(
    store: *const sb_store,
    first_out: *mut u64,
    last_out: *mut u64,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let (first_out, last_out) = (args.out("first_out", first_out), args.out("last_out", last_out));
        let bounds = args.handle("store", store)?.store().events().bounds()?;
        let (first_out, last_out) = (first_out?, last_out?);
        first_out.set(bounds.first);
        last_out.set(bounds.last);
        Ok(())
    })
}

/// Gets the events behind `since` that any of the `filter_count` filters selects, all of them when there is no filter, at most
/// `limit` of them. `since` is `oldest`, `now`, the number of an event, or a cursor. `next_out` may be NULL; else it receives
/// the cursor to go on from, a text. The caller frees `*events_out` with sb_event_array_free(), and `*next_out` with
/// sb_bytes_free().
///
/// A filter can name `topic`, `namespace`, and the fields of containerd's event messages: `event.id`, `event.labels.KEY`.
///
/// Errors: SB_ERR_OUT_OF_RANGE when events in between are not kept any more, or the number is yet to come;
/// SB_ERR_FAILED_PRECONDITION for another book's cursor; SB_ERR_UNKNOWN for a filter that cannot be read, because containerd
/// says so; SB_ERR_INVALID_ARGUMENT for what is no cursor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_event_read(
    store: *const sb_store,
    since: sb_str,
    filters: *const sb_str,
    filter_count: usize,
    limit: usize,
    events_out: *mut *mut sb_event_array,
    next_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let (events_out, next_out) = (args.out("events_out", events_out), args.optional_out(next_out));
        let events_out = events_out?;
        let store = args.handle("store", store)?;
        let since = self::since(args, since)?;
        let filters = args.texts("filters", filters, filter_count)?;
        let page = store.store().events().read(since, &filters, limit)?;
        events_out.give(sb_event_array::new(page.events));
        next_out.make(|| sb_bytes::owned(page.next.to_string().into_bytes()));
        Ok(())
    })
}

/// Follows the log of a store from `since` on: parameters and errors as of sb_event_read(). The book stays open as long as the
/// subscription. The caller frees `*subscription_out` with sb_subscription_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_event_subscribe(
    store: *const sb_store,
    since: sb_str,
    filters: *const sb_str,
    filter_count: usize,
    subscription_out: *mut *mut sb_subscription,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("subscription_out", subscription_out)?;
        let store = args.handle("store", store)?;
        let since = self::since(args, since)?;
        let filters = args.texts("filters", filters, filter_count)?;
        let subscription = store.store().events().subscribe(since, &filters)?;
        out.give(sb_subscription { subscription, poisoned: Arc::clone(store.poison()) });
        Ok(())
    })
}

/// Gets the next event. When there is none yet, waits for it, but no longer than `timeout_ms` milliseconds: 0 does not wait,
/// and a negative number waits without end. `*event_out` is NULL when there is none yet; that may come early, when there was a
/// commit but no event for this subscription in it. The caller frees `*event_out` with sb_event_free().
///
/// Errors: SB_ERR_OUT_OF_RANGE when the log does not keep the event any more, because the subscriber was too slow. It goes on
/// being so until another subscription is made.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_subscription_next(
    subscription: *mut sb_subscription,
    timeout_ms: i64,
    event_out: *mut *mut sb_event,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("event_out", event_out)?;
        let subscription = &mut args.handle_mut("subscription", subscription)?.subscription;
        let found = match u64::try_from(timeout_ms) {
            Ok(0) => subscription.try_next(),
            Ok(timeout) => subscription.next(Some(Duration::from_millis(timeout))),
            Err(_) => subscription.next(None),
        };
        if let Some(event) = found? {
            out.give(sb_event::new(event));
        }
        Ok(())
    })
}

/// Gets the place behind the last event that was given, to go on from there another time, in another process too: a text. The
/// caller frees `*cursor_out` with sb_bytes_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_subscription_cursor(
    subscription: *const sb_subscription,
    cursor_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("cursor_out", cursor_out)?;
        let cursor = args.handle("subscription", subscription)?.subscription.cursor();
        out.set(sb_bytes::owned(cursor.to_string().into_bytes()));
        Ok(())
    })
}

/// Ends a subscription. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_subscription_free(subscription: *mut sb_subscription) {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.free(subscription);
}

/// Tells of something in a namespace, now: the message about it, with its type. Changes of records are told of without it.
///
/// Errors: SB_ERR_FAILED_PRECONDITION without a namespace; SB_ERR_INVALID_ARGUMENT for one that is no identifier, and for a
/// topic that is not identifiers with a `/` before each, or that lies below `/stowbook/`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_event_publish(
    in_namespace: *const sb_namespace,
    topic: sb_str,
    type_url: sb_str,
    value: sb_slice,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let namespace = args.handle("in_namespace", in_namespace)?;
        let event = Any::new(args.text("type_url", type_url)?, args.bytes("value", value)?);
        namespace.place().publish_event(namespace.context(), args.text("topic", topic)?, &event)
    })
}

/// Tells of something that happened elsewhere: the protobuf message `containerd.types.Envelope` says what, when, and in which
/// namespace. That of the handle does not matter.
///
/// Errors: SB_ERR_INVALID_ARGUMENT for what is no envelope, and for its namespace, topic or time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_event_forward(
    in_namespace: *const sb_namespace,
    envelope: sb_slice,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let namespace = args.handle("in_namespace", in_namespace)?;
        namespace.place().forward_event(&Envelope::decode(args.bytes("envelope", envelope)?)?)
    })
}
