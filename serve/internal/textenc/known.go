//go:build !minimal

package textenc

import (
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
)

// declared returns the encoding that a text declares itself, or that of texts without any.
func declared(b []byte, media string) string {
	_, name, _ := charset.DetermineEncoding(b, media)
	return name
}

// encodingOf returns the encoding with a name, or nil.
func encodingOf(name string) encoding.Encoding {
	e, err := htmlindex.Get(name)
	if err != nil {
		return nil
	}
	return e
}
