// Package textdiff compares two texts line by line, for a page.
//
//	lines.go   which lines differ
//	rows.go    lines side by side, with lines that are the same folded
//	marks.go   what differs within two lines
//
// Whatever the texts are, the time is about proportional to their length: unique lines anchor the
// comparison (package diff of go-internal, O(n log n)), and what is between them is compared with a
// limit on the number of edits (package lcs of go-udiff).
package textdiff
