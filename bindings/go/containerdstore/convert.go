package containerdstore

import (
	"bytes"
	"maps"
	"reflect"

	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/typeurl/v2"
	"google.golang.org/protobuf/types/known/anypb"

	stowbook "github.com/stowbook/stowbook/bindings/go"
)

// ToContainerd makes containerd's type of a record. It shares nothing with the record. What the record carries beyond the
// fields that are known, containerd's type has no place for.
func ToContainerd(from *stowbook.Container) containers.Container {
	to := containers.Container{
		ID:          from.ID,
		Labels:      maps.Clone(from.Labels),
		Image:       from.Image,
		Runtime:     containers.RuntimeInfo{Name: from.Runtime.Name, Options: anyTo(from.Runtime.Options)},
		Spec:        anyTo(from.Spec),
		SnapshotKey: from.SnapshotKey,
		Snapshotter: from.Snapshotter,
		CreatedAt:   from.CreatedAt,
		UpdatedAt:   from.UpdatedAt,
		SandboxID:   from.SandboxID,
	}
	if from.Extensions != nil {
		to.Extensions = make(map[string]typeurl.Any, len(from.Extensions))
		for name, value := range from.Extensions {
			to.Extensions[name] = anyTo(&value)
		}
	}
	return to
}

// FromContainerd makes a record of containerd's type. It shares nothing with it.
func FromContainerd(from containers.Container) *stowbook.Container {
	to := &stowbook.Container{
		ID:          from.ID,
		Labels:      maps.Clone(from.Labels),
		Image:       from.Image,
		Runtime:     stowbook.Runtime{Name: from.Runtime.Name, Options: anyFrom(from.Runtime.Options)},
		Spec:        anyFrom(from.Spec),
		SnapshotKey: from.SnapshotKey,
		Snapshotter: from.Snapshotter,
		CreatedAt:   from.CreatedAt,
		UpdatedAt:   from.UpdatedAt,
		SandboxID:   from.SandboxID,
	}
	if from.Extensions != nil {
		to.Extensions = make(map[string]stowbook.Any, len(from.Extensions))
		for name, value := range from.Extensions {
			// A name without a value is an empty value, as on containerd's wire.
			if value := anyFrom(value); value != nil {
				to.Extensions[name] = *value
			} else {
				to.Extensions[name] = stowbook.Any{}
			}
		}
	}
	return to
}

func anyTo(from *stowbook.Any) typeurl.Any {
	if from == nil {
		return nil
	}
	return &anypb.Any{TypeUrl: from.TypeURL, Value: bytes.Clone(from.Value)}
}

func anyFrom(from typeurl.Any) *stowbook.Any {
	if from == nil {
		return nil
	}
	// Code that converts from protobuf leaves nil pointers in the interface.
	if value := reflect.ValueOf(from); value.Kind() == reflect.Pointer && value.IsNil() {
		return nil
	}
	return &stowbook.Any{TypeURL: from.GetTypeUrl(), Value: bytes.Clone(from.GetValue())}
}
