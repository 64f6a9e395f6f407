//go:build !minimal

package markdown

import (
	"bytes"
	"slices"

	"golang.org/x/net/html"
)

// HTML has formatting elements that a block ends before they have an end tag opened again in the
// next block, with all their attributes. So a few of them multiply the size of a document that has
// many blocks. What that can add is counted before the tree is built.

// Limits of what opening elements again can add, in bytes.
const (
	reopenedPart = 32      // for each byte of the document
	reopenedMin  = 1 << 16 // for any document
	nodeSize     = 64      // for an element, besides its tag
)

// formatting are the elements that are opened again: HTML, section 13.2.4.3.
var formatting = map[string]bool{"a": true, "b": true, "big": true, "code": true, "em": true,
	"font": true, "i": true, "nobr": true, "s": true, "small": true, "strike": true, "strong": true,
	"tt": true, "u": true}

// void are the allowed elements that have no end tag.
var void = map[string]bool{"br": true, "hr": true, "img": true, "source": true, "wbr": true}

// opened is the state of a document up to a tag.
type opened struct {
	stack []string       // all open elements
	count map[string]int // how often each is in stack
	// sizes are those of the formatting elements that may be opened again, by name. Those whose end
	// tag stands in another element stay, since the parser may not have ended them.
	sizes map[string][]int
	sum   int // of sizes
}

// reopens returns ErrTooDeep if opening elements again could make a document far larger.
func reopens(sanitized []byte) error {
	left := reopenedMin + reopenedPart*len(sanitized)
	o := opened{count: map[string]int{}, sizes: map[string][]int{}}
	for z := html.NewTokenizer(bytes.NewReader(sanitized)); ; {
		kind := z.Next()
		size := nodeSize + len(z.Raw())
		switch kind {
		case html.ErrorToken:
			return nil
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			if left -= o.sum; left < 0 {
				return ErrTooDeep
			}
			name, _ := z.TagName()
			if kind == html.EndTagToken {
				o.end(string(name))
			} else {
				o.start(string(name), size)
			}
		}
	}
}

func (o *opened) start(name string, size int) {
	if void[name] {
		return
	}
	o.stack = append(o.stack, name)
	o.count[name]++
	if formatting[name] {
		o.sizes[name] = append(o.sizes[name], size)
		o.sum += size
	}
}

func (o *opened) end(name string) {
	if o.count[name] == 0 {
		return
	}
	nested := o.stack[len(o.stack)-1] == name
	for last := ""; last != name; {
		last = o.stack[len(o.stack)-1]
		o.stack = o.stack[:len(o.stack)-1]
		o.count[last]--
	}
	if sizes := o.sizes[name]; nested && formatting[name] {
		// The parser may have ended another one of that name, so the smallest is taken.
		least := slices.Min(sizes)
		at := slices.Index(sizes, least)
		o.sizes[name] = slices.Delete(sizes, at, at+1)
		o.sum -= least
	}
}
