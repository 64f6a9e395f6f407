package contents

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"sort"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/internal/order"
	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/choice"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/export"
)

// Folder is a folder of a Tree, without what is left out.
type Folder struct {
	Tree     *Tree
	Path     string // in the archive
	Mount    string // where the archive is
	Dir      int    // ordinal of the folder, or sidecar.Root
	Omission *Omission
}

// Entries are chosen by numbers that count only what is not hidden, so that they give no hint of
// what is. The validator depends on both.

// Validator returns what identifies the numbers of the entries of the archive.
func (f *Folder) Validator() string {
	h := xxhash.New()
	_, _ = h.WriteString("tpk choice")
	b := binary.LittleEndian.AppendUint64(nil, f.Tree.Index.Digest())
	if f.Omission != nil {
		for _, i := range f.Omission.ordinals {
			b = binary.LittleEndian.AppendUint32(b, i)
		}
	}
	_, _ = h.Write(b)
	return fmt.Sprintf("%016x", h.Sum64())
}

// Number returns the number of entry i of the archive, which is below the folder and not hidden.
func (f *Folder) Number(i int) int { return f.Omission.Visible(f.Dir+1, i) }

// Numbers returns the numbers of an entry and all that is below it. ok is false if it is hidden.
func (f *Folder) Numbers(i int, e *sidecar.Entry) (r choice.Range, ok bool) {
	if f.Omission.LeavesOut(i) {
		return r, false
	}
	r.First = f.Number(i)
	r.Last = r.First
	if e.Type == sidecar.TypeDir {
		r.Last += f.Omission.Visible(i+1, int(e.End))
	}
	return r, true
}

// Resolve returns the entries of a choice. An error is a *plan.ChoiceError, or one of the index.
func (f *Folder) Resolve(c *choice.Choice) ([]export.Range, error) {
	t := f.Tree
	end, err := t.End(f.Dir)
	if err != nil {
		return nil, err
	}
	if len(c.Ranges) > 0 && c.Of != f.Validator() {
		return nil, &plan.ChoiceError{Status: 410,
			Why: "the archive is not the one that the selection was made in: select again"}
	}
	var ranges []export.Range
	for _, r := range c.Ranges {
		if r.Last >= f.Number(end) {
			return nil, &plan.ChoiceError{Status: 400, Why: fmt.Sprintf("there is no entry %d", r.Last)}
		}
		ranges = append(ranges, export.Range{From: f.ordinal(r.First, end),
			To: f.ordinal(r.Last, end) + 1})
	}
	for _, name := range c.Names {
		i, ok, err := t.Index.Lookup(paths.Join(f.Path, name))
		if err != nil {
			return nil, t.Wrap(err)
		}
		if !ok || f.Omission.LeavesOut(i) {
			return nil, &plan.ChoiceError{Status: 404, Why: fmt.Sprintf("there is no %q here", name)}
		}
		ranges = append(ranges, export.Range{From: i, To: i + 1})
	}
	return t.whole(ranges)
}

// ordinal returns the ordinal of the entry with a number, which is before end.
func (f *Folder) ordinal(number, end int) int {
	first := f.Dir + 1
	return first + sort.Search(end-first, func(k int) bool {
		return f.Omission.Visible(first, first+k+1) > number
	})
}

// whole puts ranges in order, extends them to all that is below their directories, and joins those
// that touch or overlap.
func (t *Tree) whole(ranges []export.Range) ([]export.Range, error) {
	order.Sort(ranges, func(x, y export.Range) int {
		return cmp.Or(x.From-y.From, y.To-x.To)
	})
	joined := ranges[:0]
	for _, r := range ranges {
		if k := len(joined) - 1; k >= 0 && r.From <= joined[k].To {
			if r.To <= joined[k].To {
				continue
			}
			r.From = joined[k].From
			joined = joined[:k]
		}
		if err := t.extend(&r); err != nil {
			return nil, err
		}
		joined = append(joined, r)
	}
	return joined, nil
}

// extend extends a range to all that is below its directories. Only its last entry and those above
// it can have something beyond.
func (t *Tree) extend(r *export.Range) error {
	path, err := t.Index.Path(r.To - 1)
	for err == nil && path != "" {
		var i int
		if i, _, err = t.Index.Lookup(path); err != nil || i < r.From {
			break
		}
		var e sidecar.Entry
		if e, err = t.Index.Entry(i); err == nil && e.Type == sidecar.TypeDir {
			r.To = max(r.To, int(e.End))
		}
		path = path[:max(strings.LastIndexByte(path, '/'), 0)]
	}
	return t.Wrap(err)
}

// ChoiceName returns the name to save a choice under, without suffix: that of the only entry, or
// one made of the folder's.
func (t *Tree) ChoiceName(folder string, ranges []export.Range) (string, error) {
	e, err := t.Index.Entry(ranges[0].From)
	if err != nil {
		return "", t.Wrap(err)
	}
	only := ranges[0].From + 1
	if e.Type == sidecar.TypeDir {
		only = int(e.End)
	}
	if len(ranges) > 1 || ranges[0].To > only {
		return folder + "-selection", nil
	}
	path, err := t.Index.Path(ranges[0].From)
	name := path[strings.LastIndexByte(path, '/')+1:]
	return strings.ToValidUTF8(name, "_"), t.Wrap(err)
}
