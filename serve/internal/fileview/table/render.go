package table

import (
	"embed"
	"html/template"
	"path"
	"strconv"
	"strings"

	"github.com/tarpack/tpk/serve/internal/asset"
	"github.com/tarpack/tpk/serve/internal/fileview"
	"github.com/tarpack/tpk/serve/internal/fileview/text"
	"github.com/tarpack/tpk/serve/internal/listing"
)

//go:embed assets
var files embed.FS

// Assets are the files that pages of this package need.
var Assets = &asset.Set{Files: &files, Dir: "assets", Names: []string{"table.css"}}

// maxText is how much of a file is read.
const maxText = 1 << 20

// Renderer shows CSV and TSV.
var Renderer = fileview.Renderer{
	Name:   "table",
	Label:  func(t *listing.Texts) string { return t.Show.Table },
	Shows:  func(f *fileview.File) bool { return f.Encoding != "" && (isTabs(f) || isCommas(f)) },
	Render: render,
}

func isCommas(f *fileview.File) bool {
	return strings.HasPrefix(f.Media, "text/csv") || strings.EqualFold(path.Ext(f.Name), ".csv")
}

func isTabs(f *fileview.File) bool {
	ext := strings.ToLower(path.Ext(f.Name))
	return strings.HasPrefix(f.Media, "text/tab-separated-values") || ext == ".tsv" || ext == ".tab"
}

func render(f *fileview.File) (fileview.Content, error) {
	all, encoding, err := f.Text(maxText)
	if err != nil {
		return fileview.Content{}, err
	}
	cut := f.Size > maxText
	t := Parse(all, Detect(all, isTabs(f)), cut)
	if len(t.Rows) == 0 {
		return text.Because(f, f.Texts.Show.NoRows)
	}
	c := fileview.Content{HTML: t.html(f.Texts, cut),
		Facts:  []string{f.Texts.Count(int64(t.Columns), f.Texts.Show.Column)},
		Styles: []template.URL{Assets.URL(f.Root, "table.css")}}
	if !cut {
		c.Facts = append([]string{f.Texts.Count(int64(t.Records), f.Texts.Show.Row)}, c.Facts...)
	}
	if encoding != "utf-8" {
		c.Facts = append(c.Facts, encoding)
	}
	return c, nil
}

// html returns the table, and above it what is not in it. A template would take ten times as long
// for tens of thousands of cells.
func (t *Table) html(texts *listing.Texts, cut bool) template.HTML {
	var b strings.Builder
	t.notes(&b, texts, cut)
	b.WriteString(`<div class="sheet csv" role="region" tabindex="0" aria-label="` +
		template.HTMLEscapeString(texts.Show.Table) +
		`"><table><thead><tr><th scope="col" class="at">#</th>`)
	for i := range t.Numbers {
		b.WriteString(`<th scope="col"` + t.class(i) + `>`)
		if name := t.name(i); name != "" {
			template.HTMLEscape(&b, []byte(name))
		} else {
			b.WriteString(strconv.Itoa(i + 1))
		}
		b.WriteString("</th>")
	}
	b.WriteString("</tr></thead>\n<tbody>")
	for i, row := range t.Rows {
		n := strconv.Itoa(i + 1)
		b.WriteString(`<tr id="R` + n + `"><th scope="row" class="at"><a href="#R` + n + `">` + n +
			`</a></th>`)
		for j := range t.Numbers {
			b.WriteString("<td" + t.class(j) + ">")
			if j < len(row) {
				template.HTMLEscape(&b, []byte(row[j]))
			}
			b.WriteString("</td>")
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody></table></div>")
	return template.HTML(b.String())
}

// name returns the name of a column, or "".
func (t *Table) name(i int) string {
	if i < len(t.Header) {
		return strings.TrimSpace(t.Header[i])
	}
	return ""
}

func (t *Table) class(i int) string {
	if t.Numbers[i] {
		return ` class="number"`
	}
	return ""
}

// notes writes what the table does not have.
func (t *Table) notes(b *strings.Builder, texts *listing.Texts, cut bool) {
	var notes []string
	shown := texts.Num(int64(len(t.Rows)))
	switch {
	case cut:
		notes = append(notes, listing.Fill(texts.Show.FirstPart, shown))
	case len(t.Rows) < t.Records:
		notes = append(notes, listing.Fill(texts.Show.FirstRows, shown, texts.Num(int64(t.Records))))
	}
	if t.Narrow {
		notes = append(notes, listing.Fill(texts.Show.TooWide, texts.Num(MaxColumns)))
	}
	more := len(notes) > 0
	if t.Ragged > 0 {
		notes = append(notes, listing.Fill(texts.Show.Ragged, texts.Num(int64(t.Ragged))))
	}
	if len(notes) == 0 {
		return
	}
	b.WriteString(`<p class="sum">` + template.HTMLEscapeString(strings.Join(notes, " ")))
	if more {
		b.WriteString(` <a href="?list=view&amp;as=text">` +
			template.HTMLEscapeString(texts.Show.AllAsText) + `</a>`)
	}
	b.WriteString("</p>\n")
}
