package textdiff

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aymanbagabas/go-udiff/lcs"
)

// Part is a part of a line.
type Part struct {
	Text string
	Mark bool // it is not in the other line
	Cut  int  // so many characters are left out behind Text
}

// Limits of what is shown of a line.
const (
	maxWords = 2000 // that are compared; of longer lines, only their ends are
	maxPart  = 2000 // characters of a part
	maxAside = 400  // characters of a part that is the same, in a line with marks
)

// Marks returns the parts of two lines that are shown side by side. Lines that have little in
// common have no marks.
func Marks(old, new string) (x, y []Part) {
	a, b := words(old), words(new)
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	edits := []lcs.Diff{{Start: head, End: len(a) - tail, ReplStart: head, ReplEnd: len(b) - tail}}
	if len(a)-head-tail <= maxWords && len(b)-head-tail <= maxWords {
		edits = lcs.DiffLines(a, b)
	}
	var same int
	x, same = marked(a, edits, func(d lcs.Diff) (int, int) { return d.Start, d.End })
	y, _ = marked(b, edits, func(d lcs.Diff) (int, int) { return d.ReplStart, d.ReplEnd })
	if same*3 < max(letters(old), letters(new)) {
		return Plain(old), Plain(new)
	}
	return shorten(x), shorten(y)
}

// Plain returns a line as one part.
func Plain(line string) []Part { return shorten([]Part{{Text: line}}) }

// words splits a line into words, runs of blanks, and other characters.
func words(line string) (list []string) {
	kind := func(r rune) int {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.Is(unicode.M, r), r == '_':
			return 1
		case unicode.IsSpace(r):
			return 2
		}
		return 0
	}
	begin, before := 0, -1
	for i, r := range line {
		k := kind(r)
		if i > 0 && (k != before || k == 0) {
			list = append(list, line[begin:i])
			begin = i
		}
		before = k
	}
	if begin < len(line) {
		list = append(list, line[begin:])
	}
	return list
}

// marked joins the words of a line to parts. same is how many bytes without blanks have no mark.
func marked(words []string, edits []lcs.Diff, of func(lcs.Diff) (int, int)) (parts []Part,
	same int) {
	at := 0
	add := func(end int, mark bool) {
		text := strings.Join(words[at:end], "")
		at = end
		if text == "" {
			return
		}
		if !mark {
			same += letters(text)
		}
		parts = append(parts, Part{Text: text, Mark: mark})
	}
	for _, d := range edits {
		from, to := of(d)
		add(from, false)
		add(to, true)
	}
	add(len(words), false)
	return parts, same
}

// letters returns how many bytes of a text are not blank.
func letters(text string) (n int) {
	for _, c := range []byte(text) {
		if c != ' ' && c != '\t' {
			n++
		}
	}
	return n
}

// shorten cuts long parts. Of a long part between marks, it keeps what is next to them.
func shorten(parts []Part) (out []Part) {
	for i, p := range parts {
		limit := maxPart
		if len(parts) > 1 && !p.Mark {
			limit = maxAside
		}
		n := utf8.RuneCountInString(p.Text)
		if n <= limit {
			out = append(out, p)
			continue
		}
		text := []rune(p.Text)
		head, tail := limit/2, limit/2
		switch {
		case i == 0 && len(parts) > 1 && !p.Mark:
			head, tail = 0, limit
		case i == len(parts)-1 || p.Mark:
			head, tail = limit, 0
		}
		out = append(out, Part{Text: string(text[:head]), Mark: p.Mark, Cut: n - limit})
		if tail > 0 {
			out = append(out, Part{Text: string(text[n-tail:]), Mark: p.Mark})
		}
	}
	return out
}
