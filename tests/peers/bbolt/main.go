// bbolt writes a database with real bbolt, and what is in it as JSON: the truth that the reader is compared with.
// usage: bbolt FILE.db FILE.json PAGE_SIZE SEED TRANSACTIONS
//
//	bbolt DIRECTORY SEED COUNT    writes COUNT of them, N.db and N.json, with page sizes and transactions by chance,
//	                              and in N.check what bbolt itself finds wrong with them: it loses pages now and then
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// bucket is what a bucket holds: keys and values in base64, and its counter.
type bucket struct {
	Sequence uint64             `json:"sequence"`
	Values   map[string]string  `json:"values"`
	Buckets  map[string]*bucket `json:"buckets"`
}

func read(b *bbolt.Bucket) *bucket {
	out := &bucket{b.Sequence(), map[string]string{}, map[string]*bucket{}}
	must(b.ForEach(func(k, v []byte) error {
		key := base64.StdEncoding.EncodeToString(k)
		if inner := b.Bucket(k); inner != nil {
			out.Buckets[key] = read(inner)
		} else {
			out.Values[key] = base64.StdEncoding.EncodeToString(v)
		}
		return nil
	}))
	return out
}

func bytes(r *rand.Rand, n int) []byte {
	out := make([]byte, n)
	r.Read(out)
	return out
}

// change does random things in a bucket and in those below it.
func change(r *rand.Rand, b *bbolt.Bucket, pageSize, depth int) {
	for range r.Intn(4) {
		_, err := b.NextSequence()
		must(err)
	}
	for range r.Intn(12) {
		must(b.Put([]byte(fmt.Sprintf("k%02d", r.Intn(40))), bytes(r, r.Intn(min(pageSize, 1024)/8))))
	}
	if r.Intn(8) == 0 {
		must(b.Put(append([]byte{0xff, 0}, bytes(r, 3)...), bytes(r, r.Intn(2*pageSize))))
	}
	for range r.Intn(6) {
		must(b.Delete([]byte(fmt.Sprintf("k%02d", r.Intn(40)))))
	}
	if depth == 0 {
		return
	}
	for range r.Intn(4) {
		inner, err := b.CreateBucketIfNotExists([]byte(fmt.Sprintf("b%d", r.Intn(6))))
		must(err)
		change(r, inner, pageSize, depth-1)
	}
	if name := []byte(fmt.Sprintf("b%d", r.Intn(6))); r.Intn(4) == 0 && b.Bucket(name) != nil {
		must(b.DeleteBucket(name))
	}
}

func main() {
	if len(os.Args) == 4 {
		var seed int64
		var count int
		fmt.Sscan(os.Args[2], &seed)
		fmt.Sscan(os.Args[3], &count)
		r := rand.New(rand.NewSource(seed))
		for n := range count {
			name := filepath.Join(os.Args[1], fmt.Sprint(n))
			write(name+".db", name+".json", 512<<r.Intn(8), r.Int63(), 1+r.Intn(12))
			check(name+".db", name+".check")
		}
		return
	}
	var pageSize, transactions int
	var seed int64
	fmt.Sscan(os.Args[3], &pageSize)
	fmt.Sscan(os.Args[4], &seed)
	fmt.Sscan(os.Args[5], &transactions)
	write(os.Args[1], os.Args[2], pageSize, seed, transactions)
}

// check writes down what bbolt finds, a line each.
func check(file, checkFile string) {
	db, err := bbolt.Open(file, 0o644, &bbolt.Options{ReadOnly: true, PreLoadFreelist: true})
	must(err)
	var out []byte
	must(db.View(func(tx *bbolt.Tx) error {
		for problem := range tx.Check() {
			out = fmt.Appendln(out, problem)
		}
		return nil
	}))
	must(db.Close())
	must(os.WriteFile(checkFile, out, 0o644))
}

func write(file, truthFile string, pageSize int, seed int64, transactions int) {
	r := rand.New(rand.NewSource(seed))
	// On odd seeds the free pages are not stored, as containerd has it since 1.7.
	db, err := bbolt.Open(file, 0o644, &bbolt.Options{PageSize: pageSize, NoFreelistSync: seed%2 == 1, NoSync: true})
	must(err)
	for range transactions {
		must(db.Update(func(tx *bbolt.Tx) error {
			root, err := tx.CreateBucketIfNotExists([]byte(fmt.Sprintf("root%d", r.Intn(3))))
			must(err)
			change(r, root, pageSize, 3)
			return nil
		}))
	}
	var used int64
	truth := map[string]*bucket{}
	must(db.View(func(tx *bbolt.Tx) error {
		used = tx.Size()
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			truth[base64.StdEncoding.EncodeToString(name)] = read(b)
			return nil
		})
	}))
	must(db.Close())
	// bbolt makes files larger than they need be.
	must(os.Truncate(file, used))
	text, err := json.Marshal(truth)
	must(err)
	must(os.WriteFile(truthFile, text, 0o644))
}
