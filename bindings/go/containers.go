package stowbook

/*
#include "shim.h"

#cgo noescape sbgo_container_create
#cgo nocallback sbgo_container_create
#cgo noescape sbgo_container_delete
#cgo nocallback sbgo_container_delete
#cgo noescape sbgo_container_get
#cgo nocallback sbgo_container_get
#cgo noescape sbgo_container_list
#cgo nocallback sbgo_container_list
#cgo noescape sbgo_container_update
#cgo nocallback sbgo_container_update
*/
import "C"

import (
	"context"
	"iter"
)

// Containers are the container records of a namespace.
type Containers struct {
	namespace Namespace
}

// Get gets the record of this id.
//
// Errors: [ErrNotFound].
func (c Containers) Get(ctx context.Context, id string) (*Container, error) {
	return in(ctx, c.namespace, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_container_get(place, str(id))
	}, readContainer)
}

// List gets the records that any of the filters selects, all of them when there is no filter, in byte order of their ids. A
// namespace that does not exist has none.
//
// Errors: [ErrInvalidArgument] for a filter that cannot be read.
func (c Containers) List(ctx context.Context, filters ...string) ([]*Container, error) {
	return in(ctx, c.namespace, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_container_list(place, texts(filters))
	}, listOf(readContainer))
}

// All goes through the records that List gives. Behind an error, which it gives with a nil record, it ends.
func (c Containers) All(ctx context.Context, filters ...string) iter.Seq2[*Container, error] {
	return each(func() ([]*Container, error) { return c.List(ctx, filters...) })
}

// Create adds a record, and gives it as it was stored, with times. The given one is not changed.
//
// Errors: [ErrInvalidArgument] for the first rule that the record breaks; [ErrAlreadyExists].
func (c Containers) Create(ctx context.Context, container *Container) (*Container, error) {
	if container == nil {
		return nil, errNil("container")
	}
	return in(ctx, c.namespace, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_container_create(place, slice(container.message()))
	}, readContainer)
}

// Update changes the fields with these paths to what the given record says, and gives the record as it is now. Without a
// path it changes everything that can change, and what cannot has to be the same. Paths: labels, labels.KEY, spec,
// extensions, extensions.KEY, image, snapshotkey.
//
// Errors: [ErrNotFound]; [ErrInvalidArgument] for another path, a field that cannot change, or a broken rule.
func (c Containers) Update(ctx context.Context, container *Container, fields ...string) (*Container, error) {
	if container == nil {
		return nil, errNil("container")
	}
	return in(ctx, c.namespace, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_container_update(place, slice(container.message()), texts(fields))
	}, readContainer)
}

// Delete removes the record of this id.
//
// Errors: [ErrNotFound].
func (c Containers) Delete(ctx context.Context, id string) error {
	_, err := in(ctx, c.namespace, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_container_delete(place, str(id))
	}, nothing)
	return err
}
