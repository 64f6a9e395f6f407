package listing

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strconv"

	"github.com/tarpack/tpk/internal/order"
	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/serve/internal/overview"
)

// How many folders and media types a page shows.
const (
	maxFolders = 24
	maxTypes   = 24
)

// partTable sets the table of the folders in a folder.
func (p *page) partTable(o *browse.Overview, cells []overview.Cell) {
	t := &sumTable{T: p.Texts, Name: p.Texts.Folders, Count: p.Entries}
	total := p.q.measure(o.Tree.Size, o.Tree.Packed)
	more, below, own, parts := overview.Sum{}, 0, overview.Sum{}, int64(0)
	if o.Part != nil {
		more, below, own, parts = o.Part.Else, o.Part.Below, o.Part.Own, o.Part.Rest.Packed
	}
	for i := range cells {
		c := &cells[i]
		parts += c.Packed
		switch {
		case !c.Dir:
		case len(t.Rows) == maxFolders:
			below++
			more.Add(c.Sum)
		default:
			r := p.sum(readable(c.Name), c.Size, c.Packed, total)
			r.Href, r.Icon, r.Kind, r.Slash = p.cellHref("", c), "folder", p.Kinds["folder"], true
			r.Count = p.num(int64(c.Entries))
			t.Rows = append(t.Rows, r)
		}
	}
	if len(t.Rows) == 0 {
		return
	}
	p.addMore(t, fill(p.MoreFolders, p.num(int64(below))), below, more, total)
	p.addMore(t, p.FilesHere, own.Entries, own, total)
	if o.Part != nil && parts > o.Tree.Packed {
		t.Note = p.CountsInEach
	}
	if o.Tree.Entries >= 0 {
		r := p.sum(p.InTotal, o.Tree.Size, o.Tree.Packed, 0)
		r.Count = p.num(int64(o.Tree.Entries))
		t.Total = &r
	}
	p.Overview.Parts = t
}

// addMore adds a row for n others, unless there are none.
func (p *page) addMore(t *sumTable, name string, n int, sum overview.Sum, total int64) {
	if n > 0 {
		r := p.sum(name, sum.Size, sum.Packed, total)
		r.Count = p.num(int64(sum.Entries))
		t.Rows = append(t.Rows, r)
	}
}

// typeTable sets the table of media types.
func (p *page) typeTable(o *browse.Overview) {
	types := slices.Clone(o.Part.Types)
	order.SortStable(types, func(a, b overview.Type) int {
		return cmp.Compare(p.q.measure(b.Size, b.Packed), p.q.measure(a.Size, a.Packed))
	})
	t := &sumTable{T: p.Texts, Name: p.TypeHead, Count: p.FilesHead}
	total := p.q.measure(o.Tree.Size, o.Tree.Packed)
	for len(types) > maxTypes { // the rest in one row
		last, before := types[len(types)-1], &types[len(types)-2]
		before.Files, before.Size = before.Files+last.Files, before.Size+last.Size
		before.Packed += last.Packed
		before.Media, before.Kind = "", -1
		types = types[:len(types)-1]
	}
	for i := range types {
		y := &types[i]
		r := p.sum(y.Media, y.Size, y.Packed, total)
		r.Count = p.num(int64(y.Files))
		if y.Kind >= 0 {
			r.Icon, r.Kind = fileKinds[y.Kind], p.Kinds[fileKinds[y.Kind]]
		} else {
			r.Name = fill(p.MoreTypes, p.num(int64(len(o.Part.Types)-maxTypes+1)))
		}
		t.Rows = append(t.Rows, r)
	}
	if len(t.Rows) == 0 {
		return
	}
	r := p.sum(p.InTotal, o.Part.Size, o.Part.Packed, 0)
	r.Count = p.num(int64(o.Part.Files))
	t.Total = &r
	p.Overview.Types = t
}

// largestTable sets the table of the largest files.
func (p *page) largestTable(o *browse.Overview) {
	files := o.Part.Largest
	if p.q.byPacked {
		files = o.Part.Longest
	}
	t := &sumTable{T: p.Texts, Name: p.Kinds["file"]}
	for _, f := range files {
		r := p.sum(p.within(o, f.Path), f.Size, f.Packed, p.q.measure(o.Tree.Size, o.Tree.Packed))
		r.Href = template.URL(p.q.hrefOf(o.Prefix + f.Path))
		t.Rows = append(t.Rows, r)
	}
	if len(t.Rows) > 0 {
		p.Overview.Largest = t
	}
}

// sharedTable sets the contents that save most.
func (p *page) sharedTable(o *browse.Overview) {
	for i := range o.Part.Shared {
		s := &o.Part.Shared[i]
		r := sharedRow{Saved: p.bytes(s.Saved), Copies: p.num(int64(s.Copies)), Size: p.bytes(s.Size)}
		for _, path := range s.Paths {
			r.Names = append(r.Names,
				linked{p.within(o, path), template.URL(p.q.hrefOf(o.Prefix + path))})
		}
		if n := s.Copies - len(s.Paths); n > 0 {
			r.More = fill(p.MoreNames, p.num(int64(n)))
		}
		p.Overview.Shared = append(p.Overview.Shared, r)
	}
	if n := o.Part.AllShared; n > len(o.Part.Shared) {
		p.Overview.SharedMore = fill(p.OfShared, p.num(int64(len(o.Part.Shared))), p.num(int64(n)))
	}
}

// within returns a path of an archive from the folder of the page on, readable.
func (p *page) within(o *browse.Overview, path string) string {
	return readable(p.q.relative(o.Prefix + path))
}

// ratio returns what the packed size is of the size; "" for nothing.
func (t *texts) ratio(size, packed int64) string {
	if size == 0 {
		return ""
	}
	percent := float64(packed) / float64(size) * 100
	digits := 0
	if percent < 9.95 {
		digits = 1
	}
	return t.percent(percent, digits)
}

// percent returns a number of percent.
func (t *texts) percent(n float64, digits int) string {
	s := []byte(strconv.FormatFloat(n, 'f', digits, 64))
	for i := range s {
		if s[i] == '.' {
			s[i] = t.point[0]
		}
	}
	return string(s) + t.sign
}

// share returns a part of a total as the width of a bar, "" for none.
func share(part, total int64) string {
	if part <= 0 || total <= 0 {
		return ""
	}
	return fmt.Sprintf("%.2f%%", min(100, float64(part)/float64(total)*100))
}
