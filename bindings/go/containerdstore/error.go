package containerdstore

import (
	"errors"

	"github.com/containerd/errdefs"

	stowbook "github.com/stowbook/stowbook/bindings/go"
)

// classes are containerd's names for the kinds.
var classes = map[stowbook.Kind]error{
	stowbook.KindUnknown:            errdefs.ErrUnknown,
	stowbook.KindInternal:           errdefs.ErrInternal,
	stowbook.KindInvalidArgument:    errdefs.ErrInvalidArgument,
	stowbook.KindOutOfRange:         errdefs.ErrOutOfRange,
	stowbook.KindNotImplemented:     errdefs.ErrNotImplemented,
	stowbook.KindNotFound:           errdefs.ErrNotFound,
	stowbook.KindAlreadyExists:      errdefs.ErrAlreadyExists,
	stowbook.KindFailedPrecondition: errdefs.ErrFailedPrecondition,
	stowbook.KindConflict:           errdefs.ErrConflict,
	stowbook.KindNotModified:        errdefs.ErrNotModified,
	stowbook.KindAborted:            errdefs.ErrAborted,
	stowbook.KindPermissionDenied:   errdefs.ErrPermissionDenied,
	stowbook.KindResourceExhausted:  errdefs.ErrResourceExhausted,
	stowbook.KindUnavailable:        errdefs.ErrUnavailable,
	stowbook.KindDataLoss:           errdefs.ErrDataLoss,
	stowbook.KindUnauthenticated:    errdefs.ErrUnauthenticated,
}

// classed is an error of the book that package errdefs knows too.
type classed struct {
	error
	class error
}

func (e classed) Unwrap() []error { return []error{e.error, e.class} }

// ToErrdefs makes an error of stowbook one for containerd's package errdefs too: the same message, and errdefs.IsNotFound and
// its like know it. Stores that [New] gave do that themselves. Other errors stay what they are.
func ToErrdefs(err error) error {
	var failure *stowbook.Error
	if !errors.As(err, &failure) {
		return err
	}
	// A context that ended is no class of errdefs: the error has the context's own inside.
	class, known := classes[failure.Kind]
	if !known {
		return err
	}
	return classed{err, class}
}
