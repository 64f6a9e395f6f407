package fileview

import (
	"html/template"
	"strings"
	"sync"
)

// Fragment is a template for the HTML of a Content. It is safe for concurrent use. It is parsed
// when it is rendered first, so that a program without pages does not pay for it.
type Fragment struct {
	parse func() *template.Template
}

// NewFragment returns the Fragment with a text in the language of html/template. Render panics if
// that is wrong.
func NewFragment(text string) Fragment {
	return Fragment{sync.OnceValue(func() *template.Template {
		return template.Must(template.New("fragment").Parse(text))
	})}
}

// Render returns the HTML for data.
func (f Fragment) Render(data any) (template.HTML, error) {
	var b strings.Builder
	err := f.parse().Execute(&b, data)
	return template.HTML(b.String()), err
}
