package plan

import "github.com/tarpack/tpk/serve/internal/ascii"

// Some files are stored compressed, but are meant to be sent with Content-Encoding: gzip: map tiles
// of tippecanoe, SVGZ, the .js.gz and .wasm.gz of Unity. Such content has two representations: its
// bytes with that field, and inflated for clients that refuse gzip.

// The content's own gzip and what is inflated from it have entity-tags of their own: without
// Options.Gzipped the same bytes are another representation.
const (
	ownGzipTag  = "-own"
	inflatedTag = "-inflated"
)

// namedGzip reports whether the content of the file at path begins like gzip, and its name asks for
// Content-Encoding. That of a plain .gz file does not, unless a glob names it: browsers would save
// something else than its name promises. If the content is not gzip to its end, it is sent as it
// is to all clients: a coding that they can't decode would be worse than none.
func (pl *Planner) namedGzip(path string, n *Node) bool {
	if n.Sniff != gzipType || n.Kind == Download || pl.identity.MatchBelow(path, false) {
		return false
	}
	if pl.gzipped.MatchBelow(path, false) {
		return true
	}
	if m, _, ok := pl.configured(path); ok && m.plain == gzipType {
		return false
	}
	ext := extension(path)
	return ascii.EqualFold(ext, "pbf") || ascii.EqualFold(ext, "mvt") || ascii.EqualFold(ext, "svgz")
}

// innerType returns the media type of what the file at path has inside its gzip: the configured one
// of an extension such as js.gz, else that of the path without .gz. It has no charset: the inflated
// text is not known.
func (pl *Planner) innerType(path string) string {
	if m, ext, ok := pl.configured(path); ok && m.plain != gzipType && ext != "gz" {
		return m.plain
	}
	if ascii.EqualFold(extension(path), "gz") {
		path = path[:len(path)-len(".gz")]
	}
	if m, ok := pl.lookupExtension(path); ok && m.plain != gzipType {
		return m.plain
	}
	return binaryType
}

// inflated makes p the answer with the content inflated. That is what clients that refuse gzip get,
// and all others if it is gzip of several members. Its length is found out by inflating it:
// see Plan.ShowInflated. It has no ranges, which would inflate all that precedes them each time.
func (p *Plan) inflated(r *Request, n Node, modTime int64) {
	p.tagSuffix, p.ranges = inflatedTag, false
	if p.preconditions(r, modTime) {
		p.Body = Body{Kind: InflatedBody, Node: n}
	}
}

// ShowInflated sets how many bytes an InflatedBody has. If all is not nil, it is these bytes.
func (p *Plan) ShowInflated(length int64, all []byte) {
	p.Length, p.Body.Length = length, length
	if length == 0 {
		p.Body = Body{}
	} else if all != nil {
		p.Body = Body{Kind: TextBody, Text: string(all)}
	}
}
