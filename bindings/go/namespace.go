package stowbook

/*
#include "shim.h"
*/
import "C"

import "context"

// place is where records are: a store, or a transaction.
type place interface {
	enter(ctx context.Context) (held, C.sbgo_place, error)
}

// Namespace is a tenant of a book: it reaches the records in it. It is a value without anything to close.
type Namespace struct {
	place place
	name  string
}

// Name is the name that the namespace was reached by.
func (n Namespace) Name() string { return n.name }

// Containers reaches the namespace's containers.
func (n Namespace) Containers() Containers { return Containers{n} }

func (n Namespace) enter(ctx context.Context) (held, C.sbgo_place, error) {
	if n.place == nil {
		return held{}, C.sbgo_place{}, errNil("namespace")
	}
	hold, place, err := n.place.enter(ctx)
	place.name = str(n.name)
	return hold, place, err
}
