package stowbook

/*
#include "shim.h"

static void sbgo_free_collected(void *collected) { sb_collected_free(collected); }
*/
import "C"

import (
	"context"
	"encoding/json"
	"unsafe"
)

// Resource is something that holds, or is held.
type Resource struct {
	// Type is lease, snapshot, ingest, content, image, container or sandbox.
	Type string `json:"type"`
	// ID is its key in the namespace; a snapshot's is SNAPSHOTTER/KEY.
	ID string `json:"id"`
}

// How is how one thing refers to another, or why something stays by itself.
type How struct {
	// Name is lease, target, parent, snapshot, label and so on; root and root_label are for what stays by itself.
	Name string
	// Label is the key of the label that says so, where one does.
	Label string
}

// UnmarshalJSON reads "target" or {"label": KEY}.
func (h *How) UnmarshalJSON(text []byte) error {
	var name string
	if json.Unmarshal(text, &name) == nil {
		*h = How{Name: name}
		return nil
	}
	var labeled map[string]string
	if err := json.Unmarshal(text, &labeled); err != nil {
		return err
	}
	for name, label := range labeled {
		*h = How{name, label}
	}
	return nil
}

// MarshalJSON writes what UnmarshalJSON reads.
func (h How) MarshalJSON() ([]byte, error) {
	if h.Label == "" {
		return json.Marshal(h.Name)
	}
	return json.Marshal(map[string]string{h.Name: h.Label})
}

// CollectOptions say how to collect.
type CollectOptions struct {
	// DryRun only tells what would be removed.
	DryRun bool
	// Rules is the version of containerd whose rules decide: 2.3, as does the empty text, or 1.6.
	Rules string
}

// Collected is what a collection has removed, or would remove, and why the rest stays. It needs no closing.
type Collected struct {
	// Namespaces are in byte order of their names.
	Namespaces []CollectedNamespace `json:"namespaces"`

	handle *handle
}

// CollectedNamespace is what a collection did in one namespace. References never cross namespaces.
type CollectedNamespace struct {
	// Name is the namespace.
	Name string `json:"name"`
	// Removed is what nothing holds: leases that have expired, snapshots, ingests, content, images, in this order.
	Removed []Resource `json:"removed"`
}

// Way is what became of a resource, and why.
type Way struct {
	Resource
	// Kept says whether it stays.
	Kept bool `json:"kept"`
	// Way is the shortest way to it: from a root to the resource. It is empty for what is not kept.
	Way []Step `json:"way"`
}

// Step is one thing on the way from a root to a resource.
type Step struct {
	Resource
	// Exists says whether there is a record of it. What is held need not be there.
	Exists bool `json:"exists"`
	// Because is how the step before refers to it; of the first step, why it is a root.
	Because How `json:"because"`
}

// Collect removes the leases and the images that have expired, and the content, snapshots and ingests that nothing holds, in
// all namespaces and all together.
//
// Errors: [ErrInvalidArgument] for other rules; [ErrDataLoss] for a record that cannot be read: nothing was removed then.
func (s *Store) Collect(ctx context.Context, options CollectOptions) (*Collected, error) {
	hold, place, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer hold.release()
	var pointer *C.sb_collected
	result := C.sbgo_store_collect(place.store, C.bool(options.DryRun), str(options.Rules), &pointer)
	collected, err := take(result, fromJSON[Collected])
	if err != nil {
		C.sb_collected_free(pointer)
		return nil, err
	}
	collected.handle = newHandle(closed{}, unsafe.Pointer(pointer), func(p unsafe.Pointer) { C.sbgo_free_collected(p) })
	closeWhenForgotten(collected, collected.handle)
	return collected, nil
}

// Why tells why the resources of this id stay or go, in a namespace.
//
// Errors: [ErrNotFound] when there is nothing of this id that can be kept or removed.
func (c *Collected) Why(namespace, id string) ([]Way, error) {
	if c == nil || c.handle == nil {
		return nil, errNil("collected")
	}
	hold, err := c.handle.hold(context.Background(), c, false)
	if err != nil {
		return nil, err
	}
	defer hold.release()
	var result C.sbgo_result
	C.sb_collected_why((*C.sb_collected)(c.handle.pointer), str(namespace), str(id), &result.bytes, &result.error)
	return takeList[Way](result)
}

// Owned is a thing in a namespace, and all that refers to it.
type Owned struct {
	// Namespace is where it is.
	Namespace string `json:"namespace"`
	Resource
	// Exists says whether there is a record of it. What is referred to need not be there.
	Exists bool `json:"exists"`
	// Owners are what refers to it, then what refers to those, and so on: the nearest first, each reference once.
	Owners []Owner `json:"owners"`
}

// Owner is something that refers to another.
type Owner struct {
	Resource
	// Exists says whether there is a record of it.
	Exists bool `json:"exists"`
	// How it refers to Of.
	How How `json:"how"`
	// Of is the thing that was asked for, or an owner before this one.
	Of Resource `json:"of"`
}

// Owners tells who refers to what is called id, in all namespaces: a digest, the name of an image, the key of a snapshot, a
// reference of an ingest, the id of a container, lease or sandbox. It is empty when nothing is called so, and nothing refers
// to it.
//
// Errors: [ErrDataLoss] for a record that cannot be read.
func (s *Store) Owners(ctx context.Context, id string) ([]Owned, error) {
	hold, place, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer hold.release()
	var result C.sbgo_result
	C.sb_store_owners(place.store, str(id), &result.bytes, &result.error)
	return takeList[Owned](result)
}

// fromJSON reads what the library writes as JSON. Members that this package does not know are left out.
func fromJSON[T any](text []byte) (*T, error) {
	value := new(T)
	if err := json.Unmarshal(text, value); err != nil {
		return nil, errDefect("the library gave JSON that cannot be read: %v", err)
	}
	return value, nil
}

func takeList[T any](result C.sbgo_result) ([]T, error) {
	list, err := take(result, fromJSON[[]T])
	if err != nil {
		return nil, err
	}
	return *list, nil
}
