// metadb-handmade writes a meta.db that no containerd wrote, with real bbolt: the layout of containerd 1.0, and records
// that miss what they should have or have what nobody knows.
// usage: metadb-handmade FILE
package main

import (
	"os"

	"go.etcd.io/bbolt"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	db, err := bbolt.Open(os.Args[1], 0o644, &bbolt.Options{PageSize: 1024})
	must(err)
	var used int64
	must(db.Update(func(tx *bbolt.Tx) error {
		bucket := func(path ...string) *bbolt.Bucket {
			b, err := tx.CreateBucketIfNotExists([]byte("v1"))
			must(err)
			for _, name := range path {
				b, err = b.CreateBucketIfNotExists([]byte(name))
				must(err)
			}
			return b
		}
		put := func(b *bbolt.Bucket, key, value string) { must(b.Put([]byte(key), []byte(value))) }
		// containerd 1.0: no version, ingests are values of one bucket, snapshots have no children.
		put(bucket("old", "content", "ingest"), "ref1", "old/7/ref1")
		put(bucket("old", "snapshots", "overlayfs", "base"), "name", "old/1/base")
		put(bucket("old", "snapshots", "overlayfs", "rw"), "name", "old/2/rw")
		put(bucket("old", "snapshots", "overlayfs", "rw"), "parent", "base")
		put(bucket("old", "snapshots", "overlayfs", "orphan"), "name", "old/3/orphan")
		put(bucket("old", "snapshots", "overlayfs", "orphan"), "parent", "gone")
		// Records that miss everything, or have too much.
		bucket("odd", "containers", "bare")
		full := bucket("odd", "containers", "full")
		put(full, "image", "img")
		put(full, "zz-new", "\x00\x01")
		put(bucket("odd", "containers"), "stray", "a value among records")
		put(bucket("odd", "containers", "full", "newer", "deep", "deeper", "deepest"), "k", "v")
		put(bucket("odd", "images", "no-target", "labels"), "k", "v")
		// A namespace with a name that none can be created with, and empty buckets.
		bucket("a//b", "containers")
		bucket("a//b", "leases")
		return nil
	}))
	must(db.View(func(tx *bbolt.Tx) error {
		used = tx.Size()
		return nil
	}))
	must(db.Close())
	must(os.Truncate(os.Args[1], used))
}
