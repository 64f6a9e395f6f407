package tarpack

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tarpack/tpk/internal/regular"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// compareSidecar compares the sidecar with the index that was built from the archive, which f
// holds: first byte by byte and then, if they differ, entry by entry.
func (v *verifier) compareSidecar(f io.ReaderAt, made *sidecar.Index) error {
	name := v.sideName
	var side io.Reader
	if v.a.OnDevice() {
		side = io.NewSectionReader(v.a.OSFile, v.a.Place.Index, v.a.Place.Length)
	} else {
		f, err := regular.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		side = f
	}
	at, err := firstDifference(side, io.NewSectionReader(f, 0, made.Size()))
	if err != nil || at < 0 {
		return err
	}
	before := v.problems.Count
	if err := v.diff(v.side, made); err != nil {
		v.report("", -1, fmt.Errorf("%s: %w", name, err))
	}
	if v.problems.Count == before {
		v.report("", -1, fmt.Errorf("%s: %w: byte %d is not what the archive gives", name,
			format.ErrStale, at))
	}
	return nil
}

// compareEmbedded compares the index that the archive has in itself, byte by byte, with the one
// that was built from the archive. Where openSidecar has not opened it, a sidecar is compared, too.
func (v *verifier) compareEmbedded(made *sidecar.Index) error {
	if v.side == nil { // there is none, or openSidecar has reported it
		return nil
	}
	e, err := v.a.Embedded()
	switch {
	case errors.Is(err, format.ErrStale):
		v.report("", v.a.Trailer.Offset-sidecar.PartSize, errors.Unwrap(err))
		return nil
	case errors.Is(err, format.ErrNoSidecar):
		return nil
	case err != nil:
		return err
	}
	at, err := format.CompareEmbedded(v.a.Scanned(), e, made, made.Size(), v.a.Trailer)
	if err != nil || at < 0 {
		return err
	}
	why := fmt.Errorf("byte %d is not what the archive gives", at)
	if v.a.InFile {
		if err := v.diff(v.side, made); err != nil {
			why = err
		}
	}
	v.report("", at, format.NewEmbeddedError(why))
	return nil
}

// firstDifference returns the offset of the first byte in which two files differ, or -1 if they are
// equal.
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

// diff reports each entry in which the sidecar and the archive differ. It returns an error of
// reading the sidecar.
func (v *verifier) diff(side, made *sidecar.Index) error {
	for p, err := range pairs(side, made) {
		switch {
		case err != nil:
			return err
		case p.b == nil:
			v.report(string(p.a.Path), p.a.Entry.Offset,
				fmt.Errorf("%w: the index has it and the archive has not", format.ErrStale))
			continue
		case p.a == nil:
			v.report(string(p.b.Path), p.b.Entry.Offset,
				fmt.Errorf("%w: the archive has it and the index has not", format.ErrStale))
			continue
		}
		what, err := entryDiff(side, made, p.a, p.b)
		if err != nil {
			return err
		}
		if len(what) > 0 {
			v.report(string(p.b.Path), p.b.Entry.Offset,
				fmt.Errorf("%w: index and archive differ in %s", format.ErrStale, strings.Join(what, ", ")))
		}
	}
	return nil
}

// entryFields are the fields of an entry that do not depend on other entries.
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

// entryDiff lists the fields in which two entries of the same path differ.
func entryDiff(side, made *sidecar.Index, sideRow, madeRow *sidecar.Row) ([]string, error) {
	var what []string
	for _, f := range entryFields {
		if f.of(&sideRow.Entry) != f.of(&madeRow.Entry) {
			what = append(what, f.name)
		}
	}
	if sideRow.Entry.Type != madeRow.Entry.Type {
		return what, nil
	}
	if side.HasSHA256() && made.HasSHA256() {
		sum1, err := side.SHA256(sideRow.Ordinal)
		if err != nil {
			return nil, err
		}
		sum2, err := made.SHA256(madeRow.Ordinal)
		if err != nil {
			return nil, err
		}
		if sum1 != sum2 {
			what = append(what, "SHA-256")
		}
	}
	if t := madeRow.Entry.Type; t == sidecar.TypeSymlink || t == sidecar.TypeHardlink {
		text1, err := side.Link(sideRow.Ordinal)
		if err != nil {
			return nil, err
		}
		text2, err := made.Link(madeRow.Ordinal)
		if err != nil {
			return nil, err
		}
		if text1 != text2 {
			what = append(what, "link target")
		}
	}
	return what, nil
}
