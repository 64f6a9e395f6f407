package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/tarpack/tpk/internal/count"
)

// searchedBack is how far before the end of a file its footer is looked for, to explain an error.
const searchedBack = 1 << 20

// maxZeros is how many zero bytes a program that signs files puts between a footer and a signature.
const maxZeros = 15

// layout is where everything is in a bundle.
type layout struct {
	end     int64 // of the footer in the file
	program int64 // end of the program, and what follows it to the first file
	*directory
}

// offset returns where a file of the bundle begins.
func (l *layout) offset(p part) int64 { return l.end - p.Back }

// find returns the part with a suffix.
func (l *layout) find(suffix string) (p part, ok bool) {
	for _, p := range l.Files {
		if p.Suffix == suffix {
			return p, true
		}
	}
	return p, false
}

// Find looks for what was bundled in a file of size bytes. The error wraps ErrNone if the file is
// not a bundle, ErrDamaged if it was one, or ErrVersion.
func Find(r io.ReaderAt, size int64) error {
	_, err := find(r, size)
	return err
}

// find is Find, and returns what was found.
func find(r io.ReaderAt, size int64) (*layout, error) {
	l, err := findAt(r, size)
	if err == nil || !errors.Is(err, ErrNone) {
		return l, err
	}
	var head [headSize]byte
	n, err := r.ReadAt(head[:min(size, headSize)], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	kind := kindOf(head[:n])
	if kind == unknown {
		return nil, ErrNone
	}
	if end := signatureOf(r, size, kind); end > 0 {
		if l, err := findBefore(r, end); !errors.Is(err, ErrNone) {
			return l, err
		}
	}
	return nil, explain(r, size)
}

// findBefore is find for a footer that ends at end, or up to maxZeros zero bytes before it.
func findBefore(r io.ReaderAt, end int64) (*layout, error) {
	var b [maxZeros]byte
	n := min(end, maxZeros)
	if _, err := r.ReadAt(b[:n], end-n); err != nil {
		return nil, err
	}
	for zeros := int64(0); ; zeros++ {
		l, err := findAt(r, end-zeros)
		if !errors.Is(err, ErrNone) || zeros == n || b[n-1-zeros] != 0 {
			return l, err
		}
	}
}

// findAt is find for a footer that ends at end.
func findAt(r io.ReaderAt, end int64) (*layout, error) {
	var b [footerSize]byte
	if end < footerSize {
		return nil, ErrNone
	}
	if _, err := r.ReadAt(b[:], end-footerSize); err != nil {
		return nil, err
	}
	f, err := parseFooter(b[:], end)
	if err != nil {
		return nil, err
	}
	text := make([]byte, f.directory)
	if _, err := r.ReadAt(text, end-footerSize-int64(f.directory)); err != nil {
		return nil, err
	}
	d, err := parseDirectory(text, f)
	if err != nil {
		return nil, err
	}
	return &layout{end: end, program: end - int64(f.payload), directory: d}, nil
}

// explain returns ErrDamaged if a footer is before the end of the file, else ErrNone.
func explain(r io.ReaderAt, size int64) error {
	b := make([]byte, min(size, searchedBack))
	at := size - int64(len(b))
	if _, err := r.ReadAt(b, at); err != nil {
		return err
	}
	for i := bytes.LastIndex(b, []byte(magic)); i >= 0; i = bytes.LastIndex(b[:i], []byte(magic)) {
		end := at + int64(i) + footerSize
		if end > size {
			continue
		}
		if _, err := findAt(r, end); err == nil {
			return fmt.Errorf("%w: at its end %s added", ErrDamaged,
				count.Of(uint64(size-end), "byte was", "bytes were"))
		}
	}
	return ErrNone
}
