// metastore measures containerd's own metadata package (bbolt) in process: the same work as `stowbook-bench store`.
// containerd (Apache License 2.0) and bbolt (MIT) come as Go modules; nothing of theirs is copied here.
//
//	metastore DIR N BATCH SPEC.json   prints a line for each kind of operation: name, operations a second
//	metastore DIR                     reopens what that left, reads every record, and prints how many there are
//	metastore fill DIR N SPEC.json    makes N records in one transaction and nothing else
//	metastore dump FILE               prints a database as `stowbook metadb dump` does
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/core/metadata"
	"github.com/containerd/containerd/v2/core/metadata/boltutil"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	bolt "go.etcd.io/bbolt"
	"google.golang.org/protobuf/types/known/anypb"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	if os.Args[1] == "dump" {
		dump(os.Args[2])
		return
	}
	arguments, fill := os.Args, os.Args[1] == "fill"
	if fill {
		arguments = []string{"", os.Args[2], "0", os.Args[3], os.Args[4]}
	}
	dir := arguments[1]
	db, err := bolt.Open(filepath.Join(dir, "meta.db"), 0o644, nil)
	must(err)
	mdb := metadata.NewDB(db, nil, nil)
	must(mdb.Init(context.Background()))
	ctx := namespaces.WithNamespace(context.Background(), "default")
	st := metadata.NewContainerStore(mdb)
	if len(arguments) == 2 {
		records, err := st.List(ctx)
		must(err)
		fmt.Println(len(records))
		return
	}
	n, batch := 2000, 10000
	fmt.Sscan(arguments[2], &n)
	fmt.Sscan(arguments[3], &batch)
	spec, err := os.ReadFile(arguments[4])
	must(err)
	mk := func(i int) containers.Container {
		return containers.Container{
			ID: fmt.Sprintf("c%07d", i), Image: "docker.io/library/nginx:alpine",
			Labels:  map[string]string{"app": fmt.Sprintf("a%d", i%100), "tier": "web", "io.cri-containerd.kind": "container"},
			Runtime: containers.RuntimeInfo{Name: "io.containerd.runc.v2"}, Snapshotter: "overlayfs", SnapshotKey: fmt.Sprintf("c%07d", i),
			Spec: &anypb.Any{TypeUrl: "types.containerd.io/opencontainers/runtime-spec/1/Spec", Value: spec},
		}
	}
	report := func(name string, ops int, d time.Duration) { fmt.Printf("%s %.0f\n", name, float64(ops)/d.Seconds()) }
	timed := func(name string, ops int, f func()) { t := time.Now(); f(); report(name, ops, time.Since(t)) }
	timed("create_seq", n, func() {
		for i := 0; i < n; i++ {
			_, err := st.Create(ctx, mk(i))
			must(err)
		}
	})
	timed("create_par32", n, func() {
		var wg sync.WaitGroup
		for g := 0; g < 32; g++ {
			wg.Add(1)
			go func(g int) {
				defer wg.Done()
				for i := g; i < n; i += 32 {
					_, err := st.Create(ctx, mk(n+i))
					must(err)
				}
			}(g)
		}
		wg.Wait()
	})
	timed("create_onetx", batch, func() {
		must(mdb.Update(func(tx *bolt.Tx) error {
			c := boltutil.WithTransaction(ctx, tx)
			for i := 0; i < batch; i++ {
				if _, err := st.Create(c, mk(2*n+i)); err != nil {
					return err
				}
			}
			return nil
		}))
	})
	if fill {
		must(db.Close())
		return
	}
	timed("get", 20000, func() {
		for i := 0; i < 20000; i++ {
			_, err := st.Get(ctx, fmt.Sprintf("c%07d", (i*7919)%(2*n)))
			must(err)
		}
	})
	timed("list_all_records", 5*(2*n+batch), func() {
		for k := 0; k < 5; k++ {
			_, err := st.List(ctx)
			must(err)
		}
	})
	timed("list_filter_records", 5*(2*n+batch), func() {
		for k := 0; k < 5; k++ {
			_, err := st.List(ctx, `labels.app==a7`)
			must(err)
		}
	})
	timed("update_label", n, func() {
		for i := 0; i < n; i++ {
			_, err := st.Update(ctx, containers.Container{ID: fmt.Sprintf("c%07d", i), Labels: map[string]string{"x": "y"}}, "labels.x")
			must(err)
		}
	})
	timed("delete", n, func() {
		for i := 0; i < n; i++ {
			must(st.Delete(ctx, fmt.Sprintf("c%07d", i)))
		}
	})
}
