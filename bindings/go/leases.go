package stowbook

/*
#include "shim.h"

#cgo noescape sbgo_lease_add_resource
#cgo nocallback sbgo_lease_add_resource
#cgo noescape sbgo_lease_create
#cgo nocallback sbgo_lease_create
#cgo noescape sbgo_lease_delete
#cgo nocallback sbgo_lease_delete
#cgo noescape sbgo_lease_delete_and_collect
#cgo nocallback sbgo_lease_delete_and_collect
#cgo noescape sbgo_lease_delete_resource
#cgo nocallback sbgo_lease_delete_resource
#cgo noescape sbgo_lease_list
#cgo nocallback sbgo_lease_list
#cgo noescape sbgo_lease_list_resources
#cgo nocallback sbgo_lease_list_resources
*/
import "C"

import (
	"context"
	"iter"
)

// Leases are the lease records of a namespace.
type Leases struct {
	namespace Namespace
}

// List gets the records that any of the filters selects, all of them when there is no filter, in byte order of their ids. A
// namespace that does not exist has none.
//
// Errors: [ErrInvalidArgument] for a filter that cannot be read.
func (l Leases) List(ctx context.Context, filters ...string) ([]*Lease, error) {
	return in(ctx, l.namespace, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_lease_list(place, texts(filters))
	}, listOf(readLease))
}

// All goes through the records that List gives. Behind an error, which it gives with a nil record, it ends.
func (l Leases) All(ctx context.Context, filters ...string) iter.Seq2[*Lease, error] {
	return each(func() ([]*Lease, error) { return l.List(ctx, filters...) })
}

// Create adds a record, and gives it as it was stored, with times. The given one is not changed. Without an ID it gets one that
// does not collide, such as 659934111-1UFt.
//
// Errors: [ErrAlreadyExists]; [ErrUnknown] for a label without a key.
func (l Leases) Create(ctx context.Context, lease *Lease) (*Lease, error) {
	if lease == nil {
		return nil, errNil("lease")
	}
	return in(ctx, l.namespace, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_lease_create(place, slice(lease.message()))
	}, readLease)
}

// Delete removes the record of this id. What it held stays until it is collected.
//
// Errors: [ErrNotFound].
func (l Leases) Delete(ctx context.Context, id string) error {
	_, err := in(ctx, l.namespace, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_lease_delete(place, str(id))
	}, nothing)
	return err
}

// DeleteAndCollect removes the record of this id, and collects what nothing holds any more, in all namespaces.
//
// Errors: [ErrNotFound]. What [Store.Collect] gives, with the lease removed.
func (l Leases) DeleteAndCollect(ctx context.Context, id string) error {
	_, err := in(ctx, l.namespace, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_lease_delete_and_collect(place, str(id))
	}, nothing)
	return err
}

// AddResource has a lease hold a resource, which need not exist. A second time changes nothing.
//
// Errors: [ErrNotFound] without the lease; [ErrInvalidArgument] for a type with too many or too few parts, or content whose
// id is not a digest; [ErrNotImplemented] for any other type; [ErrUnknown] for an empty id or one above 32768 bytes.
func (l Leases) AddResource(ctx context.Context, id string, resource LeaseResource) error {
	_, err := in(ctx, l.namespace, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_lease_add_resource(place, str(id), str(resource.Type), str(resource.ID))
	}, nothing)
	return err
}

// DeleteResource has a lease hold a resource no more. It is no error when it did not hold it.
//
// Errors: as of AddResource, but the resource's id may have any length.
func (l Leases) DeleteResource(ctx context.Context, id string, resource LeaseResource) error {
	_, err := in(ctx, l.namespace, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_lease_delete_resource(place, str(id), str(resource.Type), str(resource.ID))
	}, nothing)
	return err
}

// ListResources gets what a lease holds: content, images, ingests, and snapshots by their snapshotters, each in byte order of
// the ids.
//
// Errors: [ErrNotFound] without the lease.
func (l Leases) ListResources(ctx context.Context, id string) ([]*LeaseResource, error) {
	return in(ctx, l.namespace, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_lease_list_resources(place, str(id))
	}, listOf(readLeaseResource))
}
