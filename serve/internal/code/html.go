package code

import (
	"html"
	"strings"
)

// HTML returns a text as HTML: escaped, and in the colours of a language as far as there are any.
func (w *Work) HTML(text, language string) string {
	var b strings.Builder
	open := ""
	add := func(part, class string) {
		if class != open {
			if open != "" {
				b.WriteString("</span>")
			}
			if class != "" {
				b.WriteString(`<span class="` + class + `">`)
			}
			open = class
		}
		b.WriteString(html.EscapeString(part))
	}
	done := 0
	if w != nil {
		done = w.Color(text, ForLanguage(language), add)
	}
	add(text[done:], "")
	return b.String()
}
