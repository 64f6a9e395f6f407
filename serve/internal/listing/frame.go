package listing

import (
	"html/template"
	"io/fs"
	"sync"
)

// Frame is what pages have around their content: the head of the HTML, the way to the page, and a
// form to search. The templates "head", "way" and "find" of [Template] show it.
type Frame struct {
	*Texts
	Title   string
	Crumbs  []Crumb
	Here    string       // after the Crumbs
	Root    template.URL // the reference to the root of the server
	Icon    template.URL
	Styles  []template.URL // list.css first
	Scripts []template.URL
}

// NewFrame returns the Frame of a page with the texts t and the reference root to the root of the
// server. It has the icon and list.css.
func NewFrame(t *Texts, root string) Frame {
	return Frame{Texts: t, Root: template.URL(root), Icon: Assets.URL(root, "icon.svg"),
		Styles: []template.URL{Assets.URL(root, "list.css")}}
}

// Template returns a function that parses the first of some files, and the others that it uses,
// with the templates of a Frame. It does so once, when a page is wanted, and panics if a file is
// malformed.
func Template(embedded fs.FS, names ...string) func() *template.Template {
	return sync.OnceValue(func() *template.Template {
		t := template.Must(template.ParseFS(embedded, names...))
		return template.Must(t.ParseFS(files, "assets/frame.html"))
	})
}
