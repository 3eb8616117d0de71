package stowbook

/*
#include "shim.h"
*/
import "C"

import "time"

// Sandbox is the record of a sandbox, in which containers share namespaces.
type Sandbox struct {
	// ID is the key of the record in its namespace. Required; it cannot change. An identifier of at most 76 bytes.
	ID string
	// Runtime is what runs the sandbox. It changes only when an update names it.
	Runtime Runtime
	// Spec is optional.
	Spec *Any
	// Labels are optional and can change.
	Labels map[string]string
	// CreatedAt is set by the store; what a caller gives is ignored.
	CreatedAt time.Time
	// UpdatedAt is set by the store; what a caller gives is ignored.
	UpdatedAt time.Time
	// Extensions are optional. An update adds and replaces names, and never takes one away.
	Extensions map[string]Any
	// Sandboxer is the controller that made it. Optional; it cannot change.
	Sandboxer string
	// Unknown is as in [Container].
	Unknown []byte
}

// MarshalJSON writes the record as stowbook's JSON, on one line.
func (s *Sandbox) MarshalJSON() ([]byte, error) {
	if s == nil {
		return []byte("null"), nil
	}
	return take(C.sbgo_sandbox_to_json(slice(s.message())), copyOf)
}

// UnmarshalJSON reads what MarshalJSON writes. Members that are not known are refused.
//
// Errors: [ErrInvalidArgument], with the line and the column among its details.
func (s *Sandbox) UnmarshalJSON(json []byte) error {
	return readInto(s, C.sbgo_sandbox_from_json(strOf(json)), readSandbox)
}

// MarshalBinary writes the record as the protobuf message containerd.types.Sandbox.
func (s *Sandbox) MarshalBinary() ([]byte, error) {
	if s == nil {
		return nil, errNil("sandbox")
	}
	return s.message(), nil
}

// UnmarshalBinary reads what MarshalBinary writes. What the message carries beyond the fields that are known is kept.
//
// Errors: [ErrInvalidArgument].
func (s *Sandbox) UnmarshalBinary(message []byte) error { return unmarshal(s, message, readSandbox) }

// message is containerd.types.Sandbox.
func (s *Sandbox) message() []byte {
	b := appendText(nil, 1, s.ID)
	b = appendMessage(b, 2, s.Runtime.append)
	b = appendAny(b, 3, s.Spec)
	b = appendTexts(b, 4, s.Labels)
	b = appendTime(b, 5, s.CreatedAt)
	b = appendTime(b, 6, s.UpdatedAt)
	b = appendAnys(b, 7, s.Extensions)
	b = appendText(b, 10, s.Sandboxer)
	return append(b, s.Unknown...)
}

func readSandbox(b []byte) (*Sandbox, error) {
	s := new(Sandbox)
	f := fieldsOf(b)
	for f.next() {
		switch f.number {
		case 1:
			s.ID = f.text()
		case 2:
			f.inside(s.Runtime.read(f.bytes()))
		case 3:
			readAny(&f, &s.Spec)
		case 4:
			readText(&f, &s.Labels)
		case 5:
			readTime(&f, &s.CreatedAt)
		case 6:
			readTime(&f, &s.UpdatedAt)
		case 7:
			readAnyInto(&f, &s.Extensions)
		case 10:
			s.Sandboxer = f.text()
		default:
			f.keep()
		}
	}
	s.Unknown = f.unknown
	return s, f.err
}
