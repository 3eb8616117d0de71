// metadb-1.4 fills a meta.db with the metadata package of containerd 1.4.13, in process.
// usage: metadb-1.4 FILE
package main

import (
	"context"
	"os"

	"github.com/containerd/containerd/containers"
	"github.com/containerd/containerd/content"
	"github.com/containerd/containerd/content/local"
	"github.com/containerd/containerd/images"
	"github.com/containerd/containerd/leases"
	"github.com/containerd/containerd/metadata"
	"github.com/containerd/containerd/namespaces"
	"github.com/containerd/containerd/snapshots"
	"github.com/containerd/containerd/snapshots/native"
	"github.com/gogo/protobuf/types"
	digest "github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	bolt "go.etcd.io/bbolt"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	db, err := bolt.Open(os.Args[1], 0o644, &bolt.Options{PageSize: 2048})
	must(err)
	tmp, err := os.MkdirTemp("", "m")
	must(err)
	defer os.RemoveAll(tmp)
	cs, err := local.NewStore(tmp + "/content")
	must(err)
	sn, err := native.NewSnapshotter(tmp + "/native")
	must(err)
	m := metadata.NewDB(db, cs, map[string]snapshots.Snapshotter{"native": sn})
	root := context.Background()
	must(m.Init(root))
	must(m.Update(func(tx *bolt.Tx) error {
		return metadata.NewNamespaceStore(tx).Create(root, "demo", map[string]string{"containerd.io/defaults/snapshotter": "native"})
	}))
	ctx := namespaces.WithNamespace(root, "demo")
	lm := metadata.NewLeaseManager(m)
	l, err := lm.Create(ctx, leases.WithID("L1"), leases.WithLabels(map[string]string{"keep": "yes"}))
	must(err)
	lctx := leases.WithLease(ctx, l.ID)
	w, err := m.ContentStore().Writer(lctx, content.WithRef("hello"))
	must(err)
	_, err = w.Write([]byte("hello"))
	must(err)
	must(w.Commit(lctx, 5, digest.FromString("hello")))
	_, err = m.ContentStore().Writer(lctx, content.WithRef("open-ref"))
	must(err)
	_, err = metadata.NewImageStore(m).Create(ctx, images.Image{Name: "example.test/hello:1", Labels: map[string]string{"k": "v"}, Target: ocispec.Descriptor{MediaType: "text/plain", Digest: digest.FromString("hello"), Size: 5, Annotations: map[string]string{"ann": "1"}}})
	must(err)
	s := m.Snapshotter("native")
	_, err = s.Prepare(lctx, "act", "")
	must(err)
	must(s.Commit(lctx, "base", "act"))
	_, err = s.Prepare(ctx, "rw", "base")
	must(err)
	_, err = metadata.NewContainerStore(m).Create(ctx, containers.Container{ID: "c1", Image: "example.test/hello:1", Labels: map[string]string{"role": "demo"}, Snapshotter: "native", SnapshotKey: "rw",
		Runtime: containers.RuntimeInfo{Name: "io.containerd.runc.v2", Options: &types.Any{TypeUrl: "containerd.runc.v1.Options"}}, Spec: &types.Any{TypeUrl: "types.containerd.io/opencontainers/runtime-spec/1/Spec", Value: []byte(`{"ociVersion":"1.0.2"}`)},
		Extensions: map[string]types.Any{"ext": types.Any{TypeUrl: "t", Value: []byte("v")}}})
	must(err)
	must(db.Close())
}
