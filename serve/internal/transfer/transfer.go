// Package transfer sends runs of bytes that lie in files to a client.
//
//	Run     one run of a file
//	Stored  content of a member of stored blocks, several runs; StoredChecked and StoredKnown
//	        send it whole, and complete only if its CRC-32 is right
//	Copy    a stream
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

// Sink is where the bytes go.
type Sink interface {
	io.Writer
	// SendFile sends n bytes of f, from the offset off. It does not move f's own offset. Fewer than
	// n bytes are an error.
	SendFile(f *os.File, off, n int64) error
}

// Errors of content that is not what the index promises.
var (
	ErrContent = errors.New("content can't be read")
	ErrShort   = fmt.Errorf("%w: the file ends too early", ErrContent)
	ErrDamaged = fmt.Errorf("%w: its checksum is wrong", ErrContent)
)

// SendfileMin is the length in bytes from which a run is sent by sendfile.
//
// What sendfile has queued are the file's own pages. If the file is cut short before the client has
// them, the client gets zeros up to the end of the folio, which can be hundreds of KiB. A copy
// stays a copy, and costs little for a short run. A long run ends in a copied piece of one Chunk,
// and before that the file must still be as long as it was.
const SendfileMin = 1 << 20

// Chunk is how many bytes of a body are copied at once.
const Chunk = 128 << 10

// smallChunk is the buffer of CopySlowly: many clients may be slow at the same time.
const smallChunk = 4 << 10

var (
	chunks      = sync.Pool{New: func() any { b := make([]byte, Chunk); return &b }}
	smallChunks = sync.Pool{New: func() any { b := make([]byte, smallChunk); return &b }}
)

// Run sends n bytes of f, from the offset off.
func Run(w Sink, f *os.File, off, n int64) error {
	if n < SendfileMin {
		return CopyAt(w, f, off, n)
	}
	return guarded(f,
		func() error { return w.SendFile(f, off, n-Chunk) },
		func() error { return CopyAt(w, f, off+n-Chunk, Chunk) })
}

// StoredChecked sends the whole content, n bytes, of a member of stored blocks that begins at the
// offset member of f. It reads each byte once and sends the last ones only if the CRC-32 of all is
// crc, and else returns ErrDamaged.
func StoredChecked(w Sink, f *os.File, member, n int64, crc uint32) error {
	return storedSum(f, member, n, crc, func(b []byte) error {
		_, err := w.Write(b)
		return err
	})
}

// StoredKnown is StoredChecked for content whose CRC-32 was right before. It sends by sendfile, and
// calls check before it sends the last Chunk.
func StoredKnown(w Sink, f *os.File, member, n int64, check func() error) error {
	if n < SendfileMin {
		if err := check(); err != nil {
			return err
		}
		return Stored(w, f, member, 0, n)
	}
	return guarded(f,
		func() error {
			return storedRuns(member, 0, n-Chunk,
				func(off, n int64) error { return w.SendFile(f, off, n) })
		},
		func() error {
			if err := check(); err != nil {
				return err
			}
			return storedRuns(member, n-Chunk, Chunk,
				func(off, n int64) error { return CopyAt(w, f, off, n) })
		})
}

// CheckStored returns ErrDamaged if the CRC-32 of a member's whole content is not crc. Its other
// arguments are those of StoredChecked.
func CheckStored(f *os.File, member, n int64, crc uint32) error {
	return storedSum(f, member, n, crc, func([]byte) error { return nil })
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
func Stored(w Sink, f *os.File, member, off, n int64) error {
	copied := func(off, n int64) error { return CopyAt(w, f, off, n) }
	if n < SendfileMin {
		return storedRuns(member, off, n, copied)
	}
	return guarded(f,
		func() error {
			return storedRuns(member, off, n-Chunk,
				func(off, n int64) error { return w.SendFile(f, off, n) })
		},
		func() error { return storedRuns(member, off+n-Chunk, Chunk, copied) })
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

// guarded sends the bulk of a run by sendfile and its end by copying, unless f has become shorter
// in between.
func guarded(f *os.File, bulk, end func() error) error {
	before, err := f.Stat()
	if err != nil {
		return err
	}
	if err := bulk(); err != nil {
		return err
	}
	if after, err := f.Stat(); err != nil || after.Size() < before.Size() {
		return ErrShort
	}
	return end()
}

// CopyAt is Sink.SendFile for sinks without a better way.
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
func Copy(w io.Writer, r io.Reader) (int64, error) { return copyBuffer(w, r, &chunks) }

// CopySlowly is Copy with little memory, for a client that does not take its answer at once.
func CopySlowly(w io.Writer, r io.Reader) (int64, error) { return copyBuffer(w, r, &smallChunks) }

// copyBuffer is io.CopyBuffer, which would let r write itself in pieces of any length.
func copyBuffer(w io.Writer, r io.Reader, pool *sync.Pool) (total int64, err error) {
	buf := pool.Get().(*[]byte)
	defer pool.Put(buf)
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
