//go:build !minimal

package prose

import "golang.org/x/net/html/charset"

// decode returns content in UTF-8, from the encoding that its beginning declares.
func decode(content []byte, mediaType string) ([]byte, error) {
	e, _, _ := charset.DetermineEncoding(content[:min(len(content), 1024)], mediaType)
	return e.NewDecoder().Bytes(content)
}
