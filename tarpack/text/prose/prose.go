// Package prose finds the text of a document that people read: without tags, scripts, navigation
// and other parts of a page that are on every page.
//
//	prose.go     Kind, Extract
//	html.go      HTML
//	markdown.go  Markdown
//	charset.go   UTF-8 from other encodings
package prose

import (
	"bytes"
	"path"
	"strings"
)

// MaxRead is how many bytes of a file are looked at. Longer ones are documents up to there.
const MaxRead = 8 << 20

// MaxTitle is the length in bytes of the longest title. Longer ones are cut off.
const MaxTitle = 400

// A Kind is how the text of a document is found.
type Kind uint8

// The kinds. Other files have no text.
const (
	None Kind = iota
	HTML
	Markdown
	Plain
)

// kinds are the kinds by the ending of a name.
var kinds = map[string]Kind{
	".html": HTML, ".htm": HTML, ".xhtml": HTML, ".md": Markdown, ".markdown": Markdown,
	".mdown": Markdown, ".mkd": Markdown, ".txt": Plain, ".text": Plain, ".rst": Plain,
	".adoc": Plain, ".asciidoc": Plain, ".org": Plain, ".pod": Plain, ".rdoc": Plain,
	".textile": Plain,
}

// plainNames are names without an ending under which projects keep text.
var plainNames = map[string]bool{
	"readme": true, "license": true, "licence": true, "copying": true, "copyright": true,
	"authors": true, "contributors": true, "changelog": true, "changes": true, "news": true,
	"notice": true, "todo": true, "install": true, "faq": true, "thanks": true, "credits": true,
	"history": true,
}

// KindOf returns the kind of the document with a path.
func KindOf(name string) Kind {
	name = strings.ToLower(path.Base(name))
	if plainNames[name] {
		return Plain
	}
	return kinds[path.Ext(name)]
}

// A Document is what Extract has found. Both are valid UTF-8.
type Document struct {
	Title string // on one line; "" if it has none
	Text  []byte // words of a sentence are separated by single spaces
}

// Extract returns the title and the text of a document. It never fails: any bytes are a document,
// if not one with text.
func Extract(kind Kind, content []byte) Document {
	content = toUTF8(kind, content[:min(len(content), MaxRead)])
	var d Document
	switch kind {
	case HTML:
		d = fromHTML(content)
	case Markdown:
		d = fromMarkdown(content)
	case Plain:
		d = fromPlain(content)
	}
	d.Title = trimTitle(d.Title)
	return d
}

// fromPlain takes a line as title only if it is underlined, as in reStructuredText.
func fromPlain(content []byte) (d Document) {
	if bytes.IndexByte(content, 0) >= 0 { // it is no text
		return d
	}
	first, rest, _ := bytes.Cut(bytes.TrimLeft(content, "\r\n\t "), []byte("\n"))
	under, _, _ := bytes.Cut(rest, []byte("\n"))
	if isRule(under) && len(bytes.TrimSpace(first)) > 0 {
		d.Title = string(first)
	}
	d.Text = bytes.Join(bytes.Fields(content), []byte(" "))
	return d
}

// isRule reports whether a line consists of three or more of the same mark.
func isRule(line []byte) bool {
	line = bytes.TrimSpace(line)
	return len(line) >= 3 && strings.IndexByte("=-~^*#\"'", line[0]) >= 0 &&
		len(bytes.Trim(line, string(line[:1]))) == 0
}

func trimTitle(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > MaxTitle {
		s = strings.ToValidUTF8(s[:MaxTitle], "")
	}
	return s
}
