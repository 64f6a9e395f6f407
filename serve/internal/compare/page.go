package compare

import (
	"html/template"
	"slices"
	"strings"

	"github.com/tarpack/tpk/serve/internal/archives/changes"
	"github.com/tarpack/tpk/serve/internal/listing"
	"github.com/tarpack/tpk/sidecar"
)

// page is what compare.html shows. html/template escapes its strings.
type page struct {
	frame
	Form    form
	Note    string
	Filters []filter
	Facts   []string
	Folders []folder
	More    string // folders that are not shown
	Rows    []row
	Nothing string
	Pages   *pages
}

// filter restricts the list to some kinds.
type filter struct {
	Label, Count string
	Href         template.URL
	Current      bool
}

// folder is one of the folders in which something differs.
type folder struct {
	Name, Facts string
	Href        template.URL
}

// row is a path that differs.
type row struct {
	Kind, Label string // a class, and its word
	Sign        string
	Path, Other string
	Slash       bool
	Href        template.URL
	What        []string
	Size        string
	Old, New    template.URL
}

type pages struct {
	Label      string
	Prev, Next template.URL
}

// kindNames are the classes of kinds, and signs that need no colour.
var kindNames = map[changes.Kind]struct{ class, sign string }{
	changes.Added: {"added", "+"}, changes.Removed: {"removed", "−"},
	changes.Changed: {"changed", "≠"}, changes.Moved: {"moved", "→"},
	changes.MovedAway: {"moved", "→"}, changes.Attributes: {"attributes", "≈"},
}

func (a *answer) page() ([]byte, error) {
	p := &page{frame: a.frame(), Note: a.note()}
	var err error
	if p.Form, err = a.form(); err != nil {
		return nil, err
	}
	if a.c == nil {
		return execute("compare.html", p)
	}
	a.counts(p)
	if a.q.offset == 0 {
		if err := a.folders(p); err != nil {
			return nil, err
		}
	}
	kinds := slices.DeleteFunc(slices.Clone(kinds[a.q.kind]),
		func(k changes.Kind) bool { return k == changes.MovedAway }) // it is in the row of the move
	rows, n, err := a.c.Rows(a.q.offset, a.q.limit, kinds...)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		r, err := a.row(&rows[i])
		if err != nil {
			return nil, err
		}
		p.Rows = append(p.Rows, r)
	}
	switch {
	case a.q.offset > 0:
		p.Nothing = a.t.Behind
	case a.c.Count(changes.Attributes).N > 0 && a.q.kind == "contents":
		p.Nothing = a.t.Compare.OnlyAttributes
	case a.q.kind == "contents" || a.q.kind == "all":
		p.Nothing = a.t.Compare.Same
	default:
		p.Nothing = a.t.Compare.NoneOfThese
	}
	a.pages(p, n, len(rows))
	return execute("compare.html", p)
}

// counts sets the filters, each with how much it shows, and the sizes.
func (a *answer) counts(p *page) {
	t, sums := a.t.Compare, map[string]int{}
	for name, list := range kinds {
		for _, k := range list {
			if k != changes.MovedAway {
				sums[name] += a.c.Count(k).N
			}
		}
	}
	for _, f := range []struct{ kind, label string }{
		{"contents", t.Contents}, {"added", t.Added}, {"removed", t.Removed}, {"changed", t.Changed},
		{"moved", t.Moved}, {"attributes", t.Attributes}, {"all", t.All},
	} {
		p.Filters = append(p.Filters, filter{f.label, a.t.Num(int64(sums[f.kind])),
			template.URL(a.q.link(func(q *request) { q.kind = f.kind })), a.q.kind == f.kind})
	}
	for _, f := range []struct {
		kind changes.Kind
		text string
	}{{changes.Added, t.BytesAdded}, {changes.Removed, t.BytesRemoved}} {
		if c := a.c.Count(f.kind); c.N > 0 {
			p.Facts = append(p.Facts, listing.Fill(f.text, a.t.Bytes(c.Old+c.New)))
		}
	}
	if c := a.c.Count(changes.Changed); c.N > 0 {
		p.Facts = append(p.Facts,
			listing.Fill(t.BytesChanged, a.t.Bytes(c.Old), a.t.Bytes(c.New)))
	}
}

// maxFolders is how many folders are shown with what differs in them.
const maxFolders = 30

// folders sets the folders in which more than attributes differ.
func (a *answer) folders(p *page) error {
	t, left := a.t.Compare, 0
	for _, f := range a.c.Folders() {
		var parts []string
		for _, c := range []struct {
			kind changes.Kind
			text string
		}{{changes.Added, t.NAdded}, {changes.Removed, t.NRemoved}, {changes.Changed, t.NChanged},
			{changes.Moved, t.NMoved}} {
			if n := f.Counts[c.kind].N; n > 0 {
				parts = append(parts, listing.Fill(c.text, a.t.Num(int64(n))))
			}
		}
		if len(parts) == 0 {
			continue
		}
		if len(p.Folders) == maxFolders {
			left++
			continue
		}
		href, err := a.folderHref(f.Name)
		if err != nil {
			return err
		}
		p.Folders = append(p.Folders, folder{listing.Readable(f.Name), strings.Join(parts, ", "), href})
	}
	if left > 0 {
		p.More = listing.Fill(t.MoreFolders, a.t.Num(int64(left)))
	}
	return nil
}

// folderHref returns the reference to the comparison of a folder, or to the folder if only one side
// has it.
func (a *answer) folderHref(path string) (template.URL, error) {
	var has [2]bool
	for i := range has {
		var err error
		if has[i], err = a.c.HasFolder(i, path); err != nil {
			return "", err
		}
	}
	switch {
	case has[0] && has[1]:
		q := *a.q
		q.path = strings.TrimPrefix(q.old+"/"+path, "/")
		q.old, q.new = q.path, strings.TrimPrefix(q.new+"/"+path, "/")
		return template.URL(listing.Href(a.q.root(), q.path) + "/" + q.link()), nil
	case has[0]:
		return a.side(0, path, true).Href, nil
	case has[1]:
		return a.side(1, path, true).Href, nil
	}
	return "", nil
}

func (a *answer) row(d *changes.Diff) (r row, err error) {
	r = row{Kind: kindNames[d.Kind].class, Sign: kindNames[d.Kind].sign,
		Path: listing.Readable(d.Path), Other: listing.Readable(d.Other)}
	r.Label = a.t.Compare.Kinds[r.Kind]
	for _, word := range d.What {
		if d.Kind == changes.Attributes || word != "content" && word != "mtime" {
			r.What = append(r.What, a.t.Compare.What[word])
		}
	}
	isDir := func(e *sidecar.Entry) bool { return e != nil && e.Type == sidecar.TypeDir }
	r.Slash = isDir(d.New) || isDir(d.Old)
	at := d.Path
	if d.Other != "" {
		at = d.Other
	}
	if d.Old != nil {
		r.Old = a.side(0, at, isDir(d.Old)).Href
	}
	if d.New != nil {
		r.New = a.side(1, d.Path, isDir(d.New)).Href
	}
	r.Size = a.sizes(d.Old, d.New)
	if r.Slash {
		r.Href, err = a.folderHref(d.Path)
		return r, err
	}
	r.Href = template.URL(a.q.link(func(q *request) { q.file, q.limit = d.Path, defaultRows }))
	return r, nil
}

// sizes returns the size of a file, or both if they differ.
func (a *answer) sizes(old, new *sidecar.Entry) string {
	size := func(e *sidecar.Entry) string {
		if e == nil || e.Type != sidecar.TypeFile && e.Type != sidecar.TypeHardlink {
			return ""
		}
		return a.t.Bytes(e.Size)
	}
	x, y := size(old), size(new)
	if x == "" || y == "" || x == y {
		return max(x, y)
	}
	return x + " → " + y
}

// pages sets the links to the parts of a list of n rows, with some shown.
func (a *answer) pages(p *page, n, shown int) {
	q := a.q
	of := (n + q.limit - 1) / q.limit
	if of < 2 && q.offset == 0 {
		return
	}
	limit := int64(q.limit)
	p.Pages = &pages{Label: listing.Fill(a.t.PageOf, a.t.Num(q.offset/limit+1), a.t.Num(int64(of)))}
	if q.offset > 0 {
		p.Pages.Prev = template.URL(q.link(func(q *request) { q.offset = max(a.q.offset-limit, 0) }))
	}
	if end := q.offset + int64(shown); shown > 0 && end < int64(n) {
		p.Pages.Next = template.URL(q.link(func(q *request) { q.offset = end }))
	}
}
