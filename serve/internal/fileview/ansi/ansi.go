// Package ansi reads what programs write for terminals: text with escape sequences of ECMA-48.
package ansi

import (
	"strconv"
	"strings"
)

// Span is a piece of text in one style.
type Span struct {
	Text string
	// Class is the names of classes, separated by spaces: "bold", "faint", "italic", "underline",
	// "fg0" to "fg15" and "bg0" to "bg15" for the colors of a terminal.
	Class string
}

// Spans returns the text that a terminal would show. Sequences that do more than to style text are
// left out, as are colors beyond the sixteen that every terminal has. A carriage return goes back
// to the start of its line, which what follows replaces, as in bars of progress.
func Spans(text string) []Span {
	var spans []Span
	var now style
	var last strings.Builder // the text of the last span
	class := ""
	end := func() {
		if last.Len() > 0 {
			spans = append(spans, Span{last.String(), class})
			last.Reset()
		}
	}
	add := func(text string) {
		if text == "" {
			return
		}
		if c := now.class(); c != class {
			end()
			class = c
		}
		last.WriteString(text)
	}
	text = lines(text)
	for {
		before, after, found := strings.Cut(text, "\x1b")
		add(before)
		if !found {
			end()
			return spans
		}
		var parameters string
		parameters, text = sequence(after)
		now.set(parameters)
	}
}

// lines carries out the carriage returns of a text.
func lines(text string) string {
	if !strings.Contains(text, "\r") {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		end := ""
		if rest, ok := strings.CutSuffix(line, "\n"); ok {
			line, end = rest, "\n"
		}
		line = strings.TrimRight(line, "\r")
		b.WriteString(line[strings.LastIndexByte(line, '\r')+1:])
		b.WriteString(end)
	}
	return b.String()
}

// sequence splits what follows an escape character behind the sequence. It returns the parameters
// if the sequence sets the style (SGR), which are "0" if it has none.
func sequence(s string) (parameters, rest string) {
	if s == "" {
		return "", ""
	}
	switch s[0] {
	case '[':
		for i := 1; i < len(s); i++ {
			if c := s[i]; c >= 0x40 && c <= 0x7e {
				if c == 'm' {
					parameters = s[1:i]
					if parameters == "" {
						parameters = "0"
					}
				}
				return parameters, s[i+1:]
			} else if c < 0x20 || c > 0x7e {
				return "", s[i:]
			}
		}
		return "", ""
	case ']', 'P', '^', '_': // a string for the terminal, as its title
		end := strings.IndexAny(s, "\a\x1b\n")
		switch {
		case end < 0:
			return "", ""
		case s[end] == '\a':
			return "", s[end+1:]
		case strings.HasPrefix(s[end:], "\x1b\\"):
			return "", s[end+2:]
		}
		return "", s[end:]
	}
	if s[0] < 0x20 || s[0] > 0x7e {
		return "", s
	}
	return "", s[1:]
}

// style is how the text that follows looks. Colors are one more than their number, or 0.
type style struct {
	bold, faint, italic, underline bool
	front, back                    int
}

// set changes the style by the parameters of an SGR sequence.
func (s *style) set(parameters string) {
	if parameters == "" {
		return
	}
	all := strings.Split(parameters, ";")
	for i := 0; i < len(all); i++ {
		n, err := strconv.Atoi(all[i])
		switch {
		case all[i] == "" || err == nil && n == 0:
			*s = style{}
		case err != nil:
			return
		case n == 38 || n == 48:
			i += s.extended(n, all[i+1:])
		default:
			s.one(n)
		}
	}
}

func (s *style) one(n int) {
	switch {
	case n == 1:
		s.bold = true
	case n == 2:
		s.faint = true
	case n == 3:
		s.italic = true
	case n == 4:
		s.underline = true
	case n == 22:
		s.bold, s.faint = false, false
	case n == 23:
		s.italic = false
	case n == 24:
		s.underline = false
	case n >= 30 && n <= 37:
		s.front = n - 30 + 1
	case n == 39:
		s.front = 0
	case n >= 40 && n <= 47:
		s.back = n - 40 + 1
	case n == 49:
		s.back = 0
	case n >= 90 && n <= 97:
		s.front = n - 90 + 8 + 1
	case n >= 100 && n <= 107:
		s.back = n - 100 + 8 + 1
	}
}

// extended sets a color of a palette of 256, if it is one of the first sixteen. It returns how many
// parameters it has used.
func (s *style) extended(ground int, rest []string) int {
	if len(rest) == 0 {
		return 0
	}
	switch rest[0] {
	case "2":
		return min(4, len(rest))
	case "5":
		if len(rest) < 2 {
			return 1
		}
		n, err := strconv.Atoi(rest[1])
		color := 0
		if err == nil && n >= 0 && n < 16 {
			color = n + 1
		}
		if ground == 38 {
			s.front = color
		} else {
			s.back = color
		}
		return 2
	}
	return 0
}

func (s *style) class() string {
	var names []string
	for _, c := range []struct {
		on   bool
		name string
	}{{s.bold, "bold"}, {s.faint, "faint"}, {s.italic, "italic"}, {s.underline, "underline"},
		{s.front > 0, "fg" + strconv.Itoa(s.front-1)}, {s.back > 0, "bg" + strconv.Itoa(s.back-1)}} {
		if c.on {
			names = append(names, c.name)
		}
	}
	return strings.Join(names, " ")
}
