package stowbook

/*
#include "shim.h"
*/
import "C"

import "time"

// Image is the record of an image: a name for a piece of content.
type Image struct {
	// Name is the key of the record in its namespace: any text that is not empty. It cannot change.
	Name string
	// Labels are optional and can change. A label with an empty value is none.
	Labels map[string]string
	// Target is the content that the name stands for. Required. The content need not exist.
	Target Descriptor
	// CreatedAt is set by the store; what a caller gives is ignored.
	CreatedAt time.Time
	// UpdatedAt is set by the store; what a caller gives is ignored.
	UpdatedAt time.Time
	// Unknown is as in [Container].
	Unknown []byte
}

// Descriptor says what a piece of content is.
type Descriptor struct {
	// MediaType is required.
	MediaType string
	// Digest is required: algorithm:hex.
	Digest string
	// Size is the length of the content in bytes: more than 0.
	Size int64
	// Annotations are optional; empty values are dropped.
	Annotations map[string]string
	// Unknown is as in [Container].
	Unknown []byte
}

// MarshalJSON writes the record as stowbook's JSON, on one line.
func (i *Image) MarshalJSON() ([]byte, error) {
	if i == nil {
		return []byte("null"), nil
	}
	return take(C.sbgo_image_to_json(slice(i.message())), copyOf)
}

// UnmarshalJSON reads what MarshalJSON writes. Members that are not known are refused.
//
// Errors: [ErrInvalidArgument], with the line and the column among its details.
func (i *Image) UnmarshalJSON(json []byte) error {
	return readInto(i, C.sbgo_image_from_json(strOf(json)), readImage)
}

// MarshalBinary writes the record as the protobuf message containerd.services.images.v1.Image.
func (i *Image) MarshalBinary() ([]byte, error) {
	if i == nil {
		return nil, errNil("image")
	}
	return i.message(), nil
}

// UnmarshalBinary reads what MarshalBinary writes. What the message carries beyond the fields that are known is kept.
//
// Errors: [ErrInvalidArgument].
func (i *Image) UnmarshalBinary(message []byte) error { return unmarshal(i, message, readImage) }

// message is containerd.services.images.v1.Image.
func (i *Image) message() []byte {
	b := appendText(nil, 1, i.Name)
	b = appendTexts(b, 2, i.Labels)
	b = appendMessage(b, 3, i.Target.append)
	b = appendTime(b, 7, i.CreatedAt)
	b = appendTime(b, 8, i.UpdatedAt)
	return append(b, i.Unknown...)
}

func readImage(b []byte) (*Image, error) {
	i := new(Image)
	f := fieldsOf(b)
	for f.next() {
		switch f.number {
		case 1:
			i.Name = f.text()
		case 2:
			readText(&f, &i.Labels)
		case 3:
			f.inside(i.Target.read(f.bytes()))
		case 7:
			readTime(&f, &i.CreatedAt)
		case 8:
			readTime(&f, &i.UpdatedAt)
		default:
			f.keep()
		}
	}
	i.Unknown = f.unknown
	return i, f.err
}

func (d *Descriptor) append(b []byte) []byte {
	b = appendText(b, 1, d.MediaType)
	b = appendText(b, 2, d.Digest)
	b = appendNumber(b, 3, d.Size)
	b = appendTexts(b, 5, d.Annotations)
	return append(b, d.Unknown...)
}

func (d *Descriptor) read(b []byte) error {
	f := fieldsOf(b)
	for f.next() {
		switch f.number {
		case 1:
			d.MediaType = f.text()
		case 2:
			d.Digest = f.text()
		case 3:
			d.Size = f.int()
		case 5:
			readText(&f, &d.Annotations)
		default:
			f.keep()
		}
	}
	d.Unknown = f.unknown
	return f.err
}
