// Package text shows text with line numbers.
package text

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

var assets = asset.New(files, "assets", "text.css")

// maxText is how much of a text the page has.
const maxText = 1 << 20

// Renderer shows text.
var Renderer = fileview.Renderer{
	Name:   "text",
	Label:  func(t *listing.Texts) string { return t.View.Code },
	Shows:  func(f *fileview.File) bool { return f.Encoding != "" },
	Render: render,
}

var page = template.Must(template.New("text").Parse(`<div class="sheet lines">` +
	`{{range $i, $line := .}}<div class="line" id="L{{$i}}" data-n="{{$i}}">{{$line}}</div>{{end}}` +
	`</div>`))

func render(f *fileview.File) (fileview.Content, error) {
	text, encoding, err := f.Text(maxText)
	if err != nil {
		return fileview.Content{}, err
	}
	lines := strings.SplitAfter(text, "\n")
	numbered := make(map[int]string, len(lines))
	for i, line := range lines {
		numbered[i+1] = line
	}
	var out bytes.Buffer
	err = page.Execute(&out, numbered)
	return fileview.Content{HTML: template.HTML(out.String()), Facts: []string{encoding},
		Styles: []template.URL{assets.URL(f.Root, "text.css")}}, err
}
