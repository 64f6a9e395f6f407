//go:build minimal

package markdown

import "errors"

// Supported reports whether this build renders documents.
const Supported = false

var errMissing = errors.New("this build has no Markdown")

// Render returns an error.
func Render([]byte, Options) ([]byte, error) { return nil, errMissing }

// Sanitize returns an error.
func Sanitize([]byte, Options) ([]byte, error) { return nil, errMissing }
