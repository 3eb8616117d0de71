package stowbook

import (
	"errors"
	"strings"
	"testing"
)

func TestABI(t *testing.T) {
	if err := checkABI(1, 1); err != nil {
		t.Error(err)
	}
	err := checkABI(1, 2)
	if !errors.Is(err, ErrFailedPrecondition) || !strings.Contains(err.Error(), "version 2 of its interface") || !strings.Contains(err.Error(), "built for version 1") {
		t.Error(err)
	}
}

// Each kind has a row of its own, and a sentinel that finds it and no other.
func TestKinds(t *testing.T) {
	names := map[string]bool{}
	for kind, row := range kindRows {
		if names[row.name] || row.text == "" || row.grpc == 0 {
			t.Errorf("kind %d has the row %+v", int(kind), row)
		}
		names[row.name] = true
		for other := range kindRows {
			if errors.Is(&Error{Kind: kind}, other) != (kind == other) {
				t.Errorf("%s is %s", kind.Name(), other.Name())
			}
		}
	}
	if !errors.Is(&Error{Kind: KindNotFound}, ErrNotFound) || ErrNotFound.Error() != "not found" {
		t.Error("ErrNotFound is another kind")
	}
}

// What cannot be read as a message is an error at each place where it can end, never a panic.
func TestCutMessages(t *testing.T) {
	c := &Container{
		ID: "a", Labels: map[string]string{"k": "v"}, Spec: &Any{"t", []byte{1}, nil}, Extensions: map[string]Any{"e": {TypeURL: "x"}},
		Runtime: Runtime{Name: "r", Options: &Any{TypeURL: "o"}},
	}
	message, err := c.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for i := range message {
		if err := new(Container).UnmarshalBinary(message[:i]); err == nil {
			read++ // cut between two fields
		} else if !errors.Is(err, ErrInvalidArgument) {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
	if read > 8 {
		t.Errorf("%d of %d cut messages are read", read, len(message))
	}
	for _, bad := range []string{"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "\x00", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\x0b"} {
		if err := new(Container).UnmarshalBinary([]byte(bad)); !errors.Is(err, ErrInvalidArgument) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	kept := &Container{ID: "kept"}
	if kept.UnmarshalBinary([]byte{0}) == nil || kept.ID != "kept" {
		t.Error("a message that cannot be read has changed the record")
	}
}
