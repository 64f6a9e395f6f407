package listing

import (
	"encoding/base64"
	"html/template"
	"strings"
	"unicode/utf8"

	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/tarpack/text"
)

// textJSON is what a search in text has found, in JSON. README.md describes it.
type textJSON struct {
	Path    string `json:"path"`
	Query   string `json:"query"`
	In      string `json:"in"`      // text
	Indexed int    `json:"indexed"` // archives that have a text index
	Offset  int64  `json:"offset"`
	Next    string `json:"next,omitempty"` // reference to the next part

	Entries []hitJSON `json:"entries"`
}

// hitJSON is a hit. Its texts are plain text, not markup.
type hitJSON struct {
	itemJSON
	Title   string     `json:"title,omitempty"`
	Snippet []partJSON `json:"snippet,omitempty"`
	Same    []sameJSON `json:"same,omitempty"` // further documents with this title that match
}

// partJSON is a part of a snippet. Those with a mark are what was searched for.
type partJSON struct {
	Text string `json:"text"`
	Mark bool   `json:"mark,omitempty"`
}

type sameJSON struct {
	Name string `json:"name"`
	Raw  string `json:"name_base64,omitempty"`
	Href string `json:"href"`
}

func textJSONOf(q *request, l *browse.TextList) *textJSON {
	out := &textJSON{Path: "/" + q.path, Query: q.query, In: inText, Indexed: l.Indexed,
		Offset: q.offset, Entries: []hitJSON{}}
	if l.More {
		out.Next = q.link(q.order, q.down, q.offset+int64(len(l.Hits))) + "&format=json"
	}
	for i := range l.Hits {
		h := &l.Hits[i]
		j := hitJSON{itemJSON: q.itemJSON(&h.Item), Title: h.Title}
		for _, p := range h.Snippet {
			j.Snippet = append(j.Snippet, partJSON(p))
		}
		for _, path := range h.Others {
			s := sameJSON{Name: strings.ToValidUTF8(path, "\ufffd"), Href: q.hrefOf(path)}
			if !utf8.ValidString(path) {
				s.Raw = base64.StdEncoding.EncodeToString([]byte(path))
			}
			j.Same = append(j.Same, s)
		}
		out.Entries = append(out.Entries, j)
	}
	return out
}

// hrefOf returns the reference from a search to a file.
func (q *request) hrefOf(path string) string {
	return string(plan.AppendHref([]byte(q.root()), path))
}

// relative returns a path from the folder of the page on. A damaged index can name one that is not
// in the folder; that is returned whole.
func (q *request) relative(path string) string {
	if q.path == "" {
		return path
	}
	return strings.TrimPrefix(path, q.path+"/")
}

// hitList is the part of a page with hits in text.
type hitList struct {
	Hits  []hit
	More  template.URL
	Label string // of More
}

type hit struct {
	Title, Path string
	Href        template.URL
	Snippet     []text.Part
	Same        []sameHit
}

type sameHit struct {
	Path string
	Href template.URL
}

// hits sets the part of a page with hits in text, if there are any.
func (p *page) hits(l *browse.TextList) {
	if l == nil || len(l.Hits) == 0 {
		return
	}
	q := p.q
	p.Hits = &hitList{}
	for i := range l.Hits {
		h := &l.Hits[i]
		out := hit{Title: readable(h.Title), Path: readable(h.Path),
			Href: template.URL(q.hrefOf(h.Path))}
		if strings.TrimSpace(h.Title) == "" {
			out.Title = readable(h.Name())
		}
		for _, part := range h.Snippet {
			out.Snippet = append(out.Snippet, text.Part{Text: readable(part.Text), Mark: part.Mark})
		}
		for _, path := range h.Others {
			out.Same = append(out.Same, sameHit{readable(path), template.URL(q.hrefOf(path))})
		}
		p.Hits.Hits = append(p.Hits.Hits, out)
	}
	switch {
	case !l.More:
	case q.text:
		p.Hits.Label = p.More
		p.Hits.More = template.URL(q.link(q.order, q.down, q.offset+int64(len(l.Hits))))
	default:
		p.Hits.Label, p.Hits.More = p.AllInText, q.linkIn(true)
	}
}

// linkIn returns the query of the same search in text, or in names.
func (q *request) linkIn(text bool) template.URL {
	other := *q
	other.text = text
	other.limit = other.usualLimit()
	return template.URL(other.link(other.usualOrder(), false, 0))
}

// kinds sets the links between a search in names and one in text.
func (p *page) kinds() {
	p.Scopes = append(p.Scopes, scopes{p.SearchIn, []scope{
		{p.InNames, p.q.linkIn(false), !p.q.text}, {p.InText, p.q.linkIn(true), p.q.text}}})
}

// textOnly sets the rest of the page of a search in text alone.
func (p *page) textOnly(l *browse.TextList) {
	p.Text, p.Nothing = true, p.NoText
	p.places()
	p.kinds()
	n := int64(len(l.Hits))
	found := p.count(n, p.Match)
	switch {
	case l.Costly:
		p.Facts, p.Nothing = []string{p.Costly}, p.CostlyHelp
		return
	case l.Indexed == 0:
		p.Facts, p.Nothing = []string{p.NoIndex}, p.NoIndexHelp
		return
	case p.q.offset > 0:
		found = p.Texts.Further
	case l.More:
		found = fill(p.BestMatches, p.num(n))
	}
	p.Facts = []string{found + " " + fill(p.For, readable(p.q.query))}
}
