package stowbook

/*
#include "shim.h"
*/
import "C"

import (
	"context"
	"time"
)

// place is where records are: a store, or a transaction.
type place interface {
	enter(ctx context.Context) (held, C.sbgo_place, error)
}

// Namespace is a tenant of a book: it reaches the records in it. It is a value without anything to close.
type Namespace struct {
	place place
	name  string
	lease *string
	epoch time.Time
}

// Name is the name that the namespace was reached by.
func (n Namespace) Name() string { return n.name }

// WithLease is the same namespace on behalf of a lease: it holds the images that are created or updated through it, if they can
// expire (they have the label containerd.io/gc.expire).
func (n Namespace) WithLease(id string) Namespace {
	n.lease = &id
	return n
}

// WithSourceDateEpoch is the same namespace, but images that are created or updated through it get this time instead of the
// clock's, so that they come out the same again. The zero time is none.
func (n Namespace) WithSourceDateEpoch(epoch time.Time) Namespace {
	n.epoch = epoch
	return n
}

// Containers reaches the namespace's containers.
func (n Namespace) Containers() Containers { return Containers{n} }

// Images reaches the namespace's images.
func (n Namespace) Images() Images { return Images{n} }

// Leases reaches the namespace's leases.
func (n Namespace) Leases() Leases { return Leases{n} }

// Sandboxes reaches the namespace's sandboxes.
func (n Namespace) Sandboxes() Sandboxes { return Sandboxes{n} }

// in runs one operation in a namespace, and gives what read makes of its result.
func in[T any](ctx context.Context, n Namespace, call func(C.sbgo_place) C.sbgo_result, read func([]byte) (T, error)) (T, error) {
	if n.place == nil {
		var none T
		return none, errNil("namespace")
	}
	return at(ctx, n.place, func(place C.sbgo_place) C.sbgo_result {
		place.name = str(n.name)
		if n.lease != nil {
			place.on_lease, place.lease = true, str(*n.lease)
		}
		if !n.epoch.IsZero() {
			place.epoch = C.sb_time{is_set: true, seconds: C.int64_t(n.epoch.Unix()), nanos: C.uint32_t(n.epoch.Nanosecond())}
		}
		return call(place)
	}, read)
}

// at runs one operation in a store or a transaction.
func at[T any](ctx context.Context, p place, call func(C.sbgo_place) C.sbgo_result, read func([]byte) (T, error)) (T, error) {
	hold, place, err := p.enter(ctx)
	if err != nil {
		var none T
		return none, err
	}
	defer hold.release()
	return take(call(place), read)
}
