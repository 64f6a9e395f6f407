// Package prose shows Markdown as a document.
package prose

import (
	"html/template"
	"strings"

	"github.com/tarpack/tpk/serve/internal/code"
	"github.com/tarpack/tpk/serve/internal/fileview"
	"github.com/tarpack/tpk/serve/internal/fileview/text"
	"github.com/tarpack/tpk/serve/internal/listing"
	"github.com/tarpack/tpk/serve/internal/markdown"
)

// Renderer shows Markdown.
var Renderer = fileview.Renderer{
	Name:  "rendered",
	Label: func(t *listing.Texts) string { return t.Show.Rendered },
	Shows: func(f *fileview.File) bool {
		return markdown.Supported && f.Encoding != "" && f.Size <= markdown.MaxSize &&
			(markdown.IsDocument(f.Name) || strings.HasPrefix(f.Media, "text/markdown"))
	},
	Render: render,
}

func render(f *fileview.File) (fileview.Content, error) {
	source, _, err := f.Text(markdown.MaxSize)
	if err != nil {
		return fileview.Content{}, err
	}
	body, err := HTML(f, source, code.NewWork())
	if reason := f.Texts.NotRendered(err); reason != "" {
		return text.Because(f, reason)
	}
	if err != nil {
		return fileview.Content{}, err
	}
	return fileview.Content{HTML: `<article class="sheet md">` + body + `</article>`,
		Styles: []template.URL{listing.Assets.URL(f.Root, "code.css")}}, nil
}

// HTML returns Markdown as HTML for the page of a file. It goes into an element of the class md.
// The errors are those of package markdown.
// The code in it is coloured as far as work goes.
func HTML(f *fileview.File, text string, work *code.Work) (template.HTML, error) {
	base := markdown.Base{Root: f.Root, View: "?list=view"}
	b, err := markdown.Render([]byte(text), base.Options(work))
	return template.HTML(b), err // package markdown has sanitized it
}
