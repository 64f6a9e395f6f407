package tree

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Limits of a tree. What is beyond them is counted, not kept.
const (
	MaxNodes  = 20_000
	MaxDepth  = 100
	MaxString = 10_000 // characters of a string
)

// Kind is what a value is.
type Kind string

// The kinds of values, which are also the classes of elements.
const (
	Object Kind = "object"
	Array  Kind = "array"
	String Kind = "string"
	Number Kind = "number"
	Word   Kind = "word" // true, false and null
)

// Node is a value.
type Node struct {
	Kind  Kind
	Key   string // as it would be written, in quotes; "" in arrays
	Text  string // as it would be written; "" for objects and arrays
	Nodes []*Node
	Count int  // values in an object or array, of which Nodes may have the first only
	Open  bool // unfolded at first
}

// SyntaxError is a mistake in JSON.
type SyntaxError struct {
	Line, Column int // from 1, the column in characters
	Err          error
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %v", e.Line, e.Column, e.Err)
}

func (e *SyntaxError) Unwrap() error { return e.Err }

// parser reads the tokens of a text.
type parser struct {
	text  string
	d     *json.Decoder
	nodes int // that were made

	skipped json.RawMessage
}

func newParser(text string) *parser {
	p := &parser{text: text, d: json.NewDecoder(strings.NewReader(text))}
	p.d.UseNumber()
	return p
}

// Parse returns the value that a text is. Errors are of type *SyntaxError.
func Parse(text string) (*Node, error) { return newParser(text).whole() }

// whole reads a value and nothing behind it.
func (p *parser) whole() (*Node, error) {
	n, err := p.value(0)
	if err != nil {
		return nil, p.at(err)
	}
	if _, err := p.d.Token(); err != io.EOF {
		if err == nil {
			err = errors.New("more follows the value")
		}
		return nil, p.at(err)
	}
	return n, nil
}

// Mistake returns the first mistake of a text that is not JSON, or nil.
func Mistake(text string) *SyntaxError {
	var value json.RawMessage
	var syntax *SyntaxError
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		errors.As(newParser(text).at(err), &syntax)
	}
	return syntax
}

// value reads a value.
func (p *parser) value(depth int) (*Node, error) {
	token, err := p.d.Token()
	if err != nil {
		return nil, err
	}
	p.nodes++
	switch v := token.(type) {
	case json.Delim:
		n := &Node{Kind: Array}
		if v == '{' {
			n.Kind = Object
		}
		return n, p.values(n, depth)
	case string:
		return &Node{Kind: String, Text: quote(v)}, nil
	case json.Number:
		return &Node{Kind: Number, Text: v.String()}, nil
	case bool:
		return &Node{Kind: Word, Text: fmt.Sprint(v)}, nil
	}
	return &Node{Kind: Word, Text: "null"}, nil
}

// values reads what is in an object or array, up to its end. What the limits leave no room for is
// only scanned, which takes a tenth of the time.
func (p *parser) values(n *Node, depth int) error {
	for p.d.More() {
		key := ""
		if n.Kind == Object {
			token, err := p.d.Token()
			if err != nil {
				return err
			}
			key = token.(string) // Token has checked it
		}
		n.Count++
		if depth >= MaxDepth || p.nodes >= MaxNodes {
			if err := p.d.Decode(&p.skipped); err != nil {
				return err
			}
			continue
		}
		child, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		if n.Kind == Object {
			child.Key = quote(key)
		}
		n.Nodes = append(n.Nodes, child)
	}
	_, err := p.d.Token()
	return err
}

// quote returns a string as JSON has it, with characters beyond ASCII as they are.
func quote(s string) string {
	if utf8.RuneCountInString(s) > MaxString {
		s = string([]rune(s)[:MaxString]) + "…"
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(s) != nil {
		return "" // a string can always be encoded
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// at returns an error of the decoder with its place. A Decoder does not document how it counts, so
// the text is read again as a whole.
func (p *parser) at(err error) error {
	offset := p.d.InputOffset()
	var value json.RawMessage
	var syntax *json.SyntaxError
	if whole := json.Unmarshal([]byte(p.text), &value); errors.As(whole, &syntax) {
		err, offset = whole, syntax.Offset
		if int(offset) < len(p.text) || !strings.HasPrefix(err.Error(), "unexpected end") {
			offset-- // it counts the byte that is wrong
		}
	}
	before := p.text[:min(max(offset, 0), int64(len(p.text)))]
	line := strings.LastIndexByte(before, '\n') + 1
	return &SyntaxError{Line: 1 + strings.Count(before, "\n"),
		Column: 1 + utf8.RuneCountInString(before[line:]), Err: err}
}
