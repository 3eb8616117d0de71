package stowbook

/*
#include "shim.h"

static void sbgo_free_subscription(void *subscription) { sb_subscription_free(subscription); }
*/
import "C"

import (
	"context"
	"iter"
	"time"
	"unsafe"
)

// Events are the event log of a book.
type Events struct {
	store *Store
}

// Events reaches the event log.
func (s *Store) Events() Events { return Events{s} }

// Bounds gives the numbers of the events that the log holds, from first to last. An empty log has none: first is last + 1.
func (e Events) Bounds(ctx context.Context) (first, last uint64, err error) {
	hold, place, err := e.store.enter(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer hold.release()
	var from, to C.uint64_t
	var failure *C.sb_error
	C.sb_event_bounds(place.store, &from, &to, &failure)
	return uint64(from), uint64(to), takeError(failure)
}

// Read gets the events behind since that any of the filters selects, all of them when there is no filter, at most limit of
// them, and the place to go on from.
//
// A filter can name topic, namespace, and the fields of containerd's event messages: event.id, event.labels.KEY.
//
// Errors: [ErrOutOfRange] when events in between are not kept any more, or the number is yet to come;
// [ErrFailedPrecondition] for another book's cursor; [ErrUnknown] for a filter that cannot be read, because containerd says
// so; [ErrInvalidArgument] for what is no cursor, and for a limit below 0.
func (e Events) Read(ctx context.Context, since Cursor, limit int, filters ...string) (events []*Event, next Cursor, err error) {
	if limit < 0 {
		return nil, "", &Error{Kind: KindInvalidArgument, Message: "limit is below 0", Details: []Detail{{"parameter", "limit"}}}
	}
	hold, place, err := e.store.enter(ctx)
	if err != nil {
		return nil, "", err
	}
	defer hold.release()
	var found *C.sb_event_array
	result := C.sbgo_event_read(place.store, str(string(since)), texts(filters), C.size_t(limit), &found)
	defer C.sb_event_array_free(found)
	cursor, err := take(result, copyOf)
	if err != nil {
		return nil, "", err
	}
	events = []*Event{}
	for i := range C.sb_event_array_len(found) {
		event, err := takeEvent(C.sb_event_array_at(found, i))
		if err != nil {
			return nil, "", err
		}
		events = append(events, event)
	}
	return events, Cursor(cursor), nil
}

// Forward tells of something that happened elsewhere: the event says what, when, and in which namespace. Its number does not
// matter.
//
// Errors: [ErrInvalidArgument] for its namespace, topic or time.
func (e Events) Forward(ctx context.Context, event *Event) error {
	if event == nil {
		return errNil("event")
	}
	_, err := in(ctx, e.store.Namespace(""), func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_event_forward(place, slice(event.envelope()))
	}, nothing)
	return err
}

// Publish tells of something in the namespace, now: the message about it, with its type. Changes of records are told of
// without it.
//
// Errors: [ErrFailedPrecondition] without a namespace; [ErrInvalidArgument] for one that is no identifier, and for a topic
// that is not identifiers with a / before each, or that lies below /stowbook/.
func (n Namespace) Publish(ctx context.Context, topic string, message *Any) error {
	if message == nil {
		return errNil("message")
	}
	_, err := in(ctx, n, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_event_publish(place, str(topic), str(message.TypeURL), slice(message.Value))
	}, nothing)
	return err
}

// Subscription follows the event log of a book. It keeps nothing in memory for later, so it may be slow without any cost for
// writers. Goroutines that share one take turns, and each event goes to one of them.
type Subscription struct {
	handle *handle
	store  *Store // not closed as garbage while there is a subscription
}

// Subscribe follows the log from since on: as [Events.Read]. Close the subscription again.
func (e Events) Subscribe(ctx context.Context, since Cursor, filters ...string) (*Subscription, error) {
	hold, place, err := e.store.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer hold.release()
	var pointer *C.sb_subscription
	result := C.sbgo_event_subscribe(place.store, str(string(since)), texts(filters), &pointer)
	if result.error != nil {
		return nil, takeError(result.error)
	}
	h := hold.handle.addChild(subscriptionClosed, unsafe.Pointer(pointer), func(p unsafe.Pointer) { C.sbgo_free_subscription(p) })
	subscription := &Subscription{h, e.store}
	closeWhenForgotten(subscription, h)
	return subscription, nil
}

// How long a call into the library waits at most, so that it sees soon that the context has ended or that it is to close.
const turn = 50 * time.Millisecond

// Next gets the next event, and waits for it until ctx ends.
//
// Errors: [ErrOutOfRange] when the log does not keep the event any more, because the subscriber was too slow. It goes on being
// so until another subscription is made. [ErrClosed], also when it is closed meanwhile.
func (s *Subscription) Next(ctx context.Context) (*Event, error) {
	for {
		event, err := s.next(ctx, turn)
		if event != nil || err != nil {
			return event, err
		}
	}
}

// Poll gets the next event if there is one, else nil. It does not wait. Errors are those of Next.
func (s *Subscription) Poll(ctx context.Context) (*Event, error) {
	return s.next(ctx, 0)
}

func (s *Subscription) next(ctx context.Context, timeout time.Duration) (*Event, error) {
	hold, err := s.hold(ctx)
	if err != nil {
		return nil, err
	}
	defer hold.release()
	var event *C.sb_event
	var failure *C.sb_error
	C.sb_subscription_next((*C.sb_subscription)(s.handle.pointer), C.int64_t(timeout.Milliseconds()), &event, &failure)
	if failure != nil {
		return nil, takeError(failure)
	}
	if event == nil {
		return nil, nil
	}
	defer C.sb_event_free(event)
	return takeEvent(event)
}

// All goes through the events as they come, until ctx ends or the subscription is closed; that error is the last that it
// gives, with a nil event.
func (s *Subscription) All(ctx context.Context) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		for {
			event, err := s.Next(ctx)
			if !yield(event, err) || err != nil {
				return
			}
		}
	}
}

// Cursor is the place behind the last event that was given, to go on from there another time, in another process too.
func (s *Subscription) Cursor() (Cursor, error) {
	hold, err := s.hold(context.Background())
	if err != nil {
		return "", err
	}
	defer hold.release()
	var result C.sbgo_result
	C.sb_subscription_cursor((*C.sb_subscription)(s.handle.pointer), &result.bytes, &result.error)
	cursor, err := take(result, copyOf)
	return Cursor(cursor), err
}

// Close ends the subscription. A Next that waits ends with [ErrClosed].
//
// Errors: [ErrClosed] when it was closed.
func (s *Subscription) Close() error {
	if s == nil || s.handle == nil {
		return errNil("subscription")
	}
	if !s.handle.close() {
		return errClosed(s.handle.closed)
	}
	return nil
}

func (s *Subscription) hold(ctx context.Context) (held, error) {
	if s == nil || s.handle == nil {
		return held{}, errNil("subscription")
	}
	return s.handle.hold(ctx, s, true)
}
