package tarpack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"

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
	// OldOrdinal and NewOrdinal are the ordinals of the entries, −1 if there is none.
	OldOrdinal, NewOrdinal int
	// What lists the properties of a changed entry that differ: type, content, mode, mtime, link
	// and device, in this order.
	What []string
}

// A Side is a folder of an archive, to be compared with another one.
type Side struct {
	Archive *Archive
	Dir     int // the ordinal of the folder, or sidecar.Root
	// Skip reports whether an entry is left out. It must be true for everything below a folder for
	// which it is true. Nil leaves nothing out.
	Skip func(ordinal int) bool
}

// rows returns what is in the folder, in path order. Paths are relative to the folder.
func (s *Side) rows() (iter.Seq2[sidecar.Row, error], error) {
	x, end := s.Archive.Index(), s.Archive.Index().Len()
	var prefix []byte
	if s.Dir != sidecar.Root {
		e, err := x.Entry(s.Dir)
		if err == nil && e.Type != sidecar.TypeDir {
			err = fs.ErrInvalid
		}
		var path string
		if err == nil {
			path, err = x.Path(s.Dir)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Archive.Name(), err)
		}
		prefix, end = append([]byte(path), '/'), int(e.End)
	}
	return func(yield func(sidecar.Row, error) bool) {
		for row, err := range x.All(s.Dir+1, end) {
			if err == nil && s.Skip != nil && s.Skip(row.Ordinal) {
				continue
			}
			if err == nil {
				var below bool
				if row.Path, below = bytes.CutPrefix(row.Path, prefix); !below {
					err = fmt.Errorf("%w: an entry of a folder lies elsewhere", format.ErrCorrupt)
				}
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}, nil
}

// Compare calls each for every path that was added, changed or removed between the archives a and
// b, in path order. It reads the indexes only: contents are equal if their size and xxHash64 are.
// Whether equal files are stored as one makes no difference.
func Compare(ctx context.Context, a, b *Archive, each func(Difference) error) error {
	return CompareFolders(ctx, Side{Archive: a, Dir: sidecar.Root},
		Side{Archive: b, Dir: sidecar.Root}, each)
}

// CompareFolders is Compare for two folders. Paths are relative to these.
func CompareFolders(ctx context.Context, a, b Side, each func(Difference) error) error {
	rowsA, err := a.rows()
	if err != nil {
		return err
	}
	rowsB, err := b.rows()
	if err != nil {
		return err
	}
	for p, err := range pairsOf(rowsA, rowsB) {
		if err != nil {
			return inOneOf(a.Archive, b.Archive, err)
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		d, err := difference(a.Archive, b.Archive, p)
		if err != nil {
			return err
		}
		if d.Kind == format.Changed && len(d.What) == 0 {
			continue
		}
		if err := each(d); err != nil {
			return err
		}
	}
	return nil
}

// difference returns what a pair is. Without a difference it is Changed, but nothing of it is.
func difference(a, b *Archive, p pair) (d Difference, err error) {
	d.OldOrdinal, d.NewOrdinal = -1, -1
	if p.a != nil {
		d.Kind, d.Old, d.OldOrdinal = format.Removed, &p.a.Entry, p.a.Ordinal
	}
	if p.b != nil {
		d.Kind, d.New, d.NewOrdinal = format.Added, &p.b.Entry, p.b.Ordinal
	}
	switch {
	case p.a == nil:
		d.Path = string(p.b.Path)
	case p.b == nil:
		d.Path = string(p.a.Path)
	default:
		d.Kind = format.Changed
		if d.What, err = differences(a, b, p.a, p.b); len(d.What) > 0 {
			d.Path = string(p.a.Path)
		}
	}
	return d, err
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
