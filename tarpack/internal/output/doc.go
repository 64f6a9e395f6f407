// Package output writes an archive fast: in large writes, by a goroutine of its own, with copies of
// old members made by the kernel.
//
//	Writer ── order: bytes or a copyRun ──→ sink ──→ file
//
// Writer collects what is written and knows the offset. Its sink carries out the orders one after
// the other. The package also has reusable buffers, a reader that stops with its context, SameBytes
// to compare contents, and CopyWithHoles for extracting sparse files.
//
// It imports format, for errors.
package output
