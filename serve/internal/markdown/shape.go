//go:build !minimal

package markdown

import (
	"bytes"
	"fmt"
	"net/url"
	"path"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// shaper changes the elements of one document.
type shaper struct {
	Options
	ids   map[string]bool
	slugs map[string]int // how often a heading without an id had each
}

// shape parses sanitised HTML, changes what depends on the page, and returns it with all elements
// closed.
func shape(sanitized []byte, o Options) ([]byte, error) {
	if err := reopens(sanitized); err != nil {
		return nil, err
	}
	// The parser fails if it is nested too deeply.
	nodes, err := html.ParseFragment(bytes.NewReader(sanitized), &html.Node{
		Type: html.ElementNode, Data: "div", DataAtom: atom.Div})
	if err != nil {
		return nil, ErrTooDeep
	}
	root := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}
	for _, n := range nodes {
		root.AppendChild(n)
	}
	s := &shaper{o, map[string]bool{}, map[string]int{}}
	s.inside(root)
	var b bytes.Buffer
	for n := range root.ChildNodes() {
		if err := html.Render(&b, n); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// inside changes what is in n. An element may be put into another one, or be replaced.
func (s *shaper) inside(n *html.Node) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		if c.Type == html.ElementNode {
			s.element(c)
		}
		c = next
	}
}

func (s *shaper) element(n *html.Node) {
	s.id(n)
	switch n.DataAtom {
	case atom.A:
		s.link(n)
	case atom.Img:
		s.picture(n)
		return
	case atom.Source:
		s.source(n)
		return
	case atom.Pre:
		set(n, "tabindex", "0") // it may be wider than the page, so the keyboard must scroll it
		s.code(n.FirstChild)
	case atom.Table:
		frame := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div,
			Attr: []html.Attribute{{Key: "class", Val: "wide"}, {Key: "tabindex", Val: "0"}}}
		n.Parent.InsertBefore(frame, n)
		n.Parent.RemoveChild(n)
		frame.AppendChild(n)
	case atom.Li:
		if t := n.FirstChild; t != nil && (strings.HasPrefix(t.Data, boxDone) ||
			strings.HasPrefix(t.Data, boxOpen)) {
			set(n, "class", "task")
		}
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5:
		n.Data = "h" + string(n.Data[1]+1)
		n.DataAtom = atom.Lookup([]byte(n.Data))
	}
	s.inside(n)
}

// Sizes in bytes of an id, and of the text of a heading that its id is made of.
const (
	maxID     = 200
	startSize = maxID / 2 // lower case may take more bytes, and a number may follow
)

// id gives an element its id. Headings without one get the id that GitHub gives them. Old documents
// name places with <a name>. Ids that are too long are left out.
func (s *shaper) id(n *html.Node) {
	id, name := take(n, "id"), take(n, "name")
	if id == "" {
		id = name
	}
	heading := len(n.Data) == 2 && n.Data[0] == 'h' && n.Data[1] != 'r'
	if id == "" && heading {
		id = s.free(slug(start(n)))
	}
	if id == "" || len(id) > maxID || s.ids[id] || strings.ContainsFunc(id, unicode.IsSpace) {
		return
	}
	s.ids[id] = true
	set(n, "id", IDPrefix+id)
}

// free returns an id that no element has yet.
func (s *shaper) free(id string) string {
	for next := id; id != ""; next = fmt.Sprintf("%s-%d", id, s.slugs[id]) {
		if !s.ids[next] {
			return next
		}
		s.slugs[id]++
	}
	return ""
}

// slug returns the id of a heading, as GitHub makes it.
func slug(heading string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == ' ':
			return '-'
		case c == '-', c == '_', unicode.In(c, unicode.L, unicode.M, unicode.N):
			return unicode.ToLower(c)
		}
		return -1
	}, strings.TrimSpace(heading))
}

// start returns the text that an element begins with. Headings may be nested, so it must not read
// all of them.
func start(n *html.Node) string {
	const maxNodes = 1000
	var b strings.Builder
	nodes := 0
	for d := range n.Descendants() {
		if nodes++; nodes > maxNodes || b.Len() >= startSize {
			break
		}
		if d.Type == html.TextNode {
			b.WriteString(d.Data[:min(len(d.Data), startSize-b.Len())])
		}
	}
	return b.String()
}

func (s *shaper) link(n *html.Node) {
	ref := strings.TrimSpace(take(n, "href"))
	u, err := url.Parse(ref)
	switch {
	case ref == "", err != nil:
		return
	case u.Scheme != "" || u.Host != "":
	case ref[0] == '#':
		ref = "#" + IDPrefix + u.EscapedFragment()
	case s.Link != nil:
		ref = s.Link(ref)
	}
	if ref != "" {
		set(n, "href", ref)
	}
}

// picture changes where a picture is loaded from. One that is not from here is shown as its text.
func (s *shaper) picture(n *html.Node) {
	ref := take(n, "src")
	to := s.local(ref)
	alt, named := take(n, "alt"), false
	for p := n.Parent; p != nil && !named; p = p.Parent {
		named = p.DataAtom == atom.A
	}
	if alt == "" && (to == "" || named) { // a link must have a name
		alt = nameOf(ref)
	}
	if to == "" {
		text := &html.Node{Type: html.ElementNode, Data: "span", DataAtom: atom.Span,
			Attr: []html.Attribute{{Key: "class", Val: "alt"}}}
		text.AppendChild(&html.Node{Type: html.TextNode, Data: alt})
		n.Parent.InsertBefore(text, n)
		n.Parent.RemoveChild(n)
		return
	}
	set(n, "src", to)
	set(n, "alt", alt)
	set(n, "loading", "lazy")
}

// local returns the reference from the page to a picture, or "" if it is not from here.
func (s *shaper) local(ref string) string {
	ref = strings.TrimSpace(ref)
	u, err := url.Parse(ref)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Path == "" {
		return ""
	}
	if s.Picture != nil {
		ref = s.Picture(ref)
	}
	return ref
}

// nameOf returns the name of the file that a reference leads to.
func nameOf(ref string) string {
	u, err := url.Parse(strings.TrimSpace(ref))
	if err != nil || u.Path == "" {
		return "–"
	}
	return path.Base(u.Path)
}

// source changes the references of a picture for some screens, or removes it if one is not from
// here.
func (s *shaper) source(n *html.Node) {
	var all []string
	for candidate := range strings.SplitSeq(take(n, "srcset"), ",") {
		fields := strings.Fields(candidate)
		if len(fields) == 0 {
			continue
		}
		if fields[0] = s.local(fields[0]); fields[0] == "" || len(fields) > 2 {
			all = nil
			break
		}
		all = append(all, strings.Join(fields, " "))
	}
	if all == nil || n.Parent.DataAtom != atom.Picture {
		n.Parent.RemoveChild(n)
		return
	}
	set(n, "srcset", strings.Join(all, ", "))
}

// take removes an attribute, and returns its value.
func take(n *html.Node, key string) (value string) {
	for i := range n.Attr {
		if n.Attr[i].Key == key {
			value = n.Attr[i].Val
			n.Attr = append(n.Attr[:i], n.Attr[i+1:]...)
			return value
		}
	}
	return ""
}

func set(n *html.Node, key, value string) {
	n.Attr = append(n.Attr, html.Attribute{Key: key, Val: value})
}
