// Package transfer sends runs of bytes that lie in files to a client.
//
//	CopyAt  one run of a file
//	Stored  content of a member of stored blocks, several runs; StoredChecked sends it whole, and
//	        complete only if its CRC-32 is right
//	Copy    a stream
//	Finish  holds the end of an answer back until a check has passed
//
// Everything is copied before it is sent. sendfile would queue the file's own pages, and a client
// that is slow would get what is written over them meanwhile.
//
// A file may be cut short while it is sent. What the client gets then is right as far as it goes,
// and the error is ErrShort.
package transfer

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sync"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
)

// Errors of content that is not what the index promises.
var (
	ErrContent = errors.New("content can't be read")
	ErrShort   = fmt.Errorf("%w: the file ends too early", ErrContent)
	ErrDamaged = fmt.Errorf("%w: its checksum is wrong", ErrContent)
)

// Chunk is how many bytes of a body are copied at once.
const Chunk = 128 << 10

var chunks = sync.Pool{New: func() any { b := make([]byte, Chunk); return &b }}

// StoredChecked sends the whole content, n bytes, of a member of stored blocks that begins at the
// offset member of f. It reads each byte once and sends the last ones only if the CRC-32 of all is
// crc, and else returns ErrDamaged.
func StoredChecked(w io.Writer, f *os.File, member, n int64, crc uint32) error {
	return storedSum(f, member, n, crc, func(b []byte) error {
		_, err := w.Write(b)
		return err
	})
}

// storedSum calls use for all pieces of a member's content, in order, for the last one only if the
// CRC-32 of all is crc.
func storedSum(f *os.File, member, n int64, crc uint32, use func(b []byte) error) error {
	buf := chunks.Get().(*[]byte)
	defer chunks.Put(buf)
	sum := uint32(0)
	for off := int64(0); off < n; {
		b := (*buf)[:min(n-off, Chunk)]
		at := int64(0)
		err := storedRuns(member, off, int64(len(b)), func(from, k int64) error {
			at += k
			return ReadAt(f, b[at-k:at], from)
		})
		if err != nil {
			return err
		}
		sum = crc32.Update(sum, crc32.IEEETable, b)
		if off += int64(len(b)); off == n && sum != crc {
			return ErrDamaged
		}
		if err := use(b); err != nil {
			return err
		}
	}
	return nil
}

// Stored sends n bytes of content, from the offset off, of a member of stored blocks that begins at
// the offset member of f. Such content lies in the file as it is, but for five bytes before each
// block (RFC 1951 §3.2.4).
func Stored(w io.Writer, f *os.File, member, off, n int64) error {
	return storedRuns(member, off, n, func(off, n int64) error { return CopyAt(w, f, off, n) })
}

// storedRuns calls send for each run of a file that the content from off to off+n consists of.
func storedRuns(member, off, n int64, send func(off, n int64) error) error {
	for n > 0 {
		run := min(coding.StoredBlock-off%coding.StoredBlock, n)
		if err := send(member+gzmember.StoredOffset(off), run); err != nil {
			return err
		}
		off, n = off+run, n-run
	}
	return nil
}

// CopyAt sends n bytes of f, from the offset off.
func CopyAt(w io.Writer, f io.ReaderAt, off, n int64) error {
	buf := chunks.Get().(*[]byte)
	defer chunks.Put(buf)
	for n > 0 {
		b := (*buf)[:min(n, Chunk)]
		if err := ReadAt(f, b, off); err != nil {
			return err
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		off, n = off+int64(len(b)), n-int64(len(b))
	}
	return nil
}

// ReadAt fills b from the offset off of f.
func ReadAt(f io.ReaderAt, b []byte, off int64) error {
	n, err := f.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = ErrShort
	}
	return err
}

// Copy copies r to w, which gets at most a Chunk at once, and returns how many bytes w took.
// It is not io.CopyBuffer, which would let r write itself in pieces of any length.
func Copy(w io.Writer, r io.Reader) (total int64, err error) {
	buf := chunks.Get().(*[]byte)
	defer chunks.Put(buf)
	for {
		n, err := r.Read(*buf)
		if n > 0 {
			m, err := w.Write((*buf)[:n])
			if total += int64(m); err != nil {
				return total, err
			}
		}
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

// Finish is a writer for an answer whose last bytes are sent only if a check passes.
type Finish struct {
	W     io.Writer
	Left  int64 // bytes of the answer that were not written yet
	Check func() error
}

// Write implements io.Writer. p must be a copy, which nothing changes.
func (f *Finish) Write(p []byte) (int, error) {
	if f.Left > 0 && int64(len(p)) >= f.Left {
		if err := f.Check(); err != nil {
			return 0, err
		}
	}
	n, err := f.W.Write(p)
	f.Left -= int64(n)
	return n, err
}
