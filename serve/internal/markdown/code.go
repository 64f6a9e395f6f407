//go:build !minimal

package markdown

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// code colours a block of code that has nothing but text in it. The colours are the only classes
// that are not in the sanitizer's rules.
func (s *shaper) code(n *html.Node) {
	if s.Code == nil || n == nil || n.DataAtom != atom.Code || n.NextSibling != nil {
		return
	}
	text := n.FirstChild
	if text == nil || text.Type != html.TextNode || text.NextSibling != nil {
		return
	}
	for _, a := range n.Attr {
		if language, ok := strings.CutPrefix(a.Val, "language-"); ok && a.Key == "class" {
			text.Type, text.Data = html.RawNode, s.Code.HTML(text.Data, language)
			return
		}
	}
}
