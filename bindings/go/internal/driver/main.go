// The driver plays requests on stowbook through its Go package, as tests/conformance/DOORS.md has it:
//
//	cargo run -p stowbook-conformance -- --door DRIVER tests/vectors/*.json
package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	stowbook "github.com/stowbook/stowbook/bindings/go"
)

var ctx = context.Background()

// An operation takes the values of a request and gives those of the reply.
type operation struct {
	// least is how many values there are at least; more says whether there may be more.
	least int
	more  bool
	run   func(store *stowbook.Store, v values) ([]string, error)
}

// values are those of a request. The text of an absent one is empty.
type values struct {
	text  []string
	given []bool
}

var operations = map[string]operation{
	"containers.get": {2, false, func(s *stowbook.Store, v values) ([]string, error) {
		return one(s.Namespace(v.text[0]).Containers().Get(ctx, v.text[1]))
	}},
	"containers.update": {2, true, func(s *stowbook.Store, v values) ([]string, error) {
		return one(s.Namespace(v.text[0]).Containers().Update(ctx, read(v.text[1], new(stowbook.Container)), v.text[2:]...))
	}},
	"containers.list": {1, true, func(s *stowbook.Store, v values) ([]string, error) {
		return all(s.Namespace(v.text[0]).Containers().List(ctx, v.text[1:]...))
	}},
	"containers.create": {2, false, func(s *stowbook.Store, v values) ([]string, error) {
		return one(s.Namespace(v.text[0]).Containers().Create(ctx, read(v.text[1], new(stowbook.Container))))
	}},
	"containers.delete": {2, false, func(s *stowbook.Store, v values) ([]string, error) {
		return nil, s.Namespace(v.text[0]).Containers().Delete(ctx, v.text[1])
	}},
	"sandboxes.get": {2, false, func(s *stowbook.Store, v values) ([]string, error) {
		return one(s.Namespace(v.text[0]).Sandboxes().Get(ctx, v.text[1]))
	}},
	"sandboxes.update": {2, true, func(s *stowbook.Store, v values) ([]string, error) {
		return one(s.Namespace(v.text[0]).Sandboxes().Update(ctx, read(v.text[1], new(stowbook.Sandbox)), v.text[2:]...))
	}},
	"sandboxes.list": {1, true, func(s *stowbook.Store, v values) ([]string, error) {
		return all(s.Namespace(v.text[0]).Sandboxes().List(ctx, v.text[1:]...))
	}},
	"sandboxes.create": {2, false, func(s *stowbook.Store, v values) ([]string, error) {
		return one(s.Namespace(v.text[0]).Sandboxes().Create(ctx, read(v.text[1], new(stowbook.Sandbox))))
	}},
	"sandboxes.delete": {2, false, func(s *stowbook.Store, v values) ([]string, error) {
		return nil, s.Namespace(v.text[0]).Sandboxes().Delete(ctx, v.text[1])
	}},
	"images.get": {2, false, func(s *stowbook.Store, v values) ([]string, error) {
		return one(s.Namespace(v.text[0]).Images().Get(ctx, v.text[1]))
	}},
	"images.list": {1, true, func(s *stowbook.Store, v values) ([]string, error) {
		return all(s.Namespace(v.text[0]).Images().List(ctx, v.text[1:]...))
	}},
	"images.create": {4, false, func(s *stowbook.Store, v values) ([]string, error) {
		return one(images(s, v, 2, 3).Create(ctx, read(v.text[1], new(stowbook.Image))))
	}},
	"images.update": {4, true, func(s *stowbook.Store, v values) ([]string, error) {
		return one(images(s, v, 2, 3).Update(ctx, read(v.text[1], new(stowbook.Image)), v.text[4:]...))
	}},
	"images.delete": {5, false, func(s *stowbook.Store, v values) ([]string, error) {
		return nil, onLease(s, v, 2).Images().DeleteWith(ctx, v.text[1], stowbook.DeleteImage{Target: v.text[3], Sync: v.text[4] == "true"})
	}},
	"leases.list": {1, true, func(s *stowbook.Store, v values) ([]string, error) {
		return all(s.Namespace(v.text[0]).Leases().List(ctx, v.text[1:]...))
	}},
	"leases.create": {2, false, func(s *stowbook.Store, v values) ([]string, error) {
		return one(s.Namespace(v.text[0]).Leases().Create(ctx, read(v.text[1], new(stowbook.Lease))))
	}},
	"leases.delete": {3, false, func(s *stowbook.Store, v values) ([]string, error) {
		if v.text[2] == "true" {
			return nil, s.Namespace(v.text[0]).Leases().DeleteAndCollect(ctx, v.text[1])
		}
		return nil, s.Namespace(v.text[0]).Leases().Delete(ctx, v.text[1])
	}},
	"leases.add_resource": {4, false, func(s *stowbook.Store, v values) ([]string, error) {
		return nil, s.Namespace(v.text[0]).Leases().AddResource(ctx, v.text[1], resource(v))
	}},
	"leases.delete_resource": {4, false, func(s *stowbook.Store, v values) ([]string, error) {
		return nil, s.Namespace(v.text[0]).Leases().DeleteResource(ctx, v.text[1], resource(v))
	}},
	"leases.list_resources": {2, false, func(s *stowbook.Store, v values) ([]string, error) {
		resources, err := s.Namespace(v.text[0]).Leases().ListResources(ctx, v.text[1])
		var out []string
		for _, resource := range resources {
			out = append(out, resource.Type, resource.ID)
		}
		return out, err
	}},
	"events.publish": {4, false, func(s *stowbook.Store, v values) ([]string, error) {
		return nil, s.Namespace(v.text[0]).Publish(ctx, v.text[1], &stowbook.Any{TypeURL: v.text[2], Value: []byte(v.text[3])})
	}},
	"events.forward": {1, false, func(s *stowbook.Store, v values) ([]string, error) {
		event := new(stowbook.Event)
		if err := event.UnmarshalBinary([]byte(v.text[0])); err != nil {
			return nil, err
		}
		return nil, s.Events().Forward(ctx, event)
	}},
	"events.read": {1, false, func(s *stowbook.Store, v values) ([]string, error) {
		events, _, err := s.Events().Read(ctx, stowbook.Cursor(v.text[0]), math.MaxInt32)
		return all(events, err)
	}},
	"namespaces.get": {1, false, func(s *stowbook.Store, v values) ([]string, error) {
		return one(s.Namespaces().Get(ctx, v.text[0]))
	}},
	"namespaces.list": {0, false, func(s *stowbook.Store, v values) ([]string, error) {
		return all(s.Namespaces().List(ctx))
	}},
	"namespaces.create": {1, false, func(s *stowbook.Store, v values) ([]string, error) {
		return one(s.Namespaces().Create(ctx, read(v.text[0], new(stowbook.NamespaceRecord))))
	}},
	"namespaces.update": {1, true, func(s *stowbook.Store, v values) ([]string, error) {
		return nil, s.Namespaces().Update(ctx, read(v.text[0], new(stowbook.NamespaceRecord)), v.text[1:]...)
	}},
	"namespaces.delete": {1, false, func(s *stowbook.Store, v values) ([]string, error) {
		return nil, s.Namespaces().Delete(ctx, v.text[0])
	}},
}

// images are those of a namespace, on behalf of the lease and at the time with these indexes, if they are given.
func images(s *stowbook.Store, v values, lease, epoch int) stowbook.Images {
	in := onLease(s, v, lease)
	if v.given[epoch] {
		at, err := time.Parse(time.RFC3339Nano, v.text[epoch])
		if err != nil {
			fail("%q is no time", v.text[epoch])
		}
		in = in.WithSourceDateEpoch(at)
	}
	return in.Images()
}

// onLease is the request's namespace, on behalf of the lease with this index, if it is given.
func onLease(s *stowbook.Store, v values, lease int) stowbook.Namespace {
	in := s.Namespace(v.text[0])
	if v.given[lease] {
		in = in.WithLease(v.text[lease])
	}
	return in
}

// resource is that of a request about a lease's resource.
func resource(v values) stowbook.LeaseResource {
	return stowbook.LeaseResource{Type: v.text[2], ID: v.text[3]}
}

// read makes a record of its JSON.
func read[R any](text string, into R) R {
	if err := json.Unmarshal([]byte(text), into); err != nil {
		fail("%q is no record: %v", text, err)
	}
	return into
}

// write makes JSON of a record.
func write(from any) string {
	text, err := json.Marshal(from)
	if err != nil {
		fail("a record has no JSON: %v", err)
	}
	return string(text)
}

func one[R any](record R, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	return []string{write(record)}, nil
}

func all[R any](records []R, err error) ([]string, error) {
	var out []string
	for _, record := range records {
		out = append(out, write(record))
	}
	return out, err
}

func main() {
	in := bufio.NewReader(os.Stdin)
	var store *stowbook.Store
	for {
		line, err := in.ReadString('\n')
		if err == io.EOF {
			break
		}
		if err != nil {
			fail("%v", err)
		}
		words := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		if words[0] == "reset" {
			store = reset(store)
			fmt.Println("ok")
			continue
		}
		fmt.Println(reply(store, words[0], words[1:]))
	}
	if store != nil {
		reset(store).Close()
	}
}

func reset(old *stowbook.Store) *stowbook.Store {
	if old != nil {
		if err := old.Close(); err != nil {
			fail("%v", err)
		}
	}
	store, err := stowbook.OpenMemory()
	if err != nil {
		fail("%v", err)
	}
	return store
}

func reply(store *stowbook.Store, name string, words []string) string {
	operation, known := operations[name]
	if !known || len(words) < operation.least || len(words) > operation.least && !operation.more {
		return "unsupported"
	}
	var v values
	for _, word := range words {
		v.text = append(v.text, decode(word))
		v.given = append(v.given, word != "-")
	}
	out, err := operation.run(store, v)
	var failure *stowbook.Error
	if errors.As(err, &failure) {
		return "error " + failure.Kind.Name() + " " + encode(failure.Message)
	}
	if err != nil {
		fail("%s: an error of another kind: %v", name, err)
	}
	line := "ok"
	for _, value := range out {
		line += " " + encode(value)
	}
	return line
}

func encode(text string) string { return "=" + hex.EncodeToString([]byte(text)) }

// decode reads a word. An absent value is the empty text.
func decode(word string) string {
	if word == "-" {
		return ""
	}
	text, err := hex.DecodeString(strings.TrimPrefix(word, "="))
	if err != nil || !strings.HasPrefix(word, "=") {
		fail("%q is no word", word)
	}
	return string(text)
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}
