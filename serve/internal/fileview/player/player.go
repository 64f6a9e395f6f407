// Package player plays audio and video, by the browser's own controls.
package player

import (
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
var Assets = &asset.Set{Files: &files, Dir: "assets", Names: []string{
	"player.css", "player.js"}}

// Renderer plays audio and video.
var Renderer = fileview.Renderer{
	Name:  "player",
	Label: func(t *listing.Texts) string { return t.Show.Player },
	Shows: func(f *fileview.File) bool {
		return strings.HasPrefix(f.Media, "audio/") && !strings.HasPrefix(f.Media, "audio/midi") ||
			isVideo(f)
	},
	Render: render,
}

func isVideo(f *fileview.File) bool { return strings.HasPrefix(f.Media, "video/") }

// A source has the file's media type from the server, so the element needs none.
var page = fileview.NewFragment(`<div class="sheet player" ` +
	`data-failed="{{.Failed}}">{{if .Video}}<video controls preload="metadata" playsinline ` +
	`src="{{.Source}}" aria-label="{{.Name}}"></video>{{else}}<audio controls preload="metadata" ` +
	`src="{{.Source}}" aria-label="{{.Name}}"></audio>{{end}}</div>`)

func render(f *fileview.File) (fileview.Content, error) {
	html, err := page.Render(struct {
		Source       template.URL
		Name, Failed string
		Video        bool
	}{template.URL(f.Raw), listing.Readable(f.Name), f.Texts.Show.NoPlayer, isVideo(f)})
	return fileview.Content{HTML: html,
		Styles:  []template.URL{Assets.URL(f.Root, "player.css")},
		Scripts: []template.URL{Assets.URL(f.Root, "player.js")}}, err
}
