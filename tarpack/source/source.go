// Package source is where the bytes of an archive are: one interface for a file, a block device, a
// shard set, memory, and whatever an embedding program adds.
//
//	 File         Of(io.ReaderAt)     a shard set      your own
//	   └───────────────┴───────┬───────────┴───────────────┘
//	                         Source
//	tarpack.Archive reads      │      serve sends: from a Mapping, by sendfile from a Piece,
//	with ReadAt                │      by ReadNow on an event loop, or by Fetch and ReadAt elsewhere
//
// A Source is one generation of an archive. What it reads never mixes bytes of two generations:
// once it notices that they were replaced, every call fails with ErrChanged.
package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Errors of reading a Source. Damage is a third kind, which only decoding finds: format.ErrCorrupt.
var (
	// ErrChanged means that the bytes are no longer those of the generation that was opened. Opening
	// the archive again gives the new one.
	ErrChanged = errors.New("the archive has changed since it was opened")
	// ErrUnavailable means that the bytes cannot be had at present. Trying again later may help.
	ErrUnavailable = errors.New("the archive is not available")
)

// A Source is the bytes of an archive. All methods but Close are safe for concurrent use.
type Source interface {
	// ReadAt reads at an offset, and may block. Errors wrap ErrChanged or ErrUnavailable where they
	// apply.
	io.ReaderAt
	// Size is the number of bytes.
	Size() int64
	// Identity names the generation that was opened. Sources of equal identity have the same bytes;
	// "" if that is never known.
	Identity() string
	// Check asks whether what was opened is still what its name stands for. The error wraps
	// ErrChanged, or ErrUnavailable if that cannot be found out.
	Check() error
	// ReadNow fills p from offset off and returns true, or returns false if it would have to wait or
	// fails. It never blocks, so an event loop may call it.
	ReadNow(p []byte, off int64) bool
	// Fetch waits until n bytes from offset off can be read by ReadNow, as far as that can be known,
	// or until the context ends.
	Fetch(ctx context.Context, off, n int64) error
	// Map returns a new mapping of all bytes into memory and a function that removes it, or nil where
	// that is not possible. A file that is cut short makes access to its mapping a fault.
	Map() (mapping []byte, unmap func() error)
	// Piece returns the part of an open file that holds the bytes from offset off, for sendfile: n
	// bytes, or fewer where another file follows. ok is false if no file holds them.
	Piece(off, n int64) (p Piece, ok bool, err error)
	// Close releases the Source. No other method may be running, or be called later.
	Close() error
}

// ErrTouched is an ErrChanged if nothing but the time of a file's last change differs. Its
// attributes or its name have changed, or content and then the modification time, which was set
// back.
var ErrTouched = fmt.Errorf("%w, or its attributes have", ErrChanged)

// Overwritable is implemented by Sources whose files other programs may write over.
type Overwritable interface {
	// Unchanged returns an error that wraps ErrChanged if a file that n bytes from offset off were
	// read from may have been written to since it was opened. A program that sends what it has read
	// calls it after the last byte was read and before the last byte is sent.
	Unchanged(off, n int64) error
	// Accept makes later calls of Unchanged succeed after ErrTouched. The caller compares the content
	// with something it knows.
	Accept()
}

// Keeper is implemented by Sources that keep what they have fetched from somewhere. A reader that
// compares bytes with a checksum tells them the result.
type Keeper interface {
	// Begin begins an attempt to read the bytes from offset off on and to compare them. It is called
	// before they are read.
	Begin(off int64) Attempt
}

// Attempt is the result of an attempt to read n bytes from offset off and to compare them.
type Attempt interface {
	// Confirm means that they are right, so they may be kept for later.
	Confirm(off, n int64)
	// Reject means that they are wrong. If it returns true they may have been damaged on the way, and
	// are worth another attempt.
	Reject(off, n int64) (again bool)
	// Confirmed reports whether Confirm was called for just these bytes, in any attempt, and what this
	// one has read of them are those. A reader that has not compared them itself calls it after it has
	// read them.
	Confirmed(off, n int64) bool
}

// A Piece is a part of an open file.
type Piece struct {
	File   *os.File // to be read by offset only, since others share it
	Offset int64    // in File
	Length int64
	// Release must be called when the piece is no longer used; the file may be closed then.
	Release func()
}
