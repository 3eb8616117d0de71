package stowbook

/*
#include "shim.h"

#cgo noescape sbgo_image_create
#cgo nocallback sbgo_image_create
#cgo noescape sbgo_image_delete
#cgo nocallback sbgo_image_delete
#cgo noescape sbgo_image_delete_with
#cgo nocallback sbgo_image_delete_with
#cgo noescape sbgo_image_get
#cgo nocallback sbgo_image_get
#cgo noescape sbgo_image_list
#cgo nocallback sbgo_image_list
#cgo noescape sbgo_image_update
#cgo nocallback sbgo_image_update
*/
import "C"

import (
	"context"
	"iter"
)

// Images are the image records of a namespace.
type Images struct {
	namespace Namespace
}

// Get gets the record of this name.
//
// Errors: [ErrNotFound].
func (i Images) Get(ctx context.Context, name string) (*Image, error) {
	return in(ctx, i.namespace, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_image_get(place, str(name))
	}, readImage)
}

// List gets the records that any of the filters selects, all of them when there is no filter, in byte order of their names. A
// namespace that does not exist has none.
//
// Errors: [ErrInvalidArgument] for a filter that cannot be read.
func (i Images) List(ctx context.Context, filters ...string) ([]*Image, error) {
	return in(ctx, i.namespace, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_image_list(place, texts(filters))
	}, listOf(readImage))
}

// All goes through the records that List gives. Behind an error, which it gives with a nil record, it ends.
func (i Images) All(ctx context.Context, filters ...string) iter.Seq2[*Image, error] {
	return each(func() ([]*Image, error) { return i.List(ctx, filters...) })
}

// Create adds a record, and gives it as it was stored, with times. The given one is not changed. See [Namespace.WithLease] and
// [Namespace.WithSourceDateEpoch].
//
// Errors: [ErrInvalidArgument] for the first rule that the record breaks; [ErrAlreadyExists]; [ErrNotFound] for a lease that is
// to hold it and does not exist.
func (i Images) Create(ctx context.Context, image *Image) (*Image, error) {
	if image == nil {
		return nil, errNil("image")
	}
	return in(ctx, i.namespace, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_image_create(place, slice(image.message()))
	}, readImage)
}

// Update changes the fields with these paths to what the given record says, and gives the record as it is now. Without a
// path it changes labels and target. Paths: labels, labels.KEY, annotations, annotations.KEY (of the
// target), target (with its annotations).
//
// Errors: [ErrNotFound]; [ErrInvalidArgument] for another path, a field that cannot change, or a broken rule.
func (i Images) Update(ctx context.Context, image *Image, fields ...string) (*Image, error) {
	if image == nil {
		return nil, errNil("image")
	}
	return in(ctx, i.namespace, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_image_update(place, slice(image.message()), texts(fields))
	}, readImage)
}

// Delete removes the record of this name. What it refers to stays until it is collected.
//
// Errors: [ErrNotFound].
func (i Images) Delete(ctx context.Context, name string) error {
	_, err := in(ctx, i.namespace, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_image_delete(place, str(name))
	}, nothing)
	return err
}

// DeleteImage says how an image is deleted.
type DeleteImage struct {
	// Target is the digest that the image has to stand for, unless it is empty.
	Target string
	// Sync collects afterwards what nothing holds any more, in all namespaces.
	Sync bool
}

// DeleteWith removes the record of this name as the options say.
//
// Errors: [ErrNotFound], also for a record with another target. What [Store.Collect] gives, with the record removed.
func (i Images) DeleteWith(ctx context.Context, name string, options DeleteImage) error {
	_, err := in(ctx, i.namespace, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_image_delete_with(place, str(name), str(options.Target), C.bool(options.Sync))
	}, nothing)
	return err
}
