package example

import (
	"bytes"
	"context"
	"io"
	"os"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/leases"
	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// The server that ADDRESS names, a real containerd, or one of stowbook's.
func connect(t *testing.T) (*client.Client, context.Context) {
	t.Helper()
	address := os.Getenv("ADDRESS")
	if address == "" {
		address = startContainerd(t)
	}
	containerd, err := client.New(address, recorded(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { containerd.Close() })
	return containerd, namespaces.WithNamespace(context.Background(), "clients")
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestEverythingButTasks(t *testing.T) {
	containerd, ctx := connect(t)
	serving, err := containerd.IsServing(ctx)
	check(t, err)
	version, err := containerd.Version(ctx)
	check(t, err)
	if !serving || version.Version == "" {
		t.Fatalf("serving: %v, version %q", serving, version.Version)
	}

	events, failures := containerd.Subscribe(ctx, `topic~="^/(images|snapshot)/"`, `namespace==clients,topic~="^/containers/"`)
	// A subscription is made when its first answer may come; there is no word about it.
	time.Sleep(300 * time.Millisecond)

	lease, err := containerd.LeasesService().Create(ctx, leases.WithID("lease"), leases.WithExpiration(time.Hour))
	check(t, err)
	held := leases.WithLease(ctx, lease.ID)

	blob := bytes.Repeat([]byte("stowage "), 300_000)
	target := ocispec.Descriptor{
		MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromBytes(blob), Size: int64(len(blob)),
	}
	store := containerd.ContentStore()
	check(t, content.WriteBlob(held, store, "ref", bytes.NewReader(blob), target, content.WithLabels(map[string]string{"a": "b"})))
	info, err := store.Info(ctx, target.Digest)
	check(t, err)
	if info.Size != target.Size || info.Labels["a"] != "b" {
		t.Fatalf("info: %+v", info)
	}
	reader, err := store.ReaderAt(ctx, target)
	check(t, err)
	read, err := io.ReadAll(content.NewReader(reader))
	check(t, err)
	reader.Close()
	if !bytes.Equal(read, blob) {
		t.Fatal("other bytes came back")
	}
	if _, err := store.Writer(ctx, content.WithRef("again"), content.WithDescriptor(target)); !errdefs.IsAlreadyExists(err) {
		t.Fatalf("the same again: %v", err)
	}
	_, err = store.Update(ctx, content.Info{Digest: target.Digest, Labels: map[string]string{"c": "d"}}, "labels.c")
	check(t, err)
	resources, err := containerd.LeasesService().ListResources(ctx, lease)
	check(t, err)
	if len(resources) != 1 {
		t.Fatalf("the lease holds %v", resources)
	}

	service := containerd.ImageService()
	_, err = service.Create(held, images.Image{Name: "example.com/a:1", Target: target})
	check(t, err)
	_, err = service.Update(ctx, images.Image{Name: "example.com/a:1", Labels: map[string]string{"x": "y"}}, "labels.x")
	check(t, err)
	listed, err := service.List(ctx, "labels.x==y")
	check(t, err)
	if len(listed) != 1 || listed[0].Target.Digest != target.Digest {
		t.Fatalf("images: %v", listed)
	}

	layers := containerd.SnapshotService("native")
	_, err = layers.Prepare(held, "active", "")
	check(t, err)
	check(t, layers.Commit(held, "base", "active", snapshots.WithLabels(map[string]string{"l": "m"})))
	_, err = layers.Prepare(held, "top", "base")
	check(t, err)
	stat, err := layers.Stat(ctx, "top")
	check(t, err)
	if stat.Parent != "base" || stat.Kind != snapshots.KindActive {
		t.Fatalf("snapshot: %+v", stat)
	}
	check(t, layers.Remove(ctx, "top"))
	check(t, layers.Remove(ctx, "base"))

	spaces := containerd.NamespaceService()
	check(t, spaces.SetLabel(ctx, "clients", "k", "v"))
	labels, err := spaces.Labels(ctx, "clients")
	check(t, err)
	if labels["k"] != "v" {
		t.Fatalf("labels: %v", labels)
	}
	check(t, service.Delete(ctx, "example.com/a:1"))
	check(t, containerd.LeasesService().Delete(ctx, lease, leases.SynchronousDelete))
	if _, err := store.Info(ctx, target.Digest); !errdefs.IsNotFound(err) {
		t.Fatalf("content that nothing holds: %v", err)
	}

	topics := []string{
		"/images/create", "/images/update", "/snapshot/prepare", "/snapshot/commit", "/snapshot/prepare",
		"/snapshot/remove", "/snapshot/remove", "/images/delete",
	}
	for _, topic := range topics {
		select {
		case event := <-events:
			if event.Topic != topic || event.Namespace != "clients" {
				t.Fatalf("%s in %s, not %s", event.Topic, event.Namespace, topic)
			}
		case err := <-failures:
			t.Fatal(err)
		case <-time.After(30 * time.Second):
			t.Fatalf("no %s", topic)
		}
	}
}
