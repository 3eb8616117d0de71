package stowbook

/*
#include "shim.h"

#cgo noescape sbgo_sandbox_create
#cgo nocallback sbgo_sandbox_create
#cgo noescape sbgo_sandbox_delete
#cgo nocallback sbgo_sandbox_delete
#cgo noescape sbgo_sandbox_get
#cgo nocallback sbgo_sandbox_get
#cgo noescape sbgo_sandbox_list
#cgo nocallback sbgo_sandbox_list
#cgo noescape sbgo_sandbox_update
#cgo nocallback sbgo_sandbox_update
*/
import "C"

import (
	"context"
	"iter"
)

// Sandboxes are the sandbox records of a namespace.
type Sandboxes struct {
	namespace Namespace
}

// Get gets the record of this id.
//
// Errors: [ErrNotFound].
func (s Sandboxes) Get(ctx context.Context, id string) (*Sandbox, error) {
	return in(ctx, s.namespace, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_sandbox_get(place, str(id))
	}, readSandbox)
}

// List gets the records that any of the filters selects, all of them when there is no filter, in byte order of their ids. A
// namespace that does not exist has none.
//
// Errors: [ErrInvalidArgument] for a filter that cannot be read.
func (s Sandboxes) List(ctx context.Context, filters ...string) ([]*Sandbox, error) {
	return in(ctx, s.namespace, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_sandbox_list(place, texts(filters))
	}, listOf(readSandbox))
}

// All goes through the records that List gives. Behind an error, which it gives with a nil record, it ends.
func (s Sandboxes) All(ctx context.Context, filters ...string) iter.Seq2[*Sandbox, error] {
	return each(func() ([]*Sandbox, error) { return s.List(ctx, filters...) })
}

// Create adds a record, and gives it as it was stored, with times. The given one is not changed.
//
// Errors: [ErrInvalidArgument] for the first rule that the record breaks; [ErrAlreadyExists].
func (s Sandboxes) Create(ctx context.Context, sandbox *Sandbox) (*Sandbox, error) {
	if sandbox == nil {
		return nil, errNil("sandbox")
	}
	return in(ctx, s.namespace, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_sandbox_create(place, slice(sandbox.message()))
	}, readSandbox)
}

// Update changes the fields with these paths to what the given record says, and gives the record as it is now. Without a
// path it changes everything that can change, and the runtime's name has to be the same. Paths: labels, labels.KEY,
// extensions, extensions.KEY, spec, runtime.
//
// Errors: [ErrNotFound]; [ErrInvalidArgument] for another path, a field that cannot change, or a broken rule.
func (s Sandboxes) Update(ctx context.Context, sandbox *Sandbox, fields ...string) (*Sandbox, error) {
	if sandbox == nil {
		return nil, errNil("sandbox")
	}
	return in(ctx, s.namespace, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_sandbox_update(place, slice(sandbox.message()), texts(fields))
	}, readSandbox)
}

// Delete removes the record of this id.
//
// Errors: [ErrNotFound].
func (s Sandboxes) Delete(ctx context.Context, id string) error {
	_, err := in(ctx, s.namespace, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_sandbox_delete(place, str(id))
	}, nothing)
	return err
}
