package notebook

import (
	"bytes"
	"context"
	"embed"
	"html/template"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/tarpack/tpk/serve/internal/asset"
	"github.com/tarpack/tpk/serve/internal/code"
	"github.com/tarpack/tpk/serve/internal/fileview"
	"github.com/tarpack/tpk/serve/internal/fileview/prose"
	lines "github.com/tarpack/tpk/serve/internal/fileview/text"
	"github.com/tarpack/tpk/serve/internal/fileview/tree"
	"github.com/tarpack/tpk/serve/internal/listing"
	"github.com/tarpack/tpk/serve/internal/markdown"
	"github.com/tarpack/tpk/serve/internal/turns"
)

//go:embed assets
var files embed.FS

// Assets are the files that pages of this package need.
var Assets = &asset.Set{Files: &files, Dir: "assets", Names: []string{"notebook.css"}}

var page = sync.OnceValue(
	func() *template.Template {
		return template.Must(template.ParseFS(files, "assets/notebook.html"))
	})

// Renderer shows notebooks.
var Renderer = fileview.Renderer{
	Name:  "notebook",
	Label: func(t *listing.Texts) string { return t.Show.Notebook },
	Shows: func(f *fileview.File) bool {
		return strings.EqualFold(path.Ext(f.Name), ".ipynb") && f.Size <= MaxSize && f.Encoding != ""
	},
	Render: render,
}

// reading limits how many notebooks are made into pages at once: each may take much memory.
var reading = turns.Half()

// patience is how long a page waits for others to be made. It shows the text after that.
var patience = time.Second

func render(f *fileview.File) (fileview.Content, error) {
	done, err := reading.TakeWithin(context.Background(), patience, context.DeadlineExceeded)
	if err != nil {
		return lines.Because(f, f.Texts.Show.BusyNotebook)
	}
	defer done()
	b, err := f.Read(MaxSize)
	if err != nil {
		return fileview.Content{}, err
	}
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	n, err := Parse(b)
	if err != nil {
		return notNotebook(f, b)
	}
	s := &shower{File: f, Notebook: n, work: code.NewWork()}
	var out bytes.Buffer
	if err := page().Execute(&out, s); err != nil {
		return fileview.Content{}, err
	}
	c := fileview.Content{HTML: template.HTML(out.String()), Allow: "img-src data:",
		Facts: []string{f.Texts.Count(int64(len(n.Cells)+n.More), f.Texts.Show.Cell)},
		Styles: []template.URL{listing.Assets.URL(f.Root, "code.css"),
			Assets.URL(f.Root, "notebook.css")}}
	if n.Language != "" {
		c.Facts = append(c.Facts, n.Language)
	}
	return c, nil
}

// notNotebook returns a file that is no notebook as text, below the reason.
func notNotebook(f *fileview.File, b []byte) (fileview.Content, error) {
	if mistake := tree.Mistake(string(b)); mistake != nil {
		return tree.Invalid(f, mistake)
	}
	return lines.Because(f, f.Texts.Show.NotNotebook)
}

// shower is what the template gets.
type shower struct {
	*fileview.File
	*Notebook
	work *code.Work
}

// Code returns the source of a cell in the colours of the notebook's language.
func (s *shower) Code(source string) template.HTML {
	return template.HTML(s.work.HTML(source, s.Language)) // package code has escaped it
}

// Prose returns a text in Markdown as HTML, or "" if that is impossible.
func (s *shower) Prose(source string) (template.HTML, error) {
	if !markdown.Supported {
		return "", nil
	}
	html, err := prose.HTML(s.File, source, s.work)
	if s.Texts.NotRendered(err) != "" {
		return "", nil
	}
	return html, err
}

// Clean returns HTML of which only harmless elements are left, or "" if that is nothing.
func (s *shower) Clean(source string) (template.HTML, error) {
	if !markdown.Supported {
		return "", nil
	}
	b, err := markdown.Sanitize([]byte(source), markdown.Base{Root: s.Root}.Options(nil))
	if s.Texts.NotRendered(err) != "" {
		return "", nil
	}
	return template.HTML(bytes.TrimSpace(b)), err // package markdown has sanitized it
}

// URL returns a reference that dataURL has made.
func (s *shower) URL(source string) template.URL { return template.URL(source) }

// MoreCells says how many cells there are beyond the limit.
func (s *shower) MoreCells() string {
	return listing.Fill(s.Texts.Show.MoreCells, s.Texts.Num(int64(s.More)))
}
