// Package picture shows pictures, fitted to the page or zoomed, on a checkered ground. An SVG is
// only shown in an img element, where it can't run scripts or load anything. A picture that may
// keep a browser busy for long is not shown at once.
//
//	picture.go  the Renderer
//	drawing.go  how much work a drawing is
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

// Assets are the files that pages of this package need.
var Assets = &asset.Set{Files: &files, Dir: "assets", Names: []string{
	"picture.css", "picture.js"}}

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
	`data-failed="{{.Failed}}" data-whole="{{.Whole}}" data-cutoff="{{.CutOff}}">` +
	`<img src="{{.Source}}" alt="{{.Name}}"></div>`)

// maxPixels is how many pixels a picture may have that is shown at once.
const maxPixels = 100_000_000

var refusal = fileview.NewFragment(
	`<p class="empty">{{.Why}} <a href="{{.Source}}">{{.Open}}</a></p>`)

func render(f *fileview.File) (fileview.Content, error) {
	var c fileview.Content
	why := ""
	if d, _, err := image.DecodeConfig(bytes.NewReader(f.Head)); err == nil {
		c.Facts = []string{fmt.Sprintf("%d × %d", d.Width, d.Height)}
		if int64(d.Width)*int64(d.Height) > maxPixels {
			why = f.Texts.Show.ManyPixels
		}
	}
	complex, err := tooComplex(f)
	if err != nil {
		return c, err
	}
	if complex {
		why = f.Texts.Show.Complex
	}
	if why != "" {
		c.HTML, err = refusal.Render(struct {
			Source    template.URL
			Why, Open string
		}{template.URL(f.Raw), why, f.Texts.Show.OpenAnyway})
		return c, err
	}
	c.HTML, err = page.Render(struct {
		*listing.ShowTexts
		Source, Whole        template.URL
		Name, Failed, CutOff string
	}{&f.Texts.Show, template.URL(f.Raw), listing.Assets.URL(f.Root, "whole.js"),
		listing.Readable(f.Name), f.Texts.CantShow, f.Texts.Look.CutOff})
	c.Styles = []template.URL{Assets.URL(f.Root, "picture.css")}
	c.Scripts = []template.URL{Assets.URL(f.Root, "picture.js")}
	return c, err
}
