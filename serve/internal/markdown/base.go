package markdown

import (
	"net/url"
	"path"
	"strings"

	"github.com/tarpack/tpk/serve/internal/code"
)

// Base is where a document lies, for the references in it.
type Base struct {
	// Folder is the reference from the page to the folder of the document, and Root that to the
	// folder that references with a slash before them begin at, as in a repository. Each ends with a
	// slash; "" is "./".
	Folder, Root string
	// View is the query of links to other documents in Markdown, as "?list=view", or "" if they lead
	// to the files themselves.
	View string
}

// Options returns the options for the references of a document, and for the colours of its code,
// which may be nil.
func (b Base) Options(work *code.Work) Options {
	return Options{Link: b.Link, Picture: b.Picture, Code: work}
}

// Link returns the reference from the page that a link has.
func (b Base) Link(ref string) string {
	to, u := b.join(ref)
	if u == nil {
		return ""
	}
	query, fragment := u.RawQuery, u.EscapedFragment()
	if query != "" {
		query = "?" + query
	}
	if IsDocument(u.Path) && b.View != "" && query == "" {
		query = b.View
		if fragment != "" {
			fragment = IDPrefix + fragment
		}
	}
	if fragment != "" {
		fragment = "#" + fragment
	}
	return to + query + fragment
}

// Picture returns the reference from the page to a picture.
func (b Base) Picture(ref string) string {
	to, u := b.join(ref)
	if u == nil || u.Path == "" {
		return ""
	}
	return to
}

// join returns the reference to the path of another one, and its parts; nil if it is malformed. The
// result begins with a folder of b, so it never has a scheme or a host.
func (b Base) join(ref string) (string, *url.URL) {
	u, err := url.Parse(ref)
	if err != nil || u.Scheme != "" || u.Host != "" {
		return "", nil
	}
	to, p := b.Folder, strings.ReplaceAll(u.EscapedPath(), `\`, "%5C")
	if strings.HasPrefix(p, "/") {
		to, p = b.Root, strings.TrimLeft(p, "/")
	}
	if to == "" {
		to = "./"
	}
	return to + strings.TrimPrefix(p, "./"), u
}

// IsDocument reports whether a path is that of a document in Markdown.
func IsDocument(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".md", ".markdown", ".mdown", ".mkd", ".mkdn":
		return true
	}
	return false
}
