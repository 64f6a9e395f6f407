// Package font shows specimens of fonts: sentences, sizes and characters.
package font

import (
	"bytes"
	"embed"
	"html/template"
	"path"
	"slices"
	"strings"

	"github.com/tarpack/tpk/serve/internal/asset"
	"github.com/tarpack/tpk/serve/internal/fileview"
	"github.com/tarpack/tpk/serve/internal/listing"
)

//go:embed assets
var files embed.FS

// Assets are the files that pages of this package need.
var Assets = &asset.Set{Files: &files, Dir: "assets", Names: []string{
	"font.css", "font.js"}}

// Renderer shows specimens of fonts.
var Renderer = fileview.Renderer{
	Name:  "font",
	Label: func(t *listing.Texts) string { return t.Show.Font },
	Shows: func(f *fileview.File) bool {
		return slices.Contains([]string{".ttf", ".otf", ".woff", ".woff2"},
			strings.ToLower(path.Ext(f.Name))) && slices.ContainsFunc(signatures,
			func(s string) bool { return bytes.HasPrefix(f.Head, []byte(s)) })
	},
	Render: render,
}

// signatures are what the fonts begin with that browsers can use.
var signatures = []string{"\x00\x01\x00\x00", "OTTO", "true", "wOFF", "wOF2"}

// blocks are the characters of the grid, from and to.
var blocks = [][2]rune{{'!', '~'}, {'¡', 'ſ'}, {'Α', 'ώ'}, {'А', 'я'}, {'‐', '‧'}, {'₠', '₿'},
	{'←', '↙'}, {'∀', '≥'}}

// grid returns the characters of the grid.
func grid() []string {
	var all []string
	for _, b := range blocks {
		for c := b[0]; c <= b[1]; c++ {
			all = append(all, string(c))
		}
	}
	return all
}

// sizes are in pixels. Each has a class.
var sizes = []int{12, 16, 24, 36, 48, 72}

var page = fileview.NewFragment(`<p class="empty without">{{.NoScript}}</p>
<div class="specimen" data-failed="{{.BadFont}}" hidden>
<p class="sheet try"><label class="away" for="try">{{.OwnText}}</label>` +
	`<textarea id="try" rows="2" spellcheck="false">{{index .Pangrams 0}}</textarea></p>
<h2>{{.Sentences}}</h2>
<div class="sheet face">{{range .Pangrams}}<p class="s24">{{.}}</p>{{end}}</div>
<h2>{{.Sizes}}</h2>
<div class="sheet sizes">{{range .In}}<p><small>{{.}}</small> <span class="face s{{.}}">` +
	`{{index $.Pangrams 0}}</span></p>{{end}}</div>
<h2>{{.Characters}}</h2>
<ul class="sheet grid">{{range .Grid}}<li>{{.}}</li>{{end}}</ul>
</div>`)

func render(f *fileview.File) (fileview.Content, error) {
	html, err := page.Render(struct {
		*listing.ShowTexts
		In   []int
		Grid []string
	}{&f.Texts.Show, sizes, grid()})
	return fileview.Content{HTML: html, Allow: "font-src 'self'",
		Styles:  []template.URL{Assets.URL(f.Root, "font.css")},
		Scripts: []template.URL{Assets.URL(f.Root, "font.js")}}, err
}
