package text

import (
	"html/template"

	"github.com/tarpack/tpk/serve/internal/fileview"
)

var because = fileview.NewFragment(`<p class="sum because" role="note">{{.}}</p>
`)

// Below returns a file as text, below the reason why it is not shown in another way.
func Below(f *fileview.File, reason template.HTML) (fileview.Content, error) {
	c, err := render(f)
	if err != nil {
		return c, err
	}
	note, err := because.Render(reason)
	c.HTML = note + c.HTML
	return c, err
}

// Because is Below with a reason that is text.
func Because(f *fileview.File, reason string) (fileview.Content, error) {
	return Below(f, template.HTML(template.HTMLEscapeString(reason)))
}
