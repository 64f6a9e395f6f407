package man

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
)

// A namer recognizes what a text names, so that it can be set in another font.
type namer struct {
	app      *cli.App
	commands []string
	values   []string // names of arguments and values, such as ARCHIVE
	pattern  *regexp.Regexp
}

var (
	argument  = regexp.MustCompile(`\b[A-Z][A-Z0-9]*\b`)
	usageWord = regexp.MustCompile(`[A-Za-z0-9.-]*[A-Za-z0-9-]`)
	tableRow  = regexp.MustCompile(`^ +(\S(?:.*?\S)?)  +(\S.*)$`)
)

// newPage returns an empty page about a command line.
func newPage(app *cli.App, commands []string, usage string) *page {
	p := &page{namer: namer{app: app, commands: commands}}
	p.name(usage)
	return p
}

// name adds the names of arguments in a text.
func (n *namer) name(text string) {
	for _, word := range argument.FindAllString(text, -1) {
		if !slices.Contains(n.values, word) {
			n.values = append(n.values, word)
		}
	}
}

// compile makes the pattern of [namer.fonts]. Its groups are a command of ours, in quotes or as the
// text of help names it; another page; an environment variable; a flag; an argument.
func (n *namer) compile() {
	slices.SortFunc(n.values, func(a, b string) int { return len(b) - len(a) })
	values := append(slices.Clone(n.values), "\x00") // never an empty alternative
	n.pattern = regexp.MustCompile(`'(` + n.app.Name + ` [^']+)'` +
		`|\b([a-z_]+)(\([1-8]\))` +
		`|(\$[A-Z][A-Z0-9_]+|\b[A-Z][A-Z0-9]*_[A-Z0-9_]+)` +
		`|(--?[A-Za-z0-9][A-Za-z0-9-]*)` +
		`|\b((?:` + strings.Join(values, "|") + `)(?:\.[a-z0-9]+)*)\b`)
}

// fonts returns text as roff, with what it names in bold or italics.
func (n *namer) fonts(text string) string {
	if n.pattern == nil {
		n.compile()
	}
	var b strings.Builder
	at := 0
	for _, m := range n.pattern.FindAllStringSubmatchIndex(text, -1) {
		group := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return text[m[2*i]:m[2*i+1]]
		}
		named := ""
		switch {
		case group(1) != "":
			named = n.commandLine(group(1))
		case group(2) != "":
			named = bold(group(2)) + group(3)
		case group(4) != "":
			named = bold(group(4))
		case group(5) != "" && (m[0] == 0 || strings.ContainsRune(" ('", rune(text[m[0]-1]))):
			named = bold(group(5))
		case group(6) != "" && (m[0] == 0 || !strings.ContainsRune("_$", rune(text[m[0]-1]))):
			named = italic(group(6))
		default:
			continue
		}
		b.WriteString(roff(text[at:m[0]]) + named)
		at = m[1]
	}
	b.WriteString(roff(text[at:]))
	return b.String()
}

// commandLine returns a command line of ours in bold, or the page that "tpk help COMMAND" is.
func (n *namer) commandLine(text string) string {
	name, ok := strings.CutPrefix(text, n.app.Name+" help ")
	if ok && slices.Contains(n.commands, name) {
		return n.reference(name)
	}
	return bold(text)
}

// reference returns the name of the page of a command.
func (n *namer) reference(name string) string { return bold(n.app.Name+"-"+name) + "(1)" }

// prose writes paragraphs, which are separated by empty lines. Lines that begin with a space are
// rows of a table, and deeper ones go on with the row before.
func (p *page) prose(text string) {
	for i, paragraph := range strings.Split(text, "\n\n") {
		if i > 0 {
			p.line(".PP")
		}
		var run []string
		var tag string
		flush := func() {
			about := strings.Join(run, " ")
			run = nil
			switch {
			case tag != "":
				p.entry(italic(tag), about)
			case about != "":
				p.running(about)
			}
			tag = ""
		}
		for line := range strings.SplitSeq(paragraph, "\n") {
			indented := strings.HasPrefix(line, " ")
			m := tableRow.FindStringSubmatch(line)
			if m != nil || !indented && tag != "" {
				flush()
			}
			if m != nil {
				tag, line = m[1], m[2]
			}
			run = append(run, strings.TrimSpace(line))
		}
		flush()
	}
}

// synopsis writes the forms of a command, one a line.
func (p *page) synopsis(usage string) {
	for i, line := range strings.FieldsFunc(usage, func(r rune) bool { return r == '\n' }) {
		if i > 0 {
			p.line(".br")
		}
		p.synopsisLine(line)
	}
}

// synopsisLine writes a command line: arguments in italics, brackets and bars as they are, the rest
// in bold.
func (p *page) synopsisLine(usage string) {
	fields := strings.Fields(usage)
	var b strings.Builder
	for i, field := range fields {
		switch {
		case i == 0:
		case i == 1 && slices.Contains(p.commands, field):
			b.WriteString(`\ `)
		default:
			b.WriteByte(' ')
		}
		at := 0
		for _, m := range usageWord.FindAllStringIndex(field, -1) {
			word := field[m[0]:m[1]]
			b.WriteString(field[at:m[0]])
			if word == "flags" || argument.MatchString(word) {
				b.WriteString(italic(word))
			} else {
				b.WriteString(bold(word))
			}
			at = m[1]
		}
		b.WriteString(field[at:])
	}
	p.line(b.String())
}
