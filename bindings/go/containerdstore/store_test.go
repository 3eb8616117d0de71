package containerdstore_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/core/metadata"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/errdefs"
	"github.com/containerd/typeurl/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	stowbook "github.com/stowbook/stowbook/bindings/go"
	"github.com/stowbook/stowbook/bindings/go/containerdstore"
)

func inDefault() context.Context {
	return namespaces.WithNamespace(context.Background(), "default")
}

func web() containers.Container {
	return containers.Container{
		ID:          "web",
		Labels:      map[string]string{"role": "front"},
		Image:       "docker.io/library/nginx:alpine",
		Runtime:     containers.RuntimeInfo{Name: "io.containerd.runc.v2", Options: &anypb.Any{TypeUrl: "o", Value: []byte{1}}},
		Spec:        &anypb.Any{TypeUrl: "t", Value: []byte("{}")},
		SnapshotKey: "web",
		Snapshotter: "overlayfs",
		Extensions:  map[string]typeurl.Any{"e": &anypb.Any{TypeUrl: "x", Value: []byte{0}}},
		SandboxID:   "pod",
	}
}

// Whatever is written for containers.Store gets the same from both.
func TestCodeForContainerd(t *testing.T) {
	for name, store := range map[string]containers.Store{
		"book":       containerdstore.New(openBook(t)),
		"containerd": metadata.NewContainerStore(openContainerd(t)),
	} {
		created, err := store.Create(inDefault(), web())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if created.CreatedAt.IsZero() || created.UpdatedAt != created.CreatedAt {
			t.Errorf("%s: times are %v and %v", name, created.CreatedAt, created.UpdatedAt)
		}
		got, err := store.Get(inDefault(), "web")
		if err != nil || !equal(got, created) {
			t.Errorf("%s: got %+v, %v, not %+v", name, got, err, created)
		}
		want := web()
		want.CreatedAt, want.UpdatedAt = got.CreatedAt, got.UpdatedAt
		if !equal(got, want) {
			t.Errorf("%s: got %+v, not %+v", name, got, want)
		}
		if _, err := store.Create(inDefault(), web()); !errdefs.IsAlreadyExists(err) {
			t.Errorf("%s: created twice: %v", name, err)
		}
		if _, err := store.Get(inDefault(), "db"); !errdefs.IsNotFound(err) || errdefs.IsAlreadyExists(err) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := store.List(context.Background()); !errdefs.IsFailedPrecondition(err) {
			t.Errorf("%s: without a namespace: %v", name, err)
		}
		if list, err := store.List(inDefault(), "labels.role==back"); list != nil || err != nil {
			t.Errorf("%s: an empty list is %v, %v", name, list, err)
		}
		if err := store.Delete(inDefault(), "web"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := store.Delete(inDefault(), "web"); !errdefs.IsNotFound(err) {
			t.Errorf("%s: deleted twice: %v", name, err)
		}
	}
}

// equal compares by content: two protobuf messages are equal when their fields are.
func equal(a, b containers.Container) bool {
	for _, pair := range [][2]typeurl.Any{{a.Spec, b.Spec}, {a.Runtime.Options, b.Runtime.Options}} {
		if !proto.Equal(typeurl.MarshalProto(pair[0]), typeurl.MarshalProto(pair[1])) {
			return false
		}
	}
	if len(a.Extensions) != len(b.Extensions) {
		return false
	}
	for name, value := range a.Extensions {
		if !proto.Equal(typeurl.MarshalProto(value), typeurl.MarshalProto(b.Extensions[name])) {
			return false
		}
	}
	a.Spec, a.Runtime.Options, a.Extensions = nil, nil, nil
	b.Spec, b.Runtime.Options, b.Extensions = nil, nil, nil
	return reflect.DeepEqual(a, b)
}

func TestConversion(t *testing.T) {
	from := web()
	record := containerdstore.FromContainerd(from)
	if to := containerdstore.ToContainerd(record); !equal(to, from) {
		t.Errorf("got %+v, not %+v", to, from)
	}
	// Nothing is shared.
	record.Labels["role"], record.Spec.Value[0] = "back", '!'
	if !equal(from, web()) {
		t.Errorf("a change of the record changed %+v", from)
	}

	var none *anypb.Any
	for _, absent := range []typeurl.Any{nil, none} {
		record := containerdstore.FromContainerd(containers.Container{Spec: absent, Extensions: map[string]typeurl.Any{"e": absent}})
		if record.Spec != nil || !reflect.DeepEqual(record.Extensions, map[string]stowbook.Any{"e": {}}) {
			t.Errorf("of an absent value came %+v", record)
		}
	}
	if to := containerdstore.ToContainerd(&stowbook.Container{}); to.Spec != nil || to.Runtime.Options != nil || to.Extensions != nil {
		t.Errorf("what is absent became %+v", to)
	}
	empty := containerdstore.ToContainerd(&stowbook.Container{Spec: &stowbook.Any{}})
	if empty.Spec == nil {
		t.Error("an empty value is not an absent one")
	}
}

func TestTransaction(t *testing.T) {
	book := openBook(t)
	store := containerdstore.New(book)
	failure := errors.New("no")
	err := book.Write(inDefault(), func(txn *stowbook.Txn) error {
		ctx := containerdstore.WithTransaction(inDefault(), txn)
		if _, err := store.Create(ctx, web()); err != nil {
			return err
		}
		if _, err := store.Get(ctx, "web"); err != nil {
			t.Errorf("the transaction does not see its own change: %v", err)
		}
		if _, err := store.Get(inDefault(), "web"); !errdefs.IsNotFound(err) {
			t.Errorf("others see the change: %v", err)
		}
		return failure
	})
	if err != failure {
		t.Error(err)
	}
	if list, err := store.List(inDefault()); len(list) != 0 || err != nil {
		t.Errorf("what was rolled back is there: %v, %v", list, err)
	}
}

// A context that has ended is told by its own error, as everywhere in Go.
func TestEndedContext(t *testing.T) {
	store := containerdstore.New(openBook(t))
	ctx, cancel := context.WithCancel(inDefault())
	cancel()
	if _, err := store.List(ctx); !errors.Is(err, context.Canceled) || !errdefs.IsCanceled(err) {
		t.Error(err)
	}
}

// An error has its kind in both packages, and its details.
func TestErrors(t *testing.T) {
	store := containerdstore.New(openBook(t))
	_, err := store.Create(inDefault(), containers.Container{ID: "nginx--1"})
	var failure *stowbook.Error
	if !errdefs.IsInvalidArgument(err) || !errors.Is(err, stowbook.ErrInvalidArgument) || !errors.As(err, &failure) || failure.Help == "" {
		t.Errorf("%#v", err)
	}
	if other := errors.New("other"); containerdstore.ToErrdefs(other) != other || containerdstore.ToErrdefs(nil) != nil {
		t.Error("other errors stay what they are")
	}
}

// The one difference that is not in words: the daemon takes a container without a spec, and so does the book; containerd's
// package in process does not.
func TestContainerWithoutSpec(t *testing.T) {
	bare := web()
	bare.Spec = nil
	if _, err := metadata.NewContainerStore(openContainerd(t)).Create(inDefault(), bare); err == nil {
		t.Error("containerd's package takes a container without a spec: then README.md is wrong")
	}
	created, err := containerdstore.New(openBook(t)).Create(inDefault(), bare)
	if err != nil || created.Spec != nil {
		t.Errorf("%+v, %v", created, err)
	}
}
