package listing

import (
	"cmp"
	"html"
	"strconv"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
)

// plain is the renderer of lists of names. They need no other file, and no language but English.
type plain struct{}

// plainFields are the header fields of a plain list. It has a form, and nothing to load.
const plainFields = "Content-Security-Policy: default-src 'none'; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'" + referrer

// MissingPage is the answer if a page is asked for that plain lists do not have beside them.
const MissingPage = "this build has no such page"

func (plain) list(_ *plan.Request, q *request, f found) ([]byte, string, error) {
	w := &plainWriter{q: q}
	w.head(f.names)
	w.search()
	w.rows(f.names)
	w.foot(f.names)
	return w.b, plainFields, nil
}

func (plain) missing(_ *plan.Request, p *plan.Plan, _ string) error {
	p.ShowNothing()
	return nil
}

func (plain) overview(_ *Lister, _ *plan.Request, _ *browse.View, p *plan.Plan,
	_ *request) error {
	p.ShowBad(MissingPage)
	return nil
}

func (plain) readme(_ *Lister, _ *plan.Request, _ *browse.View, p *plan.Plan, _ *request) error {
	p.ShowBad(MissingPage)
	return nil
}

// plainWriter appends a plain list. All that is not markup of its own goes through text.
type plainWriter struct {
	q *request
	b []byte
}

// markup appends parts of the page that are HTML.
func (w *plainWriter) markup(s string) { w.b = append(w.b, s...) }

// text appends text, which may also be the value of an attribute in quotation marks.
func (w *plainWriter) text(s string) { w.markup(html.EscapeString(s)) }

// link appends a link. href comes from plan.AppendHref, so that it is relative, or is a query.
func (w *plainWriter) link(href, name string) {
	w.markup(`<a href="`)
	w.text(href)
	w.markup(`"><bdi>`)
	w.text(name)
	w.markup(`</bdi></a>`)
}

// head appends what is above the list.
func (w *plainWriter) head(l *browse.List) {
	q := w.q
	name := "/" + readable(q.path)
	if q.search {
		name = "Search: " + readable(q.query)
	}
	w.markup("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n" +
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n" +
		"<meta name=\"color-scheme\" content=\"light dark\">\n<title>")
	w.text(name)
	if title := cmp.Or(l.Top, l.Title); title != "" {
		w.text(" · " + readable(title))
	}
	w.markup("</title>\n</head>\n<body>\n<h1><bdi>")
	w.text(name)
	w.markup("</bdi></h1>\n")
	switch {
	case q.search:
		w.markup("<p>")
		w.link("./"+q.folderQuery(), "/"+readable(q.path))
		w.markup("</p>\n")
	case q.path != "":
		w.markup("<p>")
		w.link("../"+q.folderQuery(), "../")
		w.markup("</p>\n")
	}
}

// search appends the form for a search in names.
func (w *plainWriter) search() {
	w.markup(`<form action="./" method="get"><input type="hidden" name="list" value="`)
	w.text(w.q.listValue())
	w.markup(`"><input type="search" name="q" aria-label="Search" value="`)
	w.text(readable(w.q.query))
	w.markup(`" required> <button>Search</button></form>` + "\n")
}

// rows appends the list.
func (w *plainWriter) rows(l *browse.List) {
	q := w.q
	if l.Costly {
		w.markup("<p>The search is for too much: use longer or fewer words.</p>\n")
		return
	}
	if len(l.Items) == 0 {
		w.markup("<p>Nothing here.</p>\n")
		return
	}
	w.markup("<table>\n<tr><th>Name</th><th>Size</th><th>Modified</th></tr>\n")
	for i := range l.Items {
		it := &l.Items[i]
		name, href := it.Name(), q.href(it)
		if q.search {
			name = it.Path
		}
		name = readable(name)
		size := ""
		switch it.Type {
		case sidecar.TypeDir:
			name += "/"
			href += q.folderQuery()
		case sidecar.TypeFile, sidecar.TypeHardlink:
			size = strconv.FormatInt(it.Size, 10)
		}
		w.markup("<tr><td>")
		w.link(href, name)
		if it.Link != "" {
			w.markup(" → <bdi>")
			w.text(readable(it.Link))
			w.markup("</bdi>")
		}
		w.markup("</td><td align=\"right\">" + size + "</td><td>")
		if it.ModTime > plan.NoTime {
			w.markup(time.Unix(it.ModTime, 0).UTC().Format("2006-01-02 15:04"))
		}
		w.markup("</td></tr>\n")
	}
	w.markup("</table>\n")
}

// foot appends what is below the list: other parts of it, downloads, and what is missing.
func (w *plainWriter) foot(l *browse.List) {
	q := w.q
	if q.offset > 0 || q.next(l) > 0 {
		w.markup("<p>")
		if q.offset > 0 {
			w.link("./"+q.link(q.order, q.down, max(q.offset-int64(q.limit), 0)), "Previous")
			w.markup(" ")
		}
		if next := q.next(l); next > 0 {
			w.link("./"+q.link(q.order, q.down, next), "Next")
		}
		w.markup("</p>\n")
	}
	if l.Downloads && q.downloads && !q.search {
		w.markup("<p>")
		w.link(downloadTarGz, ".tar.gz")
		w.markup(" ")
		w.link(downloadZip, ".zip")
		w.markup("</p>\n")
	}
	if l.Incomplete {
		w.markup("<p>Of the files that are in no archive only some were looked at.</p>\n")
	}
	w.markup("</body>\n</html>\n")
}
