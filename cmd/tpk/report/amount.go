package report

import (
	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
)

// Bytes returns n bytes in decimal units, such as "14 kB". A negative n counts as 0.
func Bytes(n int64) string { return humanize.Bytes(uint64(max(n, 0))) }

// Count returns n with commas between thousands.
func Count(n int64) string { return humanize.Comma(n) }

// CountOf returns n and the word for what is counted, such as "1 entry" and "1,200 entries".
func CountOf(n int64, one, many string) string {
	return Count(n) + " " + english.PluralWord(int(n), one, many)
}

// Entries is [CountOf] for entries of an archive.
func Entries(n int64) string { return CountOf(n, "entry", "entries") }
