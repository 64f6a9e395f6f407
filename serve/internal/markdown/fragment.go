package markdown

import "bytes"

// Sanitize returns HTML that is not a document in Markdown, under the rules for HTML in documents.
// It returns the errors of Render.
func Sanitize(source []byte, o Options) ([]byte, error) {
	if len(source) > MaxSize {
		return nil, ErrTooLarge
	}
	return shape(sanitizer().SanitizeReader(bytes.NewReader(bytes.ToValidUTF8(source,
		[]byte("\ufffd")))), o)
}
