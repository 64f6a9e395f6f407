package archives

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/choice"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/export"
)

// Entries are chosen by numbers that count only what is not hidden, so that they give no hint of
// what is. The validator depends on both.

// validator identifies the numbers of the entries of an archive.
func (a *archive) validator(o *omission) string {
	h := xxhash.New()
	_, _ = h.WriteString("tpk choice")
	b := binary.LittleEndian.AppendUint64(nil, a.index.Digest())
	if o != nil {
		for _, i := range o.ordinals {
			b = binary.LittleEndian.AppendUint32(b, i)
		}
	}
	_, _ = h.Write(b)
	return fmt.Sprintf("%016x", h.Sum64())
}

// number returns the number of entry i of the archive, which is below the folder and not hidden.
func (d *downloadable) number(i int) int { return d.omit.visible(d.dir+1, i) }

// numbers returns the numbers of an entry and all that is below it. ok is false if it is hidden.
func (d *downloadable) numbers(i int, e *sidecar.Entry) (r choice.Range, ok bool) {
	if d.omit.leavesOut(i) {
		return r, false
	}
	r.First = d.number(i)
	r.Last = r.First
	if e.Type == sidecar.TypeDir {
		r.Last += d.omit.visible(i+1, int(e.End))
	}
	return r, true
}

// resolve returns the entries of a choice. An error is a *plan.ChoiceError, or one of the index.
func (v *View) resolve(d *downloadable, c *choice.Choice) ([]export.Range, error) {
	a := v.set.sources[d.source]
	end, err := a.end(d.dir)
	if err != nil {
		return nil, err
	}
	if len(c.Ranges) > 0 && c.Of != a.validator(d.omit) {
		return nil, &plan.ChoiceError{Status: 410,
			Why: "the archive is not the one that the selection was made in: select again"}
	}
	var ranges []export.Range
	for _, r := range c.Ranges {
		if r.Last >= d.number(end) {
			return nil, &plan.ChoiceError{Status: 400, Why: fmt.Sprintf("there is no entry %d", r.Last)}
		}
		ranges = append(ranges, export.Range{From: d.ordinal(r.First, end),
			To: d.ordinal(r.Last, end) + 1})
	}
	for _, name := range c.Names {
		i, ok, err := a.index.Lookup(paths.Join(d.path, name))
		if err != nil {
			return nil, a.wrap(err)
		}
		if !ok || d.omit.leavesOut(i) {
			return nil, &plan.ChoiceError{Status: 404, Why: fmt.Sprintf("there is no %q here", name)}
		}
		ranges = append(ranges, export.Range{From: i, To: i + 1})
	}
	return a.whole(ranges)
}

// ordinal returns the ordinal of the entry with a number, which is before end.
func (d *downloadable) ordinal(number, end int) int {
	first := d.dir + 1
	return first + sort.Search(end-first, func(k int) bool {
		return d.omit.visible(first, first+k+1) > number
	})
}

// whole puts ranges in order, extends them to all that is below their directories, and joins those
// that touch or overlap.
func (a *archive) whole(ranges []export.Range) ([]export.Range, error) {
	slices.SortFunc(ranges, func(x, y export.Range) int {
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
		if err := a.extend(&r); err != nil {
			return nil, err
		}
		joined = append(joined, r)
	}
	return joined, nil
}

// extend extends a range to all that is below its directories. Only its last entry and those above
// it can have something beyond.
func (a *archive) extend(r *export.Range) error {
	path, err := a.index.Path(r.To - 1)
	for err == nil && path != "" {
		var i int
		if i, _, err = a.index.Lookup(path); err != nil || i < r.From {
			break
		}
		var e sidecar.Entry
		if e, err = a.index.Entry(i); err == nil && e.Type == sidecar.TypeDir {
			r.To = max(r.To, int(e.End))
		}
		path = path[:max(strings.LastIndexByte(path, '/'), 0)]
	}
	return a.wrap(err)
}

// choiceName returns the name to save a choice under, without suffix: that of the only entry, or
// one made of the folder's.
func (a *archive) choiceName(folder string, ranges []export.Range) (string, error) {
	e, err := a.index.Entry(ranges[0].From)
	if err != nil {
		return "", a.wrap(err)
	}
	only := ranges[0].From + 1
	if e.Type == sidecar.TypeDir {
		only = int(e.End)
	}
	if len(ranges) > 1 || ranges[0].To > only {
		return folder + "-selection", nil
	}
	path, err := a.index.Path(ranges[0].From)
	name := path[strings.LastIndexByte(path, '/')+1:]
	return strings.ToValidUTF8(name, "_"), a.wrap(err)
}
