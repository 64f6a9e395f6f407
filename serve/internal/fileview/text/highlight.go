package text

import (
	"html"
	"strconv"
	"strings"

	"github.com/tarpack/tpk/serve/internal/code"
)

// perBlock is how many lines an element has whose layout a browser puts off until it is seen.
const perBlock = 200

// markup writes text as lines with numbers.
type markup struct {
	strings.Builder
	class  string // of the span that is open
	line   int
	inLine bool
	filled bool // the line has text
}

// add writes a part of the text in the colour of a class; "" is none.
func (m *markup) add(text, class string) {
	for text != "" {
		part, rest, ended := strings.Cut(text, "\n")
		text = rest
		m.begin()
		if part != "" && class != m.class {
			m.endSpan()
			if class != "" {
				m.WriteString(`<span class="` + class + `">`)
			}
			m.class = class
		}
		m.WriteString(html.EscapeString(part))
		m.filled = m.filled || part != ""
		if ended {
			m.endLine()
		}
	}
}

// begin begins a line, unless one is begun.
func (m *markup) begin() {
	if m.inLine {
		return
	}
	if m.line%perBlock == 0 {
		if m.line > 0 {
			m.WriteString("</div>")
		}
		m.WriteString(`<div class="block">`)
	}
	m.line++
	n := strconv.Itoa(m.line)
	m.WriteString(`<div class="line" id="L` + n + `" data-n="` + n + `">`)
	m.inLine, m.filled = true, false
}

func (m *markup) endSpan() {
	if m.class != "" {
		m.WriteString("</span>")
	}
	m.class = ""
}

// endLine ends a line. An empty one has a line feed, so that it is copied with the others.
func (m *markup) endLine() {
	m.endSpan()
	if !m.filled {
		m.WriteByte('\n')
	}
	m.WriteString("</div>")
	m.inLine = false
}

// end ends the text.
func (m *markup) end() {
	if m.inLine {
		m.endLine()
	}
	if m.line > 0 {
		m.WriteString("</div>")
	}
}

// highlight returns text as HTML, with the colours of a lexer if it is not nil, and the number of
// lines. Nothing of the text becomes markup.
func highlight(text string, lexer code.Lexer) (string, int) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	m := &markup{}
	done := 0
	if lexer != nil {
		done = code.NewWork().Color(text, lexer, m.add)
	}
	m.add(text[done:], "")
	m.end()
	return m.String(), m.line
}
