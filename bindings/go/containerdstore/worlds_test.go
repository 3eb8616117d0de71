package containerdstore_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/metadata"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/errdefs"
	"github.com/containerd/log"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	bolt "go.etcd.io/bbolt"

	stowbook "github.com/stowbook/stowbook/bindings/go"
	"github.com/stowbook/stowbook/bindings/go/containerdstore"
)

// containerd logs each expression that does not compile.
func TestMain(m *testing.M) {
	if err := log.SetLevel("fatal"); err != nil {
		panic(err)
	}
	m.Run()
}

func openBook(t *testing.T) *stowbook.Store {
	book, err := stowbook.OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := book.Close(); err != nil {
			t.Error(err)
		}
	})
	return book
}

func onBook(t *testing.T) world {
	book := openBook(t)
	return world{
		name:       "stowbook",
		containers: containerdstore.New(book),
		createNamespace: func(name string, labels map[string]string) error {
			_, err := book.Namespaces().Create(context.Background(), &stowbook.NamespaceRecord{Name: name, Labels: labels})
			return containerdstore.ToErrdefs(err)
		},
		listNamespaces: func() (map[string]map[string]string, error) {
			found := map[string]map[string]string{}
			for record, err := range book.Namespaces().All(context.Background()) {
				if err != nil {
					return nil, err
				}
				found[record.Name] = record.Labels
			}
			return found, nil
		},
		createImage: func(ctx context.Context, name, mediaType, hash string, size int64) error {
			namespace, _ := namespaces.Namespace(ctx)
			target := stowbook.Descriptor{MediaType: mediaType, Digest: hash, Size: size}
			_, err := book.Namespace(namespace).Images().Create(ctx, &stowbook.Image{Name: name, Target: target})
			return err
		},
	}
}

func openContainerd(t *testing.T) *metadata.DB {
	// What is synced here, nobody reads after a crash.
	db, err := bolt.Open(filepath.Join(t.TempDir(), "meta.db"), 0o600, &bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	metadataDB := metadata.NewDB(db, nil, nil)
	if err := metadataDB.Init(context.Background()); err != nil {
		t.Fatal(err)
	}
	return metadataDB
}

func onContainerd(t *testing.T) world {
	db := openContainerd(t)
	return world{
		name:       "containerd",
		containers: service{metadata.NewContainerStore(db)},
		createNamespace: func(name string, labels map[string]string) error {
			return db.Update(func(tx *bolt.Tx) error {
				return metadata.NewNamespaceStore(tx).Create(context.Background(), name, labels)
			})
		},
		listNamespaces: func() (map[string]map[string]string, error) {
			found := map[string]map[string]string{}
			return found, db.View(func(tx *bolt.Tx) error {
				store := metadata.NewNamespaceStore(tx)
				names, err := store.List(context.Background())
				for _, name := range names {
					if found[name], err = store.Labels(namespaces.WithNamespace(context.Background(), name), name); err != nil {
						return err
					}
				}
				return err
			})
		},
		createImage: func(ctx context.Context, name, mediaType, hash string, size int64) error {
			target := ocispec.Descriptor{MediaType: mediaType, Digest: digest.Digest(hash), Size: size}
			_, err := metadata.NewImageStore(db).Create(ctx, images.Image{Name: name, Target: target})
			return err
		},
	}
}

// service is containerd's store behind the one check that the daemon's service makes before it, which is all that a client
// sees of it. The book, and the vectors, have the service's words.
type service struct{ containers.Store }

func (s service) Update(ctx context.Context, container containers.Container, fields ...string) (containers.Container, error) {
	if container.ID == "" {
		if _, err := s.Store.Update(ctx, container, fields...); !errdefs.IsInvalidArgument(err) {
			return containers.Container{}, errors.New("containerd's store takes an update without an id")
		}
		return containers.Container{}, noID{}
	}
	return s.Store.Update(ctx, container, fields...)
}

type noID struct{}

func (noID) Error() string     { return "Container.ID required" }
func (noID) InvalidParameter() {}

// refusalOf says what kind an error is to containerd's package errdefs.
func refusalOf(err error) refusal {
	kind := "unknown"
	for _, class := range []struct {
		is   func(error) bool
		kind string
	}{
		{errdefs.IsInvalidArgument, "invalid_argument"},
		{errdefs.IsNotFound, "not_found"},
		{errdefs.IsAlreadyExists, "already_exists"},
		{errdefs.IsFailedPrecondition, "failed_precondition"},
		{errdefs.IsResourceExhausted, "resource_exhausted"},
		{errdefs.IsDataLoss, "data_loss"},
		{errdefs.IsOutOfRange, "out_of_range"},
	} {
		if class.is(err) {
			kind = class.kind
			break
		}
	}
	return refusal{kind, asClientsSee(err.Error())}
}

// asClientsSee has U+FFFD for each byte that is no UTF-8.
func asClientsSee(text string) string { return string([]rune(text)) }
