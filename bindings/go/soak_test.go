package stowbook_test

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	stowbook "github.com/stowbook/stowbook/bindings/go"
)

// operations is how many a soak does: STOWBOOK_OPERATIONS, for the long run.
func operations(t *testing.T) int {
	text, set := os.LookupEnv("STOWBOOK_OPERATIONS")
	if !set {
		return 10_000
	}
	return must(strconv.Atoi(text))(t)
}

// resident is the memory of the process in bytes, Go's and the library's.
func resident(t *testing.T) int {
	runtime.GC()
	runtime.GC()
	text := must(os.ReadFile("/proc/self/statm"))(t)
	return must(strconv.Atoi(strings.Fields(string(text))[1]))(t) * os.Getpagesize()
}

// round is one of everything, with errors among it, and leaves the book as it was.
func round(t *testing.T, store *stowbook.Store, id string) {
	namespace := store.Namespace("default")
	containers := namespace.Containers()
	one := web()
	one.ID = id
	must(containers.Create(ctx, one))(t)
	must(containers.Get(ctx, id))(t)
	must(containers.List(ctx, "id=="+id))(t)
	must(containers.Update(ctx, one, "labels"))(t)
	if _, err := containers.Create(ctx, one); err == nil {
		t.Error("created twice")
	}
	if _, err := one.MarshalJSON(); err != nil {
		t.Error(err)
	}
	// Forgotten: nobody ends or closes these.
	must(store.Begin(ctx))(t)
	must(store.Events().Subscribe(ctx, stowbook.Now))(t)
	if err := containers.Delete(ctx, id); err != nil {
		t.Error(err)
	}
}

// Memory stays flat over many operations, forgotten transactions and subscriptions included.
func TestNoLeaks(t *testing.T) {
	store := openMemory(t)
	const perRound = 9
	rounds := operations(t) / perRound
	// The event log grows to its limit; what is measured begins behind that, or where a short run has warmed up.
	for range rounds / 2 {
		round(t, store, "a")
	}
	before := resident(t)
	for range rounds {
		round(t, store, "a")
	}
	grown := resident(t) - before
	t.Logf("%d operations: %d KiB more", rounds*perRound, grown/1024)
	if limit := 24 << 20; grown > limit {
		t.Errorf("memory grew by %d bytes in %d operations", grown, rounds*perRound)
	}
}

// A store that nobody closes and nobody has any more is closed: its file can be opened again.
func TestForgottenStore(t *testing.T) {
	path := t.TempDir() + "/book.redb"
	func() {
		store := must(stowbook.Open(path))(t)
		must(store.Begin(ctx))(t)
		must(store.Namespace("default").Containers().Create(ctx, web()))(t)
	}()
	for range 1000 {
		runtime.GC()
		store, err := stowbook.Open(path)
		if err == nil {
			must(store.Namespace("default").Containers().Get(ctx, "web"))(t)
			store.Close()
			return
		}
		isKind(t, err, stowbook.ErrUnavailable)
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("a forgotten store is never closed")
}

// What hangs on a store keeps it open: a namespace, a transaction, a subscription.
func TestStoreInUseIsNotForgotten(t *testing.T) {
	namespace := must(stowbook.OpenMemory())(t).Namespace("default")
	txn := must(must(stowbook.OpenMemory())(t).Begin(ctx))(t)
	subscription := must(must(stowbook.OpenMemory())(t).Events().Subscribe(ctx, stowbook.Now))(t)
	for range 10 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	must(namespace.Containers().Create(ctx, web()))(t)
	must(txn.Namespace("default").Containers().Create(ctx, web()))(t)
	if err := txn.Commit(ctx); err != nil {
		t.Error(err)
	}
	if _, err := subscription.Poll(ctx); err != nil {
		t.Error(err)
	}
}

// Goroutines hammer one store; each finds its own records as it left them.
func TestManyGoroutines(t *testing.T) {
	store := openMemory(t)
	var all sync.WaitGroup
	for g := range 16 {
		all.Add(1)
		go func() {
			defer all.Done()
			for i := range 25 {
				round(t, store, fmt.Sprintf("c%d-%d", g, i))
			}
			one := web()
			one.ID = fmt.Sprintf("last%d", g)
			must(store.Namespace("default").Containers().Create(ctx, one))(t)
		}()
	}
	all.Wait()
	if list := must(store.Namespace("default").Containers().List(ctx))(t); len(list) != 16 {
		t.Errorf("%d records are left, not 16", len(list))
	}
}
