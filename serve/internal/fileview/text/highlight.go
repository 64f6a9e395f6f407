package text

import (
	"context"
	"fmt"
	"html"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/alecthomas/chroma/v2"

	"github.com/tarpack/tpk/serve/internal/turns"
)

// Limits of highlighting. What is left of a text then is shown without colours. A lexer looks at
// all that is left of its text for a token, so that the time of a hostile text is the square of its
// length.
const (
	maxColored = 256 << 10              // bytes of a text that a lexer gets
	budget     = 2 * time.Second        // for a text
	tokenTime  = 300 * time.Millisecond // for a token; a lexer that takes longer is stuck
	waiting    = time.Second            // for a slot
)

// slots are how many texts are highlighted at the same time: half of the processors stay free.
var slots = turns.Half()

// takeSlot waits for a slot. It returns false if there is none within the time.
func takeSlot() bool {
	ctx, cancel := context.WithTimeout(context.Background(), waiting)
	defer cancel()
	return slots.Take(ctx) == nil
}

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
func highlight(text string, lexer chroma.Lexer) (string, int) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	m := &markup{}
	done := 0
	if lexer != nil && takeSlot() {
		done, _ = m.color(head(text), lexer)
		slots.Done()
	}
	m.add(text[done:], "")
	m.end()
	return m.String(), m.line
}

// head returns the beginning of a text that a lexer gets: whole lines, or whole characters of a
// very long line.
func head(text string) string {
	if len(text) <= maxColored {
		return text
	}
	n := strings.LastIndexByte(text[:maxColored], '\n') + 1
	if n == 0 {
		for n = maxColored; !utf8.RuneStart(text[n]); n-- {
		}
	}
	return text[:n]
}

// color writes as much of text as it can within the budget, and returns how many bytes these are. A
// lexer that fails ends it.
func (m *markup) color(text string, lexer chroma.Lexer) (done int, err error) {
	defer func() {
		if p := recover(); p != nil { // chroma's way to report an error while it goes on
			err = fmt.Errorf("%v", p)
		}
	}()
	next, err := lexer.Tokenise(&chroma.TokeniseOptions{State: "root"}, text)
	if err != nil {
		return 0, err
	}
	begun := time.Now()
	for before := begun; ; {
		token := next()
		now := time.Now()
		if token == chroma.EOF || now.Sub(before) > tokenTime || now.Sub(begun) > budget {
			return done, nil
		}
		before = now
		value := token.Value
		if !strings.HasPrefix(text[done:], value) {
			if value = strings.TrimSuffix(value, "\n"); value != text[done:] {
				return done, nil // the lexer has changed the text
			}
		}
		m.add(value, classOf(token.Type))
		done += len(value)
	}
}

// classes are classes of text.css by the type of a token, of its sub-category or of its category.
var classes = map[chroma.TokenType]string{
	chroma.Keyword: "k", chroma.KeywordType: "t", chroma.KeywordConstant: "m",
	chroma.NameFunction: "f", chroma.NameFunctionMagic: "f", chroma.NameClass: "t",
	chroma.NameTag: "g", chroma.NameAttribute: "a", chroma.NameBuiltin: "b",
	chroma.NameBuiltinPseudo: "m", chroma.NameConstant: "m", chroma.NameDecorator: "a",
	chroma.NameEntity: "m", chroma.NameNamespace: "t", chroma.NameProperty: "a",
	chroma.NameException: "t", chroma.NameVariable: "v", chroma.NameLabel: "a",
	chroma.LiteralString: "s", chroma.LiteralNumber: "m", chroma.LiteralDate: "m",
	chroma.LiteralStringEscape: "m", chroma.LiteralStringInterpol: "m",
	chroma.Comment: "c", chroma.CommentPreproc: "k", chroma.OperatorWord: "k",
	chroma.GenericDeleted: "del", chroma.GenericInserted: "ins", chroma.GenericHeading: "h",
	chroma.GenericSubheading: "h", chroma.GenericStrong: "h", chroma.GenericPrompt: "k",
	chroma.GenericError: "del", chroma.GenericOutput: "c",
}

func classOf(t chroma.TokenType) string {
	for _, of := range []chroma.TokenType{t, t.SubCategory(), t.Category()} {
		if class, ok := classes[of]; ok {
			return class
		}
	}
	return ""
}
