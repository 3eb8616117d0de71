package stowbook

/*
#include "shim.h"

#cgo noescape sb_bytes_free
#cgo nocallback sb_bytes_free
*/
import "C"

import (
	"context"
	"runtime"
	"sync"
	"unsafe"
)

// A handle owns one object of the library. Calls hold it while they use the object, so that closing it waits for them.
type handle struct {
	mu      sync.RWMutex
	pointer unsafe.Pointer // nil when closed
	closed  closed         // what is said then
	free    func(unsafe.Pointer)
	parent  *handle

	childrenMu sync.Mutex
	children   map[*handle]struct{}
}

func newHandle(closed closed, pointer unsafe.Pointer, free func(unsafe.Pointer)) *handle {
	return &handle{pointer: pointer, closed: closed, free: free}
}

// addChild makes a handle that is closed before h is, at the latest. The caller holds h.
func (h *handle) addChild(closed closed, pointer unsafe.Pointer, free func(unsafe.Pointer)) *handle {
	child := newHandle(closed, pointer, free)
	child.parent = h
	h.childrenMu.Lock()
	defer h.childrenMu.Unlock()
	if h.children == nil {
		h.children = map[*handle]struct{}{}
	}
	h.children[child] = struct{}{}
	return child
}

// close frees the object and what was made from it, after the calls that use them. It says whether it was open.
func (h *handle) close() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.pointer == nil {
		return false
	}
	// Nobody adds children any more, for that needs h held.
	h.childrenMu.Lock()
	children := make([]*handle, 0, len(h.children))
	for child := range h.children {
		children = append(children, child)
	}
	h.childrenMu.Unlock()
	for _, child := range children {
		child.close()
	}
	h.free(h.pointer)
	h.pointer = nil
	if h.parent != nil {
		h.parent.childrenMu.Lock()
		delete(h.parent.children, h)
		h.parent.childrenMu.Unlock()
	}
	return true
}

// closeWhenForgotten closes h when owner, which a program holds, is garbage.
func closeWhenForgotten[T any](owner *T, h *handle) {
	runtime.AddCleanup(owner, func(h *handle) { h.close() }, h)
}

// A held handle cannot be closed until it is released. The zero value is not held.
type held struct {
	handle *handle
	alone  bool
	owner  any // what a program holds: not garbage before the release
}

// hold holds h for a call, alone or beside others.
func (h *handle) hold(ctx context.Context, owner any, alone bool) (held, error) {
	if err := checkContext(ctx); err != nil {
		return held{}, err
	}
	if alone {
		h.mu.Lock()
	} else {
		h.mu.RLock()
	}
	hold := held{h, alone, owner}
	if h.pointer == nil {
		hold.release()
		return held{}, errClosed(h.closed)
	}
	return hold, nil
}

func (hold held) release() {
	if hold.alone {
		hold.handle.mu.Unlock()
	} else {
		hold.handle.mu.RUnlock()
	}
	runtime.KeepAlive(hold.owner)
}

// slice lends bytes to the library for one call.
func slice(b []byte) C.sb_slice {
	return C.sb_slice{(*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(b))), C.size_t(len(b))}
}

// str lends a text to the library for one call.
func str(s string) C.sb_str {
	return C.sb_str{(*C.char)(unsafe.Pointer(unsafe.StringData(s))), C.size_t(len(s))}
}

// strOf lends bytes that should be a text to the library for one call.
func strOf(b []byte) C.sb_str {
	return C.sb_str{(*C.char)(unsafe.Pointer(unsafe.SliceData(b))), C.size_t(len(b))}
}

// texts lends a list of texts to the library for one call.
func texts(list []string) C.sbgo_texts {
	if len(list) == 0 {
		return C.sbgo_texts{}
	}
	var joined []byte
	lengths := make([]C.size_t, len(list))
	for i, s := range list {
		joined = append(joined, s...)
		lengths[i] = C.size_t(len(s))
	}
	return C.sbgo_texts{(*C.char)(unsafe.Pointer(unsafe.SliceData(joined))), unsafe.SliceData(lengths), C.size_t(len(list))}
}

// take gives what read makes of the bytes of a result, and frees the result.
func take[T any](result C.sbgo_result, read func([]byte) (T, error)) (T, error) {
	if result.error != nil {
		var none T
		return none, takeError(result.error)
	}
	defer C.sb_bytes_free(&result.bytes)
	return read(unsafe.Slice((*byte)(unsafe.Pointer(result.bytes.data)), result.bytes.len))
}

// readInto makes record what read makes of a result; when that fails, it stays as it is.
func readInto[T any](record *T, result C.sbgo_result, read func([]byte) (*T, error)) error {
	if record == nil {
		return errNil("record")
	}
	got, err := take(result, read)
	if err == nil {
		*record = *got
	}
	return err
}
