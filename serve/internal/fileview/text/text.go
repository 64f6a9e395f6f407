// Package text shows text with line numbers, and source code in colours.
//
//	text.go       the Renderer; the beginning of a text that is too large for a page
//	highlight.go  lines with numbers, in the colours of a lexer
//	lexers.go     which lexer a file has
//
// A text up to 1 MiB is in the page as a whole, and lines.js marks lines of it. Of a larger one the
// page has the beginning; long.js reads any part of it by ranges of the plain file.
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

var assets = asset.New(files, "assets", "text.css", "lines.js", "long.js")

const (
	maxText   = 1 << 20  // bytes of the largest text that is in the page as a whole
	firstText = 64 << 10 // bytes in the page of a larger one
)

// Renderer shows text.
var Renderer = fileview.Renderer{
	Name:   "text",
	Label:  func(t *listing.Texts) string { return t.View.Code },
	Shows:  func(f *fileview.File) bool { return f.Encoding != "" },
	Render: render,
}

var page = template.Must(template.New("text").Parse(
	`{{with .Note}}<p class="sum cut">{{.}} <a href="{{$.Raw}}">{{$.Open}}</a></p>{{end}}` +
		`<div class="sheet lines{{if .Wrapped}} wrap{{end}}" tabindex="0" role="region" ` +
		`aria-label="{{.ViewTexts.Content}}" data-wrap="{{.Wrap}}" ` +
		`data-goto="{{.GoToLine}}" data-go="{{.Go}}" ` +
		`data-finding="{{.Finding}}" data-none="{{.NoLine}}" data-failed="{{.ReadFailed}}" ` +
		`data-position="{{.Position}}" data-start="{{.Start}}" data-end="{{.End}}">` +
		`{{.Lines}}</div>`))

// shown is what the template shows.
type shown struct {
	*listing.ViewTexts
	Note, Open, Raw string
	Wrapped         bool
	Lines           template.HTML
}

func render(f *fileview.File) (fileview.Content, error) {
	whole := f.Size <= maxText
	limit := int64(maxText)
	if !whole {
		limit = firstText
	}
	text, encoding, err := f.Text(limit)
	if err != nil {
		return fileview.Content{}, err
	}
	c := fileview.Content{Styles: []template.URL{assets.URL(f.Root, "text.css")}}
	s := shown{ViewTexts: &f.Texts.View, Open: f.Texts.Open, Raw: f.Raw}
	if whole {
		lexer := lexerFor(f.Name, text)
		lines, n := highlight(text, lexer)
		s.Wrapped, s.Lines = lexer == nil, template.HTML(lines)
		if lexer != nil {
			c.Facts = append(c.Facts, lexer.Config().Name)
		}
		c.Facts = append(c.Facts, f.Texts.Count(int64(n), s.Line))
		c.Scripts = []template.URL{assets.URL(f.Root, "lines.js")}
	} else {
		lines, _ := highlight(text[:strings.LastIndexByte(text, '\n')+1], nil)
		if lines == "" {
			lines, _ = highlight(text, nil)
		}
		s.Wrapped, s.Lines = true, template.HTML(lines)
		s.Note = listing.Fill(s.Beginning, f.Texts.Bytes(firstText), f.Texts.Bytes(f.Size))
		c.Scripts = append(fileview.RangeScripts(f.Root), assets.URL(f.Root, "long.js"))
	}
	c.Facts = append(c.Facts, strings.ToUpper(encoding[:1])+encoding[1:])
	if strings.HasPrefix(encoding, "utf") {
		c.Facts[len(c.Facts)-1] = strings.ToUpper(encoding)
	}
	var out bytes.Buffer
	err = page.Execute(&out, s)
	c.HTML = template.HTML(out.String())
	return c, err
}
