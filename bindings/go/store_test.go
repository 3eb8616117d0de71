package stowbook_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	stowbook "github.com/stowbook/stowbook/bindings/go"
)

var ctx = context.Background()

func openMemory(t testing.TB) *stowbook.Store {
	t.Helper()
	store, err := stowbook.OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// web is a record with everything set.
func web() *stowbook.Container {
	return &stowbook.Container{
		ID:          "web",
		Labels:      map[string]string{"role": "front", "tier": "1"},
		Image:       "docker.io/library/nginx:alpine",
		Runtime:     stowbook.Runtime{Name: "io.containerd.runc.v2", Options: &stowbook.Any{TypeURL: "o", Value: []byte{0, 1}}},
		Spec:        &stowbook.Any{TypeURL: "types.containerd.io/opencontainers/runtime-spec/1/Spec", Value: []byte(`{"ociVersion":"1.2.0"}`)},
		Snapshotter: "overlayfs",
		SnapshotKey: "web",
		Extensions:  map[string]stowbook.Any{"e": {TypeURL: "x", Value: []byte("v")}, "empty": {}},
		SandboxID:   "pod",
	}
}

// must is for what cannot fail in a test that is about something else.
func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func isKind(t *testing.T, err, kind error) *stowbook.Error {
	t.Helper()
	var failure *stowbook.Error
	if !errors.As(err, &failure) || !errors.Is(err, kind) {
		t.Fatalf("got %v (%T), not %v", err, err, kind)
	}
	if failure.Message == "" || failure.Error() != failure.Message {
		t.Errorf("the error has no message: %#v", failure)
	}
	return failure
}

func TestBookInAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book.redb")
	store := must(stowbook.Open(path))(t)
	must(store.Namespace("default").Containers().Create(ctx, web()))(t)

	_, err := stowbook.Open(path)
	isKind(t, err, stowbook.ErrUnavailable)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}

	// Closing has let go of the file, and the record is in it.
	store = must(stowbook.Open(path))(t)
	defer store.Close()
	if got := must(store.Namespace("default").Containers().Get(ctx, "web"))(t); got.Image != web().Image {
		t.Errorf("got %+v", got)
	}
}

func TestWhatIsNoBook(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book.redb")
	if err := os.WriteFile(path, []byte("this is no book"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := stowbook.Open(path); err == nil {
		t.Fatal("opened what is no book")
	}
	if text, err := os.ReadFile(path); string(text) != "this is no book" {
		t.Errorf("the file is changed: %q, %v", text, err)
	}
	if _, err := stowbook.Open(filepath.Join(t.TempDir(), "no", "such", "folder")); err == nil {
		t.Fatal("opened a book in no folder")
	}
}

func TestClose(t *testing.T) {
	store := must(stowbook.OpenMemory())(t)
	containers := store.Namespace("default").Containers()
	txn := must(store.Begin(ctx))(t)
	inTxn := txn.Namespace("default").Containers()
	subscription := must(store.Events().Subscribe(ctx, stowbook.Now))(t)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}

	failure := isKind(t, store.Close(), stowbook.ErrClosed)
	if failure.Message != "the store is closed" || failure.Help == "" || failure.Kind != stowbook.KindFailedPrecondition {
		t.Errorf("%#v", failure)
	}
	// It is the error that os and net have for this, too.
	if !errors.Is(failure, fs.ErrClosed) || !errors.Is(failure, stowbook.ErrFailedPrecondition) {
		t.Error("it cannot be found by its cause or kind")
	}
	for name, use := range map[string]func() error{
		"get":          func() error { _, err := containers.Get(ctx, "web"); return err },
		"list":         func() error { _, err := containers.List(ctx); return err },
		"create":       func() error { _, err := containers.Create(ctx, web()); return err },
		"delete":       func() error { return containers.Delete(ctx, "web") },
		"namespaces":   func() error { _, err := store.Namespaces().List(ctx); return err },
		"begin":        func() error { _, err := store.Begin(ctx); return err },
		"write":        func() error { return store.Write(ctx, func(*stowbook.Txn) error { return nil }) },
		"events":       func() error { _, _, err := store.Events().Read(ctx, stowbook.Oldest, 1); return err },
		"publish":      func() error { return store.Namespace("default").Publish(ctx, "/a", &stowbook.Any{}) },
		"txn's get":    func() error { _, err := inTxn.Get(ctx, "web"); return err },
		"commit":       func() error { return txn.Commit(ctx) },
		"rollback":     func() error { return txn.Rollback() },
		"next":         func() error { _, err := subscription.Next(ctx); return err },
		"cursor":       func() error { _, err := subscription.Cursor(); return err },
		"unsubscribe":  func() error { return subscription.Close() },
		"list in loop": func() error { return last(containers.All(ctx)) },
	} {
		if err := use(); !errors.Is(err, stowbook.ErrClosed) {
			t.Errorf("%s after close: %v", name, err)
		}
	}
}

// last is the error that a loop ends with.
func last[T any](loop func(func(T, error) bool)) (err error) {
	for _, err = range loop {
	}
	return err
}

// Close waits for what is under way, and nothing crashes.
func TestCloseWhileInUse(t *testing.T) {
	for range 20 {
		store := must(stowbook.OpenMemory())(t)
		containers := store.Namespace("default").Containers()
		ended := make(chan error)
		for range 4 {
			go func() {
				for {
					if _, err := containers.List(ctx); err != nil {
						ended <- err
						return
					}
				}
			}()
		}
		time.Sleep(time.Millisecond)
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		for range 4 {
			isKind(t, <-ended, stowbook.ErrClosed)
		}
	}
}

func TestContext(t *testing.T) {
	store := openMemory(t)
	canceled, cancel := context.WithCancelCause(ctx)
	reason := errors.New("the user left")
	cancel(reason)
	late, cancelLate := context.WithTimeout(ctx, -time.Second)
	defer cancelLate()

	_, err := store.Namespace("default").Containers().Create(canceled, web())
	isKind(t, err, stowbook.ErrCanceled)
	if !errors.Is(err, context.Canceled) || !errors.Is(err, reason) {
		t.Errorf("%v lacks the context's error or its cause", err)
	}
	_, err = store.Namespace("default").Containers().Create(late, web())
	isKind(t, err, stowbook.ErrDeadlineExceeded)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v is not the context's error", err)
	}
	isKind(t, store.Write(canceled, func(*stowbook.Txn) error { return nil }), stowbook.ErrCanceled)
	if list := must(store.Namespace("default").Containers().List(ctx))(t); len(list) != 0 {
		t.Errorf("an operation that was not to begin made %v", list)
	}
	//lint:ignore SA1012 a nil context is what is tested
	_, err = store.Namespace("default").Containers().List(nil) //nolint:staticcheck
	isKind(t, err, stowbook.ErrInvalidArgument)
}

func TestErrors(t *testing.T) {
	store := openMemory(t)
	_, err := store.Namespace("default").Containers().Get(ctx, "web")
	failure := isKind(t, err, stowbook.ErrNotFound)
	if failure.Message != `container "web" in namespace "default": not found` {
		t.Errorf("%q", failure.Message)
	}
	if failure.Kind != stowbook.KindNotFound || int(failure.Kind)%1000 != 201 || failure.Kind.Name() != "not_found" || failure.Kind.GRPCCode() != 5 {
		t.Errorf("%#v", failure)
	}
	if errors.Is(err, stowbook.ErrAlreadyExists) || errors.Is(err, stowbook.ErrClosed) {
		t.Error("it is of another kind, too")
	}

	bad := web()
	bad.ID = "nginx--1"
	_, err = store.Namespace("default").Containers().Create(ctx, bad)
	failure = isKind(t, err, stowbook.ErrInvalidArgument)
	if !strings.Contains(failure.Help, "hyphens") || failure.Detail("position_bytes") != "6" || failure.Detail("no such") != "" {
		t.Errorf("%#v", failure)
	}
	if kind := stowbook.Kind(9999); kind.Name() != "unknown" || kind.GRPCCode() != 2 {
		t.Errorf("a kind that is not known is %q", kind.Name())
	}
}

func TestVersion(t *testing.T) {
	if version := stowbook.Version(); !strings.HasPrefix(version, "0.") {
		t.Errorf("%q", version)
	}
}
