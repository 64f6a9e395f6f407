package format

import (
	"github.com/tarpack/tpk/sidecar"
)

// duplicateBits makes the payload of G's TP subfield, nil where there is nothing to say.
func DuplicateBits(items []sidecar.Item) []byte {
	payload := make([]byte, 1+(len(items)+7)/8)
	payload[0] = KindGroup
	any := false
	for i := range items {
		if items[i].Duplicate {
			payload[1+i/8] |= 1 << (i % 8)
			any = true
		}
	}
	if !any {
		return nil
	}
	return payload
}
