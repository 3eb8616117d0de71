package stowbook

/*
#include "shim.h"
*/
import "C"

import (
	"bytes"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// Container is the record of a container: metadata, never a process.
type Container struct {
	// ID is the key of the record in its namespace. Required; it cannot change. An identifier of at most 76 bytes.
	ID string
	// Labels are optional and can change. A label with an empty value is none.
	Labels map[string]string
	// Image is the name of the image that the container was made from. Optional; the image need not exist.
	Image string
	// Runtime is what runs the container. Required; it cannot change.
	Runtime Runtime
	// Spec is what the runtime is to start, usually a runtime-spec document as JSON. Optional. An update without a spec
	// never takes the stored one away.
	Spec *Any
	// Snapshotter holds the root file system. Required when SnapshotKey is set; it cannot change.
	Snapshotter string
	// SnapshotKey is the key of the root file system's snapshot. Optional.
	SnapshotKey string
	// CreatedAt is set by the store; what a caller gives is ignored.
	CreatedAt time.Time
	// UpdatedAt is set by the store; what a caller gives is ignored.
	UpdatedAt time.Time
	// Extensions are optional. An update adds and replaces names, and never takes one away.
	Extensions map[string]Any
	// SandboxID is the sandbox that the container belongs to. Optional; it cannot change.
	SandboxID string
	// Unknown is what the record carries beyond the fields that this version knows, as protobuf. It is kept as it is.
	Unknown []byte
}

// Runtime is a runtime and its options.
type Runtime struct {
	// Name is any text that is not empty: io.containerd.runc.v2.
	Name string
	// Options are optional.
	Options *Any
	// Unknown is as in [Container].
	Unknown []byte
}

// Any is an opaque value with the name of its type. It is never decoded.
type Any struct {
	// TypeURL is the name of the type: types.containerd.io/opencontainers/runtime-spec/1/Spec.
	TypeURL string
	// Value is JSON for the types that containerd names by a path of its own, else protobuf.
	Value []byte
	// Unknown is as in [Container].
	Unknown []byte
}

// MarshalJSON writes the record as stowbook's JSON, on one line: {"id": …, "labels": {…}, "spec": {"type_url": …,
// "value_base64": …}, …}.
func (c *Container) MarshalJSON() ([]byte, error) {
	if c == nil {
		return []byte("null"), nil
	}
	return take(C.sbgo_container_to_json(slice(c.message())), copyOf)
}

// UnmarshalJSON reads what MarshalJSON writes. Members that are not known are refused.
//
// Errors: [ErrInvalidArgument], with the line and the column among its details.
func (c *Container) UnmarshalJSON(json []byte) error {
	return readInto(c, C.sbgo_container_from_json(strOf(json)), readContainer)
}

// MarshalBinary writes the record as the protobuf message containerd.services.containers.v1.Container.
func (c *Container) MarshalBinary() ([]byte, error) {
	if c == nil {
		return nil, errNil("container")
	}
	return c.message(), nil
}

// UnmarshalBinary reads what MarshalBinary writes. What the message carries beyond the fields that are known is kept.
//
// Errors: [ErrInvalidArgument].
func (c *Container) UnmarshalBinary(message []byte) error {
	return unmarshal(c, message, readContainer)
}

// message is containerd.services.containers.v1.Container.
func (c *Container) message() []byte {
	b := make([]byte, 0, c.sizeHint())
	b = appendText(b, 1, c.ID)
	b = appendTexts(b, 2, c.Labels)
	b = appendText(b, 3, c.Image)
	b = appendMessage(b, 4, c.Runtime.append)
	b = appendAny(b, 5, c.Spec)
	b = appendText(b, 6, c.Snapshotter)
	b = appendText(b, 7, c.SnapshotKey)
	b = appendTime(b, 8, c.CreatedAt)
	b = appendTime(b, 9, c.UpdatedAt)
	b = appendAnys(b, 10, c.Extensions)
	b = appendText(b, 11, c.SandboxID)
	return append(b, c.Unknown...)
}

// sizeHint is about how long the message is.
func (c *Container) sizeHint() int {
	size := 256 + len(c.Unknown)
	if c.Spec != nil {
		size += len(c.Spec.TypeURL) + len(c.Spec.Value)
	}
	return size + 64*len(c.Labels)
}

func readContainer(b []byte) (*Container, error) {
	c := new(Container)
	return c, c.read(b)
}

func (c *Container) read(b []byte) error {
	f := fieldsOf(b)
	for f.next() {
		switch f.number {
		case 1:
			c.ID = f.text()
		case 2:
			readText(&f, &c.Labels)
		case 3:
			c.Image = f.text()
		case 4:
			f.inside(c.Runtime.read(f.bytes()))
		case 5:
			readAny(&f, &c.Spec)
		case 6:
			c.Snapshotter = f.text()
		case 7:
			c.SnapshotKey = f.text()
		case 8:
			readTime(&f, &c.CreatedAt)
		case 9:
			readTime(&f, &c.UpdatedAt)
		case 10:
			readAnyInto(&f, &c.Extensions)
		case 11:
			c.SandboxID = f.text()
		default:
			f.keep()
		}
	}
	c.Unknown = f.unknown
	return f.err
}

func (r *Runtime) append(b []byte) []byte {
	b = appendText(b, 1, r.Name)
	b = appendAny(b, 2, r.Options)
	return append(b, r.Unknown...)
}

func (r *Runtime) read(b []byte) error {
	f := fieldsOf(b)
	for f.next() {
		switch f.number {
		case 1:
			r.Name = f.text()
		case 2:
			readAny(&f, &r.Options)
		default:
			f.keep()
		}
	}
	r.Unknown = append(r.Unknown, f.unknown...) // a runtime may come in two pieces, which are one
	return f.err
}

func (a *Any) append(b []byte) []byte {
	b = appendText(b, 1, a.TypeURL)
	if len(a.Value) > 0 {
		b = protowire.AppendTag(b, 2, protowire.BytesType)
		b = protowire.AppendBytes(b, a.Value)
	}
	return append(b, a.Unknown...)
}

func (a *Any) read(b []byte) error {
	f := fieldsOf(b)
	for f.next() {
		switch f.number {
		case 1:
			a.TypeURL = f.text()
		case 2:
			a.Value = bytes.Clone(f.bytes())
		default:
			f.keep()
		}
	}
	a.Unknown = f.unknown
	return f.err
}
