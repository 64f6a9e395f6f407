package terminal

import "golang.org/x/sys/unix"

// dup makes the descriptor to the same as from.
func dup(from, to int) error { return unix.Dup3(from, to, 0) }
