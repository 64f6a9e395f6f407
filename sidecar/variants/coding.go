package variants

import "strings"

// Coding is a way in which a content is encoded.
type Coding uint8

// The codings, in the order of the places in a set.
const (
	Brotli         Coding = iota // "br", RFC 7932
	Zstd                         // "zstd", RFC 8878
	DictionaryZstd               // "dcz", RFC 9842: Zstandard with a dictionary
	NumCodings
)

// String returns the name of the coding in Accept-Encoding and Content-Encoding.
func (c Coding) String() string {
	switch c {
	case Brotli:
		return "br"
	case Zstd:
		return "zstd"
	case DictionaryZstd:
		return "dcz"
	}
	return "unknown"
}

// Codings is a set of codings, a bit each.
type Codings uint8

// With returns the set with one more coding.
func (s Codings) With(c Coding) Codings { return s | 1<<c }

// Has reports whether a coding is in the set.
func (s Codings) Has(c Coding) bool { return s&(1<<c) != 0 }

// String returns the names of the codings, with commas between them.
func (s Codings) String() string {
	var names []string
	for c := range NumCodings {
		if s.Has(c) {
			names = append(names, c.String())
		}
	}
	return strings.Join(names, ", ")
}

// Settings are what the variants of a file were made with. A program that brings the file up to
// date keeps them.
type Settings struct {
	Codings Codings
	Level   int // of brotli, 0 to 11
}

// Limits of the format (FORMAT.md 7.4).
const (
	MaxContent      = 1 << 25 // bytes of a content with variants
	MaxDictionaries = 16
	MaxDictionary   = 1 << 20 // bytes of a dictionary
	MaxKind         = 16      // bytes of the kind of a dictionary
	MaxWindow       = 8 << 20 // bytes of the window of a Zstandard frame (RFC 9659, RFC 9842)
	MaxLevel        = 11
)
