// gc answers for containerd's garbage collector, as the reference for the core's (core/src/store/gc/tests.rs). It is the real
// one: records are written into a database of containerd's, in its layout, and its metadata package collects.
//
// It reads questions and writes answers, one JSON object a line:
//
//	{"records": [{"namespace": "n", "kind": "image", "id": "i", "link": "c0", "labels": {}}]}   what is kept of these?
//	{"kept": ["n image i"], "events": ["n /snapshot/remove a/k"]}
//	{"times": ["2026-11-22T2:01:27Z"], "durations": ["1h"]}    seconds and nanoseconds, or null
//	{"times": [[1795312887, 0]], "durations": [3600000000000]}
//
// For a containerd that runs as a daemon, "gc write FILE VERSION" writes the records of one question into a database of that
// schema version, and "gc read FILE" tells which of them are there.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	apievents "github.com/containerd/containerd/api/events"
	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/events"
	"github.com/containerd/containerd/v2/core/metadata"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/opencontainers/go-digest"
	bolt "go.etcd.io/bbolt"
)

type question struct {
	Records   []record `json:"records"`
	Times     []string `json:"times"`
	Durations []string `json:"durations"`
}

type record struct {
	Namespace string            `json:"namespace"`
	Kind      string            `json:"kind"`
	ID        string            `json:"id"`
	Labels    map[string]string `json:"labels"`
	// The parent of a snapshot, the target of an image, the snapshot of a container, what an ingest expects.
	Link string `json:"link"`
	// When an ingest expires, in RFC 3339.
	Expires string `json:"expires"`
	// What a lease holds: pairs of a type and an id.
	Holds [][2]string `json:"holds"`
}

type answer struct {
	Kept      []string    `json:"kept"`
	Events    []string    `json:"events"`
	Times     []*[2]int64 `json:"times"`
	Durations []*int64    `json:"durations"`
}

func main() {
	in := bufio.NewReader(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	if len(os.Args) > 2 {
		var q question
		check(json.NewDecoder(in).Decode(&q))
		db, err := bolt.Open(os.Args[2], 0o600, nil)
		check(err)
		defer db.Close()
		if os.Args[1] == "write" {
			version, err := strconv.ParseInt(os.Args[3], 10, 64)
			check(err)
			check(db.Update(func(tx *bolt.Tx) error {
				return bucket(tx, []string{"v1"}, true).Put([]byte("version"), binary.AppendVarint(nil, version))
			}))
			writeAll(db, q.Records)
		} else {
			check(json.NewEncoder(out).Encode(answer{Kept: kept(db, q.Records)}))
		}
		return
	}
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			var q question
			check(json.Unmarshal(line, &q))
			a := answer{}
			if q.Records != nil {
				a.Kept, a.Events = collect(q.Records)
			}
			for _, text := range q.Times {
				a.Times = append(a.Times, parseTime(text))
			}
			for _, text := range q.Durations {
				a.Durations = append(a.Durations, parseDuration(text))
			}
			check(json.NewEncoder(out).Encode(a))
		}
		if err == io.EOF {
			return
		}
		check(err)
	}
}

func parseTime(text string) *[2]int64 {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil
	}
	return &[2]int64{t.Unix(), int64(t.Nanosecond())}
}

func parseDuration(text string) *int64 {
	d, err := time.ParseDuration(text)
	if err != nil {
		return nil
	}
	nanos := d.Nanoseconds()
	return &nanos
}

// collect writes the records into a new database, runs the collector, and tells what is left and what was published.
func collect(records []record) ([]string, []string) {
	folder, err := os.MkdirTemp("", "gc")
	check(err)
	defer os.RemoveAll(folder)
	db, err := bolt.Open(filepath.Join(folder, "meta.db"), 0o600, &bolt.Options{NoSync: true, NoFreelistSync: true})
	check(err)
	defer db.Close()
	ctx := context.Background()
	published := publisher{}
	m := metadata.NewDB(db, nothing{}, nil, metadata.WithEventsPublisher(&published))
	check(m.Init(ctx))
	writeAll(db, records)
	_, err = m.GarbageCollect(ctx)
	check(err)
	return kept(db, records), published
}

func writeAll(db *bolt.DB, records []record) {
	check(db.Update(func(tx *bolt.Tx) error {
		for _, r := range records {
			write(tx, r)
		}
		return nil
	}))
}

func kept(db *bolt.DB, records []record) []string {
	kept := []string{}
	check(db.View(func(tx *bolt.Tx) error {
		for _, r := range records {
			if bucket(tx, path(r), false) != nil {
				kept = append(kept, fmt.Sprintf("%s %s %s", r.Namespace, r.Kind, r.ID))
			}
		}
		return nil
	}))
	return kept
}

// path gives the buckets of a record: containerd-metadata §9.3.
func path(r record) []string {
	switch r.Kind {
	case "content":
		return []string{"v1", r.Namespace, "content", "blob", r.ID}
	case "ingest":
		return []string{"v1", r.Namespace, "content", "ingests", r.ID}
	case "snapshot":
		snapshotter, key, _ := strings.Cut(r.ID, "/")
		return []string{"v1", r.Namespace, "snapshots", snapshotter, key}
	case "sandbox":
		return []string{"v1", r.Namespace, "sandboxes", r.ID}
	default:
		return []string{"v1", r.Namespace, r.Kind + "s", r.ID}
	}
}

func bucket(tx *bolt.Tx, path []string, create bool) *bolt.Bucket {
	at := tx.Bucket([]byte(path[0]))
	if at == nil && create {
		var err error
		at, err = tx.CreateBucket([]byte(path[0]))
		check(err)
	}
	for _, name := range path[1:] {
		if at == nil {
			return nil
		}
		if create {
			var err error
			at, err = at.CreateBucketIfNotExists([]byte(name))
			check(err)
		} else {
			at = at.Bucket([]byte(name))
		}
	}
	return at
}

func write(tx *bolt.Tx, r record) {
	where := path(r)
	at := bucket(tx, where, true)
	put := func(under []string, key, value string) {
		b := bucket(tx, append(append([]string{}, where...), under...), true)
		check(b.Put([]byte(key), []byte(value)))
	}
	for key, value := range r.Labels {
		put([]string{"labels"}, key, value)
	}
	for _, hold := range r.Holds {
		put(strings.Split(hold[0], "/"), hold[1], "")
	}
	if r.Expires != "" {
		expires, err := time.Parse(time.RFC3339Nano, r.Expires)
		check(err)
		value, err := expires.MarshalBinary()
		check(err)
		check(at.Put([]byte("expireat"), value))
	}
	if r.Link == "" {
		return
	}
	switch r.Kind {
	case "image":
		put([]string{"target"}, "digest", r.Link)
	case "ingest":
		put(nil, "expected", r.Link)
	case "snapshot":
		_, parent, _ := strings.Cut(r.Link, "/")
		put(nil, "parent", parent)
	case "container":
		snapshotter, key, _ := strings.Cut(r.Link, "/")
		put(nil, "snapshotter", snapshotter)
		put(nil, "snapshotKey", key)
	}
}

// publisher notes what is published.
type publisher []string

func (p *publisher) Publish(ctx context.Context, topic string, event events.Event) error {
	namespace, _ := namespaces.Namespace(ctx)
	what := ""
	switch event := event.(type) {
	case *apievents.SnapshotRemove:
		what = event.Snapshotter + "/" + event.Key
	case *apievents.ImageDelete:
		what = event.Name
	}
	*p = append(*p, fmt.Sprintf("%s %s %s", namespace, topic, what))
	return nil
}

// nothing is a content store that holds nothing. The collector cleans it up.
type nothing struct{ content.Store }

func (nothing) Walk(context.Context, content.WalkFunc, ...string) error { return nil }

func (nothing) ListStatuses(context.Context, ...string) ([]content.Status, error) { return nil, nil }

func (nothing) Delete(context.Context, digest.Digest) error { return nil }

func check(err error) {
	if err != nil {
		panic(err)
	}
}
