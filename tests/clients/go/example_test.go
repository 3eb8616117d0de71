package example

import (
	"context"
	"net"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/errdefs"
)

// startContainerd gives the address of a containerd of its own to a test: no root, and nothing to clean up.
func startContainerd(t *testing.T) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "containerd.sock")
	server := exec.Command("stowbook", "serve", "--memory", "--address", "unix://"+socket, "--log-level", "error")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Signal(syscall.SIGTERM)
		server.Wait()
	})
	for range 1000 {
		if connection, err := net.Dial("unix", socket); err == nil {
			connection.Close()
			return socket
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("stowbook does not answer")
	return ""
}

func TestContainersAreFoundByTheirLabels(t *testing.T) {
	containerd, err := client.New(startContainerd(t))
	if err != nil {
		t.Fatal(err)
	}
	defer containerd.Close()
	ctx := namespaces.WithNamespace(context.Background(), "default")

	web, err := containerd.NewContainer(ctx, "web",
		client.WithRuntime("io.containerd.runc.v2", nil),
		client.WithContainerLabels(map[string]string{"role": "front"}),
		func(_ context.Context, _ *client.Client, c *containers.Container) error {
			c.Image = "docker.io/library/nginx:alpine"
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	found, err := containerd.Containers(ctx, "labels.role==front,image~=nginx")
	if err != nil || len(found) != 1 || found[0].ID() != "web" {
		t.Fatalf("found %v, %v", found, err)
	}
	if _, err := containerd.NewContainer(ctx, "web", client.WithRuntime("runc", nil)); !errdefs.IsAlreadyExists(err) {
		t.Fatalf("a second one: %v", err)
	}
	if err := web.Delete(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := containerd.LoadContainer(ctx, "web"); !errdefs.IsNotFound(err) {
		t.Fatalf("after its end: %v", err)
	}
}
