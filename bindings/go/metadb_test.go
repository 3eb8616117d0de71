package stowbook_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	stowbook "github.com/stowbook/stowbook/bindings/go"
)

// Of a real daemon.
const metaDB = "../../tests/metadb/containerd-2.3.4.db"

func TestMetaDB(t *testing.T) {
	file := must(os.ReadFile(metaDB))(t)
	onDisk := must(stowbook.OpenMetaDB(metaDB))(t)
	inMemory := must(stowbook.OpenMetaDBBytes(file))(t)
	for _, db := range []*stowbook.MetaDB{onDisk, inMemory} {
		if info := must(db.Info(ctx))(t); info.PageSize != 4096 || info.Transaction == 0 || info.Version != 4 {
			t.Errorf("%+v", info)
		}
		records := 0
		for namespace, err := range db.Namespaces().All(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			in := db.Namespace(namespace.Name)
			for container, err := range in.Containers().All(ctx) {
				if err != nil || container.ID == "" || container.Runtime.Name == "" || container.CreatedAt.IsZero() {
					t.Errorf("%+v, %v", container, err)
				}
				if got := must(in.Containers().Get(ctx, container.ID))(t); got.Image != container.Image {
					t.Errorf("%+v is not %+v", got, container)
				}
				records++
			}
			for image := range in.Images().All(ctx) {
				owned := must(db.Owners(ctx, image.Target.Digest))(t)
				if len(owned) == 0 || len(owned[0].Owners) == 0 {
					t.Errorf("nobody owns the target of %s: %+v", image.Name, owned)
				}
				records++
			}
			_, err = in.Containers().Create(ctx, web())
			isKind(t, err, stowbook.ErrFailedPrecondition)
		}
		if records < 5 {
			t.Errorf("there are only %d records", records)
		}
		if dump := must(db.Dump(ctx))(t); !json.Valid(dump) || !strings.Contains(string(dump), "containers") {
			t.Errorf("%.200s", dump)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		isKind(t, db.Close(), stowbook.ErrClosed)
		_, err := db.Namespace("default").Containers().List(ctx)
		isKind(t, err, stowbook.ErrClosed)
	}
	isKind(t, (*stowbook.MetaDB)(nil).Close(), stowbook.ErrInvalidArgument)
	_, err := new(stowbook.MetaDB).Dump(ctx)
	isKind(t, err, stowbook.ErrInvalidArgument)
}

func TestDamagedMetaDB(t *testing.T) {
	file := must(os.ReadFile(metaDB))(t)
	for _, finding := range must(stowbook.CheckMetaDB(metaDB))(t) {
		if finding.Severity != "oddity" || finding.Page == nil || finding.Path == "" || finding.Problem == "" {
			t.Errorf("%+v", finding)
		}
	}
	// Damage all but the two meta pages.
	for i := 3 * 4096; i < len(file); i++ {
		file[i] ^= 0x55
	}
	path := filepath.Join(t.TempDir(), "meta.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, findings := range [][]stowbook.MetaDBFinding{must(stowbook.CheckMetaDB(path))(t), must(stowbook.CheckMetaDBBytes(file))(t)} {
		if len(findings) == 0 || findings[0].Severity != "damage" || findings[0].Problem == "" {
			t.Errorf("%+v", findings)
		}
	}
	for _, salvaged := range []json.RawMessage{must(stowbook.SalvageMetaDB(path))(t), must(stowbook.SalvageMetaDBBytes(file))(t)} {
		if !json.Valid(salvaged) {
			t.Errorf("%.200s", salvaged)
		}
	}

	_, err := stowbook.OpenMetaDB(filepath.Join(t.TempDir(), "no"))
	isKind(t, err, stowbook.ErrNotFound)
	_, err = stowbook.CheckMetaDB(filepath.Join(t.TempDir(), "no"))
	isKind(t, err, stowbook.ErrNotFound)
	for _, bytes := range [][]byte{nil, []byte("no database"), make([]byte, 1<<16)} {
		_, err = stowbook.OpenMetaDBBytes(bytes)
		isKind(t, err, stowbook.ErrFailedPrecondition)
	}
}

func TestImportMetaDB(t *testing.T) {
	store, db := openMemory(t), must(stowbook.OpenMetaDB(metaDB))(t)
	defer db.Close()
	namespaces := must(db.Namespaces().List(ctx))(t)
	told := must(store.ImportMetaDB(ctx, db, stowbook.MetaDBImportOptions{DryRun: true}))(t)
	if told.Namespaces != uint64(len(namespaces)) || told.Containers == 0 || len(told.Conflicts) != 0 {
		t.Errorf("%+v", told)
	}
	if list := must(store.Namespaces().List(ctx))(t); len(list) != 0 {
		t.Errorf("a dry run made %v", list)
	}
	if report := must(store.ImportMetaDB(ctx, db, stowbook.MetaDBImportOptions{}))(t); !reflect.DeepEqual(report, told) {
		t.Errorf("%+v, and not %+v", report, told)
	}
	for _, namespace := range namespaces {
		there := must(db.Namespace(namespace.Name).Containers().List(ctx))(t)
		here := must(store.Namespace(namespace.Name).Containers().List(ctx))(t)
		if len(here) != len(there) {
			t.Errorf("%s: %d containers, not %d", namespace.Name, len(here), len(there))
		}
	}
	// What the book has and is not the same is a conflict.
	containers := store.Namespace("default").Containers()
	other := must(containers.List(ctx))(t)[0]
	other.Image = "another"
	must(containers.Update(ctx, other, "image"))(t)
	_, err := store.ImportMetaDB(ctx, db, stowbook.MetaDBImportOptions{})
	isKind(t, err, stowbook.ErrAlreadyExists)
	kept := must(store.ImportMetaDB(ctx, db, stowbook.MetaDBImportOptions{KeepExisting: true}))(t)
	if kept.Containers != 0 || kept.Unchanged == 0 || len(kept.Conflicts) != 1 {
		t.Errorf("%+v", kept)
	}
	_, err = store.ImportMetaDB(ctx, db, stowbook.MetaDBImportOptions{Namespaces: []string{"no-such"}})
	isKind(t, err, stowbook.ErrNotFound)
	_, err = store.ImportMetaDB(ctx, nil, stowbook.MetaDBImportOptions{})
	isKind(t, err, stowbook.ErrInvalidArgument)
}
