// Package stowbook keeps the metadata of containers, by containerd's rules: what is valid, what an update changes, what a
// filter selects, and what every refusal says. It is the Go door to the library libstowbook, which has all the rules.
//
// A [Store] is a book of records in a file or in memory. It has namespaces, and a [Namespace] has containers, images,
// leases and sandboxes. Records are plain structs; a change of a struct changes nothing in a book until it is given to
// Create or Update. A [MetaDB] is a database of containerd's own, for reading through the same types. [Validate] finds every
// problem of a configuration.
//
// # Goroutines
//
// Everything may be used by any number of goroutines at once, records excepted: a record may be read by many, or changed by
// one. Writers of one book share durable commits, readers never wait. Operations on one [Txn] take turns.
//
// # Contexts
//
// A context that has ended stops an operation before it begins; one that has begun is finished, for it takes microseconds,
// or one sync of the disk. Only waiting for events is interrupted. The namespace is never taken from a context. (The
// package containerdstore, which implements containerd's interface, does take it from there, as containerd does.)
//
// # Closing
//
// [Store.Close] waits for operations under way, ends open transactions without their changes, and closes the book. From
// then on everything that was reached through the store answers [ErrClosed]. What a program forgets to close is closed when
// the garbage collector finds it.
package stowbook
