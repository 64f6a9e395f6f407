package listing

import (
	"embed"
	"html/template"
	"sync"
)

// Frame is what pages have around their content: the head of the HTML, the way to the page, and a
// form to search. The templates "head", "way" and "find" of a [Template] show it.
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

// Template is the first of some files, with the others that it uses and the templates of a Frame.
// Like an asset.Set it is plain data until a page is wanted.
type Template struct {
	Files *embed.FS
	Names []string

	once sync.Once
	t    *template.Template
}

// Get returns the template, which it parses once. It panics if a file is malformed.
func (t *Template) Get() *template.Template {
	t.once.Do(func() {
		parsed := template.Must(template.ParseFS(t.Files, t.Names...))
		t.t = template.Must(parsed.ParseFS(files, "assets/frame.html"))
	})
	return t.t
}
