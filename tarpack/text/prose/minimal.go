//go:build minimal

package prose

import "github.com/tarpack/tpk/internal/edition"

// decode returns an error.
func decode([]byte, string) ([]byte, error) { return nil, edition.MissingError("encodings of text") }
