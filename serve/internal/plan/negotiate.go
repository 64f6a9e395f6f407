package plan

import (
	"strings"

	"github.com/tarpack/tpk/serve/internal/ascii"
)

// codingWeights are a client's weights of the two codings, in thousandths. With 0 it refuses the
// coding.
type codingWeights struct{ gzip, identity int }

// prefersGzip reports whether to send gzip. It wins a tie, since it is stored and smaller.
func (a codingWeights) prefersGzip() bool { return a.gzip > 0 && a.gzip >= a.identity }

// accepts reads an Accept-Encoding (RFC 9110 §12.5.3). Without the field the client gets identity,
// which everything understands. A malformed element is ignored.
func accepts(value string, present bool) codingWeights {
	if !present {
		return codingWeights{gzip: 0, identity: 1000}
	}
	if value == "gzip" || value == "gzip, deflate" || value == "gzip, deflate, br" ||
		value == "gzip, deflate, br, zstd" {
		return codingWeights{gzip: 1000, identity: 1}
	}
	gzip, identity, any := -1, -1, -1
	for value != "" {
		var element string
		element, value, _ = strings.Cut(value, ",")
		coding, params, _ := strings.Cut(element, ";")
		q, ok := qvalue(params)
		if !ok {
			continue
		}
		coding = ascii.Trim(coding)
		switch {
		case ascii.EqualFold(coding, "gzip"), ascii.EqualFold(coding, "x-gzip"):
			gzip = max(gzip, q)
		case ascii.EqualFold(coding, "identity"):
			identity = q
		case coding == "*":
			any = q
		}
	}
	if gzip < 0 {
		gzip = max(any, 0)
	}
	if identity < 0 {
		if identity = any; any < 0 {
			identity = 1 // acceptable, but not preferred to anything that is named
		}
	}
	return codingWeights{gzip, identity}
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
