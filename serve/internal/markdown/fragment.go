//go:build !minimal

package markdown

import (
	"bytes"
	"context"
)

// Sanitize returns HTML that is not a document in Markdown, under the rules for HTML in documents.
// It returns the errors of Render.
func Sanitize(source []byte, o Options) ([]byte, error) {
	if len(source) > MaxSize {
		return nil, ErrTooLarge
	}
	done, err := rendering.Take(context.Background())
	if err != nil {
		return nil, err
	}
	defer done()
	valid := bytes.ToValidUTF8(source, []byte("\ufffd"))
	return shape(sanitizer().SanitizeBytes(valid), o)
}
