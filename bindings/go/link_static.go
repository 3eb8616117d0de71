//go:build stowbook_static

package stowbook

// #cgo pkg-config: --static stowbook
import "C"
