package stowbook

/*
#include "shim.h"
*/
import "C"

// Version is the version of the library that the program runs with.
func Version() string { return C.GoString(C.sb_version()) }
