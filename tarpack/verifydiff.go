package tarpack

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"

	"github.com/tarpack/tpk/sidecar"
)

// compareSidecar compares the sidecar with the index that was made from the archive, which f holds: first the bytes, then,
// where they differ, entry by entry.
func (v *verifier) compareSidecar(f io.ReaderAt, made *sidecar.Index) error {
	name := v.sideName
	var side io.Reader
	if v.a.onDevice() {
		side = io.NewSectionReader(v.a.file, v.a.place.index, v.a.place.length)
	} else {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer closeQuietly(f)
		side = f
	}
	at, err := firstDifference(side, io.NewSectionReader(f, 0, made.Size()))
	if err != nil || at < 0 {
		return err
	}
	before := v.problems.count
	if err := v.diff(v.side, made); err != nil {
		v.report("", -1, fmt.Errorf("%s: %w", name, err))
	}
	if v.problems.count == before {
		v.report("", -1, fmt.Errorf("%s: %w: byte %d is not what the archive gives", name, ErrStale, at))
	}
	return nil
}

// firstDifference returns where two files differ first, −1 if they are the same.
func firstDifference(a, b io.Reader) (int64, error) {
	const size = 64 << 10
	x, y := make([]byte, size), make([]byte, size)
	for at := int64(0); ; at += size {
		n, err1 := io.ReadFull(a, x)
		m, err2 := io.ReadFull(b, y)
		if !bytes.Equal(x[:n], y[:m]) {
			i := 0
			for i < min(n, m) && x[i] == y[i] {
				i++
			}
			return at + int64(i), nil
		}
		for _, err := range []error{err1, err2} {
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				return -1, nil
			}
			if err != nil {
				return -1, err
			}
		}
	}
}

// diff reports each entry of which the sidecar says something else than the archive. Its error is one of reading the sidecar.
func (v *verifier) diff(side, made *sidecar.Index) error {
	next1, stop1 := iter.Pull2(side.All(0, side.Len()))
	defer stop1()
	next2, stop2 := iter.Pull2(made.All(0, made.Len()))
	defer stop2()
	said, err1, ok1 := next1()
	is, err2, ok2 := next2()
	for ok1 || ok2 {
		if err1 != nil {
			return err1
		}
		if err2 != nil {
			return err2
		}
		order := 0
		switch {
		case !ok1:
			order = 1
		case !ok2:
			order = -1
		default:
			order = sidecar.ComparePaths(said.Path, is.Path)
		}
		switch {
		case order < 0:
			v.report(string(said.Path), said.Entry.Offset, fmt.Errorf("%w: the index has it and the archive has not", ErrStale))
		case order > 0:
			v.report(string(is.Path), is.Entry.Offset, fmt.Errorf("%w: the archive has it and the index has not", ErrStale))
		default:
			what, err := entryDiff(side, made, &said, &is)
			if err != nil {
				return err
			}
			if len(what) > 0 {
				v.report(string(is.Path), is.Entry.Offset, fmt.Errorf("%w: index and archive differ in %s", ErrStale, strings.Join(what, ", ")))
			}
		}
		if order <= 0 {
			said, err1, ok1 = next1()
		}
		if order >= 0 {
			is, err2, ok2 = next2()
		}
	}
	return nil
}

// entryFields are what the sidecar says of an entry and what does not depend on other entries.
var entryFields = []struct {
	name string
	of   func(e *sidecar.Entry) any
}{
	{"offset", func(e *sidecar.Entry) any { return e.Offset }},
	{"length of the header member", func(e *sidecar.Entry) any { return e.HeaderLen }},
	{"length of the content member", func(e *sidecar.Entry) any { return e.ContentLen }},
	{"length of the padding member", func(e *sidecar.Entry) any { return e.PadLen }},
	{"size", func(e *sidecar.Entry) any { return e.Size }},
	{"modification time", func(e *sidecar.Entry) any { return e.ModTime }},
	{"mode", func(e *sidecar.Entry) any { return e.Mode }},
	{"type", func(e *sidecar.Entry) any { return e.Type }},
	{"coding", func(e *sidecar.Entry) any { return e.Coding }},
	{"duplicate", func(e *sidecar.Entry) any { return e.Duplicate }},
	{"sniffed type", func(e *sidecar.Entry) any { return e.Sniff }},
	{"hash", func(e *sidecar.Entry) any { return e.Hash }},
	{"CRC-32", func(e *sidecar.Entry) any { return e.CRC }},
	{"device number", func(e *sidecar.Entry) any { return [2]uint32{e.DevMajor, e.DevMinor} }},
}

// entryDiff names the fields in which two entries of the same path differ.
func entryDiff(side, made *sidecar.Index, said, is *sidecar.Row) ([]string, error) {
	var what []string
	for _, f := range entryFields {
		if f.of(&said.Entry) != f.of(&is.Entry) {
			what = append(what, f.name)
		}
	}
	if said.Entry.Type != is.Entry.Type {
		return what, nil
	}
	if t := is.Entry.Type; t == sidecar.TypeSymlink || t == sidecar.TypeHardlink {
		text1, err := side.Link(said.Ordinal)
		if err != nil {
			return nil, err
		}
		text2, err := made.Link(is.Ordinal)
		if err != nil {
			return nil, err
		}
		if text1 != text2 {
			what = append(what, "link target")
		}
	}
	return what, nil
}
