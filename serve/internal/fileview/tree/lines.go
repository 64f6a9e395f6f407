package tree

import (
	"errors"
	"strings"
)

// ParseLines returns the values on the lines of a text as an array. cut means that the text is the
// beginning of a longer one: then its last line is left out. Empty lines are ignored. Errors are of
// type *SyntaxError.
func ParseLines(text string, cut bool) (*Node, error) {
	if cut {
		text = text[:strings.LastIndexByte(text, '\n')+1]
	}
	all, nodes, number := &Node{Kind: Array}, 1, 0
	for line := range strings.Lines(text) {
		number++
		if strings.TrimSpace(line) == "" {
			continue
		}
		all.Count++
		if nodes >= MaxNodes {
			continue
		}
		p := newParser(line)
		p.nodes = nodes
		n, err := p.whole()
		var syntax *SyntaxError
		if errors.As(err, &syntax) {
			syntax.Line = number // a value that goes on in the next line ends too early
			return nil, syntax
		}
		nodes = p.nodes
		all.Nodes = append(all.Nodes, n)
	}
	return all, nil
}
