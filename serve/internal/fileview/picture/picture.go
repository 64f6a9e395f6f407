// Package picture shows pictures, fitted to the page or zoomed, on a checkered ground. An SVG is
// only shown in an img element, where it can't run scripts or load anything.
package picture

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"image"
	_ "image/gif"  // for DecodeConfig
	_ "image/jpeg" // for DecodeConfig
	_ "image/png"  // for DecodeConfig
	"slices"
	"strings"

	"github.com/tarpack/tpk/serve/internal/asset"
	"github.com/tarpack/tpk/serve/internal/fileview"
	"github.com/tarpack/tpk/serve/internal/listing"
)

//go:embed assets
var files embed.FS

var assets = asset.New(files, "assets", "picture.css", "picture.js")

// types are the media types that browsers show in img elements.
var types = []string{"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif",
	"image/svg+xml", "image/bmp", "image/x-ms-bmp", "image/x-icon", "image/vnd.microsoft.icon",
	"image/apng"}

// Renderer shows pictures.
var Renderer = fileview.Renderer{
	Name:  "picture",
	Label: func(t *listing.Texts) string { return t.Show.Picture },
	Shows: func(f *fileview.File) bool {
		kind, _, _ := strings.Cut(f.Media, ";")
		return slices.Contains(types, kind)
	},
	Render: render,
}

var page = fileview.NewFragment(`<div class="zoom" role="group" ` +
	`aria-label="{{.Tools}}" hidden><button type="button" data-zoom="out" aria-label="{{.Farther}}" ` +
	`title="{{.Farther}}">−</button><button type="button" data-zoom="in" aria-label="{{.Closer}}" ` +
	`title="{{.Closer}}">+</button><button type="button" data-zoom="fit">{{.Fit}}</button>` +
	`<button type="button" data-zoom="actual">{{.Actual}}</button><output></output>` +
	`<small>{{.Move}}</small></div>
<div class="sheet stage" tabindex="0" role="region" aria-label="{{.Picture}}" ` +
	`data-failed="{{.Failed}}"><img src="{{.Source}}" alt="{{.Name}}"></div>`)

func render(f *fileview.File) (fileview.Content, error) {
	html, err := page.Render(struct {
		*listing.ShowTexts
		Source       template.URL
		Name, Failed string
	}{&f.Texts.Show, template.URL(f.Raw), listing.Readable(f.Name), f.Texts.CantShow})
	c := fileview.Content{HTML: html,
		Styles:  []template.URL{assets.URL(f.Root, "picture.css")},
		Scripts: []template.URL{assets.URL(f.Root, "picture.js")}}
	if d, _, err := image.DecodeConfig(bytes.NewReader(f.Head)); err == nil {
		c.Facts = []string{fmt.Sprintf("%d × %d", d.Width, d.Height)}
	}
	return c, err
}
