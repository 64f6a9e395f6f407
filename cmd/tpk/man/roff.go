package man

import (
	"fmt"
	"strings"
)

// sourceWidth is the greatest number of bytes in a line of running text. mandoc advises 80.
const sourceWidth = 79

// A page is written line by line.
type page struct {
	strings.Builder
	namer
}

func (p *page) line(text string) { p.WriteString(text + "\n") }

func (p *page) section(title string) { p.line(".SH " + title) }

// entry writes an item of a list: a tag, which is roff already, and a text.
func (p *page) entry(tag, about string) {
	p.line(".TP")
	for i, t := range strings.Split(tag, "\n") {
		if i > 0 {
			p.line(".TQ")
		}
		p.line(t)
	}
	p.running(about)
}

// running writes a text that is filled. Each sentence begins a line, so that the space after it is
// the same everywhere.
func (p *page) running(text string) {
	line := ""
	flush := func() {
		if line != "" {
			p.line(line)
		}
		line = ""
	}
	for _, word := range strings.Fields(p.fonts(text)) {
		if line != "" && len(line)+1+len(word) > sourceWidth {
			if strings.ContainsAny(line[len(line)-1:], ".!?") {
				line += `\&` // no sentence ends here
			}
			flush()
		}
		switch {
		case line != "":
			line += " " + word
		case strings.HasPrefix(word, ".") || strings.HasPrefix(word, "'"):
			line = `\&` + word
		default:
			line = word
		}
		if strings.HasSuffix(word, ".") && !strings.HasSuffix(word, "e.g.") {
			flush()
		}
	}
	flush()
}

// bold returns text in bold, line by line.
func bold(text string) string { return font("B", text) }

// italic returns text in italics, which terminals underline.
func italic(text string) string { return font("I", text) }

func font(name, text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = `\f` + name + literal(l) + `\fR`
	}
	return strings.Join(lines, "\n")
}

var (
	proseEscapes   = strings.NewReplacer(`\`, `\e`, "~", `\(ti`, "^", `\(ha`, "`", `\(ga`)
	literalEscapes = strings.NewReplacer(`\`, `\e`, "~", `\(ti`, "^", `\(ha`, "`", `\(ga`,
		"-", `\-`, "'", `\(aq`, `"`, `\(dq`)
)

// literal returns text that must be shown as it is, to be copied.
func literal(text string) string { return ascii(guard(literalEscapes.Replace(text))) }

// roff returns prose. Hyphens between letters are hyphens, others are shown as they are.
func roff(text string) string {
	text = proseEscapes.Replace(text)
	var b strings.Builder
	for i := range len(text) {
		if text[i] == '-' && !(isLetter(text, i-1) && isLetter(text, i+1)) {
			b.WriteString(`\-`)
			continue
		}
		b.WriteByte(text[i])
	}
	return ascii(b.String())
}

func isLetter(text string, i int) bool {
	return i >= 0 && i < len(text) && (text[i]|0x20 >= 'a' && text[i]|0x20 <= 'z')
}

// guard keeps the first character of a line from being read as a request.
func guard(line string) string {
	if strings.HasPrefix(line, ".") {
		return `\&` + line
	}
	return line
}

// ascii writes other characters as groff and mandoc understand them in any locale.
func ascii(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < 0x80 {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\[u%04X]`, r)
		}
	}
	return b.String()
}
