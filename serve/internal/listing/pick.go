package listing

import (
	"html/template"

	"github.com/tarpack/tpk/serve/internal/archives/browse"
)

// pick is the form with which rows are chosen for a download.
type pick struct {
	Action template.URL // the folder of which entries are chosen
	Of     string
	Label  string // of the box of a row; a script adds the row's name, as that would double names
	All    string // the choice of all rows, if the page has them all; else a script makes it

	// Every is the list of all rows in JSON, if the page has only some. A script chooses them all.
	Every     template.URL
	EveryText string
}

// picks sets the form, if downloads are allowed and an archive has some of the items.
func (p *page) picks(l *browse.List) {
	q := p.q
	if !q.downloads || l.Of == "" {
		return
	}
	p.Pick = &pick{Action: template.URL(q.choiceHref(l)), Of: l.Of, Label: p.Select}
	if !q.search && q.filter == "" && !l.Partial && len(l.Items) == l.Total {
		p.Pick.All = l.Whole
	}
	if next := q.next(l); next > 0 || q.offset > 0 {
		every := *q
		every.limit = maxRows
		p.Pick.Every = template.URL("./" + every.link(q.order, q.down, 0) + "&format=json")
		p.Pick.EveryText = p.EveryMatch
		if !q.search {
			p.Pick.EveryText = fill(p.EveryEntry, p.count(int64(l.Total), p.Entry))
		}
	}
}

// choiceHref returns the reference to the folder of which entries are chosen.
func (q *request) choiceHref(l *browse.List) string {
	if l.Base != q.path {
		return q.root()
	}
	return "./"
}
