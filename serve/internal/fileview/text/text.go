// Package text shows text with line numbers, and source code in colours.
//
//	text.go       the Renderer; the beginning of a text that is too large for a page
//	below.go      a file as text that can't be shown in another way
//	highlight.go  lines with numbers, in colours
//
// A text up to 1 MiB and 20,000 lines is in the page as a whole, and lines.js marks lines of it. Of
// a longer one the page has the beginning; long.js reads any part of it by ranges of the plain
// file.
package text

import (
	"embed"
	"html/template"
	"strings"

	"github.com/tarpack/tpk/serve/internal/asset"
	"github.com/tarpack/tpk/serve/internal/code"
	"github.com/tarpack/tpk/serve/internal/fileview"
	"github.com/tarpack/tpk/serve/internal/listing"
)

//go:embed assets
var files embed.FS

// Assets are the files that pages of this package need.
var Assets = &asset.Set{Files: &files, Dir: "assets", Names: []string{
	"text.css", "lines.js", "long.js"}}

// Limits of a text that is in the page as a whole, and of the beginning of a longer one. A line has
// about 55 bytes of markup.
const (
	maxText    = 1 << 20 // bytes
	maxLines   = 20_000
	firstText  = 64 << 10 // bytes
	firstLines = 2000     // as many as a page of long.js
)

// Renderer shows text.
var Renderer = fileview.Renderer{
	Name:   "text",
	Label:  func(t *listing.Texts) string { return t.View.Code },
	Shows:  func(f *fileview.File) bool { return f.Encoding != "" },
	Render: render,
}

var page = fileview.NewFragment(
	`{{with .Note}}<p class="sum cut">{{.}} <a href="{{$.Raw}}">{{$.Open}}</a></p>{{end}}` +
		`<div class="sheet lines{{if .Wrapped}} wrap{{end}}" tabindex="0" role="region" ` +
		`aria-label="{{.ViewTexts.Content}}" data-wrap="{{.Wrap}}" ` +
		`data-goto="{{.GoToLine}}" data-go="{{.Go}}" ` +
		`data-finding="{{.Finding}}" data-none="{{.NoLine}}" data-failed="{{.ReadFailed}}" ` +
		`data-position="{{.Position}}" data-start="{{.Start}}" data-end="{{.End}}">` +
		`{{.Lines}}</div>`)

// shown is what the template shows.
type shown struct {
	*listing.ViewTexts
	Note, Open, Raw string
	Wrapped         bool
	Lines           template.HTML
}

func render(f *fileview.File) (fileview.Content, error) {
	text, encoding, err := "", "", error(nil)
	whole := f.Size <= maxText
	if whole {
		text, encoding, err = f.Text(maxText)
		whole = strings.Count(text, "\n") <= maxLines
	}
	if !whole && err == nil {
		text, encoding, err = f.Text(firstText)
	}
	if err != nil {
		return fileview.Content{}, err
	}
	c := fileview.Content{Styles: []template.URL{
		listing.Assets.URL(f.Root, "code.css"), Assets.URL(f.Root, "text.css")}}
	s := shown{ViewTexts: &f.Texts.View, Open: f.Texts.Open, Raw: f.Raw}
	if whole {
		lexer := code.ForFile(f.Name, text)
		lines, n := highlight(text, lexer)
		s.Wrapped, s.Lines = lexer == nil, template.HTML(lines)
		if lexer != nil {
			c.Facts = append(c.Facts, code.NameOf(lexer))
		}
		c.Facts = append(c.Facts, f.Texts.Count(int64(n), s.Line))
		c.Scripts = []template.URL{Assets.URL(f.Root, "lines.js")}
	} else {
		s.begin(f, text)
		c.Scripts = append(fileview.RangeScripts(f.Root), Assets.URL(f.Root, "long.js"))
	}
	c.Facts = append(c.Facts, strings.ToUpper(encoding[:1])+encoding[1:])
	if strings.HasPrefix(encoding, "utf") {
		c.Facts[len(c.Facts)-1] = strings.ToUpper(encoding)
	}
	c.HTML, err = page.Render(s)
	return c, err
}

// begin shows the beginning of a long text: whole lines, unless the first is a very long one.
func (s *shown) begin(f *fileview.File, text string) {
	part := f.Texts.Bytes(min(firstText, f.Size))
	if end := endOfLine(text, firstLines); end > 0 && end < len(text) {
		text, part = text[:end], f.Texts.Count(firstLines, s.Line)
	} else if end := strings.LastIndexByte(text, '\n') + 1; end > 0 {
		text = text[:end]
	}
	lines, _ := highlight(text, nil)
	s.Wrapped, s.Lines = true, template.HTML(lines)
	s.Note = listing.Fill(s.Beginning, part, f.Texts.Bytes(f.Size))
}

// endOfLine returns the offset behind the line feed that ends line n, or 0 if there are fewer.
func endOfLine(text string, n int) int {
	end := 0
	for range n {
		i := strings.IndexByte(text[end:], '\n')
		if i < 0 {
			return 0
		}
		end += i + 1
	}
	return end
}
