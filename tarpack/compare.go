package tarpack

import (
	"context"
	"errors"
	"fmt"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// A Difference is one path at which two archives differ.
type Difference struct {
	Kind format.ChangeKind
	Path string
	// Old and New are the entries, valid until the next difference. Old is nil for an added path,
	// New for a removed one.
	Old, New *sidecar.Entry
	// What lists the properties of a changed entry that differ: type, content, mode, mtime, link
	// and device, in this order.
	What []string
}

// Compare calls each for every path that was added, changed or removed between the archives a and
// b, in path order. It reads the indexes only: contents are equal if their size and xxHash64 are.
// Whether equal files are stored as one makes no difference.
func Compare(ctx context.Context, a, b *Archive, each func(Difference) error) error {
	for p, err := range pairs(a.Index(), b.Index()) {
		if err != nil {
			return inOneOf(a, b, err)
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		var d Difference
		switch {
		case p.b == nil:
			d = Difference{Kind: format.Removed, Path: string(p.a.Path), Old: &p.a.Entry}
		case p.a == nil:
			d = Difference{Kind: format.Added, Path: string(p.b.Path), New: &p.b.Entry}
		default:
			what, err := differences(a, b, p.a, p.b)
			if err != nil {
				return err
			}
			if len(what) == 0 {
				continue
			}
			d = Difference{Kind: format.Changed, Path: string(p.a.Path), Old: &p.a.Entry,
				New: &p.b.Entry, What: what}
		}
		if err := each(d); err != nil {
			return err
		}
	}
	return nil
}

// inOneOf adds the name of the archive whose index an error of pairs is about.
func inOneOf(a, b *Archive, err error) error {
	if pe := (*pairError)(nil); errors.As(err, &pe) && pe.b {
		a = b
	}
	return fmt.Errorf("%s: %w", a.Name(), err)
}

// differences lists the properties in which two entries of one path differ.
func differences(a, b *Archive, x, y *sidecar.Row) (what []string, err error) {
	kind := func(t sidecar.Type) sidecar.Type {
		if t == sidecar.TypeHardlink {
			return sidecar.TypeFile
		}
		return t
	}
	add := func(differs bool, word string) {
		if differs {
			what = append(what, word)
		}
	}
	p, q := &x.Entry, &y.Entry
	same := kind(p.Type) == kind(q.Type)
	add(!same, "type")
	if same && kind(p.Type) == sidecar.TypeFile {
		add(p.Size != q.Size || p.Hash != q.Hash, "content")
	}
	add(p.Mode != q.Mode, "mode")
	add(p.ModTime != q.ModTime, "mtime")
	if same && p.Type == sidecar.TypeSymlink {
		old, err := a.Index().Link(x.Ordinal)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.Name(), err)
		}
		now, err := b.Index().Link(y.Ordinal)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", b.Name(), err)
		}
		add(old != now, "link")
	}
	add(same && (p.DevMajor != q.DevMajor || p.DevMinor != q.DevMinor), "device")
	return what, nil
}
