package plan

import (
	"encoding/base64"
	"encoding/binary"

	"github.com/tarpack/tpk/serve/internal/ascii"
)

// Encoding is a content coding (RFC 9110 §8.4.1) in which content can be sent.
type Encoding uint8

const (
	Identity       Encoding = iota
	Gzip                    // the member in the archive
	Brotli                  // RFC 7932
	Zstd                    // RFC 8878
	DictionaryZstd          // RFC 9842 §5: zstd with a dictionary that the client has
	Encodings               // how many there are
)

// encodingNames are the names of encodings in header fields.
var encodingNames = [Encodings]string{"identity", "gzip", "br", "zstd", "dcz"}

// encodingTags are the endings of entity-tags by Encoding. After dictionaryTag follow 16 digits of
// the dictionary's SHA-256.
var encodingTags = [Encodings]string{"", "-gz", "-br", "-zst", dictionaryTag}

const dictionaryTag = "-dcz-"

// String returns the name in header fields: "identity", "gzip", "br", "zstd" or "dcz".
func (e Encoding) String() string { return encodingNames[e] }

// Variant is a content in another encoding than that of its member. It is part of a variants file.
type Variant struct {
	Offset, Length int64  // in the variants file; with Length 0 there is none
	Sum            uint64 // checksum of its bytes
}

// Variants are the variants of one content.
type Variants struct {
	By         [Encodings]Variant // by Encoding; there is none of Identity and Gzip
	Dictionary *Dictionary        // of the DictionaryZstd; nil if there is none
}

// A Dictionary is what contents are compressed with, and clients decompress with (RFC 9842). It is
// shared, and never changes.
type Dictionary struct {
	SHA256 [32]byte
	Name   string // the SHA-256 in 64 hexadecimal digits, for its URL
	// HTML reports whether it is for pages, so that pages announce it.
	HTML bool
	// Forms are its bytes by Encoding. Empty ones are not available, but there is always Identity.
	Forms [Encodings]string
}

// choose returns the encoding to send: the one that the client gives the highest weight, and among
// equals the shortest. gzip reports whether the member may be sent. A variant, which is shorter
// than the content, wins a tie with identity, as gzip does.
func (a *codingWeights) choose(n *Node, v *Variants, gzip bool) Encoding {
	best, length := Identity, n.Size
	if gzip {
		best, length = Gzip, n.Length
	}
	for e := Brotli; e < Encodings; e++ {
		l := v.By[e].Length
		if l == 0 || a[e] == 0 || a[e] < a[best] ||
			a[e] == a[best] && best != Identity && l >= length {
			continue
		}
		best, length = e, l
	}
	return best
}

// encoded sets the fields that an encoding decides. The dictionary is that of DictionaryZstd.
func (p *Plan) encoded(e Encoding, d *Dictionary) {
	if p.Encoding = e; e != Identity {
		p.tagSuffix = encodingTags[e]
	}
	if e == DictionaryZstd {
		p.dictionary = binary.BigEndian.Uint64(d.SHA256[:])
	}
}

// variants looks up the variants of a content that the client may get. It notes which header fields
// the answer depends on.
func (pl *Planner) variants(r *Request, t Tree, p *Plan, n Node, a *codingWeights) Variants {
	v := t.Variants(n)
	d := v.Dictionary
	if d == nil {
		return v
	}
	if pl.noDictionaries {
		v.By[DictionaryZstd], v.Dictionary = Variant{}, nil
		return v
	}
	p.varyDictionary = true
	has := availableDictionary(r.AvailableDictionary) == d.SHA256
	if d.HTML && !has && (a[Zstd] > 0 || a[DictionaryZstd] > 0) {
		p.announced = d
	}
	if !has || !r.readable(p.origin) {
		v.By[DictionaryZstd] = Variant{}
	}
	return v
}

// availableDictionary returns the SHA-256 in an Available-Dictionary (RFC 9842 §2.2), a byte
// sequence of RFC 9651 §3.3.5. It is zero if the field is malformed or missing.
func availableDictionary(value string) (sum [32]byte) {
	const digits = 44 // of 32 bytes in base64, with one character of padding
	value = ascii.Trim(value)
	if len(value) < digits+2 || value[0] != ':' || value[digits+1] != ':' ||
		len(value) > digits+2 && value[digits+2] != ';' {
		return sum
	}
	var text [digits]byte
	copy(text[:], value[1:])
	var b [33]byte // room for three bytes from each four characters
	if n, err := base64.StdEncoding.Decode(b[:], text[:]); err != nil || n != len(sum) {
		return sum
	}
	return [32]byte(b[:])
}

// readable reports whether the client's context can read the answer. If it can't, the length of an
// answer that a dictionary has made shorter would show what is in it (RFC 9842 §9.3.3). origin is
// the answer's Access-Control-Allow-Origin.
func (r *Request) readable(origin string) bool {
	switch {
	case r.FetchSite == "" || r.FetchSite == "same-origin" || r.FetchMode == "":
		return true
	case r.FetchMode == "navigate" || r.FetchMode == "same-origin":
		return true
	case r.FetchMode == "cors":
		return r.Origin != "" && (origin == "*" || origin == r.Origin)
	}
	return false
}
