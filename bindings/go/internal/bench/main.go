// The benchmark measures what the Go door costs: the same operations on the same records in a book in memory, in C inside the
// library's own language, and through the Go package, in turn.
//
//	go run ./internal/bench [-records 10000] [-runs 7] [-spec ../../bench/spec.json]
//
// With -door it does once what `stowbook-bench doors` does in Rust, and prints for each operation its name and how many nanoseconds
// one took.
package main

/*
#cgo pkg-config: stowbook
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stowbook.h>

static void check(sb_error *error) {
    if (error == NULL) return;
    fprintf(stderr, "%s\n", sb_error_message(error).data);
    exit(1);
}

static sb_namespace *bench_open(void) {
    sb_store *store;
    sb_namespace *in_namespace;
    sb_error *error;
    sb_store_open_memory(&store, &error);
    check(error);
    sb_store_namespace(store, SB_STR("default"), &in_namespace, &error);
    check(error);
    sb_store_free(store);
    return in_namespace;
}

static sb_container *bench_record(size_t i, sb_slice spec) {
    char id[32];
    sb_container *record;
    sb_error *error;
    sprintf(id, "c%07zu", i);
    sb_container_new(sb_str_of(id), SB_STR("io.containerd.runc.v2"), &record, &error);
    check(error);
    sb_container_set_image(record, SB_STR("docker.io/library/nginx:alpine"), NULL);
    sb_container_set_snapshotter(record, SB_STR("overlayfs"), NULL);
    sb_container_set_snapshot_key(record, sb_str_of(id), NULL);
    sb_container_set_label(record, SB_STR("app"), SB_STR("a7"), NULL);
    sb_container_set_label(record, SB_STR("tier"), SB_STR("web"), NULL);
    sb_container_set_label(record, SB_STR("io.cri-containerd.kind"), SB_STR("container"), NULL);
    sb_container_set_spec(record, SB_STR("types.containerd.io/opencontainers/runtime-spec/1/Spec"), spec, &error);
    check(error);
    return record;
}

static void bench_create(const sb_namespace *in_namespace, size_t n, sb_slice spec) {
    for (size_t i = 0; i < n; i++) {
        sb_container *record = bench_record(i, spec), *created;
        sb_error *error;
        sb_container_create(in_namespace, record, &created, &error);
        check(error);
        sb_container_free(created);
        sb_container_free(record);
    }
}

static void bench_get(const sb_namespace *in_namespace, size_t n) {
    for (size_t i = 0; i < n; i++) {
        char id[32];
        sb_container *record;
        sb_error *error;
        sprintf(id, "c%07zu", i * 7919 % n);
        sb_container_get(in_namespace, sb_str_of(id), &record, &error);
        check(error);
        sb_container_free(record);
    }
}

static void bench_list(const sb_namespace *in_namespace, size_t n) {
    sb_container_array *records;
    sb_error *error;
    sb_container_list(in_namespace, NULL, 0, &records, &error);
    check(error);
    if (sb_container_array_len(records) != n) exit(1);
    sb_container_array_free(records);
}

static void bench_delete(const sb_namespace *in_namespace, size_t n) {
    for (size_t i = 0; i < n; i++) {
        char id[32];
        sb_error *error;
        sprintf(id, "c%07zu", i);
        sb_container_delete(in_namespace, sb_str_of(id), &error);
        check(error);
    }
}
*/
import "C"

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"slices"
	"syscall"
	"time"
	"unsafe"

	stowbook "github.com/stowbook/stowbook/bindings/go"
)

var (
	ctx     = context.Background()
	records = flag.Int("records", 10_000, "how many records there are")
	runs    = flag.Int("runs", 7, "how often each is measured; the median counts")
	door    = flag.Bool("door", false, "only the door, once, as bench/doors wants it")
	spec    = flag.String("spec", "../../bench/spec.json", "the spec of each record")
)

// An operation in C and through the door, on all records.
type operation struct {
	name      string
	inC, inGo func()
	samples   [2][]time.Duration
}

func main() {
	flag.Parse()
	text, err := os.ReadFile(*spec)
	fail(err)
	n := *records
	if *door {
		measureDoor(n, text)
		return
	}
	inC := C.bench_open()
	store, err := stowbook.OpenMemory()
	fail(err)
	containers := store.Namespace("default").Containers()
	cSpec := C.sb_slice{(*C.uint8_t)(C.CBytes(text)), C.size_t(len(text))}
	id := func(i int) string { return fmt.Sprintf("c%07d", i) }

	operations := []*operation{
		{name: "create", inC: func() { C.bench_create(inC, C.size_t(n), cSpec) }, inGo: func() {
			for i := range n {
				_, err := containers.Create(ctx, &stowbook.Container{
					ID: id(i), Image: "docker.io/library/nginx:alpine", Snapshotter: "overlayfs", SnapshotKey: id(i),
					Labels:  map[string]string{"app": "a7", "tier": "web", "io.cri-containerd.kind": "container"},
					Runtime: stowbook.Runtime{Name: "io.containerd.runc.v2"},
					Spec:    &stowbook.Any{TypeURL: "types.containerd.io/opencontainers/runtime-spec/1/Spec", Value: text},
				})
				fail(err)
			}
		}},
		{name: "get", inC: func() { C.bench_get(inC, C.size_t(n)) }, inGo: func() {
			for i := range n {
				_, err := containers.Get(ctx, id(i*7919%n))
				fail(err)
			}
		}},
		{name: "list", inC: func() { C.bench_list(inC, C.size_t(n)) }, inGo: func() {
			list, err := containers.List(ctx)
			fail(err)
			if len(list) != n {
				log.Fatalf("%d records, not %d", len(list), n)
			}
		}},
		{name: "delete", inC: func() { C.bench_delete(inC, C.size_t(n)) }, inGo: func() {
			for i := range n {
				fail(containers.Delete(ctx, id(i)))
			}
		}},
	}
	for range *runs {
		for _, o := range operations {
			for side, run := range []func(){o.inC, o.inGo} {
				start := processorTime()
				run()
				o.samples[side] = append(o.samples[side], processorTime()-start)
			}
		}
	}
	fmt.Printf("stowbook %s, %d records with a spec of %d bytes, in memory; µs of processor time for each record\n", stowbook.Version(), n, len(text))
	fmt.Printf("%-8s %10s %10s %10s %8s\n", "", "C", "Go", "extra", "ratio")
	for _, o := range operations {
		c, g := median(o.samples[0], n), median(o.samples[1], n)
		fmt.Printf("%-8s %10.2f %10.2f %10.2f %8.2f\n", o.name, c, g, g-c, g/c)
	}
	fail(store.Close())
	C.sb_namespace_free(inC)
	C.free(unsafe.Pointer(cSpec.data))
}

// measureDoor is the work of bench/src/doors.rs.
func measureDoor(n int, spec []byte) {
	const lists = 5
	store, err := stowbook.OpenMemory()
	fail(err)
	containers := store.Namespace("default").Containers()
	made, ids := make([]*stowbook.Container, n), make([]string, n)
	for i := range n {
		ids[i] = fmt.Sprintf("c%07d", i)
		made[i] = &stowbook.Container{
			ID: ids[i], Image: "docker.io/library/nginx:alpine", Snapshotter: "overlayfs", SnapshotKey: ids[i],
			Labels:  map[string]string{"app": fmt.Sprintf("a%d", i%100), "tier": "web", "io.cri-containerd.kind": "container"},
			Runtime: stowbook.Runtime{Name: "io.containerd.runc.v2"},
			Spec:    &stowbook.Any{TypeURL: "types.containerd.io/opencontainers/runtime-spec/1/Spec", Value: spec},
		}
	}
	timed := func(name string, operations int, work func()) {
		start := time.Now()
		work()
		fmt.Printf("%s\t%d\n", name, time.Since(start).Nanoseconds()/int64(operations))
	}
	timed("create", n, func() {
		for _, container := range made {
			_, err := containers.Create(ctx, container)
			fail(err)
		}
	})
	timed("get", n, func() {
		for _, id := range ids {
			_, err := containers.Get(ctx, id)
			fail(err)
		}
	})
	timed("list", lists, func() {
		for range lists {
			list, err := containers.List(ctx)
			fail(err)
			if len(list) != n {
				log.Fatalf("%d records, not %d", len(list), n)
			}
		}
	})
	fail(store.Close())
}

// processorTime is what this process has used, its garbage collector included: unlike the time of a clock it does not grow when
// other programs run too.
func processorTime() time.Duration {
	var usage syscall.Rusage
	fail(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// median is in microseconds for each of n records.
func median(samples []time.Duration, n int) float64 {
	slices.Sort(samples)
	return float64(samples[len(samples)/2].Nanoseconds()) / 1000 / float64(n)
}

func fail(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
