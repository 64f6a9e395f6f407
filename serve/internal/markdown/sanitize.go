//go:build !minimal

package markdown

import (
	"regexp"
	"sync"

	"github.com/microcosm-cc/bluemonday"
)

// Schemes of links. Other absolute references are removed.
var schemes = []string{"http", "https", "mailto"}

// elements stay. It is GitHub's list without video, which pages could not load.
var elements = []string{
	"a", "abbr", "b", "bdo", "blockquote", "br", "caption", "cite", "code", "dd", "del", "details",
	"dfn", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
	"i", "img", "ins", "kbd", "li", "mark", "ol", "p", "picture", "pre", "q", "rp", "rt", "ruby", "s",
	"samp", "small", "source", "span", "strike", "strong", "sub", "summary", "sup", "table", "tbody",
	"td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var", "wbr",
}

// sanitizer returns what removes everything that is not allowed.
var sanitizer = sync.OnceValue(func() *bluemonday.Policy {
	number, length := regexp.MustCompile(`^-?[0-9]{1,6}$`), regexp.MustCompile(`^[0-9]{1,5}(px|%)?$`)
	language := regexp.MustCompile(`^language-[\w+#.-]{1,40}$`)
	media := regexp.MustCompile(`^\((prefers-color-scheme|(min|max)-width): ?\w{1,20}\)$`)
	is := func(words string) *regexp.Regexp { return regexp.MustCompile(`(?i)^(` + words + `)$`) }

	p := bluemonday.NewPolicy()
	p.AllowElements(elements...)
	p.AllowNoAttrs().OnElements("a", "img", "span", "source")
	p.AllowURLSchemes(schemes...)
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	p.AllowAttrs("title", "lang", "id").Globally()
	p.AllowAttrs("dir").Matching(is("ltr|rtl|auto")).Globally()
	p.AllowAttrs("href", "name").OnElements("a")
	p.AllowAttrs("class").Matching(is("footnote-(ref|backref)|footnotes")).OnElements("a", "div")
	p.AllowAttrs("role").Matching(is("doc-noteref|doc-backlink|doc-endnotes")).OnElements("a", "div")
	p.AllowAttrs("class").Matching(language).OnElements("code")
	p.AllowAttrs("src", "alt").OnElements("img")
	p.AllowAttrs("width", "height").Matching(length).OnElements("img", "td", "th", "table")
	p.AllowAttrs("align").Matching(is("left|right|center|middle|top|bottom|justify")).OnElements(
		"div", "p", "h1", "h2", "h3", "h4", "h5", "h6", "img", "table", "thead", "tbody", "tfoot", "tr",
		"td", "th")
	p.AllowAttrs("srcset").OnElements("source")
	p.AllowAttrs("media").Matching(media).OnElements("source")
	p.AllowAttrs("colspan", "rowspan").Matching(number).OnElements("td", "th")
	p.AllowAttrs("start", "value").Matching(number).OnElements("ol", "li")
	p.AllowAttrs("reversed").OnElements("ol")
	p.AllowAttrs("type").Matching(is("1|a|i")).OnElements("ol")
	p.AllowAttrs("open").OnElements("details")
	return p
})
