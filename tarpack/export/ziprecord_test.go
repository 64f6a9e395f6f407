package export

import (
	"bytes"
	"testing"
)

// Each byte is tried at each position among letters.
func TestPrintableASCII(t *testing.T) {
	for length := range 20 {
		for at := range length {
			for c := range 256 {
				b := bytes.Repeat([]byte("~}a "), 5)[1:][:length]
				for i := range b {
					if b[i] == '~' {
						b[i] = 'x'
					}
				}
				b[at] = byte(c)
				if got, want := printableASCII(b), c >= ' ' && c <= '}'; got != want {
					t.Fatalf("%q: %v", b, got)
				}
			}
		}
	}
}
