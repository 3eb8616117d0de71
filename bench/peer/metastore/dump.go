package main

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	bolt "go.etcd.io/bbolt"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// dump prints a database on bbolt as `stowbook metadb dump` does it: the same members, a line for each record. What is
// there of containerd's buckets and nothing else; all texts are taken for UTF-8.
func dump(file string) {
	db, err := bolt.Open(file, 0o644, &bolt.Options{ReadOnly: true})
	must(err)
	defer db.Close()
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	must(db.View(func(tx *bolt.Tx) error {
		schema := tx.Bucket([]byte("v1"))
		version, _ := binary.Varint(schema.Get([]byte("version")))
		io.WriteString(out, "{")
		between := ""
		must(schema.ForEachBucket(func(name []byte) error {
			ns := schema.Bucket(name)
			sandboxes := ns.Bucket([]byte("sandboxes"))
			if old := tx.Bucket(name); version < 4 && old != nil {
				sandboxes = old.Bucket([]byte("sandboxes"))
			}
			fmt.Fprintf(out, "%s\n%s: {\n\"labels\": %s", between, text(string(name)), text(pairs(ns.Bucket([]byte("labels")))))
			list(out, "containers", ns.Bucket([]byte("containers")), container)
			list(out, "images", ns.Bucket([]byte("images")), image)
			list(out, "leases", ns.Bucket([]byte("leases")), lease)
			list(out, "sandboxes", sandboxes, sandbox)
			content := ns.Bucket([]byte("content"))
			io.WriteString(out, ",\n\"content\": {\"none\": null")
			list(out, "blobs", below(content, "blob"), blob)
			list(out, "ingests", below(content, "ingests"), ingest)
			io.WriteString(out, "},\n\"snapshots\": {")
			if all := ns.Bucket([]byte("snapshots")); all != nil {
				first := true
				must(all.ForEachBucket(func(snapshotter []byte) error {
					if !first {
						io.WriteString(out, ",")
					}
					first = false
					of := all.Bucket(snapshotter)
					fmt.Fprintf(out, "\n%s: {\"sequence\": %d", text(string(snapshotter)), of.Sequence())
					list(out, "snapshots", of, snapshot)
					io.WriteString(out, "}")
					return nil
				}))
			}
			io.WriteString(out, "}\n}")
			between = ","
			return nil
		}))
		io.WriteString(out, "\n}\n")
		return nil
	}))
	must(out.Flush())
}

func text(value any) []byte {
	out, err := json.Marshal(value)
	must(err)
	return out
}

func list(out io.Writer, name string, bucket *bolt.Bucket, record func(key string, b *bolt.Bucket) any) {
	fmt.Fprintf(out, ",\n%q: [", name)
	if bucket != nil {
		first := true
		must(bucket.ForEachBucket(func(key []byte) error {
			if !first {
				io.WriteString(out, ",")
			}
			first = false
			io.WriteString(out, "\n")
			_, err := out.Write(text(record(string(key), bucket.Bucket(key))))
			return err
		}))
	}
	io.WriteString(out, "]")
}

func below(b *bolt.Bucket, name string) *bolt.Bucket {
	if b == nil {
		return nil
	}
	return b.Bucket([]byte(name))
}

func value(b *bolt.Bucket, name string) string {
	if b == nil {
		return ""
	}
	return string(b.Get([]byte(name)))
}

func pairs(b *bolt.Bucket) map[string]string {
	if b == nil {
		return nil
	}
	var out map[string]string
	must(b.ForEach(func(k, v []byte) error {
		if out == nil {
			out = map[string]string{}
		}
		out[string(k)] = string(v)
		return nil
	}))
	return out
}

func moment(b *bolt.Bucket, name string) *string {
	stored := b.Get([]byte(name))
	if stored == nil {
		return nil
	}
	var at time.Time
	must(at.UnmarshalBinary(stored))
	if at.IsZero() {
		return nil
	}
	out := at.UTC().Format(time.RFC3339Nano)
	return &out
}

type opaque struct {
	TypeURL string `json:"type_url"`
	Value   string `json:"value_base64"`
}

func decoded(stored []byte) *opaque {
	if stored == nil {
		return nil
	}
	var message anypb.Any
	must(proto.Unmarshal(stored, &message))
	return &opaque{message.TypeUrl, base64.StdEncoding.EncodeToString(message.Value)}
}

func any_(b *bolt.Bucket, name string) *opaque {
	if b == nil {
		return nil
	}
	return decoded(b.Get([]byte(name)))
}

type named struct {
	Name    string  `json:"name"`
	Options *opaque `json:"options"`
}

func runtime(b *bolt.Bucket) named {
	of := b.Bucket([]byte("runtime"))
	return named{value(of, "name"), any_(of, "options")}
}

func extensions(b *bolt.Bucket) map[string]*opaque {
	out := map[string]*opaque{}
	if of := b.Bucket([]byte("extensions")); of != nil {
		must(of.ForEach(func(k, v []byte) error {
			out[string(k)] = decoded(v)
			return nil
		}))
	}
	return out
}

func size(b *bolt.Bucket) int64 {
	out, _ := binary.Varint(b.Get([]byte("size")))
	return out
}

type common struct {
	Labels    map[string]string `json:"labels"`
	CreatedAt *string           `json:"created_at"`
	UpdatedAt *string           `json:"updated_at"`
}

func shared(b *bolt.Bucket) common {
	return common{pairs(b.Bucket([]byte("labels"))), moment(b, "createdat"), moment(b, "updatedat")}
}

func container(key string, b *bolt.Bucket) any {
	return struct {
		ID string `json:"id"`
		common
		Image       string             `json:"image"`
		Runtime     named              `json:"runtime"`
		Spec        *opaque            `json:"spec"`
		Snapshotter string             `json:"snapshotter"`
		SnapshotKey string             `json:"snapshot_key"`
		Extensions  map[string]*opaque `json:"extensions"`
		SandboxID   string             `json:"sandbox_id"`
	}{key, shared(b), value(b, "image"), runtime(b), any_(b, "spec"), value(b, "snapshotter"), value(b, "snapshotKey"),
		extensions(b), value(b, "sandboxid")}
}

func image(key string, b *bolt.Bucket) any {
	of := b.Bucket([]byte("target"))
	type target struct {
		MediaType   string            `json:"media_type"`
		Digest      string            `json:"digest"`
		Size        int64             `json:"size"`
		Annotations map[string]string `json:"annotations"`
	}
	return struct {
		Name string `json:"name"`
		common
		Target target `json:"target"`
	}{key, shared(b), target{value(of, "mediatype"), value(of, "digest"), size(of), pairs(b.Bucket([]byte("annotations")))}}
}

func lease(key string, b *bolt.Bucket) any {
	type resource struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	}
	resources := []resource{}
	add := func(kind string, of *bolt.Bucket) {
		if of != nil {
			must(of.ForEach(func(k, _ []byte) error {
				resources = append(resources, resource{string(k), kind})
				return nil
			}))
		}
	}
	for _, kind := range []string{"content", "images", "ingests"} {
		add(kind, b.Bucket([]byte(kind)))
	}
	if of := b.Bucket([]byte("snapshots")); of != nil {
		must(of.ForEachBucket(func(k []byte) error {
			add("snapshots/"+string(k), of.Bucket(k))
			return nil
		}))
	}
	return struct {
		ID        string            `json:"id"`
		Labels    map[string]string `json:"labels"`
		CreatedAt *string           `json:"created_at"`
		Resources []resource        `json:"resources"`
	}{key, pairs(b.Bucket([]byte("labels"))), moment(b, "createdat"), resources}
}

func sandbox(key string, b *bolt.Bucket) any {
	return struct {
		ID string `json:"id"`
		common
		Runtime    named              `json:"runtime"`
		Spec       *opaque            `json:"spec"`
		Extensions map[string]*opaque `json:"extensions"`
		Sandboxer  string             `json:"sandboxer"`
	}{key, shared(b), runtime(b), any_(b, "spec"), extensions(b), value(b, "sandboxer")}
}

func blob(key string, b *bolt.Bucket) any {
	return struct {
		Digest string `json:"digest"`
		common
		Size int64 `json:"size"`
	}{key, shared(b), size(b)}
}

func ingest(key string, b *bolt.Bucket) any {
	return struct {
		Reference string  `json:"reference"`
		Backend   string  `json:"backend_reference"`
		ExpiresAt *string `json:"expires_at"`
		Expected  string  `json:"expected"`
	}{key, value(b, "ref"), moment(b, "expireat"), value(b, "expected")}
}

func snapshot(key string, b *bolt.Bucket) any {
	children := []string{}
	if of := b.Bucket([]byte("children")); of != nil {
		must(of.ForEach(func(k, _ []byte) error {
			children = append(children, string(k))
			return nil
		}))
	}
	return struct {
		Name string `json:"name"`
		common
		Parent   string   `json:"parent"`
		Backend  string   `json:"backend_name"`
		Children []string `json:"children"`
	}{key, shared(b), value(b, "parent"), value(b, "name"), children}
}
