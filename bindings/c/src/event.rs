//! Something that happened.

use crate::entry::{Entry, Handle};
use crate::error::sb_error;
use crate::opaque;
use crate::status::sb_status;
use crate::value::{sb_bytes, sb_slice, sb_str, sb_time};
use std::ptr;
use std::sync::atomic::AtomicBool;
use stowbook_core::Event;
use stowbook_core::proto::Message as _;

/// One event of a store's log: something that happened. It never changes, so any number of threads may read it. Texts and
/// bytes that are read from it live as long as it does. They are not NUL-terminated.
pub struct sb_event {
    event: Event,
    poisoned: AtomicBool,
}

/// Events in the order in which they happened. It never changes, so any number of threads may read it.
pub struct sb_event_array {
    events: Vec<sb_event>,
    poisoned: AtomicBool,
}

impl Handle for sb_event {
    fn poisoned(&self) -> &AtomicBool {
        &self.poisoned
    }
}

impl Handle for sb_event_array {
    fn poisoned(&self) -> &AtomicBool {
        &self.poisoned
    }
}

impl sb_event {
    pub(crate) fn new(event: Event) -> Self {
        sb_event { event, poisoned: AtomicBool::default() }
    }
}

impl sb_event_array {
    pub(crate) fn new(events: Vec<Event>) -> Self {
        sb_event_array { events: events.into_iter().map(sb_event::new).collect(), poisoned: AtomicBool::default() }
    }
}

/// The event's number: one more than that of the event before it, in the order of the commits. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_event_number(event: *const sb_event) -> u64 {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(args.handle("event", event)?.event.number))
}

/// When it happened. Not set for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_event_timestamp(event: *const sb_event) -> sb_time {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(args.handle("event", event)?.event.envelope.timestamp.into()))
}

/// The namespace that it happened in. It lives as long as the event. Of NULL: none (its data is NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_event_namespace(event: *const sb_event) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(sb_str::borrowed(&args.handle("event", event)?.event.envelope.namespace)))
}

/// What happened: `/containers/create`. Topics below `/stowbook/` are of changes that containerd tells nobody of. It lives as
/// long as the event. Of NULL: none (its data is NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_event_topic(event: *const sb_event) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(sb_str::borrowed(&args.handle("event", event)?.event.envelope.topic)))
}

/// The type of the message about what happened, `containerd.events.ContainerCreate`. Without one, and of NULL: none (its
/// data is NULL). It lives as long as the event.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_event_type_url(event: *const sb_event) -> sb_str {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(opaque::type_url(args.handle("event", event)?.event.envelope.event.as_ref())))
}

/// The message about what happened, as protobuf. Without one, and of NULL: none (its data is NULL). It lives as long as the
/// event.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_event_value(event: *const sb_event) -> sb_slice {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(opaque::value(args.handle("event", event)?.event.envelope.event.as_ref())))
}

/// Whether containerd's own subscribers would see it. False for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_event_is_published(event: *const sb_event) -> bool {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(args.handle("event", event)?.event.is_published()))
}

/// Writes an event as JSON, on one line: `number`, `timestamp`, `namespace`, `topic`, `published`, `type_url`, and the message
/// as `payload`, or, where its type is not known, as `value_base64`. The caller frees `*json_out` with sb_bytes_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_event_to_json(
    event: *const sb_event,
    json_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("json_out", json_out)?;
        out.set(sb_bytes::owned(args.handle("event", event)?.event.to_json().to_string().into_bytes()));
        Ok(())
    })
}

/// Writes an event as the protobuf message `containerd.types.Envelope`, which has everything but the number. The caller frees
/// `*message_out` with sb_bytes_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_event_to_protobuf(
    event: *const sb_event,
    message_out: *mut sb_bytes,
    error_out: *mut *mut sb_error,
) -> sb_status {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(error_out) };
    entry.run(|args| {
        let out = args.out("message_out", message_out)?;
        out.set(sb_bytes::owned(args.handle("event", event)?.event.envelope.encode()));
        Ok(())
    })
}

/// Frees an event. Not for one that sb_event_array_at() lent. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_event_free(event: *mut sb_event) {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.free(event);
}

/// How many events there are. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_event_array_len(events: *const sb_event_array) -> usize {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.count(|args| Ok(args.handle("events", events)?.events.len()))
}

/// The event at `index`, or NULL when there are not so many. It belongs to the array, and lives as long.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_event_array_at(events: *const sb_event_array, index: usize) -> *const sb_event {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.look_up(|args| Ok(args.handle("events", events)?.events.get(index).map_or(ptr::null(), ptr::from_ref)))
}

/// Frees an array with the events in it. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sb_event_array_free(events: *mut sb_event_array) {
    // SAFETY: the caller keeps what README.md asks of pointers.
    let entry = unsafe { Entry::new(ptr::null_mut()) };
    entry.free(events);
}
