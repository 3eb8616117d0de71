// grpcload drives a containerd-compatible socket with containerd's own Go client.
// containerd (Apache License 2.0) comes as a Go module; nothing of it is copied here.
//
//	grpcload wait SOCKET                            prints a line as soon as the server answers
//	grpcload SOCKET NAMESPACE N WORKERS SPEC.json   prints a line for each kind of operation: name, operations a second
package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"google.golang.org/protobuf/types/known/anypb"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// wait asks again and again, so that the answer comes within a millisecond or two of the server's being there.
func wait(socket string) {
	fmt.Println("waiting")
	for {
		if _, err := os.Stat(socket); err == nil {
			c, err := client.New(socket)
			must(err)
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			_, err = c.Version(ctx)
			cancel()
			c.Close()
			if err == nil {
				fmt.Println("answers")
				return
			}
		}
		time.Sleep(time.Millisecond)
	}
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "wait" {
		wait(os.Args[2])
		return
	}
	if len(os.Args) != 6 {
		fmt.Fprintln(os.Stderr, "usage: grpcload SOCKET NAMESPACE N WORKERS SPEC.json")
		os.Exit(2)
	}
	var n, w int
	_, err := fmt.Sscan(os.Args[3]+" "+os.Args[4], &n, &w)
	must(err)
	spec, err := os.ReadFile(os.Args[5])
	must(err)
	c, err := client.New(os.Args[1])
	must(err)
	defer c.Close()
	ctx := namespaces.WithNamespace(context.Background(), os.Args[2])
	store := c.ContainerService()
	id := func(i int) string { return fmt.Sprintf("c%07d", i) }
	record := func(i int) containers.Container {
		return containers.Container{
			ID: id(i), Image: "docker.io/library/nginx:alpine",
			Labels:  map[string]string{"app": fmt.Sprintf("a%d", i%100), "tier": "web"},
			Runtime: containers.RuntimeInfo{Name: "io.containerd.runc.v2"}, Snapshotter: "overlayfs", SnapshotKey: id(i),
			Spec: &anypb.Any{TypeUrl: "types.containerd.io/opencontainers/runtime-spec/1/Spec", Value: spec},
		}
	}
	measure := func(name string, workers, operations int, operation func(i int)) {
		began := time.Now()
		var done sync.WaitGroup
		for worker := range workers {
			done.Add(1)
			go func() {
				defer done.Done()
				for i := worker; i < operations; i += workers {
					operation(i)
				}
			}()
		}
		done.Wait()
		fmt.Printf("%s %.1f\n", name, float64(operations)/time.Since(began).Seconds())
	}
	list := func(want int, filters ...string) func(int) {
		return func(int) {
			found, err := store.List(ctx, filters...)
			must(err)
			if len(found) != want {
				panic(fmt.Sprintf("%d records, not %d", len(found), want))
			}
		}
	}
	measure("create_1", 1, n, func(i int) { _, err := store.Create(ctx, record(i)); must(err) })
	measure("create_many", w, n, func(i int) { _, err := store.Create(ctx, record(n+i)); must(err) })
	measure("get_1", 1, n, func(i int) { _, err := store.Get(ctx, id(i)); must(err) })
	measure("get_many", w, 2*n, func(i int) { _, err := store.Get(ctx, id(i)); must(err) })
	measure("list_all", 1, 5, list(2*n))
	selected := 0
	for i := range 2 * n {
		if i%100 == 7 {
			selected++
		}
	}
	measure("list_filter", 1, 5, list(selected, "labels.app==a7"))
	measure("update_many", w, n, func(i int) {
		_, err := store.Update(ctx, containers.Container{ID: id(i), Labels: map[string]string{"x": "y"}}, "labels.x")
		must(err)
	})
	measure("delete_many", w, 2*n, func(i int) { must(store.Delete(ctx, id(i))) })
	list(0)(0)
}
