package plan

import (
	"strings"

	"github.com/tarpack/tpk/serve/internal/ascii"
)

// codingWeights are a client's weights of the encodings, in thousandths. With 0 it refuses one.
type codingWeights [Encodings]int

// onlyIdentity are the weights for content that is sent as it is.
var onlyIdentity = codingWeights{Identity: 1000}

// Weights of the fields that browsers and curl send.
var (
	gzipWeights       = codingWeights{Identity: 1, Gzip: 1000}
	brotliWeights     = codingWeights{Identity: 1, Gzip: 1000, Brotli: 1000}
	browserWeights    = codingWeights{Identity: 1, Gzip: 1000, Brotli: 1000, Zstd: 1000}
	dictionaryWeights = codingWeights{Identity: 1, Gzip: 1000, Brotli: 1000, Zstd: 1000,
		DictionaryZstd: 1000}
)

// prefersGzip reports whether to send gzip rather than identity. It wins a tie, since it is stored
// and smaller.
func (a *codingWeights) prefersGzip() bool { return a[Gzip] > 0 && a[Gzip] >= a[Identity] }

// accepts reads an Accept-Encoding (RFC 9110 §12.5.3). Without the field the client gets identity,
// which everything understands. A malformed element is ignored.
func accepts(value string, present bool) codingWeights {
	if !present {
		return onlyIdentity
	}
	switch value {
	case "gzip", "gzip, deflate":
		return gzipWeights
	case "gzip, deflate, br":
		return brotliWeights
	case "gzip, deflate, br, zstd", "deflate, gzip, br, zstd":
		return browserWeights
	case "gzip, deflate, br, zstd, dcb, dcz":
		return dictionaryWeights
	}
	weights, rest := codingWeights{-1, -1, -1, -1, -1}, -1
	for value != "" {
		var element string
		element, value, _ = strings.Cut(value, ",")
		name, params, _ := strings.Cut(element, ";")
		q, ok := qvalue(params)
		if !ok {
			continue
		}
		switch name = ascii.Trim(name); {
		case name == "*":
			rest = q
		case ascii.EqualFold(name, "identity"):
			weights[Identity] = q
		case ascii.EqualFold(name, "x-gzip"):
			weights[Gzip] = max(weights[Gzip], q)
		default:
			if e, ok := encodingNamed(name); ok {
				weights[e] = max(weights[e], q)
			}
		}
	}
	if weights[Identity] < 0 && rest < 0 {
		weights[Identity] = 1 // acceptable, but not preferred to anything that is named
	}
	for e := range weights {
		if weights[e] < 0 {
			weights[e] = max(rest, 0)
		}
	}
	return weights
}

// encodingNamed returns the encoding with a name of the registry of content codings, in any case.
func encodingNamed(name string) (Encoding, bool) {
	for e := Gzip; e < Encodings; e++ {
		if ascii.EqualFold(name, encodingNames[e]) {
			return e, true
		}
	}
	return Identity, false
}

// qvalue reads an element's parameters, which are empty or a weight (RFC 9110 §12.4.2). It returns
// the weight in thousandths, and false if it is malformed.
func qvalue(params string) (int, bool) {
	params = ascii.Trim(params)
	if params == "" {
		return 1000, true
	}
	if len(params) < 2 || params[0]|0x20 != 'q' {
		return 0, false
	}
	v := ascii.Trim(params[1:])
	if v == "" || v[0] != '=' {
		return 0, false
	}
	v = ascii.Trim(v[1:])
	if v == "" || v[0] != '0' && v[0] != '1' || len(v) > 5 || len(v) > 1 && v[1] != '.' {
		return 0, false
	}
	q, unit := int(v[0]-'0')*1000, 100
	for i := 2; i < len(v); i++ {
		if v[i] < '0' || v[i] > '9' {
			return 0, false
		}
		q += int(v[i]-'0') * unit
		unit /= 10
	}
	return q, q <= 1000
}
