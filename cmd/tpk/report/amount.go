package report

import (
	"github.com/dustin/go-humanize"

	"github.com/tarpack/tpk/internal/count"
)

// Bytes returns n bytes in decimal units, such as "14 kB". A negative n counts as 0.
func Bytes(n int64) string { return humanize.Bytes(uint64(max(n, 0))) }

// Count returns n with commas between thousands.
func Count(n int64) string { return humanize.Comma(n) }

// Entries returns n and the word for entries of an archive, such as "1 entry".
func Entries(n int64) string { return count.Of(n, "entry", "entries") }

// Documents returns n and the word for documents, such as "1 document".
func Documents(n int64) string { return count.Of(n, "document", "documents") }
