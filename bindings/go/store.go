package stowbook

/*
#include "shim.h"

static void sbgo_free_store(void *store) { sb_store_free(store); }
static void sbgo_free_txn(void *txn) { sb_txn_free(txn); }
*/
import "C"

import (
	"context"
	"errors"
	"strconv"
	"unsafe"
)

// Store is an open book of container metadata. Any number of goroutines may use it at once.
type Store struct {
	handle *handle
}

// Open opens the book in the file at path; where there is none, it makes one. Close it again.
//
// Errors: [ErrUnavailable] when the book is open already, here or in another process; [ErrDataLoss] when it is damaged;
// [ErrFailedPrecondition] when it is no book, or was written by a newer stowbook; [ErrPermissionDenied].
func Open(path string) (*Store, error) {
	return open(func(store **C.sb_store, failure **C.sb_error) {
		C.sb_store_open(str(path), store, failure)
	})
}

// OpenMemory makes an empty book in memory, which is gone when it is closed.
func OpenMemory() (*Store, error) {
	return open(func(store **C.sb_store, failure **C.sb_error) {
		C.sb_store_open_memory(store, failure)
	})
}

func open(with func(**C.sb_store, **C.sb_error)) (*Store, error) {
	if err := checkABI(C.SB_ABI_VERSION, uint32(C.sb_abi_version())); err != nil {
		return nil, err
	}
	var pointer *C.sb_store
	var failure *C.sb_error
	with(&pointer, &failure)
	if failure != nil {
		return nil, takeError(failure)
	}
	h := newHandle(storeClosed, unsafe.Pointer(pointer), func(p unsafe.Pointer) { C.sbgo_free_store(p) })
	store := &Store{h}
	closeWhenForgotten(store, h)
	return store, nil
}

// checkABI compares the header that this package was compiled with, and the library that the program runs with.
func checkABI(header, library uint32) error {
	if header == library {
		return nil
	}
	return &Error{
		Kind: KindFailedPrecondition,
		Message: "libstowbook has version " + strconv.FormatUint(uint64(library), 10) + " of its interface, and the program was built for version " +
			strconv.FormatUint(uint64(header), 10),
		Help: "build the program again with the header of the library that it runs with",
	}
}

// Close waits for operations under way, ends open transactions without their changes, and closes the book.
//
// Errors: [ErrClosed] when it was closed.
func (s *Store) Close() error {
	if s == nil || s.handle == nil {
		return errNil("store")
	}
	if !s.handle.close() {
		return errClosed(s.handle.closed)
	}
	return nil
}

// Namespace reaches the records in a namespace, which need not exist. Nothing is read; each operation checks the name.
func (s *Store) Namespace(name string) Namespace { return Namespace{place: s, name: name} }

func (s *Store) enter(ctx context.Context) (held, C.sbgo_place, error) {
	if s == nil || s.handle == nil {
		return held{}, C.sbgo_place{}, errNil("store")
	}
	hold, err := s.handle.hold(ctx, s, false)
	if err != nil {
		return held{}, C.sbgo_place{}, err
	}
	return hold, C.sbgo_place{store: (*C.sb_store)(s.handle.pointer)}, nil
}

// Txn is several operations that take effect together, or not at all. It sees the book as it was when it began, and its own
// changes. It holds no lock: when somebody else was faster, Commit fails and nothing was changed. Operations of several
// goroutines on one transaction take turns.
type Txn struct {
	handle *handle
	store  *Store // not closed as garbage while there is a transaction
}

// Begin begins a transaction. It has to be ended with Commit or Rollback; [Store.Write] does that for you.
func (s *Store) Begin(ctx context.Context) (*Txn, error) {
	hold, place, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer hold.release()
	var pointer *C.sb_txn
	var failure *C.sb_error
	C.sb_txn_begin(place.store, &pointer, &failure)
	if failure != nil {
		return nil, takeError(failure)
	}
	h := s.handle.addChild(txnEnded, unsafe.Pointer(pointer), func(p unsafe.Pointer) { C.sbgo_free_txn(p) })
	txn := &Txn{h, s}
	closeWhenForgotten(txn, h)
	return txn, nil
}

// Write runs work in a transaction and makes its changes durable, all together. When work fails or panics, nothing is
// changed and the error is given back. When somebody else changed what work had read, work runs again on the newest state,
// until ctx ends: it should do nothing but work on the book.
func (s *Store) Write(ctx context.Context, work func(*Txn) error) error {
	if work == nil {
		return errNil("work")
	}
	for {
		err := s.writeOnce(ctx, work)
		var again *commitAborted
		if !errors.As(err, &again) {
			return err
		}
	}
}

// commitAborted is the error of a commit that came too late, which is no error of work that says the same.
type commitAborted struct{ error }

func (s *Store) writeOnce(ctx context.Context, work func(*Txn) error) error {
	txn, err := s.Begin(ctx)
	if err != nil {
		return err
	}
	defer txn.handle.close()
	if err := work(txn); err != nil {
		return err
	}
	err = txn.Commit(ctx)
	if errors.Is(err, ErrAborted) {
		return &commitAborted{err}
	}
	return err
}

// Namespace reaches the records in a namespace as the transaction sees them: as [Store.Namespace].
func (t *Txn) Namespace(name string) Namespace { return Namespace{place: t, name: name} }

// Commit makes the changes durable, all together, and ends the transaction, also when it fails.
//
// Errors: [ErrAborted] when something that it read or changed was changed meanwhile: begin another; [ErrClosed] when it has
// ended. Nothing was changed then.
func (t *Txn) Commit(ctx context.Context) error {
	hold, place, err := t.enter(ctx)
	if err != nil {
		return err
	}
	var failure *C.sb_error
	C.sb_txn_commit(place.txn, &failure)
	hold.release()
	t.handle.close()
	return takeError(failure)
}

// Rollback drops the changes and ends the transaction.
//
// Errors: [ErrClosed] when it has ended.
func (t *Txn) Rollback() error {
	if t == nil || t.handle == nil {
		return errNil("transaction")
	}
	if !t.handle.close() {
		return errClosed(t.handle.closed)
	}
	return nil
}

func (t *Txn) enter(ctx context.Context) (held, C.sbgo_place, error) {
	if t == nil || t.handle == nil {
		return held{}, C.sbgo_place{}, errNil("transaction")
	}
	hold, err := t.handle.hold(ctx, t, true)
	if err != nil {
		return held{}, C.sbgo_place{}, err
	}
	return hold, C.sbgo_place{txn: (*C.sb_txn)(t.handle.pointer)}, nil
}
