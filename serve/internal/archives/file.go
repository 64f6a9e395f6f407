package archives

import (
	"errors"
	"io"

	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/plan"
)

// About is what an archive records of a file, besides its content.
type About struct {
	Link   string // the target of the symbolic link that the path names, or ""
	Same   string // the path of the file that has the content, if the path names a hard link to it
	Packed int64  // bytes of its member; −1 for a plain file
}

// About describes the file n, which was found at path. What is hidden is not named. hidden may be
// nil.
func (v *View) About(path string, n *plan.Node, hidden func(string) bool) (d About, err error) {
	d.Packed = n.Length
	if n.Source == PlainSource {
		d.Packed = -1
		return d, nil
	}
	if n.Name != "" { // symbolic links led there
		named, _, err := v.Find(path)
		if err == nil && named.Kind == plan.Link {
			d.Link, err = v.Link(named)
		}
		if err != nil {
			return d, err
		}
		path = n.Name
	}
	for m := range v.set.mounts {
		mount := v.set.mounts[m].Path
		rest, ok := paths.Below(mount, path)
		if !ok {
			continue
		}
		for _, source := range v.set.mounts[m].Sources {
			if source != n.Source {
				continue
			}
			a := v.set.sources[source]
			i, ok, err := a.Index.Lookup(rest)
			if err != nil || !ok || i == n.Entry {
				return d, a.Wrap(err)
			}
			same, err := a.Index.Path(n.Entry)
			if same = paths.Join(mount, same); err == nil && (hidden == nil || !hidden(same)) {
				d.Same = same
			}
			return d, a.Wrap(err)
		}
	}
	return d, nil
}

// ReadFile returns up to limit bytes from the beginning of a file's content. They are compared with
// what is known of the content, as those of an answer are: Check must be called afterwards.
func (v *View) ReadFile(n *plan.Node, limit int64) ([]byte, error) {
	limit = min(limit, n.Size)
	if limit == 0 {
		return nil, nil
	}
	if n.Coding == plan.Plain {
		b := make([]byte, limit)
		k, err := io.ReadFull(io.NewSectionReader(v.Reader(n), 0, limit), b)
		return b[:k], err
	}
	if err := v.Fetch(n, readFirst); err != nil {
		return nil, err
	}
	if _, err := v.FetchBody(n, n.Offset, n.Length, false); err != nil {
		return nil, err
	}
	r, err := v.Content(n, 0, limit)
	if err != nil {
		return nil, err
	}
	b := make([]byte, limit)
	_, err = io.ReadFull(r, b)
	if err = errors.Join(err, r.Close()); err == nil {
		err = v.CheckBody()
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Fetch fetches up to limit bytes of the member of a file, if its archive is on a server, as long
// as the client waits.
func (v *View) Fetch(n *plan.Node, limit int64) error {
	if n.Source == PlainSource || n.Kind != plan.File || n.Length == 0 ||
		!v.set.sources[n.Source].remote {
		return nil
	}
	a := v.set.sources[n.Source]
	return a.Wrap(a.tar.Source().Fetch(v.Context(), n.Offset, min(n.Length, limit)))
}
