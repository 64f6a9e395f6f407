//go:build !minimal

package markdown

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// The parser's time can grow with the square of the size: each mark that may begin something is
// compared with all that follows in its paragraph. The budget is spent before a paragraph is
// parsed.

// budget is how many steps are left for a document.
type budget struct{ left int }

// errSpent is what parsing is ended with, by a panic: the parser has no other way.
type errSpent struct{}

var budgetKey = parser.NewContextKey()

// parse returns the tree of a document, or ErrTooDeep.
func parse(p parser.Parser, source []byte) (tree ast.Node, err error) {
	defer func() {
		switch r := recover(); r.(type) {
		case nil:
		case errSpent:
			tree, err = nil, ErrTooDeep
		default:
			panic(r)
		}
	}()
	b, notes := &budget{maxWork}, 0
	for line := range bytes.Lines(source) {
		rest := bytes.TrimLeft(line, " \t>-*+.)0123456789")
		if markers(line[:len(line)-len(rest)]) > maxNesting {
			return nil, ErrTooDeep
		}
		if bytes.HasPrefix(rest, []byte("#")) { // a heading, which is no paragraph
			b.spend(len(rest), marks(rest))
		}
		if bytes.HasPrefix(rest, []byte("[^")) && bytes.Contains(rest, []byte("]:")) {
			notes++
		}
	}
	// Each reference is compared with all footnotes.
	b.spend(bytes.Count(source, []byte("[^")), notes)
	c := parser.NewContext()
	c.Set(budgetKey, b)
	tree = p.Parse(text.NewReader(source), parser.WithContext(c))
	if depth(tree) > maxNesting {
		return nil, ErrTooDeep
	}
	return tree, nil
}

func (b *budget) spend(n, times int) {
	if b.left -= n * times; b.left < 0 {
		panic(errSpent{})
	}
}

// paragraphs spends the budget for each paragraph. Tables are paragraphs at first.
type paragraphs struct{}

// Transform implements parser.ParagraphTransformer.
func (paragraphs) Transform(n *ast.Paragraph, r text.Reader, c parser.Context) {
	b, lines := c.Get(budgetKey).(*budget), n.Lines()
	size, all, columns := 0, 0, 0
	for i := range lines.Len() {
		segment := lines.At(i)
		line := bytes.Trim(segment.Value(r.Source()), " \t\r\n")
		if i == 1 && len(bytes.Trim(line, "|-: \t")) == 0 {
			columns = bytes.Count(line, []byte("|")) + 1
		}
		if columns > 0 {
			b.spend(len(line), marks(line))
			b.spend(cellWork, columns)
			continue
		}
		size, all = size+len(line), all+marks(line)
	}
	b.spend(size, all)
}

// cellWork is how many steps a cell of a table counts for. A row may have more cells than are
// written.
const cellWork = 256

// marks counts the runs of marks that may begin or end something in a paragraph.
func marks(line []byte) (n int) {
	var last byte
	for _, c := range line {
		switch c {
		case '[', '(', '*', '_', '~', '<':
			n++
		case '`':
			if c != last {
				n++
			}
		}
		last = c
	}
	return n
}

// markers counts the marks of quotes and lists that a line begins with.
func markers(line []byte) (n int) {
	for i, c := range line {
		switch {
		case c == '>':
			n++
		case c == '-', c == '*', c == '+', c == '.', c == ')':
			if i+1 < len(line) && (line[i+1] == ' ' || line[i+1] == '\t') {
				n++
			}
		case c == ' ', c == '\t', '0' <= c && c <= '9':
		default:
			return n
		}
	}
	return n
}

// depth returns how deeply nodes are nested. It does not call itself, as the stack is not endless.
func depth(root ast.Node) (deepest int) {
	for n, level := root, 0; n != nil; {
		deepest = max(deepest, level)
		if child := n.FirstChild(); child != nil {
			n, level = child, level+1
			continue
		}
		for n != root && n.NextSibling() == nil {
			n, level = n.Parent(), level-1
		}
		if n == root {
			break
		}
		n = n.NextSibling()
	}
	return deepest
}
