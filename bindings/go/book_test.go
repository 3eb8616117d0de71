package stowbook_test

import (
	"bytes"
	"testing"
	"time"

	stowbook "github.com/stowbook/stowbook/bindings/go"
)

func TestOpenWith(t *testing.T) {
	path := t.TempDir() + "/book.redb"
	_, err := stowbook.OpenWith(path, stowbook.OpenOptions{MustExist: true})
	isKind(t, err, stowbook.ErrNotFound)
	_, err = stowbook.OpenWith(path, stowbook.OpenOptions{LockTimeout: -1})
	isKind(t, err, stowbook.ErrInvalidArgument)

	store := must(stowbook.OpenWith(path, stowbook.OpenOptions{}))(t)
	must(store.Namespace("default").Containers().Create(ctx, web()))(t)
	_, err = stowbook.OpenWith(path, stowbook.OpenOptions{LockTimeout: 30 * time.Millisecond})
	isKind(t, err, stowbook.ErrUnavailable)
	// Who waits long enough gets it.
	go func() {
		time.Sleep(50 * time.Millisecond)
		store.Close()
	}()
	store = must(stowbook.OpenWith(path, stowbook.OpenOptions{LockTimeout: time.Minute}))(t)
	store.Close()

	reader := must(stowbook.OpenWith(path, stowbook.OpenOptions{ReadOnly: true}))(t)
	defer reader.Close()
	other := must(stowbook.OpenWith(path, stowbook.OpenOptions{ReadOnly: true}))(t)
	defer other.Close()
	containers := other.Namespace("default").Containers()
	isKind(t, containers.Delete(ctx, "web"), stowbook.ErrFailedPrecondition)
	must(containers.Get(ctx, "web"))(t)
}

func TestCopies(t *testing.T) {
	folder := t.TempDir()
	path, backup := folder+"/book.redb", folder+"/backup.redb"
	store := must(stowbook.Open(path))(t)
	must(store.Namespace("default").Containers().Create(ctx, web()))(t)
	if findings := must(store.Check(ctx))(t); len(findings) != 0 {
		t.Error(findings)
	}
	for _, err := range []error{store.Compact(ctx), store.Backup(ctx, backup)} {
		if err != nil {
			t.Error(err)
		}
	}
	isKind(t, store.Backup(ctx, backup), stowbook.ErrAlreadyExists)
	isKind(t, stowbook.Restore(backup, path, true), stowbook.ErrUnavailable)
	if err := store.Namespace("default").Containers().Delete(ctx, "web"); err != nil {
		t.Error(err)
	}
	store.Close()
	isKind(t, stowbook.Restore(folder+"/none", path, true), stowbook.ErrNotFound)
	isKind(t, stowbook.Restore(backup, path, false), stowbook.ErrAlreadyExists)
	if err := stowbook.Restore(backup, path, true); err != nil {
		t.Error(err)
	}
	store = must(stowbook.Open(path))(t)
	defer store.Close()
	must(store.Namespace("default").Containers().Get(ctx, "web"))(t)
}

func TestExportAndImport(t *testing.T) {
	store, same := openMemory(t), openMemory(t)
	must(store.Namespace("default").Containers().Create(ctx, web()))(t)
	lines := must(store.Export(ctx))(t)
	_, err := same.Import(ctx, lines[:len(lines)/2], false)
	isKind(t, err, stowbook.ErrInvalidArgument)
	if report := must(same.Import(ctx, lines, true))(t); !report.WithEvents || report.WrittenKeys == 0 {
		t.Errorf("%+v", report)
	}
	if again := must(same.Export(ctx))(t); !bytes.Equal(again, lines) {
		t.Errorf("the same book holds %s and not %s", again, lines)
	}
	if report := must(same.Import(ctx, lines, false))(t); report.WrittenKeys != 0 || report.UnchangedKeys == 0 {
		t.Errorf("%+v", report)
	}
	_, err = same.Import(ctx, lines, true)
	isKind(t, err, stowbook.ErrFailedPrecondition)
}
