package tarpack

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/tarpack/tpk/sidecar"
)

// A Difference is a path that two archives do not have alike.
type Difference struct {
	Kind ChangeKind
	Path string
	// Old and New are the entries, valid until the next difference. What is added has no Old, what is removed no New.
	Old, New *sidecar.Entry
	// What of a changed entry is another: type, content, mode, mtime, link or device, in this order.
	What []string
}

// Compare gives the paths that were added to, changed in or removed from the archive a to make b of it, in path order. It reads the
// indexes alone: two contents are the same if their size and xxHash64 are. Whether equal files are stored as one makes no difference.
func Compare(ctx context.Context, a, b *Archive, each func(Difference) error) error {
	nextA, stopA := iter.Pull2(a.index.All(0, a.index.Len()))
	defer stopA()
	nextB, stopB := iter.Pull2(b.index.All(0, b.index.Len()))
	defer stopB()
	x, errX, okX := nextA()
	y, errY, okY := nextB()
	for okX || okY {
		if errX != nil {
			return fmt.Errorf("%s: %w", a.name, errX)
		}
		if errY != nil {
			return fmt.Errorf("%s: %w", b.name, errY)
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		order := 0
		switch {
		case !okY:
			order = -1
		case !okX:
			order = 1
		default:
			order = sidecar.ComparePaths(x.Path, y.Path)
		}
		d := Difference{}
		switch {
		case order < 0:
			d = Difference{Kind: Removed, Path: string(x.Path), Old: &x.Entry}
		case order > 0:
			d = Difference{Kind: Added, Path: string(y.Path), New: &y.Entry}
		default:
			what, err := differences(a, b, &x, &y)
			if err != nil {
				return err
			}
			if len(what) > 0 {
				d = Difference{Kind: Changed, Path: string(x.Path), Old: &x.Entry, New: &y.Entry, What: what}
			}
		}
		if d.Kind != 0 {
			if err := each(d); err != nil {
				return err
			}
		}
		if order <= 0 {
			x, errX, okX = nextA()
		}
		if order >= 0 {
			y, errY, okY = nextB()
		}
	}
	return nil
}

// differences names what two entries of one path do not have in common.
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
		old, err := a.index.Link(x.Ordinal)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.name, err)
		}
		now, err := b.index.Link(y.Ordinal)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", b.name, err)
		}
		add(old != now, "link")
	}
	add(same && (p.DevMajor != q.DevMajor || p.DevMinor != q.DevMinor), "device")
	return what, nil
}

// String is a line: what kind of change, the path, and what has changed.
func (d Difference) String() string {
	s := d.Kind.String() + " " + printable(d.Path)
	if len(d.What) > 0 {
		s += " (" + strings.Join(d.What, ", ") + ")"
	}
	return s
}
