package stowbook

/*
#include "shim.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"unsafe"
)

// ErrClosed is in each error of an operation on something that was closed, a second Close included. It is [fs.ErrClosed].
var ErrClosed = fs.ErrClosed

// Error is what went wrong. Every error of this package is one, alone or wrapped:
//
//	if errors.Is(err, stowbook.ErrNotFound) { … }
//
//	var failure *stowbook.Error
//	if errors.As(err, &failure) { fmt.Println(failure.Help) }
type Error struct {
	// Kind is the sort of error: containerd's classes. Its number is that of the status in C.
	Kind Kind
	// Message says what happened, in containerd's words where it has them. A byte of a name that is no UTF-8 is U+FFFD.
	Message string
	// Help says what can be done about it. It may be empty.
	Help string
	// Details are facts that the message does not show.
	Details []Detail

	causes []error
}

// Detail is one fact about an error.
type Detail struct {
	// Name says what the fact is about, in snake case with its unit: limit_bytes.
	Name string
	// Value is the fact: 4096.
	Value string
}

// Error is the message.
func (e *Error) Error() string { return e.Message }

// Unwrap gives the error's kind, so that [errors.Is] finds ErrNotFound and its like, and the causes where there are some:
// [ErrClosed], or the context's error and its cause.
func (e *Error) Unwrap() []error {
	return append([]error{e.Kind}, e.causes...)
}

// Detail looks a detail up by its name. It is empty when there is none.
func (e *Error) Detail(name string) string {
	for _, detail := range e.Details {
		if detail.Name == name {
			return detail.Value
		}
	}
	return ""
}

// Error is containerd's text of the class: "not found". A kind is an error so that [errors.Is] can look for it.
func (k Kind) Error() string { return k.row().text }

// Name is the kind's name, the same in every language: "not_found".
func (k Kind) Name() string { return k.row().name }

// GRPCCode is the gRPC status code of the kind: 5 for not found.
func (k Kind) GRPCCode() int { return k.row().grpc }

func (k Kind) row() kindRow {
	if row, known := kindRows[k]; known {
		return row
	}
	return kindRows[KindUnknown]
}

// A library newer than this package can have kinds that it does not know.
func kindOf(status C.enum_sb_status) Kind {
	if _, known := kindRows[Kind(status)]; known {
		return Kind(status)
	}
	return KindUnknown
}

// takeError makes an error of the library's, and frees that.
func takeError(from *C.sb_error) error {
	if from == nil {
		return nil
	}
	defer C.sb_error_free(from)
	failure := &Error{
		Kind:    kindOf(C.sb_error_status(from)),
		Message: copyText(C.sb_error_message(from)),
		Help:    copyText(C.sb_error_help(from)),
	}
	for i := range C.sb_error_detail_count(from) {
		failure.Details = append(failure.Details, Detail{
			Name:  copyText(C.sb_error_detail_name(from, i)),
			Value: copyText(C.sb_error_detail_value(from, i)),
		})
	}
	return failure
}

// copyText copies a text that the library lends.
func copyText(from C.sb_str) string {
	return string(unsafe.Slice((*byte)(unsafe.Pointer(from.data)), from.len))
}

// errClosed is for an operation on what was closed: what it is, and what to do about it.
func errClosed(what closed) error {
	return &Error{Kind: KindFailedPrecondition, Message: what.message, Help: what.help, causes: []error{ErrClosed}}
}

// closed is how errors tell that something was closed.
type closed struct{ message, help string }

var (
	storeClosed        = closed{"the store is closed", "open it again, or close it later"}
	txnEnded           = closed{"the transaction has ended", "begin another"}
	metaDBClosed       = closed{"the database is closed", "open it again, or close it later"}
	subscriptionClosed = closed{"the subscription is closed", "subscribe again, from its cursor to miss nothing"}
)

func errNil(what string) error {
	return &Error{Kind: KindInvalidArgument, Message: what + " is nil", Details: []Detail{{"parameter", what}}}
}

// checkContext refuses to begin what nobody waits for any more.
func checkContext(ctx context.Context) error {
	if ctx == nil {
		return errNil("ctx")
	}
	err := ctx.Err()
	if err == nil {
		return nil
	}
	kind := KindCanceled
	if errors.Is(err, context.DeadlineExceeded) {
		kind = KindDeadlineExceeded
	}
	return &Error{Kind: kind, Message: kind.Error(), causes: []error{err, context.Cause(ctx)}}
}

// errDefect is for what the library cannot have answered.
func errDefect(format string, values ...any) error {
	return &Error{
		Kind:    KindInternal,
		Message: fmt.Sprintf(format, values...),
		Help:    "this is a defect in stowbook, please report it",
	}
}
