package plan

import (
	"encoding/binary"
	"strings"
)

// Pages announce the dictionary of their variants by a Link, browsers fetch it when they have
// nothing else to do, and send its SHA-256 with each further request for a page that it matches
// (RFC 9842 §2). Its URL names its content: the folder where the archive is mounted, and
// ?list&dictionary= with the SHA-256 in hexadecimal digits.
//
// The builder of a variants file makes dictionaries of pages, and does not know which of them a
// server hides. So there are none if Options hide more than names that start with a dot.

// dictionaryKey is the key of a query that asks for a dictionary, besides ownKey.
const dictionaryKey = "dictionary"

// useAsDictionary lets a dictionary be used for all paths below its folder (RFC 9842 §2.1). A
// pattern without a slash at its beginning is relative to the dictionary's URL, so it is right
// whatever a server in front has put before the path.
const (
	useAsDictionary = "Use-As-Dictionary: match=\"*\"\r\n"
	useForPages     = "Use-As-Dictionary: match=\"*\", " +
		"match-dest=(\"document\" \"frame\" \"iframe\")\r\n"
)

// dictionary answers with the dictionary of a name, or with a 404.
func (f *finder) dictionary(name string) (bool, error) {
	p := f.p
	if f.path != f.t.Root(f.path) {
		return true, f.pl.notFound(f.r, f.t, p, f.path)
	}
	d, err := f.t.Dictionary(f.path, name)
	if err != nil {
		return true, err
	}
	if d == nil {
		return true, f.pl.notFound(f.r, f.t, p, f.path)
	}
	p.Status, p.Type, p.CacheControl, p.vary = 200, binaryType, Immutable, true
	p.fields = useAsDictionary + noSniff
	if d.HTML {
		p.fields = useForPages + noSniff
	}
	p.tagged, p.tag = true, binary.BigEndian.Uint64(d.SHA256[:])
	accept := accepts(f.r.AcceptEncoding, f.r.HasAcceptEncoding)
	encoding := d.choose(&accept)
	if accept[encoding] == 0 {
		p.refuse(406, "406 Not Acceptable\n")
		p.fields = ""
		return true, nil
	}
	p.encoded(encoding, nil)
	if !p.preconditions(f.r, 0) {
		return true, nil
	}
	if encoding == Identity {
		p.digest = d.SHA256
	}
	p.Length = int64(len(d.Forms[encoding]))
	p.Body = Body{Kind: TextBody, Text: d.Forms[encoding]}
	return true, nil
}

// choose is codingWeights.choose for a dictionary.
func (d *Dictionary) choose(a *codingWeights) Encoding {
	best := Identity
	for e := Gzip; e < DictionaryZstd; e++ {
		n := len(d.Forms[e])
		if n > 0 && a[e] > 0 && (a[e] > a[best] || a[e] == a[best] && n < len(d.Forms[best])) {
			best = e
		}
	}
	return best
}

// placeLink finds out how many folders lie between the path and the folder of its dictionary.
func (f *finder) placeLink() {
	p := f.p
	if p.moved { // clients resolve references in different ways
		p.announced = nil
		return
	}
	below := strings.TrimPrefix(f.path[len(f.t.Root(f.path)):], "/")
	p.above = strings.Count(below, "/")
	if f.slash && below != "" {
		p.above++
	}
}

// appendLink appends the Link to a dictionary (RFC 8288 §3, RFC 9842 §3).
func (p *Plan) appendLink(dst []byte) []byte {
	dst = append(dst, "Link: <./"...)
	for range p.above {
		dst = append(dst, "../"...)
	}
	dst = append(dst, "?"+ownKey+"&"+dictionaryKey+"="...)
	dst = append(dst, p.announced.Name...)
	return append(dst, ">; rel=\"compression-dictionary\"\r\n"...)
}
