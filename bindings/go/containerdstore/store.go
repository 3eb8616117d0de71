// Package containerdstore lets Go code that was written for containerd run on a book: it implements containerd's
// containers.Store, and converts between its types and those of stowbook.
//
//	book, err := stowbook.Open("book.redb")
//	…
//	var store containers.Store = containerdstore.New(book)
//	ctx := namespaces.WithNamespace(context.Background(), "default")
//	created, err := store.Create(ctx, containers.Container{ID: "web", …})
//	if errdefs.IsAlreadyExists(err) { … }
package containerdstore

import (
	"context"

	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	stowbook "github.com/stowbook/stowbook/bindings/go"
)

type store struct {
	book *stowbook.Store
}

// New gives the containers of a book as containerd's own store gives them: the namespace comes from the context, refusals
// have the same messages and are the same for package errdefs. Each change is durable when the call returns. Closing the
// book stays with the caller.
//
// Like the daemon, and unlike containerd's package in process, Create takes a container without a spec.
func New(book *stowbook.Store) containers.Store { return &store{book} }

type txnKey struct{}

// WithTransaction makes stores that [New] gave, and that get this context, work in a transaction. It is what containerd does
// with transactions of its database.
func WithTransaction(ctx context.Context, txn *stowbook.Txn) context.Context {
	return context.WithValue(ctx, txnKey{}, txn)
}

// containers are those that the context stands for. A context without a namespace is one with the empty name: the book
// refuses both in the same words.
func (s *store) containers(ctx context.Context) stowbook.Containers {
	name, _ := namespaces.Namespace(ctx)
	if txn, ok := ctx.Value(txnKey{}).(*stowbook.Txn); ok {
		return txn.Namespace(name).Containers()
	}
	return s.book.Namespace(name).Containers()
}

func (s *store) Get(ctx context.Context, id string) (containers.Container, error) {
	return result(s.containers(ctx).Get(ctx, id))
}

func (s *store) List(ctx context.Context, filters ...string) ([]containers.Container, error) {
	found, err := s.containers(ctx).List(ctx, filters...)
	if err != nil {
		return nil, ToErrdefs(err)
	}
	// As containerd's store, nil when there are none.
	var list []containers.Container
	for _, container := range found {
		list = append(list, ToContainerd(container))
	}
	return list, nil
}

func (s *store) Create(ctx context.Context, container containers.Container) (containers.Container, error) {
	return result(s.containers(ctx).Create(ctx, FromContainerd(container)))
}

func (s *store) Update(ctx context.Context, container containers.Container, fieldpaths ...string) (containers.Container, error) {
	return result(s.containers(ctx).Update(ctx, FromContainerd(container), fieldpaths...))
}

func (s *store) Delete(ctx context.Context, id string) error {
	return ToErrdefs(s.containers(ctx).Delete(ctx, id))
}

func result(container *stowbook.Container, err error) (containers.Container, error) {
	if err != nil {
		return containers.Container{}, ToErrdefs(err)
	}
	return ToContainerd(container), nil
}
