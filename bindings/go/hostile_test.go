package stowbook_test

import (
	"strings"
	"testing"

	stowbook "github.com/stowbook/stowbook/bindings/go"
)

// Whatever is passed, there is an error, and nothing changes.

func TestNothing(t *testing.T) {
	var (
		store        *stowbook.Store
		txn          *stowbook.Txn
		subscription *stowbook.Subscription
		container    *stowbook.Container
	)
	zeroStore, zeroTxn, zeroSubscription := new(stowbook.Store), new(stowbook.Txn), new(stowbook.Subscription)
	open := openMemory(t).Namespace("default")
	for name, use := range map[string]func() error{
		"close of nil":              func() error { return store.Close() },
		"close of nothing":          func() error { return zeroStore.Close() },
		"list of nil":               func() error { _, err := store.Namespace("n").Containers().List(ctx); return err },
		"list of nothing":           func() error { _, err := zeroStore.Namespace("n").Containers().List(ctx); return err },
		"list of no namespace":      func() error { _, err := (stowbook.Namespace{}).Containers().List(ctx); return err },
		"list of no containers":     func() error { _, err := (stowbook.Containers{}).List(ctx); return err },
		"list of no namespaces":     func() error { _, err := (stowbook.Namespaces{}).List(ctx); return err },
		"namespaces of nil":         func() error { _, err := store.Namespaces().List(ctx); return err },
		"begin of nil":              func() error { _, err := store.Begin(ctx); return err },
		"write of nil":              func() error { return store.Write(ctx, func(*stowbook.Txn) error { return nil }) },
		"commit of nil":             func() error { return txn.Commit(ctx) },
		"commit of nothing":         func() error { return zeroTxn.Commit(ctx) },
		"rollback of nil":           func() error { return txn.Rollback() },
		"get of nil":                func() error { _, err := txn.Namespace("n").Containers().Get(ctx, "a"); return err },
		"next of nil":               func() error { _, err := subscription.Next(ctx); return err },
		"next of nothing":           func() error { _, err := zeroSubscription.Next(ctx); return err },
		"close of no subscription":  func() error { return subscription.Close() },
		"subscribe of nil":          func() error { _, err := store.Events().Subscribe(ctx, stowbook.Now); return err },
		"bounds of no events":       func() error { _, _, err := (stowbook.Events{}).Bounds(ctx); return err },
		"forward of nil":            func() error { return store.Events().Forward(ctx, nil) },
		"publish of nil":            func() error { return open.Publish(ctx, "/a", nil) },
		"create of nil":             func() error { _, err := open.Containers().Create(ctx, nil); return err },
		"update of nil":             func() error { _, err := open.Containers().Update(ctx, nil); return err },
		"create of no image":        func() error { _, err := open.Images().Create(ctx, nil); return err },
		"create of no lease":        func() error { _, err := open.Leases().Create(ctx, nil); return err },
		"create of no sandbox":      func() error { _, err := open.Sandboxes().Create(ctx, nil); return err },
		"unmarshal into nil":        func() error { return container.UnmarshalJSON([]byte(`{"id": "a"}`)) },
		"unmarshal of nothing":      func() error { return new(stowbook.Container).UnmarshalJSON(nil) },
		"empty id":                  func() error { _, err := open.Containers().Create(ctx, &stowbook.Container{}); return err },
		"backup of nil":             func() error { return store.Backup(ctx, "a") },
		"check of nothing":          func() error { _, err := zeroStore.Check(ctx); return err },
		"import of nothing":         func() error { _, err := openMemory(t).Import(ctx, nil, false); return err },
		"read of fewer than 0":      func() error { _, _, err := openMemory(t).Events().Read(ctx, stowbook.Oldest, -1); return err },
		"read from what is nowhere": func() error { _, _, err := openMemory(t).Events().Read(ctx, "nowhere", 1); return err },
	} {
		t.Run(name, func(t *testing.T) {
			failure := isKind(t, use(), stowbook.ErrInvalidArgument)
			if strings.Contains(failure.Message, "NULL") {
				t.Errorf("%q speaks of C", failure.Message)
			}
		})
	}
}

func TestTextsThatAreNone(t *testing.T) {
	store := openMemory(t)
	containers := store.Namespace("default").Containers()
	with := func(change func(*stowbook.Container)) error {
		record := web()
		change(record)
		_, err := containers.Create(ctx, record)
		return err
	}
	const bad = "a\xffb"
	for name, use := range map[string]func() error{
		"id":        func() error { return with(func(c *stowbook.Container) { c.ID = bad }) },
		"label key": func() error { return with(func(c *stowbook.Container) { c.Labels[bad] = "v" }) },
		"label":     func() error { return with(func(c *stowbook.Container) { c.Labels["k"] = bad }) },
		"image":     func() error { return with(func(c *stowbook.Container) { c.Image = bad }) },
		"type":      func() error { return with(func(c *stowbook.Container) { c.Spec.TypeURL = bad }) },
		"extension": func() error { return with(func(c *stowbook.Container) { c.Extensions[bad] = stowbook.Any{} }) },
		"get":       func() error { _, err := containers.Get(ctx, bad); return err },
		"filter":    func() error { _, err := containers.List(ctx, "id==a", bad); return err },
		"field":     func() error { _, err := containers.Update(ctx, web(), "labels", bad); return err },
		"namespace": func() error { _, err := store.Namespace(bad).Containers().List(ctx); return err },
		"path":      func() error { _, err := stowbook.Open(bad); return err },
		"backup":    func() error { return store.Backup(ctx, bad) },
		"restore":   func() error { return stowbook.Restore("backup", bad, false) },
		"json":      func() error { return new(stowbook.Container).UnmarshalJSON([]byte(`{"id": "` + bad + `"}`)) },
		"NUL in id": func() error { return with(func(c *stowbook.Container) { c.ID = "a\x00b" }) },
	} {
		t.Run(name, func(t *testing.T) { isKind(t, use(), stowbook.ErrInvalidArgument) })
	}
	if list := must(containers.List(ctx))(t); len(list) != 0 {
		t.Errorf("there is a record: %v", list)
	}

	// A NUL is a letter like any other where any text may be.
	record := web()
	record.Image, record.Labels = "a\x00b", map[string]string{"k\x00": "\x00"}
	must(containers.Create(ctx, record))(t)
	if got := must(containers.Get(ctx, "web"))(t); got.Image != record.Image || got.Labels["k\x00"] != "\x00" {
		t.Errorf("%+v", got)
	}
	if list := must(containers.List(ctx, `image=="a\x00b"`))(t); len(list) != 1 {
		t.Errorf("a filter with a NUL selects %d records", len(list))
	}
}

func TestLargeValues(t *testing.T) {
	containers := openMemory(t).Namespace("default").Containers()
	record := web()
	record.Spec.Value = make([]byte, 8<<20)
	record.Spec.Value[len(record.Spec.Value)-1] = 1
	must(containers.Create(ctx, record))(t)
	got := must(containers.Get(ctx, "web"))(t)
	if string(got.Spec.Value) != string(record.Spec.Value) {
		t.Error("a large value has changed")
	}
	// What was read is the caller's own.
	got.Spec.Value[0] = '!'
	if again := must(containers.Get(ctx, "web"))(t); again.Spec.Value[0] != 0 {
		t.Error("a change of a record changed the book")
	}
}
