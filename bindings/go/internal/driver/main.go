// The driver plays requests on stowbook through its Go package, as tests/conformance/DOORS.md has it:
//
//	cargo run -p stowbook-conformance -- --door DRIVER tests/vectors/*.json
package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	stowbook "github.com/stowbook/stowbook/bindings/go"
)

var ctx = context.Background()

// An operation takes the values of a request and gives those of the reply.
type operation struct {
	// least is how many values there are at least; more says whether there may be more.
	least int
	more  bool
	run   func(store *stowbook.Store, values []string) ([]string, error)
}

var operations = map[string]operation{
	"containers.get": {2, false, func(s *stowbook.Store, v []string) ([]string, error) {
		return one(s.Namespace(v[0]).Containers().Get(ctx, v[1]))
	}},
	"containers.update": {2, true, func(s *stowbook.Store, v []string) ([]string, error) {
		return one(s.Namespace(v[0]).Containers().Update(ctx, read(v[1], new(stowbook.Container)), v[2:]...))
	}},
	"containers.list": {1, true, func(s *stowbook.Store, v []string) ([]string, error) {
		return all(s.Namespace(v[0]).Containers().List(ctx, v[1:]...))
	}},
	"containers.create": {2, false, func(s *stowbook.Store, v []string) ([]string, error) {
		return one(s.Namespace(v[0]).Containers().Create(ctx, read(v[1], new(stowbook.Container))))
	}},
	"containers.delete": {2, false, func(s *stowbook.Store, v []string) ([]string, error) {
		return nil, s.Namespace(v[0]).Containers().Delete(ctx, v[1])
	}},
	"namespaces.get": {1, false, func(s *stowbook.Store, v []string) ([]string, error) {
		return one(s.Namespaces().Get(ctx, v[0]))
	}},
	"namespaces.list": {0, false, func(s *stowbook.Store, v []string) ([]string, error) {
		return all(s.Namespaces().List(ctx))
	}},
	"namespaces.create": {1, false, func(s *stowbook.Store, v []string) ([]string, error) {
		return one(s.Namespaces().Create(ctx, read(v[0], new(stowbook.NamespaceRecord))))
	}},
	"namespaces.update": {1, true, func(s *stowbook.Store, v []string) ([]string, error) {
		return nil, s.Namespaces().Update(ctx, read(v[0], new(stowbook.NamespaceRecord)), v[1:]...)
	}},
	"namespaces.delete": {1, false, func(s *stowbook.Store, v []string) ([]string, error) {
		return nil, s.Namespaces().Delete(ctx, v[0])
	}},
}

type record interface {
	MarshalJSON() ([]byte, error)
	UnmarshalJSON([]byte) error
}

// read makes a record of its JSON.
func read[R record](json string, into R) R {
	if err := into.UnmarshalJSON([]byte(json)); err != nil {
		fail("%q is no record: %v", json, err)
	}
	return into
}

// write makes JSON of a record.
func write(from record) string {
	json, err := from.MarshalJSON()
	if err != nil {
		fail("a record has no JSON: %v", err)
	}
	return string(json)
}

func one[R record](record R, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	return []string{write(record)}, nil
}

func all[R record](records []R, err error) ([]string, error) {
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
	values := make([]string, len(words))
	for i, word := range words {
		values[i] = decode(word)
	}
	out, err := operation.run(store, values)
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
