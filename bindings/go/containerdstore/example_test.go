package containerdstore_test

import (
	"context"
	"fmt"

	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/errdefs"

	stowbook "github.com/stowbook/stowbook/bindings/go"
	"github.com/stowbook/stowbook/bindings/go/containerdstore"
)

// Code that takes containerd's interface runs on a book.
func ExampleNew() {
	book, err := stowbook.OpenMemory() // or stowbook.Open("book.redb")
	if err != nil {
		panic(err)
	}
	defer book.Close()

	var store containers.Store = containerdstore.New(book)
	ctx := namespaces.WithNamespace(context.Background(), "default")
	created, err := store.Create(ctx, containers.Container{ID: "web", Runtime: containers.RuntimeInfo{Name: "io.containerd.runc.v2"}})
	fmt.Println(created.ID, err)
	_, err = store.Get(ctx, "db")
	fmt.Println(err, errdefs.IsNotFound(err))
	// Output:
	// web <nil>
	// container "db" in namespace "default": not found true
}
