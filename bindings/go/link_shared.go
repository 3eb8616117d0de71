//go:build !stowbook_static

package stowbook

// #cgo pkg-config: stowbook
import "C"
