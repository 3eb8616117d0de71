package stowbook

/*
#include "shim.h"

#cgo noescape sbgo_namespace_record_from_json
#cgo nocallback sbgo_namespace_record_from_json
#cgo noescape sbgo_namespace_record_to_json
#cgo nocallback sbgo_namespace_record_to_json
#cgo noescape sbgo_namespaces_create
#cgo nocallback sbgo_namespaces_create
#cgo noescape sbgo_namespaces_delete
#cgo nocallback sbgo_namespaces_delete
#cgo noescape sbgo_namespaces_get
#cgo nocallback sbgo_namespaces_get
#cgo noescape sbgo_namespaces_list
#cgo nocallback sbgo_namespaces_list
#cgo noescape sbgo_namespaces_update
#cgo nocallback sbgo_namespaces_update
*/
import "C"

import (
	"context"
	"iter"
)

// Namespaces are the namespaces of a book themselves.
type Namespaces struct {
	place place
}

// NamespaceRecord is the record of a namespace: its name and its labels.
type NamespaceRecord struct {
	// Name is the key. Required; it cannot change. An identifier of at most 76 bytes, and not "version".
	Name string
	// Labels are optional and can change.
	Labels map[string]string
	// Unknown is as in [Container].
	Unknown []byte
}

// Namespaces reaches the namespaces themselves.
func (s *Store) Namespaces() Namespaces { return Namespaces{s} }

// Namespaces reaches the namespaces themselves as the transaction sees them.
func (t *Txn) Namespaces() Namespaces { return Namespaces{t} }

// Get gets a namespace with its labels; one that does not exist has none.
func (n Namespaces) Get(ctx context.Context, name string) (*NamespaceRecord, error) {
	return onNamespaces(ctx, n, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_namespaces_get(place, str(name))
	}, readNamespace)
}

// List gets all namespaces in byte order of their names.
func (n Namespaces) List(ctx context.Context) ([]*NamespaceRecord, error) {
	return onNamespaces(ctx, n, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_namespaces_list(place)
	}, listOf(readNamespace))
}

// All goes through the namespaces that List gives. Behind an error, which it gives with a nil record, it ends.
func (n Namespaces) All(ctx context.Context) iter.Seq2[*NamespaceRecord, error] {
	return each(func() ([]*NamespaceRecord, error) { return n.List(ctx) })
}

// Create adds a namespace, and gives what was asked for.
//
// Errors: [ErrInvalidArgument] for the name or a label; [ErrAlreadyExists]; [ErrUnknown] for the reserved name "version".
func (n Namespaces) Create(ctx context.Context, record *NamespaceRecord) (*NamespaceRecord, error) {
	if record == nil {
		return nil, errNil("record")
	}
	return onNamespaces(ctx, n, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_namespaces_create(place, slice(record.message()))
	}, readNamespace)
}

// Update changes the labels with these paths (labels.KEY) to what the record says, all labels when there is no path. An absent
// or empty value removes a label. A namespace that does not exist is made by its first label.
//
// Errors: [ErrInvalidArgument] for another path; [ErrUnknown] for a label that is too long, and, with the change made, for a
// name under which no event can be published.
func (n Namespaces) Update(ctx context.Context, record *NamespaceRecord, fields ...string) error {
	if record == nil {
		return errNil("record")
	}
	_, err := onNamespaces(ctx, n, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_namespaces_update(place, slice(record.message()), texts(fields))
	}, nothing)
	return err
}

// Delete removes an empty namespace.
//
// Errors: [ErrFailedPrecondition] when there are records in it; [ErrNotFound]; [ErrUnknown], with the namespace removed, for a
// name under which no event can be published.
func (n Namespaces) Delete(ctx context.Context, name string) error {
	_, err := onNamespaces(ctx, n, func(place C.sbgo_place) C.sbgo_result {
		return C.sbgo_namespaces_delete(place, str(name))
	}, nothing)
	return err
}

func onNamespaces[T any](ctx context.Context, n Namespaces, call func(C.sbgo_place) C.sbgo_result, read func([]byte) (T, error)) (T, error) {
	if n.place == nil {
		var none T
		return none, errNil("namespaces")
	}
	return at(ctx, n.place, call, read)
}

// MarshalJSON writes the record as stowbook's JSON, on one line.
func (r *NamespaceRecord) MarshalJSON() ([]byte, error) {
	if r == nil {
		return []byte("null"), nil
	}
	return take(C.sbgo_namespace_record_to_json(slice(r.message())), copyOf)
}

// UnmarshalJSON reads what MarshalJSON writes. Members that are not known are refused.
//
// Errors: [ErrInvalidArgument], with the line and the column among its details.
func (r *NamespaceRecord) UnmarshalJSON(json []byte) error {
	return readInto(r, C.sbgo_namespace_record_from_json(strOf(json)), readNamespace)
}

// MarshalBinary writes the record as the protobuf message containerd.services.namespaces.v1.Namespace.
func (r *NamespaceRecord) MarshalBinary() ([]byte, error) {
	if r == nil {
		return nil, errNil("record")
	}
	return r.message(), nil
}

// UnmarshalBinary reads what MarshalBinary writes. What the message carries beyond the fields that are known is kept.
//
// Errors: [ErrInvalidArgument].
func (r *NamespaceRecord) UnmarshalBinary(message []byte) error {
	return unmarshal(r, message, readNamespace)
}

// message is containerd.services.namespaces.v1.Namespace.
func (r *NamespaceRecord) message() []byte {
	b := appendText(nil, 1, r.Name)
	b = appendTexts(b, 2, r.Labels)
	return append(b, r.Unknown...)
}

func readNamespace(b []byte) (*NamespaceRecord, error) {
	r := new(NamespaceRecord)
	f := fieldsOf(b)
	for f.next() {
		switch f.number {
		case 1:
			r.Name = f.text()
		case 2:
			readText(&f, &r.Labels)
		default:
			f.keep()
		}
	}
	r.Unknown = f.unknown
	return r, f.err
}
