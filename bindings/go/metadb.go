package stowbook

/*
#include "shim.h"

static void sbgo_free_metadb(void *metadb) { sb_metadb_free(metadb); }
*/
import "C"

import (
	"context"
	"encoding/json"
	"unsafe"
)

// MetaDB is a database of containerd, meta.db, opened for reading: of a daemon that runs, of one that is gone, or a copy of its
// bytes. Nothing is locked. Any number of goroutines may use it at once.
type MetaDB struct {
	handle *handle
}

// OpenMetaDB opens the file at path. Close it again.
//
// Errors: [ErrNotFound]; [ErrPermissionDenied]; [ErrFailedPrecondition] for what is no database of that sort; [ErrDataLoss] when
// nothing in it can be reached: see [SalvageMetaDB].
func OpenMetaDB(path string) (*MetaDB, error) {
	return openMetaDB(func(db **C.sb_metadb, failure **C.sb_error) { C.sb_metadb_open(str(path), db, failure) })
}

// OpenMetaDBBytes opens the bytes of a file, which are copied: as [OpenMetaDB].
func OpenMetaDBBytes(file []byte) (*MetaDB, error) {
	return openMetaDB(func(db **C.sb_metadb, failure **C.sb_error) { C.sb_metadb_open_bytes(slice(file), db, failure) })
}

func openMetaDB(with func(**C.sb_metadb, **C.sb_error)) (*MetaDB, error) {
	if err := checkABI(C.SB_ABI_VERSION, uint32(C.sb_abi_version())); err != nil {
		return nil, err
	}
	var pointer *C.sb_metadb
	var failure *C.sb_error
	with(&pointer, &failure)
	if failure != nil {
		return nil, takeError(failure)
	}
	h := newHandle(metaDBClosed, unsafe.Pointer(pointer), func(p unsafe.Pointer) { C.sbgo_free_metadb(p) })
	db := &MetaDB{h}
	closeWhenForgotten(db, h)
	return db, nil
}

// Close closes the database, after the calls that use it.
//
// Errors: [ErrClosed] when it was closed.
func (m *MetaDB) Close() error {
	if m == nil || m.handle == nil {
		return errNil("database")
	}
	if !m.handle.close() {
		return errClosed(m.handle.closed)
	}
	return nil
}

// Namespace reaches the records in a namespace. Texts that are not UTF-8 have U+FFFD for each byte that belongs to no letter. What
// would change something fails with [ErrFailedPrecondition]. A damaged record is [ErrDataLoss], and a list that a daemon
// changes while it is read is [ErrAborted].
func (m *MetaDB) Namespace(name string) Namespace { return Namespace{place: m, name: name} }

// Namespaces reaches the namespaces themselves.
func (m *MetaDB) Namespaces() Namespaces { return Namespaces{m} }

func (m *MetaDB) enter(ctx context.Context) (held, C.sbgo_place, error) {
	if m == nil || m.handle == nil {
		return held{}, C.sbgo_place{}, errNil("database")
	}
	hold, err := m.handle.hold(ctx, m, false)
	if err != nil {
		return held{}, C.sbgo_place{}, err
	}
	return hold, C.sbgo_place{metadb: (*C.sb_metadb)(m.handle.pointer)}, nil
}

// MetaDBInfo is what a database says about itself.
type MetaDBInfo struct {
	// PageSize is the length of a page in bytes.
	PageSize uint64
	// Transaction is the number of the last transaction.
	Transaction uint64
	// Version is that of the records' layout: 1 to 4, or 0 where containerd has not written it yet.
	Version int64
}

// Info is what the database says about itself.
func (m *MetaDB) Info(ctx context.Context) (MetaDBInfo, error) {
	hold, place, err := m.enter(ctx)
	if err != nil {
		return MetaDBInfo{}, err
	}
	defer hold.release()
	var pageSize, transaction C.uint64_t
	var version C.int64_t
	var failure *C.sb_error
	C.sb_metadb_info(place.metadb, &pageSize, &transaction, &version, &failure)
	return MetaDBInfo{uint64(pageSize), uint64(transaction), int64(version)}, takeError(failure)
}

// Dump writes all records as JSON, exactly, as `stowbook metadb dump` does: containers, images, leases, sandboxes, content and
// snapshots by namespace.
//
// Errors: [ErrDataLoss] where it is damaged; [ErrAborted] when a daemon changes it meanwhile.
func (m *MetaDB) Dump(ctx context.Context) (json.RawMessage, error) {
	hold, place, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer hold.release()
	var result C.sbgo_result
	C.sb_metadb_dump(place.metadb, &result.bytes, &result.error)
	return take(result, copyOf)
}

// Owners tells who refers to what is called id: as [Store.Owners].
func (m *MetaDB) Owners(ctx context.Context, id string) ([]Owned, error) {
	hold, place, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer hold.release()
	var result C.sbgo_result
	C.sb_metadb_owners(place.metadb, str(id), &result.bytes, &result.error)
	return takeList[Owned](result)
}

// MetaDBFinding is one thing that is wrong with a database.
type MetaDBFinding struct {
	// Severity is damage or oddity.
	Severity string `json:"severity"`
	// Page is the page that it was found on, where it lies on one.
	Page *uint64 `json:"page"`
	// Path is the keys of the buckets on the way to it, joined with slashes. Empty for the file itself.
	Path string `json:"path"`
	// Problem is what is wrong.
	Problem string `json:"problem"`
}

// CheckMetaDB lists what is wrong with the file at path.
//
// Errors: [ErrNotFound]; [ErrPermissionDenied]; [ErrAborted] when a daemon changes it again and again.
func CheckMetaDB(path string) ([]MetaDBFinding, error) {
	var result C.sbgo_result
	C.sb_metadb_check(str(path), &result.bytes, &result.error)
	return takeList[MetaDBFinding](result)
}

// CheckMetaDBBytes lists what is wrong with the bytes of a file.
func CheckMetaDBBytes(file []byte) ([]MetaDBFinding, error) {
	var result C.sbgo_result
	C.sb_metadb_check_bytes(slice(file), &result.bytes, &result.error)
	return takeList[MetaDBFinding](result)
}

// SalvageMetaDB reads everything that can be read from a damaged file, and says what was lost or is doubtful: JSON as `stowbook
// metadb salvage` prints it. Errors are those of [CheckMetaDB].
func SalvageMetaDB(path string) (json.RawMessage, error) {
	var result C.sbgo_result
	C.sb_metadb_salvage(str(path), &result.bytes, &result.error)
	return take(result, copyOf)
}

// SalvageMetaDBBytes is [SalvageMetaDB] of the bytes of a file.
func SalvageMetaDBBytes(file []byte) (json.RawMessage, error) {
	var result C.sbgo_result
	C.sb_metadb_salvage_bytes(slice(file), &result.bytes, &result.error)
	return take(result, copyOf)
}

// MetaDBImportOptions say what is taken over from a database.
type MetaDBImportOptions struct {
	// Namespaces are those that are taken over; all when there is none.
	Namespaces []string
	// DryRun only tells what would be done.
	DryRun bool
	// KeepExisting lets records that the book has already stay as they are; they are no conflict then.
	KeepExisting bool
}

// MetaDBImportReport is what was taken over from a database of containerd, or would be.
type MetaDBImportReport struct {
	// Namespaces is how many were made, as with the other kinds.
	Namespaces uint64 `json:"namespaces"`
	Containers uint64 `json:"containers"`
	Images     uint64 `json:"images"`
	Leases     uint64 `json:"leases"`
	Sandboxes  uint64 `json:"sandboxes"`
	Blobs      uint64 `json:"blobs"`
	Ingests    uint64 `json:"ingests"`
	Snapshots  uint64 `json:"snapshots"`
	// Unchanged is how many records the book had already, with the same content.
	Unchanged uint64 `json:"unchanged"`
	// Conflicts are what the book has already with another content, in words.
	Conflicts []string `json:"conflicts"`
	// Inexact is what a book cannot hold to the byte, in words.
	Inexact []string `json:"inexact"`
	// Concluded is what was concluded because a database does not tell it: the kinds of snapshots.
	Concluded []string `json:"concluded"`
}

// ImportMetaDB takes records over from a database of containerd, all together or nothing, with their times as they are. The bytes
// of content and snapshots are not in a database.
//
// Errors: [ErrAlreadyExists] for a record that the book has with another content; [ErrFailedPrecondition] for a value that a
// book cannot hold to the byte; [ErrNotFound] for a namespace that is not there; [ErrDataLoss]. Nothing was changed then.
func (s *Store) ImportMetaDB(ctx context.Context, from *MetaDB, options MetaDBImportOptions) (*MetaDBImportReport, error) {
	hold, place, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer hold.release()
	holdFrom, source, err := from.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer holdFrom.release()
	result := C.sbgo_store_import_metadb(
		place.store, source.metadb, texts(options.Namespaces), C.bool(options.DryRun), C.bool(options.KeepExisting))
	return take(result, fromJSON[MetaDBImportReport])
}
