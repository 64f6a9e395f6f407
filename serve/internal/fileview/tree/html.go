package tree

import (
	"html/template"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tarpack/tpk/serve/internal/listing"
)

// writer writes a tree as HTML. A template would take ten times as long for tens of thousands of
// values.
type writer struct {
	strings.Builder
	texts *listing.Texts
}

// text writes a text, escaped.
func (w *writer) text(s string) { template.HTMLEscape(w, []byte(s)) }

// span writes a text in an element of a class.
func (w *writer) span(class, s string) {
	w.WriteString(`<span class="` + class + `">`)
	w.text(s)
	w.WriteString("</span>")
}

// root writes a tree. cut means that it is the beginning of a larger file.
func (w *writer) root(n *Node, cut bool) {
	t := &w.texts.Show
	if cut {
		w.WriteString(`<p class="sum">`)
		w.text(listing.Fill(t.FirstPart, w.texts.Num(int64(n.Count))))
		w.WriteString(" ")
		w.all()
		w.WriteString("</p>\n")
	}
	w.WriteString(`<div class="sheet json"`)
	if len(n.Nodes) > 0 {
		w.WriteString(` data-unfold="`)
		w.text(t.Unfold)
		w.WriteString(`" data-fold="`)
		w.text(t.Fold)
		w.WriteString(`"`)
	}
	w.WriteString("><ul><li>")
	w.node(n)
	w.WriteString("</li></ul></div>")
}

// node writes a value without its key.
func (w *writer) node(n *Node) {
	if n.Kind != Object && n.Kind != Array {
		w.span(string(n.Kind), n.Text)
		return
	}
	if len(n.Nodes) == 0 {
		w.span("brace", n.brief())
		if n.Count > 0 {
			w.left(n)
		}
		return
	}
	w.parts("", n)
}

// parts writes an object or array that can be folded.
func (w *writer) parts(head string, n *Node) {
	w.WriteString("<details")
	if n.Open {
		w.WriteString(" open")
	}
	w.WriteString("><summary>" + head)
	w.span("brace", n.ends()[:1])
	w.WriteString(" ")
	words := w.texts.Show.Value
	if n.Kind == Object {
		words = w.texts.Show.Key
	}
	w.span("count", w.texts.Count(int64(n.Count), words))
	if !n.Open {
		w.WriteString(" ")
		w.span("glance", n.glance())
	}
	w.WriteString("</summary>\n<ul>")
	for i, child := range n.Nodes {
		w.WriteString("<li>")
		w.child(child, i)
		w.WriteString("</li>\n")
	}
	if n.Count > len(n.Nodes) {
		w.WriteString("<li>")
		w.left(n)
		w.WriteString("</li>\n")
	}
	w.WriteString("</ul>")
	w.span("brace end", n.ends()[1:])
	w.WriteString("</details>")
}

// child writes a value with its key or place.
func (w *writer) child(n *Node, at int) {
	head := `<span class="index">` + strconv.Itoa(at) + `</span> `
	if n.Key != "" {
		head = `<span class="key">` + template.HTMLEscapeString(n.Key) + `</span>: `
	}
	if len(n.Nodes) > 0 {
		w.parts(head, n)
		return
	}
	w.WriteString(head)
	w.node(n)
}

// left writes that not all values are shown.
func (w *writer) left(n *Node) {
	w.WriteString(` <span class="left">`)
	w.text(listing.Fill(w.texts.Show.Left, w.texts.Num(int64(n.Count-len(n.Nodes)))))
	w.WriteString("</span> ")
	w.all()
}

// all writes the link to the whole file.
func (w *writer) all() {
	w.WriteString(`<a href="?list=view&amp;as=text">`)
	w.text(w.texts.Show.AllAsText)
	w.WriteString("</a>")
}

// ends returns what an object or array begins and ends with.
func (n *Node) ends() string {
	if n.Kind == Object {
		return "{}"
	}
	return "[]"
}

// brief returns a value in a few characters.
func (n *Node) brief() string {
	switch {
	case n.Text != "":
		return n.Text
	case n.Count == 0:
		return n.ends()
	}
	return n.ends()[:1] + "…" + n.ends()[1:]
}

// glanceLength is how many bytes a glance has, about.
const glanceLength = 80

// glance returns the beginning of what is in an object or array.
func (n *Node) glance() string {
	var b strings.Builder
	for i, child := range n.Nodes {
		if i > 0 {
			b.WriteString(", ")
		}
		if b.Len() > glanceLength {
			b.WriteString("…")
			break
		}
		if child.Key != "" {
			b.WriteString(start(child.Key) + ": ")
		}
		b.WriteString(start(child.brief()))
	}
	return b.String()
}

// start returns the beginning of a text.
func start(s string) string {
	if utf8.RuneCountInString(s) > glanceLength/2 {
		return string([]rune(s)[:glanceLength/2]) + "…"
	}
	return s
}
