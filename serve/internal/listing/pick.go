package listing

import (
	"html/template"

	"github.com/tarpack/tpk/serve/internal/archives"
)

// pick is the form with which rows are chosen for a download.
type pick struct {
	Action template.URL // the folder of which entries are chosen
	Of     string
	Label  string // of the box of a row; a script adds the row's name, as that would double names
	All    string // the choice of all rows, if the page has them all; else a script makes it
}

// picks sets the form, if downloads are allowed and an archive has some of the items.
func (p *page) picks(l *archives.List) {
	q := p.q
	if !q.downloads || l.Of == "" {
		return
	}
	p.Pick = &pick{Action: "./", Of: l.Of, Label: p.Select}
	if l.Base != q.path {
		p.Pick.Action = template.URL(q.root())
	}
	if !q.search && q.filter == "" && !l.Partial && len(l.Items) == l.Total {
		p.Pick.All = l.Whole
	}
}
