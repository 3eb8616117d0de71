package stowbook_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	stowbook "github.com/stowbook/stowbook/bindings/go"
)

func ExampleOpen() {
	folder, err := os.MkdirTemp("", "stowbook")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)

	store, err := stowbook.Open(filepath.Join(folder, "book.redb"))
	if err != nil {
		panic(err)
	}
	defer store.Close()
	ctx, containers := context.Background(), store.Namespace("default").Containers()

	web := &stowbook.Container{
		ID:      "web",
		Runtime: stowbook.Runtime{Name: "io.containerd.runc.v2"},
		Labels:  map[string]string{"role": "front"},
	}
	if _, err := containers.Create(ctx, web); err != nil {
		panic(err)
	}
	_, err = containers.Create(ctx, web)
	fmt.Println(err, errors.Is(err, stowbook.ErrAlreadyExists))
	for container, err := range containers.All(ctx, "labels.role==front,image!=nginx") {
		fmt.Println(container.ID, err)
	}
	// Output:
	// container "web": already exists true
	// web <nil>
}

func ExampleStore_Write() {
	store, err := stowbook.OpenMemory()
	if err != nil {
		panic(err)
	}
	defer store.Close()
	ctx := context.Background()

	// Both records, or none.
	err = store.Write(ctx, func(txn *stowbook.Txn) error {
		if _, err := txn.Namespaces().Create(ctx, &stowbook.NamespaceRecord{Name: "k8s.io"}); err != nil {
			return err
		}
		_, err := txn.Namespace("k8s.io").Containers().Create(ctx, &stowbook.Container{ID: "no--id"})
		return err
	})
	var failure *stowbook.Error
	if errors.As(err, &failure) {
		fmt.Println(failure.Kind.Name())
		fmt.Println(failure.Help)
	}
	namespaces, err := store.Namespaces().List(ctx)
	fmt.Println(len(namespaces), err)
	// Output:
	// invalid_argument
	// use letters and digits, joined by single dots, underscores or hyphens
	// 0 <nil>
}

func ExampleContainers_Update() {
	store, err := stowbook.OpenMemory()
	if err != nil {
		panic(err)
	}
	defer store.Close()
	ctx, containers := context.Background(), store.Namespace("default").Containers()
	web := &stowbook.Container{ID: "web", Runtime: stowbook.Runtime{Name: "io.containerd.runc.v2"}, Image: "nginx:1"}
	if _, err := containers.Create(ctx, web); err != nil {
		panic(err)
	}

	// Only the field that is named changes.
	web.Image = "nginx:2"
	web.Labels = map[string]string{"role": "front"}
	updated, err := containers.Update(ctx, web, "labels.role")
	fmt.Println(updated.Image, updated.Labels, err)
	// Output: nginx:1 map[role:front] <nil>
}

func ExampleEvents() {
	store, err := stowbook.OpenMemory()
	if err != nil {
		panic(err)
	}
	defer store.Close()
	ctx := context.Background()
	images := store.Namespace("default").Images()
	for _, name := range []string{"a", "b"} {
		if _, err := images.Create(ctx, &stowbook.Image{Name: name, Target: stowbook.Descriptor{
			MediaType: "application/vnd.oci.image.manifest.v1+json",
			Digest:    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
			Size:      2,
		}}); err != nil {
			panic(err)
		}
	}

	// What has happened since the beginning, one at a time.
	events, next, err := store.Events().Read(ctx, stowbook.Oldest, 1)
	fmt.Println(events[0].Number, events[0].Topic, events[0].Message.TypeURL, err)

	// The rest, from where that ended; it goes on with what is to come.
	subscription, err := store.Events().Subscribe(ctx, next, `topic=="/images/create"`)
	if err != nil {
		panic(err)
	}
	defer subscription.Close()
	event, err := subscription.Next(ctx)
	fmt.Println(event.Number, event.Namespace, err)
	// Output:
	// 1 /images/create containerd.services.images.v1.ImageCreate <nil>
	// 2 default <nil>
}
