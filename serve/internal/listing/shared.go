package listing

import (
	"cmp"
	"strings"

	"github.com/tarpack/tpk/serve/internal/asset"
	"github.com/tarpack/tpk/serve/internal/plan"
)

// policy allows a page its own style and script, and files of the archive.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; " +
	"media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; " +
	"frame-ancestors 'none'"

// PageFields are the header fields of a page.
const PageFields = "Content-Security-Policy: " + policy + referrer + "Vary: Accept-Language\r\n"

const referrer = "\r\nReferrer-Policy: same-origin\r\n"

// FieldsAllowing returns the PageFields of a page whose Content-Security-Policy allows more, as
// "font-src 'self'": a directive, to whose sources those of policy are added. "" adds nothing.
func FieldsAllowing(directive string) string {
	all := policy
	name, sources, _ := strings.Cut(directive, " ")
	if before, after, found := strings.Cut(policy, "; "+name+" "); found {
		all = before + "; " + directive + " " + after
	} else if sources != "" {
		all += "; " + directive
	}
	return "Content-Security-Policy: " + all + referrer + "Vary: Accept-Language\r\n"
}

// minPacked is how many bytes fit a packet: a longer answer is compressed.
const minPacked = 1400

// Show answers with b as the content of s.
func Show(r *plan.Request, p *plan.Plan, s plan.Shown, b []byte) {
	s.Content = string(b)
	if len(b) > minPacked && r.AcceptsGzip() {
		s.Content, s.Gzip = asset.Compressed(b), true
	}
	p.Show(r, s)
}

// Texts are all texts of pages in one language.
type Texts = texts

// TextsFor returns the texts in the language that a client prefers.
func TextsFor(r *plan.Request) *Texts { return textsFor(r) }

// Count returns a number and the word for what is counted: one, or several.
func (t *texts) Count(n int64, words [2]string) string { return t.count(n, words) }

// Num returns a number with separators.
func (t *texts) Num(n int64) string { return t.num(n) }

// Bytes returns a size, rounded.
func (t *texts) Bytes(n int64) string { return t.bytes(n) }

// Readable makes a name fit to be shown.
func Readable(name string) string { return readable(name) }

// Crumb is a folder on the way to a page.
type Crumb = crumb

// FileCrumbs returns the folders on the way to a file, from the root on, with references to their
// lists from the file's address, and the reference to the root. home is the title of the root, or
// "".
func (t *texts) FileCrumbs(path, home string) (all []Crumb, root string) {
	dir := path[:max(strings.LastIndexByte(path, '/'), 0)]
	root = (&request{path: dir}).root()
	return folders(dir, root, cmp.Or(readable(home), t.Home), "?list"), root
}

// Fill fills a text in.
func Fill(text string, values ...any) string { return fill(text, values...) }

// Href returns the reference to a file at a path, from a page with a reference to the root.
func Href(root, path string) string { return string(plan.AppendHref([]byte(root), path)) }
