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

// A field of a message that is read. What it gives lies where the message lies, texts excepted.
type field struct {
	number protowire.Number
	value  []byte
	varint uint64
	kept   bool
}

func (f *field) text() string  { return string(f.value) }
func (f *field) bytes() []byte { return f.value }
func (f *field) int() int64    { return int64(f.varint) }

// keep says that the field is not known.
func (f *field) keep() { f.kept = true }

// readFields gives each field of a message to read, and gives back those that read keeps.
func readFields(b []byte, read func(*field) error) (unknown []byte, err error) {
	f := new(field)
	for len(b) > 0 {
		number, kind, tag := protowire.ConsumeTag(b)
		if tag < 0 {
			return nil, errMalformed(tag)
		}
		length := protowire.ConsumeFieldValue(number, kind, b[tag:])
		if length < 0 {
			return nil, errMalformed(length)
		}
		*f = field{number: number}
		switch kind {
		case protowire.BytesType:
			f.value, _ = protowire.ConsumeBytes(b[tag:])
		case protowire.VarintType:
			f.varint, _ = protowire.ConsumeVarint(b[tag:])
		default:
			f.kept = true // no record has fields of the other types
		}
		if !f.kept {
			if err := read(f); err != nil {
				return nil, err
			}
		}
		if f.kept {
			unknown = append(unknown, b[:tag+length]...)
		}
		b = b[tag+length:]
	}
	return unknown, nil
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

// readEntry reads an entry of a map.
func readEntry(f *field, value func(*field) error) (key string, err error) {
	_, err = readFields(f.value, func(entry *field) error {
		switch entry.number {
		case 1:
			key = entry.text()
		case 2:
			return value(entry)
		}
		return nil
	})
	return key, err
}

func readText(f *field, into *map[string]string) error {
	var value string
	key, err := readEntry(f, func(entry *field) error {
		value = entry.text()
		return nil
	})
	if *into == nil {
		*into = map[string]string{}
	}
	(*into)[key] = value
	return err
}

func readAny(f *field, into **Any) error {
	*into = new(Any)
	return (*into).read(f.value)
}

func readAnyInto(f *field, into *map[string]Any) error {
	var value Any
	key, err := readEntry(f, func(entry *field) error { return value.read(entry.value) })
	if *into == nil {
		*into = map[string]Any{}
	}
	(*into)[key] = value
	return err
}

func readTime(f *field, into *time.Time) error {
	var seconds, nanos int64
	_, err := readFields(f.value, func(part *field) error {
		switch part.number {
		case 1:
			seconds = part.int()
		case 2:
			nanos = part.int()
		}
		return nil
	})
	*into = time.Unix(seconds, nanos).UTC()
	return err
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
