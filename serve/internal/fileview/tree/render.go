package tree

import (
	"embed"
	"errors"
	"html/template"
	"path"
	"slices"
	"strings"

	"github.com/tarpack/tpk/serve/internal/asset"
	"github.com/tarpack/tpk/serve/internal/fileview"
	"github.com/tarpack/tpk/serve/internal/fileview/text"
	"github.com/tarpack/tpk/serve/internal/listing"
)

//go:embed assets
var files embed.FS

// Assets are the files that pages of this package need.
var Assets = &asset.Set{Files: &files, Dir: "assets", Names: []string{
	"tree.css", "tree.js"}}

// maxText is how long JSON may be. Of JSON Lines that are longer, the beginning is shown.
const maxText = 2 << 20

// Renderer shows JSON and JSON Lines.
var Renderer = fileview.Renderer{
	Name:  "tree",
	Label: func(t *listing.Texts) string { return t.Show.Tree },
	Shows: func(f *fileview.File) bool {
		return f.Encoding != "" && (isLines(f) || isJSON(f) && f.Size <= maxText)
	},
	Render: render,
}

// isLines reports whether a file is JSON Lines, by its name: the media type is not registered.
func isLines(f *fileview.File) bool {
	return slices.Contains([]string{".jsonl", ".ndjson", ".geojsonl", ".geojsons"},
		strings.ToLower(path.Ext(f.Name)))
}

func isJSON(f *fileview.File) bool {
	kind, _, _ := strings.Cut(f.Media, ";")
	return kind == "application/json" || strings.HasSuffix(kind, "+json") || slices.Contains(
		[]string{".json", ".geojson", ".topojson", ".har", ".ipynb", ".webmanifest", ".map"},
		strings.ToLower(path.Ext(f.Name)))
}

func render(f *fileview.File) (fileview.Content, error) {
	all, encoding, err := f.Text(maxText)
	if err != nil {
		return fileview.Content{}, err
	}
	cut := f.Size > maxText
	var root *Node
	if isLines(f) {
		root, err = ParseLines(all, cut)
	} else {
		root, err = Parse(all)
	}
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		return Invalid(f, syntax)
	}
	Unfold(root)
	w := writer{texts: f.Texts}
	w.root(root, cut)
	c := fileview.Content{HTML: template.HTML(w.String()),
		Styles:  []template.URL{Assets.URL(f.Root, "tree.css")},
		Scripts: []template.URL{Assets.URL(f.Root, "tree.js")}}
	if encoding != "utf-8" {
		c.Facts = []string{encoding}
	}
	return c, nil
}

var note = fileview.NewFragment(
	`{{.Says}} <a href="#L{{.Line}}">{{.Place}}</a> <code lang="en">{{.Error}}</code>`)

// Invalid returns the file as text, below a note with the place of a mistake.
func Invalid(f *fileview.File, e *SyntaxError) (fileview.Content, error) {
	t := f.Texts
	reason, err := note.Render(struct {
		Says, Place, Error string
		Line               int
	}{t.Show.NotJSON, listing.Fill(t.Show.LineColumn, t.Num(int64(e.Line)), t.Num(int64(e.Column))),
		e.Err.Error(), e.Line})
	if err != nil {
		return fileview.Content{}, err
	}
	return text.Below(f, reason)
}
