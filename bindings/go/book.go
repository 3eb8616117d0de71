package stowbook

/*
#include "shim.h"
*/
import "C"

import (
	"context"
	"time"
)

// OpenOptions say how the file of a book is opened. The zero value is how [Open] does it.
type OpenOptions struct {
	// MustExist makes no new book where there is none.
	MustExist bool
	// ReadOnly only reads: several processes may do so at a time, and what would change something fails.
	ReadOnly bool
	// LockTimeout is how long to wait for another process to let the file go, in whole milliseconds. Zero: not at all.
	LockTimeout time.Duration
}

// OpenWith opens the book in the file at path as the options say. Close it again.
//
// Errors: those of [Open], and [ErrNotFound] when there is no file and none is to be made.
func OpenWith(path string, options OpenOptions) (*Store, error) {
	if options.LockTimeout < 0 {
		return nil, &Error{
			Kind: KindInvalidArgument, Message: "the lock timeout is negative: " + options.LockTimeout.String(),
			Details: []Detail{{"parameter", "LockTimeout"}},
		}
	}
	return open(func(store **C.sb_store, failure **C.sb_error) {
		C.sbgo_store_open_with(
			str(path), C.bool(!options.MustExist), C.bool(options.ReadOnly), C.uint64_t(options.LockTimeout.Milliseconds()), store, failure)
	})
}

// BookFinding is one thing that is wrong with a book.
type BookFinding struct {
	// Place is what is affected, in words: container "web" in namespace "default".
	Place string `json:"place"`
	// Problem is what is wrong with it.
	Problem string `json:"problem"`
}

// Check looks at every page and every value, and lists what is wrong. Nothing is changed, but that pages are repaired which can be.
func (s *Store) Check(ctx context.Context) ([]BookFinding, error) {
	hold, place, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer hold.release()
	var result C.sbgo_result
	C.sb_store_check(place.store, &result.bytes, &result.error)
	return takeList[BookFinding](result)
}

// Compact gives unused space of the file back to the system.
//
// Errors: [ErrFailedPrecondition] while the book is being read.
func (s *Store) Compact(ctx context.Context) error {
	return s.do(ctx, func(place C.sbgo_place, failure **C.sb_error) { C.sb_store_compact(place.store, failure) })
}

// Backup copies the book as it is now into a new file, checking every value on the way. Others may write meanwhile. The bytes of
// content are not in the book: copy their directory after it.
//
// Errors: [ErrAlreadyExists] when there is a file; [ErrDataLoss] when a value is damaged.
func (s *Store) Backup(ctx context.Context, path string) error {
	return s.do(ctx, func(place C.sbgo_place, failure **C.sb_error) { C.sb_store_backup(place.store, str(path), failure) })
}

// do runs an operation on the whole book that gives nothing.
func (s *Store) do(ctx context.Context, work func(C.sbgo_place, **C.sb_error)) error {
	hold, place, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer hold.release()
	var failure *C.sb_error
	work(place, &failure)
	return takeError(failure)
}

// Restore puts the book in the file backup at path, after checking every value of it; over a book that is there only with replace.
//
// Errors: [ErrNotFound] when there is no backup; [ErrAlreadyExists] when there is a file and it is not to be replaced;
// [ErrUnavailable] when a process holds it; [ErrDataLoss] when the backup is damaged. Nothing was changed then.
func Restore(backup, path string, replace bool) error {
	var failure *C.sb_error
	C.sb_restore(str(backup), str(path), C.bool(replace), &failure)
	return takeError(failure)
}

// Export writes the whole book as it is now as lines of JSON, as `stowbook export` does: for reading, for keeping, for
// [Store.Import]. They are held in memory; for a book that is too large for that there is [Store.Backup].
//
// Errors: [ErrDataLoss] when a value is damaged.
func (s *Store) Export(ctx context.Context) ([]byte, error) {
	hold, place, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer hold.release()
	var result C.sbgo_result
	C.sb_store_export(place.store, &result.bytes, &result.error)
	return take(result, copyOf)
}

// ImportReport is what [Store.Import] did.
type ImportReport struct {
	// WrittenKeys is how many keys were written.
	WrittenKeys uint64 `json:"written_keys"`
	// UnchangedKeys is how many were there already with the same value.
	UnchangedKeys uint64 `json:"unchanged_keys"`
	// WithEvents is whether the event log was taken over: only into an empty book.
	WithEvents bool `json:"with_events"`
}

// Import adds what [Store.Export] wrote, all together or nothing. Into an empty book goes everything, the event log included, and
// with sameBook the book's id too, so that cursors of the exported one go on to count; into any other book the records that it does
// not have.
//
// Errors: [ErrInvalidArgument], with the line, for what is no export, or not whole; [ErrAlreadyExists] for a record with another
// content; [ErrFailedPrecondition] for sameBook with a book that is not empty, or a newer file format. Nothing was changed then.
func (s *Store) Import(ctx context.Context, lines []byte, sameBook bool) (*ImportReport, error) {
	hold, place, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer hold.release()
	var result C.sbgo_result
	C.sb_store_import(place.store, slice(lines), C.bool(sameBook), &result.bytes, &result.error)
	return take(result, fromJSON[ImportReport])
}
