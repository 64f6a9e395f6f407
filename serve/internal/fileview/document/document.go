// Package document shows PDF by the browser's own viewer.
package document

import (
	"bytes"
	"embed"
	"html/template"
	"strings"

	"github.com/tarpack/tpk/serve/internal/asset"
	"github.com/tarpack/tpk/serve/internal/fileview"
	"github.com/tarpack/tpk/serve/internal/listing"
)

//go:embed assets
var files embed.FS

// Assets are the files that pages of this package need.
var Assets = &asset.Set{Files: &files, Dir: "assets", Names: []string{"document.css"}}

// Renderer shows PDF.
var Renderer = fileview.Renderer{
	Name:  "document",
	Label: func(t *listing.Texts) string { return t.Show.Document },
	Shows: func(f *fileview.File) bool {
		return strings.HasPrefix(f.Media, "application/pdf") && bytes.HasPrefix(f.Head, []byte("%PDF-"))
	},
	Render: render,
}

// A browser without a viewer shows what is in the object element. The viewer of a browser is apart
// from pages: scripts in a document can't reach this one.
var page = fileview.NewFragment(`<object class="sheet document" ` +
	`type="application/pdf" data="{{.Source}}" aria-label="{{.Name}}"><p class="empty">{{.None}} ` +
	`<a href="{{.Source}}">{{.Open}}</a></p></object>`)

// allow lets the page load the document. Browsers whose viewer is a page ask for frames, too.
const allow = "object-src 'self'; frame-src 'self'"

func render(f *fileview.File) (fileview.Content, error) {
	html, err := page.Render(struct {
		Source           template.URL
		Name, None, Open string
	}{template.URL(f.Raw), listing.Readable(f.Name), f.Texts.Show.NoDocument, f.Texts.Open})
	return fileview.Content{HTML: html, Allow: allow,
		Styles: []template.URL{Assets.URL(f.Root, "document.css")}}, err
}
