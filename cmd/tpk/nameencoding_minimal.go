//go:build minimal

package main

import (
	"golang.org/x/text/encoding"

	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/internal/edition"
)

// nameEncoding returns an error.
func nameEncoding(string) (encoding.Encoding, error) {
	return nil, report.Usagef("convert: --zip-encoding: %v", edition.MissingError("encodings of names"))
}
