package stowbook

/*
#include "shim.h"
*/
import "C"

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"
)

// Event is one event of a book's log: something that happened.
type Event struct {
	// Number is one more than that of the event before it, in the order of the commits. The first event of a book is 1.
	Number uint64
	// Timestamp is when it happened.
	Timestamp time.Time
	// Namespace is the namespace that it happened in.
	Namespace string
	// Topic is what happened: /containers/create. Topics below /stowbook/ are of changes that containerd tells nobody of.
	Topic string
	// Message is about what happened: one of containerd's event messages, as protobuf. It may be nil.
	Message *Any
	// Published says whether containerd's own subscribers would see it.
	Published bool
	// Unknown is as in [Container].
	Unknown []byte

	json []byte // as the library writes it; none for an event that was made here
}

// Cursor is a place in the log of a book.
type Cursor string

// The ends of the log.
const (
	Oldest Cursor = "oldest"
	Now    Cursor = "now"
)

// After is the place behind the event of this number.
func After(number uint64) Cursor { return Cursor(strconv.FormatUint(number, 10)) }

// MarshalJSON writes the event on one line: number, timestamp, namespace, topic, published, type_url, and the message as
// payload, or, where its type is not known or the event did not come from a book, as value_base64.
func (e *Event) MarshalJSON() ([]byte, error) {
	if e == nil {
		return []byte("null"), nil
	}
	if e.json != nil {
		return bytes.Clone(e.json), nil
	}
	shape := struct {
		Number    uint64    `json:"number"`
		Timestamp time.Time `json:"timestamp,omitzero"`
		Namespace string    `json:"namespace"`
		Topic     string    `json:"topic"`
		Published bool      `json:"published"`
		TypeURL   string    `json:"type_url,omitempty"`
		Value     []byte    `json:"value_base64,omitempty"`
	}{e.Number, e.Timestamp, e.Namespace, e.Topic, e.Published, "", nil}
	if e.Message != nil {
		shape.TypeURL, shape.Value = e.Message.TypeURL, e.Message.Value
	}
	return json.Marshal(shape)
}

// MarshalBinary writes the event as the protobuf message containerd.types.Envelope, which has everything but the number.
func (e *Event) MarshalBinary() ([]byte, error) {
	if e == nil {
		return nil, errNil("event")
	}
	return e.envelope(), nil
}

// UnmarshalBinary reads what MarshalBinary writes.
//
// Errors: [ErrInvalidArgument].
func (e *Event) UnmarshalBinary(message []byte) error { return unmarshal(e, message, readEnvelope) }

// takeEvent makes an event of the library's, which stays the library's.
func takeEvent(from *C.sb_event) (*Event, error) {
	var envelope C.sbgo_result
	C.sb_event_to_protobuf(from, &envelope.bytes, &envelope.error)
	event, err := take(envelope, readEnvelope)
	if err != nil {
		return nil, err
	}
	var text C.sbgo_result
	C.sb_event_to_json(from, &text.bytes, &text.error)
	if event.json, err = take(text, copyOf); err != nil {
		return nil, err
	}
	event.Number = uint64(C.sb_event_number(from))
	event.Published = bool(C.sb_event_is_published(from))
	return event, nil
}

// envelope is containerd.types.Envelope.
func (e *Event) envelope() []byte {
	b := appendTime(nil, 1, e.Timestamp)
	b = appendText(b, 2, e.Namespace)
	b = appendText(b, 3, e.Topic)
	b = appendAny(b, 4, e.Message)
	return append(b, e.Unknown...)
}

func readEnvelope(b []byte) (*Event, error) {
	e := new(Event)
	f := fieldsOf(b)
	for f.next() {
		switch f.number {
		case 1:
			readTime(&f, &e.Timestamp)
		case 2:
			e.Namespace = f.text()
		case 3:
			e.Topic = f.text()
		case 4:
			readAny(&f, &e.Message)
		default:
			f.keep()
		}
	}
	e.Unknown = f.unknown
	return e, f.err
}
