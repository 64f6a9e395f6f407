package help

import (
	"strings"
	"unicode/utf8"
)

const (
	// Width is the greatest number of columns in a line of help.
	Width  = 80
	indent = "   "
	// noBreak is a space at which a line is not broken.
	noBreak = "\x00"
)

// wrap returns text in lines of at most width columns, broken at spaces. A longer word keeps a
// line for itself.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case columns(line)+1+columns(word) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	lines = append(lines, line)
	for i, l := range lines {
		lines[i] = strings.ReplaceAll(l, noBreak, " ")
	}
	return lines
}

// columns returns the width of text, which has no wide characters.
func columns(text string) int { return utf8.RuneCountInString(text) }

// usage wraps each line of text apart, and leaves out empty ones.
func usage(text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		if line != "" {
			b.WriteString(prose(line))
		}
	}
	return b.String()
}

// prose returns paragraphs, which are separated by empty lines, wrapped and indented. A line that
// begins with a space stays as it is.
func prose(text string) string {
	var b strings.Builder
	for i, paragraph := range strings.Split(text, "\n\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		var run []string // lines to wrap together
		flush := func() {
			if len(run) == 0 {
				return
			}
			for _, line := range wrap(strings.Join(run, " "), Width-len(indent)) {
				b.WriteString(indent + line + "\n")
			}
			run = nil
		}
		for line := range strings.SplitSeq(paragraph, "\n") {
			if strings.HasPrefix(line, " ") {
				flush()
				b.WriteString(indent + line + "\n")
				continue
			}
			run = append(run, line)
		}
		flush()
	}
	return b.String()
}

// A Row is a name and what it means.
type Row struct{ Name, About string }

// table returns rows in two columns. A name that is too long for the first column has a line for
// itself.
func table(rows []Row) string {
	const widest = 24
	left := 0
	for _, r := range rows {
		if n := columns(r.Name); n <= widest {
			left = max(left, n)
		}
	}
	gap := len(indent) + left + 2
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(indent + r.Name)
		at := len(indent) + columns(r.Name)
		for _, line := range wrap(r.About, Width-gap) {
			if at > gap-2 {
				b.WriteByte('\n')
				at = 0
			}
			b.WriteString(strings.Repeat(" ", gap-at) + line)
			at = Width // the next line begins a new one
		}
		b.WriteByte('\n')
	}
	return b.String()
}
