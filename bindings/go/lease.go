package stowbook

/*
#include "shim.h"
*/
import "C"

import "time"

// Lease keeps resources from being collected while someone works with them. It is never changed.
type Lease struct {
	// ID is the key of the record in its namespace: any text. When it is empty, Create invents one.
	ID string
	// CreatedAt is set by the store; what a caller gives is ignored.
	CreatedAt time.Time
	// Labels are optional. The label containerd.io/gc.expire ends the lease: a time as RFC 3339 writes it.
	Labels map[string]string
	// Unknown is as in [Container].
	Unknown []byte
}

// LeaseResource is one thing that a lease holds.
type LeaseResource struct {
	// ID is the digest, reference, snapshot key or image name.
	ID string
	// Type is content, ingests, images or snapshots/SNAPSHOTTER.
	Type string
	// Unknown is as in [Container].
	Unknown []byte
}

// MarshalJSON writes the record as stowbook's JSON, on one line.
func (l *Lease) MarshalJSON() ([]byte, error) {
	if l == nil {
		return []byte("null"), nil
	}
	return take(C.sbgo_lease_to_json(slice(l.message())), copyOf)
}

// UnmarshalJSON reads what MarshalJSON writes. Members that are not known are refused.
//
// Errors: [ErrInvalidArgument], with the line and the column among its details.
func (l *Lease) UnmarshalJSON(json []byte) error {
	return readInto(l, C.sbgo_lease_from_json(strOf(json)), readLease)
}

// MarshalBinary writes the record as the protobuf message containerd.services.leases.v1.Lease.
func (l *Lease) MarshalBinary() ([]byte, error) {
	if l == nil {
		return nil, errNil("lease")
	}
	return l.message(), nil
}

// UnmarshalBinary reads what MarshalBinary writes. What the message carries beyond the fields that are known is kept.
//
// Errors: [ErrInvalidArgument].
func (l *Lease) UnmarshalBinary(message []byte) error { return unmarshal(l, message, readLease) }

// message is containerd.services.leases.v1.Lease.
func (l *Lease) message() []byte {
	b := appendText(nil, 1, l.ID)
	b = appendTime(b, 2, l.CreatedAt)
	b = appendTexts(b, 3, l.Labels)
	return append(b, l.Unknown...)
}

func readLease(b []byte) (*Lease, error) {
	l := new(Lease)
	f := fieldsOf(b)
	for f.next() {
		switch f.number {
		case 1:
			l.ID = f.text()
		case 2:
			readTime(&f, &l.CreatedAt)
		case 3:
			readText(&f, &l.Labels)
		default:
			f.keep()
		}
	}
	l.Unknown = f.unknown
	return l, f.err
}

// readLeaseResource reads containerd.services.leases.v1.Resource.
func readLeaseResource(b []byte) (*LeaseResource, error) {
	r := new(LeaseResource)
	f := fieldsOf(b)
	for f.next() {
		switch f.number {
		case 1:
			r.ID = f.text()
		case 2:
			r.Type = f.text()
		default:
			f.keep()
		}
	}
	r.Unknown = f.unknown
	return r, f.err
}
