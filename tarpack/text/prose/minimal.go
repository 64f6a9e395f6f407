//go:build minimal

package prose

import "github.com/tarpack/tpk/internal/edition"

// decode returns an error.
func decode([]byte, string) ([]byte, error) { return nil, edition.Missing("encodings of text") }
