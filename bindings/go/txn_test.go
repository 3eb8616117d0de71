package stowbook_test

import (
	"errors"
	"sync"
	"testing"

	stowbook "github.com/stowbook/stowbook/bindings/go"
)

func TestTransaction(t *testing.T) {
	store := openMemory(t)
	containers := store.Namespace("default").Containers()

	txn := must(store.Begin(ctx))(t)
	must(txn.Namespace("default").Containers().Create(ctx, web()))(t)
	must(txn.Namespaces().Create(ctx, &stowbook.NamespaceRecord{Name: "other"}))(t)
	_, err := containers.Get(ctx, "web")
	isKind(t, err, stowbook.ErrNotFound)
	if err := txn.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	must(containers.Get(ctx, "web"))(t)

	// It has ended.
	for _, err := range []error{txn.Commit(ctx), txn.Rollback()} {
		if failure := isKind(t, err, stowbook.ErrClosed); failure.Message != "the transaction has ended" {
			t.Errorf("%q", failure.Message)
		}
	}

	txn = must(store.Begin(ctx))(t)
	if err := txn.Namespace("default").Containers().Delete(ctx, "web"); err != nil {
		t.Fatal(err)
	}
	if err := txn.Rollback(); err != nil {
		t.Fatal(err)
	}
	must(containers.Get(ctx, "web"))(t)
}

func TestSomebodyWasFaster(t *testing.T) {
	store := openMemory(t)
	txn := must(store.Begin(ctx))(t)
	must(txn.Namespace("default").Containers().Create(ctx, web()))(t)
	must(store.Namespace("default").Containers().Create(ctx, web()))(t)
	isKind(t, txn.Commit(ctx), stowbook.ErrAborted)
	isKind(t, txn.Commit(ctx), stowbook.ErrClosed)
}

func TestWrite(t *testing.T) {
	store := openMemory(t)
	containers := store.Namespace("default").Containers()
	must(containers.Create(ctx, web()))(t)

	// What somebody else changes meanwhile makes it run again.
	runs := 0
	err := store.Write(ctx, func(txn *stowbook.Txn) error {
		runs++
		mine := txn.Namespace("default").Containers()
		got, err := mine.Get(ctx, "web")
		if err != nil {
			return err
		}
		if runs == 1 {
			must(containers.Update(ctx, &stowbook.Container{ID: "web", Labels: map[string]string{"other": "1"}}, "labels.other"))(t)
		}
		got.Labels["mine"] = "1"
		_, err = mine.Update(ctx, got, "labels")
		return err
	})
	got := must(containers.Get(ctx, "web"))(t)
	if err != nil || runs != 2 || got.Labels["other"] != "1" || got.Labels["mine"] != "1" {
		t.Errorf("%v after %d runs: %v", err, runs, got.Labels)
	}

	// An error of the work is the error, also one of this kind.
	failure := &stowbook.Error{Kind: stowbook.KindAborted, Message: "mine"}
	if err := store.Write(ctx, func(txn *stowbook.Txn) error {
		must(txn.Namespace("default").Containers().Get(ctx, "web"))(t)
		return errors.Join(failure, txn.Namespace("default").Containers().Delete(ctx, "web"))
	}); !errors.Is(err, failure) {
		t.Error(err)
	}
	must(containers.Get(ctx, "web"))(t)

	// A panic goes on, and leaves nothing behind.
	func() {
		defer func() {
			if recover() != "mine" {
				t.Error("the panic is gone")
			}
		}()
		_ = store.Write(ctx, func(txn *stowbook.Txn) error {
			_ = txn.Namespace("default").Containers().Delete(ctx, "web")
			panic("mine")
		})
	}()
	must(containers.Get(ctx, "web"))(t)

	// The work may end the transaction itself; what it did then stays.
	isKind(t, store.Write(ctx, func(txn *stowbook.Txn) error { return txn.Rollback() }), stowbook.ErrClosed)
	isKind(t, store.Write(ctx, nil), stowbook.ErrInvalidArgument)
}

// Nobody's increment is lost, however many go at it.
func TestWritersFromManyGoroutines(t *testing.T) {
	store := openMemory(t)
	must(store.Namespaces().Create(ctx, &stowbook.NamespaceRecord{Name: "n", Labels: map[string]string{"count": "x"}}))(t)
	const goroutines, each = 8, 10
	var all sync.WaitGroup
	for range goroutines {
		all.Add(1)
		go func() {
			defer all.Done()
			for range each {
				if err := store.Write(ctx, func(txn *stowbook.Txn) error {
					record, err := txn.Namespaces().Get(ctx, "n")
					if err != nil {
						return err
					}
					record.Labels["count"] += "x"
					return txn.Namespaces().Update(ctx, record, "labels.count")
				}); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	all.Wait()
	if record := must(store.Namespaces().Get(ctx, "n"))(t); len(record.Labels["count"]) != 1+goroutines*each {
		t.Errorf("%d increments are there, not %d", len(record.Labels["count"])-1, goroutines*each)
	}
}

// Operations of several goroutines on one transaction take turns.
func TestOneTransactionOfManyGoroutines(t *testing.T) {
	store := openMemory(t)
	txn := must(store.Begin(ctx))(t)
	var all sync.WaitGroup
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		all.Add(1)
		go func() {
			defer all.Done()
			one := web()
			one.ID = id
			if _, err := txn.Namespace("default").Containers().Create(ctx, one); err != nil {
				t.Error(err)
			}
		}()
	}
	all.Wait()
	if err := txn.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if list := must(store.Namespace("default").Containers().List(ctx))(t); len(list) != 6 {
		t.Errorf("%d records", len(list))
	}
}
