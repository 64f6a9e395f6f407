// Package hex shows the bytes of any file, sixteen in a row. The page has the first rows; its
// script reads others by ranges of the plain file.
package hex

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"

	"github.com/tarpack/tpk/serve/internal/asset"
	"github.com/tarpack/tpk/serve/internal/fileview"
	"github.com/tarpack/tpk/serve/internal/listing"
)

//go:embed assets
var files embed.FS

// Assets are the files that pages of this package need.
var Assets = &asset.Set{Files: &files, Dir: "assets", Names: []string{"hex.css", "hex.js"}}

// firstBytes is how much of a file the page has.
const firstBytes = 4 << 10

// perRow is how many bytes a row has.
const perRow = 16

// Renderer shows any file.
var Renderer = fileview.Renderer{
	Name:   "hex",
	Label:  func(t *listing.Texts) string { return t.View.Hex },
	Shows:  func(*fileview.File) bool { return true },
	Render: render,
}

var page = fileview.NewFragment(
	`<div class="sheet hex" tabindex="0" role="region" aria-label="{{.Content}}" ` +
		`data-goto="{{.GoToByte}}" data-go="{{.Go}}" data-none="{{.NoLine}}" ` +
		`data-failed="{{.ReadFailed}}" data-position="{{.Position}}" data-start="{{.Start}}" ` +
		`data-end="{{.End}}"><pre>{{.Rows}}</pre></div>`)

func render(f *fileview.File) (fileview.Content, error) {
	b, err := f.Read(firstBytes)
	if err != nil {
		return fileview.Content{}, err
	}
	html, err := page.Render(struct {
		*listing.ViewTexts
		Rows string
	}{&f.Texts.View, rows(b)})
	return fileview.Content{HTML: html,
		Scripts: append(fileview.RangeScripts(f.Root), Assets.URL(f.Root, "hex.js")),
		Styles:  []template.URL{Assets.URL(f.Root, "hex.css")}}, err
}

// rows returns bytes as text, as hexdump -C does.
func rows(b []byte) string {
	var out bytes.Buffer
	for at := 0; at < len(b); at += perRow {
		row := b[at:min(at+perRow, len(b))]
		fmt.Fprintf(&out, "%08x  ", at)
		for i := range perRow {
			if i < len(row) {
				fmt.Fprintf(&out, "%02x ", row[i])
			} else {
				out.WriteString("   ")
			}
			if i%8 == 7 {
				out.WriteByte(' ')
			}
		}
		for _, c := range row {
			if c < ' ' || c >= 0x7f {
				c = '.'
			}
			out.WriteByte(c)
		}
		out.WriteByte('\n')
	}
	return out.String()
}
