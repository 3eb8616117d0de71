package stowbook

import (
	"bytes"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// Records cross between Go and the library as containerd's protobuf messages. This is what their fields are made of; what
// is absent is not written, as proto3 has it.

func appendText(b []byte, number protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, number, protowire.BytesType), s)
}

func appendNumber(b []byte, number protowire.Number, v int64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, number, protowire.VarintType), uint64(v))
}

// appendMessage writes a message inside the message, also when it is empty.
func appendMessage(b []byte, number protowire.Number, body func([]byte) []byte) []byte {
	b = protowire.AppendTag(b, number, protowire.BytesType)
	start := len(b)
	b = body(b)
	// The length stands before the body: make room for it.
	size := len(b) - start
	prefix := protowire.SizeVarint(uint64(size))
	b = append(b, make([]byte, prefix)...)
	copy(b[start+prefix:], b[start:start+size])
	protowire.AppendVarint(b[:start], uint64(size))
	return b
}

// appendTexts writes a map of texts.
func appendTexts(b []byte, number protowire.Number, texts map[string]string) []byte {
	for key, value := range texts {
		b = appendMessage(b, number, func(b []byte) []byte {
			return appendText(appendText(b, 1, key), 2, value)
		})
	}
	return b
}

func appendAny(b []byte, number protowire.Number, value *Any) []byte {
	if value == nil {
		return b
	}
	return appendMessage(b, number, value.append)
}

// appendAnys writes a map of opaque values.
func appendAnys(b []byte, number protowire.Number, values map[string]Any) []byte {
	for key, value := range values {
		b = appendMessage(b, number, func(b []byte) []byte {
			return appendAny(appendText(b, 1, key), 2, &value)
		})
	}
	return b
}

// appendTime writes a time; the zero time is none.
func appendTime(b []byte, number protowire.Number, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	return appendMessage(b, number, func(b []byte) []byte {
		return appendNumber(appendNumber(b, 1, t.Unix()), 2, int64(t.Nanosecond()))
	})
}

// Fields are those of a message that is read, one after the other. What they give lies where the message lies, texts excepted.
// On the stack: a record has a dozen messages inside.
type fields struct {
	rest    []byte // what was not read yet
	field   []byte // the field that next has gone to, with its tag
	number  protowire.Number
	value   []byte
	varint  uint64
	unknown []byte // the fields that were kept
	err     error
}

func fieldsOf(message []byte) fields { return fields{rest: message} }

// next goes to the next field, and says whether there is one.
func (f *fields) next() bool {
	for f.err == nil && len(f.rest) > 0 {
		number, kind, tag := protowire.ConsumeTag(f.rest)
		if tag < 0 {
			f.err = errMalformed(tag)
			return false
		}
		var length int
		known := true
		f.number, f.value, f.varint = number, nil, 0
		switch kind {
		case protowire.BytesType:
			f.value, length = protowire.ConsumeBytes(f.rest[tag:])
		case protowire.VarintType:
			f.varint, length = protowire.ConsumeVarint(f.rest[tag:])
		default: // no record has fields of the other types
			length = protowire.ConsumeFieldValue(number, kind, f.rest[tag:])
			known = false
		}
		if length < 0 {
			f.err = errMalformed(length)
			return false
		}
		f.field, f.rest = f.rest[:tag+length], f.rest[tag+length:]
		if known {
			return true
		}
		f.keep()
	}
	return false
}

func (f *fields) text() string  { return string(f.value) }
func (f *fields) bytes() []byte { return f.value }
func (f *fields) int() int64    { return int64(f.varint) }

// keep says that the field is not known.
func (f *fields) keep() { f.unknown = append(f.unknown, f.field...) }

// inside notes how reading the field's value went.
func (f *fields) inside(err error) {
	if err != nil {
		f.err = err
	}
}

// unmarshal makes record what a caller's message says; when that cannot be read, it stays as it is.
func unmarshal[T any](record *T, message []byte, read func([]byte) (*T, error)) error {
	if record == nil {
		return errNil("record")
	}
	got, err := read(message)
	if err != nil {
		return &Error{Kind: KindInvalidArgument, Message: "the protobuf message cannot be read: it ends early or has a malformed field"}
	}
	*record = *got
	return nil
}

func errMalformed(code int) error {
	return errDefect("the library gave a message that cannot be read: %v", protowire.ParseError(code))
}

func readText(f *fields, into *map[string]string) {
	var key, value string
	entry := fieldsOf(f.value)
	for entry.next() {
		switch entry.number {
		case 1:
			key = entry.text()
		case 2:
			value = entry.text()
		}
	}
	f.inside(entry.err)
	if *into == nil {
		*into = map[string]string{}
	}
	(*into)[key] = value
}

func readAny(f *fields, into **Any) {
	*into = new(Any)
	f.inside((*into).read(f.value))
}

func readAnyInto(f *fields, into *map[string]Any) {
	var key string
	var value Any
	entry := fieldsOf(f.value)
	for entry.next() {
		switch entry.number {
		case 1:
			key = entry.text()
		case 2:
			entry.inside(value.read(entry.value))
		}
	}
	f.inside(entry.err)
	if *into == nil {
		*into = map[string]Any{}
	}
	(*into)[key] = value
}

func readTime(f *fields, into *time.Time) {
	var seconds, nanos int64
	part := fieldsOf(f.value)
	for part.next() {
		switch part.number {
		case 1:
			seconds = part.int()
		case 2:
			nanos = part.int()
		}
	}
	f.inside(part.err)
	*into = time.Unix(seconds, nanos).UTC()
}

// listOf reads messages one behind the other, each with its length before it.
func listOf[T any](read func([]byte) (*T, error)) func([]byte) ([]*T, error) {
	return func(b []byte) ([]*T, error) {
		list := []*T{}
		for len(b) > 0 {
			message, length := protowire.ConsumeBytes(b)
			if length < 0 {
				return nil, errMalformed(length)
			}
			record, err := read(message)
			if err != nil {
				return nil, err
			}
			list = append(list, record)
			b = b[length:]
		}
		return list, nil
	}
}

// copyOf keeps what the library lends.
func copyOf(b []byte) ([]byte, error) { return bytes.Clone(b), nil }

// nothing is what an operation gives that only works or fails.
func nothing([]byte) (struct{}, error) { return struct{}{}, nil }
