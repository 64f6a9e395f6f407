package osfile

// Lock is a kind of lock of a file.
type Lock int

// The kinds of locks.
const (
	Shared    Lock = iota // others can have Shared, too
	Exclusive             // no other descriptor has a lock
)
