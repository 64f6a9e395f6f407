package build

import (
	"errors"
	"fmt"
	"os"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// A SumLog holds sums in the order of adding. The last of them are in memory, the others in a
// temporary file. Call Close when done with it. The zero value is empty. It is not safe for
// concurrent use.
type SumLog struct {
	// TempDir is the directory for the temporary file, "" for that of the system.
	TempDir string

	buf   []byte
	n     int64 // sums
	saved int64 // bytes in file
	file  *os.File
	name  string // of file, to be removed; "" if it has none
}

// sumLogBuffer is the number of bytes that a SumLog holds in memory.
const sumLogBuffer = 256 << 10

// Add appends the first n sums of a list. It returns the number of the first of them, for From.
func (l *SumLog) Add(from SumList, n int64) (first int64, err error) {
	first = l.n
	const step = 1024 // sums
	for at := int64(0); at < n; {
		k := min(step, n-at)
		if len(l.buf) >= sumLogBuffer {
			if err := l.spill(); err != nil {
				return first, err
			}
		}
		before := len(l.buf)
		l.buf, err = from.AppendSums(l.buf, int(at), int(k))
		if got := int64(len(l.buf) - before); err == nil && got != k*layout.SumSize {
			err = fmt.Errorf("%w: %d bytes of %d sums", ErrItem, got, k)
		}
		if err != nil {
			l.buf = l.buf[:before]
			return first, err
		}
		at += k
		l.n += k
	}
	return first, nil
}

// From returns the list of the sums from number first on.
func (l *SumLog) From(first int64) SumList { return sumsFrom{l, first} }

// sumsFrom is a part of a log.
type sumsFrom struct {
	log   *SumLog
	first int64
}

// AppendSums implements [SumList].
func (f sumsFrom) AppendSums(dst []byte, k, n int) ([]byte, error) {
	return f.log.AppendSums(dst, int(f.first)+k, n)
}

// put appends a sum.
func (l *SumLog) put(s layout.Sum) error {
	if len(l.buf) >= sumLogBuffer {
		if err := l.spill(); err != nil {
			return err
		}
	}
	l.buf = append(l.buf, s[:]...)
	l.n++
	return nil
}

// spill moves what is in memory to the file.
func (l *SumLog) spill() (err error) {
	if l.file == nil {
		if l.file, err = os.CreateTemp(l.TempDir, "tpk-sums-*.tmp"); err != nil {
			return err
		}
		if os.Remove(l.file.Name()) != nil { // a system that does not remove open files
			l.name = l.file.Name()
		}
	}
	if _, err := l.file.WriteAt(l.buf, l.saved); err != nil {
		return fmt.Errorf("writing a temporary file: %w", err)
	}
	l.saved += int64(len(l.buf))
	l.buf = l.buf[:0]
	return nil
}

// AppendSums implements [SumList].
func (l *SumLog) AppendSums(dst []byte, k, n int) ([]byte, error) {
	at, end := int64(k)*layout.SumSize, int64(k+n)*layout.SumSize
	if inFile := min(end, l.saved) - at; inFile > 0 {
		before := len(dst)
		dst = append(dst, make([]byte, inFile)...)
		if err := layout.ReadFull(l.file, dst[before:], at); err != nil {
			return dst[:before], err
		}
		at += inFile
	}
	if at < end {
		dst = append(dst, l.buf[at-l.saved:end-l.saved]...)
	}
	return dst, nil
}

// Close removes the temporary file. It may be called more than once, and on a nil SumLog.
func (l *SumLog) Close() (err error) {
	if l == nil || l.file == nil {
		return nil
	}
	err = l.file.Close()
	if l.name != "" {
		err = errors.Join(err, os.Remove(l.name))
	}
	l.file = nil
	return err
}
