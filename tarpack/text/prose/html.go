package prose

import (
	"bytes"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// skipped are the elements whose content is not part of the text (HTML, sections 4.3, 4.10, 4.12).
var skipped = map[atom.Atom]bool{
	atom.Script: true, atom.Style: true, atom.Template: true, atom.Noscript: true, atom.Nav: true,
	atom.Aside: true, atom.Svg: true, atom.Math: true, atom.Button: true, atom.Select: true,
	atom.Textarea: true, atom.Iframe: true, atom.Object: true, atom.Canvas: true, atom.Dialog: true,
	atom.Menu: true, atom.Datalist: true,
}

// inline are the elements whose tags may stand within a word. All others separate words.
var inline = map[atom.Atom]bool{
	atom.A: true, atom.Abbr: true, atom.B: true, atom.Bdi: true, atom.Bdo: true, atom.Cite: true,
	atom.Code: true, atom.Data: true, atom.Del: true, atom.Dfn: true, atom.Em: true, atom.Font: true,
	atom.I: true, atom.Ins: true, atom.Kbd: true, atom.Mark: true, atom.Q: true, atom.S: true,
	atom.Samp: true, atom.Small: true, atom.Span: true, atom.Strong: true, atom.Sub: true,
	atom.Sup: true, atom.Time: true, atom.Tt: true, atom.U: true, atom.Var: true, atom.Wbr: true,
}

// A page is what was read of an HTML document. It counts open elements instead of building a tree:
// a page of any depth takes the same memory.
type page struct {
	all, main, article []byte // the text of the page, of main and of article
	title, heading     []byte
	inMain, inArticle  int // depth
	skip               atom.Atom
	depth              int // of elements with the name skip in the one that is skipped
	inTitle, inHeading bool
	redirects          bool // to another page
}

// fromHTML returns the text of main if the page has one, else that of its articles, else that of
// the whole page without header and footer. A page that only leads to another one has no text.
func fromHTML(content []byte) (d Document) {
	var p page
	z := html.NewTokenizer(bytes.NewReader(content))
	for {
		switch z.Next() {
		case html.ErrorToken:
			d.Title = string(p.title)
			if len(bytes.TrimSpace(p.title)) == 0 {
				d.Title = string(p.heading)
			}
			d.Text = bytes.TrimSpace(p.text())
			if p.redirects {
				return Document{}
			}
			return d
		case html.TextToken:
			p.addText(z)
		case html.StartTagToken:
			p.start(z, false)
		case html.SelfClosingTagToken:
			p.start(z, true)
		case html.EndTagToken:
			p.end(z)
		}
	}
}

func (p *page) text() []byte {
	switch {
	case len(bytes.TrimSpace(p.main)) > 0:
		return p.main
	case len(bytes.TrimSpace(p.article)) > 0:
		return p.article
	}
	return p.all
}

// addText adds text to the parts that are open.
func (p *page) addText(z *html.Tokenizer) {
	if p.skip != 0 {
		return
	}
	text := z.Text()
	switch {
	case p.inTitle:
		p.title = appendText(p.title, text)
		return
	case p.inHeading:
		p.heading = appendText(p.heading, text)
	}
	switch {
	case p.inMain > 0:
		p.main = appendText(p.main, text)
	case p.main != nil: // what is not in main is not needed any more
	case p.inArticle > 0:
		p.article = appendText(p.article, text)
	default:
		p.all = appendText(p.all, text)
	}
}

// appendText appends text with its runs of white space as single spaces.
func appendText(dst, text []byte) []byte {
	for _, c := range text {
		switch c {
		case ' ', '\t', '\n', '\r', '\f':
			if len(dst) > 0 && dst[len(dst)-1] != ' ' {
				dst = append(dst, ' ')
			}
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// separate ends a word in the parts that are open.
func (p *page) separate() {
	space := []byte(" ")
	switch {
	case p.inMain > 0:
		p.main = appendText(p.main, space)
	case p.inArticle > 0:
		p.article = appendText(p.article, space)
	default:
		p.all = appendText(p.all, space)
	}
	if p.inHeading {
		p.heading = appendText(p.heading, space)
	}
}

func (p *page) start(z *html.Tokenizer, closed bool) {
	name, more := z.TagName()
	tag := atom.Lookup(name)
	if p.skip != 0 {
		if tag == p.skip && !closed {
			p.depth++
		}
		return
	}
	a := readAttributes(z, more)
	if tag == atom.Meta && a.refresh {
		p.redirects = true
	}
	if p.skips(tag, a) {
		if !closed || tag != atom.Svg && tag != atom.Math { // in HTML others can't close themselves
			p.skip, p.depth = tag, 1
		}
		p.separate()
		return
	}
	if !inline[tag] {
		p.separate()
	}
	switch tag {
	case atom.Main:
		p.inMain++
		if p.main == nil {
			p.main = []byte{}
		}
	case atom.Article:
		p.inArticle++
	case atom.Title:
		p.inTitle = len(p.title) == 0
	case atom.H1:
		p.inHeading = len(p.heading) == 0
	}
}

// skips reports whether an element is not part of the text. The header and the footer of main or of
// an article are.
func (p *page) skips(tag atom.Atom, a attributes) bool {
	switch {
	case skipped[tag]:
		return true
	case tag == 0 || voidElements[tag] || tag == atom.Html || tag == atom.Body || tag == atom.Main:
		return false
	case tag == atom.Header || tag == atom.Footer:
		return p.inMain == 0 && p.inArticle == 0
	}
	return a.hidden && hideable[tag] || a.elsewhere
}

// voidElements have no end tag (HTML, section 13.1.2), so nothing can be skipped up to it.
var voidElements = map[atom.Atom]bool{
	atom.Area: true, atom.Base: true, atom.Br: true, atom.Col: true, atom.Embed: true, atom.Hr: true,
	atom.Img: true, atom.Input: true, atom.Link: true, atom.Meta: true, atom.Param: true,
	atom.Source: true, atom.Track: true, atom.Wbr: true,
}

// hideable are the elements that must have an end tag, so that one that is hidden is known to end.
var hideable = map[atom.Atom]bool{
	atom.Div: true, atom.Span: true, atom.A: true, atom.Section: true, atom.Ul: true, atom.Ol: true,
	atom.Table: true, atom.I: true, atom.Em: true, atom.Form: true,
}

// attributes are what the attributes of an element mean for its text.
type attributes struct {
	elsewhere bool // it has the role of navigation, or of another part that is on every page
	hidden    bool // from readers
	refresh   bool // it makes the browser go to another page (HTML, section 4.2.5.3)
}

func readAttributes(z *html.Tokenizer, more bool) (a attributes) {
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		switch string(key) {
		case "role":
			switch string(value) {
			case "navigation", "search", "banner", "contentinfo":
				a.elsewhere = true
			}
		case "hidden":
			a.hidden = true
		case "aria-hidden":
			a.hidden = a.hidden || string(value) == "true"
		case "http-equiv":
			a.refresh = bytes.EqualFold(value, []byte("refresh"))
		}
	}
	return a
}

func (p *page) end(z *html.Tokenizer) {
	name, _ := z.TagName()
	tag := atom.Lookup(name)
	if p.skip != 0 {
		if tag == p.skip {
			if p.depth--; p.depth == 0 {
				p.skip = 0
			}
		}
		return
	}
	if !inline[tag] {
		p.separate()
	}
	switch tag {
	case atom.Main:
		p.inMain = max(p.inMain-1, 0)
	case atom.Article:
		p.inArticle = max(p.inArticle-1, 0)
	case atom.Title:
		p.inTitle = false
	case atom.H1:
		p.inHeading = false
	}
}
